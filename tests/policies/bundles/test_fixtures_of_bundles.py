"""The document that a fixture stands for: what is under it, what it adds, what it takes away."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.checks import store
from hub.checks.context import context
from hub.db import Db
from hub.errors import Refused
from hub.policies.bundles import fixtures, reading
from hub.policies.bundles.fixtures import UNKNOWN, Fixture
from tests.make import Make
from tests.policies.bundles.writing import bundle, policy


def one(folder: Path, test: str) -> Fixture:
    text = policy()
    (written,) = (
        reading.read(bundle(folder / "mine", owned=text[: text.index("tests:")] + "tests:\n" + test)).sound().policies
    )
    return written.fixtures[-1]


def made(folder: Path, test: str, base: dict[str, Any] | None = None) -> dict[str, Any]:
    return fixtures.document(base or {}, one(folder, test))[0]


def test_an_empty_fixture_is_a_version_of_which_nothing_is_known(tmp_path: Path) -> None:
    document = made(tmp_path, "  - {name: a, expect: PASS}\n")
    assert set(document) == set(UNKNOWN)
    assert document["metrics"] == document["evidence"] == document["card"] == {}
    assert document["lineage"] == {
        "runs": 0, "datasets": 0, "training_datasets": 0, "evaluation_datasets": 0, "overlap": 0, "described": 0,
    }  # fmt: skip


async def test_a_version_of_which_nothing_is_known_looks_as_it_does_in_the_hub(
    db: Db, make: Make, tmp_path: Path
) -> None:
    version = await make.version(await make.model())
    async with db.write(actor=None, operation="test") as tx:
        (subject,) = await store.subjects(tx, [version.id])
    values: Any = context(subject).values
    document = made(tmp_path, "  - {name: a, expect: PASS}\n")
    assert set(document) == set(values)
    for name in ("model", "version", "lineage", "deployment"):
        assert set(document[name]) == set(values[name]), name


def test_given_lies_over_the_bundles_document_and_without_takes_away(tmp_path: Path) -> None:
    test = """\
  - name: a
    expect: PASS
    given:
      model: {tags: {b: "2"}}
      datasets: [{name: d, role: TRAINING, digest: x}, {name: d, role: EVALUATION, digest: x}]
      segments: {recall: {old: 1}}
    without: ['model.tags["review.by"]', metrics.recall, card, "datasets[1]", nothing_there]
"""
    base: dict[str, Any] = {
        "model": {"tags": {"a": "1", "review.by": "ada"}, "owner": "ada"},
        "metrics": {"recall": 0.9, "accuracy": 0.8},
        "card": {"factors": "x"},
    }
    with pytest.raises(Refused, match="a document has no nothing_there"):
        made(tmp_path, test, base)
    document = made(tmp_path, test.replace(", nothing_there", ""), base)
    assert document["model"]["tags"] == {"a": "1", "b": "2"}
    assert (document["model"]["owner"], document["metrics"], document["card"]) == ("ada", {"accuracy": 0.8}, {})
    assert document["segments"] == {"recall": {"old": 1.0}}
    assert [one["role"] for one in document["datasets"]] == ["TRAINING"]
    assert document["lineage"]["training_datasets"] == 1
    assert base["model"]["tags"] == {"a": "1", "review.by": "ada"}


def test_ages_become_the_dates_that_the_hub_keeps(tmp_path: Path) -> None:
    test = """\
  - name: a
    expect: PASS
    now: 2027-01-11
    given: {evidence: {fairness: {age_days: 10, figures: {gap: 1}}}, version: {age_days: 3}}
"""
    fixture = one(tmp_path, test)
    document, now = fixtures.document({}, fixture)
    assert now == datetime(2027, 1, 11, 12, tzinfo=UTC)
    assert document["evidence"]["fairness"]["measured_at"] == "2027-01-01T12:00:00.000000Z"
    assert document["version"]["created_at"] == "2027-01-08T12:00:00.000000Z"
    assert document["evidence"]["fairness"]["figures"] == {"gap": 1.0}
    assert "age_days" not in document["evidence"]["fairness"]


def test_a_tier_is_as_the_hub_treats_it(tmp_path: Path) -> None:
    document = made(tmp_path, "  - {name: a, expect: PASS, tier: UNCLASSIFIED}\n")
    assert (document["model"]["tier"], document["model"]["classified"]) == ("HIGH", False)
    document = made(tmp_path, "  - {name: a, expect: PASS, tier: limited}\n")
    assert (document["model"]["tier"], document["model"]["classified"]) == ("LIMITED", True)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{metrics: {recall: high}}", "'high' cannot stand for recall, which is a number"),
        ("{metrics: {recall: true}}", "True cannot stand for recall, which is a number"),
        ("{lineage: {runs: 1.5}}", "1.5 cannot stand for runs, which is a whole number"),
        ("{card: {factors: 3}}", "3 cannot stand for factors, which is a text; put it in quotes"),
        ("{model: {tags: {a: 1}}}", "1 cannot stand for a, which is a text; put it in quotes"),
        ("{datasets: {name: a}}", "{'name': 'a'} cannot stand for datasets, which is a list"),
        ("{datasets: [{nmae: a}]}", "each of datasets has no field nmae; did you mean name?"),
        ("{evidence: {fairnes: {}}}", "evidence has no field fairnes; did you mean fairness?"),
        ("{evidence: {fairness: {figurs: {}}}}", "each of evidence has no field figurs; did you mean figures?"),
        ("{evidence: {fairness: {figures: {gap: a}}}}", "'a' cannot stand for gap, which is a number"),
        ("{stage: PRODUCTION}", "stage stands beside given, not in it"),
        ("{now: soon}", "'soon' cannot stand for now, which is an instant"),
        ("[a]", "given is a list; write key: value lines below it"),
    ],
)
def test_what_no_document_holds_is_refused(tmp_path: Path, given: str, told: str) -> None:
    with pytest.raises(Refused) as caught:
        one(tmp_path, f"  - {{name: a, expect: PASS, given: {given}}}\n")
    assert told in caught.value.why
    assert ":15:" in caught.value.why


def test_a_fixture_without_a_stage_is_asked_where_its_policy_applies(tmp_path: Path) -> None:
    text = policy(more="applies_to: {stages: [STAGING]}\n").replace("[PROMOTE]", "[DEPLOY, MONITOR]")
    (written,) = reading.read(bundle(tmp_path / "mine", owned=text)).sound().policies
    assert {(fixture.stage, fixture.decision_point) for fixture in written.fixtures} == {("STAGING", "DEPLOY")}
