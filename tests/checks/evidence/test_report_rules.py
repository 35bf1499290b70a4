"""What is kept of a test report, what is refused, and when a re-run disagrees."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from hub.checks.evidence import rules
from hub.checks.evidence.rules import Report, checked, digest, experiment, links
from hub.checks.tables import Evidence, EvidenceKind, EvidenceSource, Verdict
from hub.errors import Code, Refused

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FULL = Report(
    kind=EvidenceKind.FAIRNESS,
    verdict=Verdict.PASS,
    title="Equal opportunity",
    tool="fair 1.2",
    figures={"gap": 0.04, "groups": 3},
    details={"rows": 569},
    measured_at=NOON - timedelta(hours=1),
    code_commit="9f2c1d7",
    data_digest="sha256:1f",
    seed="7",
    environment="python 3.12",
    command="make fairness",
)


def deep(levels: int) -> dict[str, Any]:
    made: Any = 1
    for _ in range(levels):
        made = [made]
    return {"deep": made}


def test_a_fit_report_is_kept_as_it_is_with_its_texts_tidied() -> None:
    kept = checked(replace(FULL, title=" Equal opportunity\n", seed=" ", environment=""), NOON)
    assert kept == replace(FULL, seed=None, environment=None, figures={"gap": 0.04, "groups": 3.0})
    assert all(type(value) is float for value in kept.figures.values())


@pytest.mark.parametrize(
    ("change", "field", "why"),
    [
        (
            {"figures": {"gap": float("nan")}},
            "figures",
            "figure gap is NaN; give a finite number, or leave the figure out",
        ),
        ({"figures": {"gap": float("inf")}}, "figures", "figure gap is Infinity;"),
        ({"figures": {"gap": float("-inf")}}, "figures", "figure gap is -Infinity;"),
        ({"figures": {"gap": 10**400}}, "figures", "figure gap is Infinity;"),
        ({"figures": {"gap": True}}, "figures", "figure gap is 'True', which is no number"),
        ({"figures": {"gap": "0.4"}}, "figures", "figure gap is '0.4', which is no number"),
        ({"figures": {"gap": 1, " gap": 2}}, "figures", "figure gap is given twice"),
        ({"figures": {" ": 1}}, "figures", "figures is empty; write 1 to 200 characters"),
        ({"figures": {"g" * 201: 1}}, "figures", "figures has 201 characters; at most 200 are kept"),
        ({"figures": {"g\x00": 1}}, "figures", "figures holds a character that is no text"),
        ({"figures": {f"f{n}": n for n in range(501)}}, "figures", "501 figures given; at most 500 are kept"),
        ({"figures": {}, "verdict": Verdict.NONE}, "figures", "the report has neither a verdict nor figures"),
        ({"title": "t" * 301}, "title", "title has 301 characters; at most 300 are kept"),
        ({"tool": "t" * 301}, "tool", "tool has 301 characters; at most 300 are kept"),
        ({"code_commit": "c" * 201}, "codeCommit", "codeCommit has 201 characters; at most 200 are kept"),
        ({"data_digest": "c" * 201}, "dataDigest", "dataDigest has 201 characters; at most 200 are kept"),
        ({"seed": "c" * 101}, "seed", "seed has 101 characters; at most 100 are kept"),
        ({"environment": "c" * 4001}, "environment", "environment has 4001 characters; at most 4000 are kept"),
        ({"command": "c" * 4001}, "command", "command has 4001 characters; at most 4000 are kept"),
        ({"command": "c\x00d"}, "command", "command holds a character that is no text"),
        ({"details": {"text": "x" * 65_536}}, "details", "details has 65547 bytes as JSON; at most 65536 are kept"),
        ({"details": deep(21)}, "details", "details is nested more than 20 deep; flatten it"),
        ({"details": deep(100_000)}, "details", "details is nested more than 20 deep; flatten it"),
        ({"details": {"x": float("nan")}}, "details", "details holds nan"),
        ({"details": {"x": 2**64}}, "details", "details holds a value that is no JSON"),
        ({"details": {"x\ud800": 1}}, "details", "details holds a character that is no text"),
        ({"details": ["x"]}, "details", "details is no JSON object"),
        (
            {"measured_at": NOON + timedelta(minutes=5, seconds=1)},
            "measuredAt",
            "measuredAt 2026-11-21 12:05 UTC is after now, 2026-11-21 12:00 UTC; at most 5 minutes ahead are taken",
        ),
        (
            {"measured_at": NOON - timedelta(days=20 * 365.25 + 1)},
            "measuredAt",
            "measuredAt 2006-11-20 12:00 UTC is more than 20 years before now, 2026-11-21 12:00 UTC; measure again",
        ),
        ({"measured_at": NOON.replace(tzinfo=None)}, "measuredAt", "measuredAt has no time zone"),
    ],
)
def test_an_unfit_report_is_refused_with_the_field_and_the_numbers(
    change: dict[str, Any], field: str, why: str
) -> None:
    with pytest.raises(Refused) as refused:
        checked(replace(FULL, **change), NOON)
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, field)
    assert refused.value.why.startswith(why), refused.value.why


def test_the_edges_are_allowed() -> None:
    edges = replace(FULL, figures={f"f{n}": n for n in range(500)}, title="t" * 300, details=deep(19))
    assert len(checked(replace(edges, measured_at=NOON + timedelta(minutes=5)), NOON).figures) == 500
    assert checked(replace(edges, measured_at=NOON - timedelta(days=20 * 365.25)), NOON)
    assert checked(replace(FULL, measured_at=None), NOON).measured_at is None


@pytest.mark.parametrize("source", [EvidenceSource.REGISTRY, EvidenceSource.VALIDATOR])
def test_nobody_may_say_that_the_hub_found_it(source: EvidenceSource) -> None:
    with pytest.raises(Refused, match=f"source {source} is the hub's own to say; send SENT, JUNIT or SARIF"):
        rules.check_source(source)


def test_the_digest_is_over_everything_it_says() -> None:
    others: dict[str, Any] = {
        "kind": EvidenceKind.PRIVACY, "verdict": Verdict.FAIL, "title": "x", "tool": "x", "figures": {"gap": 0.05},
        "details": {}, "version_digest": "d", "measured_at": NOON, "code_commit": "x", "data_digest": "x", "seed": "x",
        "environment": "x", "command": "x", "source": EvidenceSource.JUNIT,
    }  # fmt: skip
    assert len({digest(FULL), *(digest(replace(FULL, **{name: value})) for name, value in others.items())}) == 15
    assert set(others) == set(Report.__dataclass_fields__)
    assert digest(FULL) == digest(replace(FULL, figures={"groups": 3.0, "gap": 0.04}))


def test_an_experiment_needs_commit_data_and_command() -> None:
    known = experiment(FULL)
    assert known is not None and len(known) == 64
    assert experiment(replace(FULL, figures={}, verdict=Verdict.FAIL, measured_at=NOON, title="", tool="")) == known
    assert known not in (experiment(replace(FULL, seed="8")), experiment(replace(FULL, environment=None)))
    without = (replace(FULL, code_commit=None), replace(FULL, data_digest=None), replace(FULL, command=None))
    assert [experiment(report) for report in without] == [None, None, None]


def row(**values: Any) -> Evidence:
    told: dict[str, Any] = {
        "verdict": Verdict.PASS, "figures": {"gap": 0.04}, "measured_at": NOON, "id": uuid4(), **values
    }  # fmt: skip
    return Evidence(**told)


FIRST = row()
LATER = {"measured_at": NOON + timedelta(days=1)}


@pytest.mark.parametrize(
    ("later", "told"),
    [
        (row(**LATER), "repeats"),
        (row(figures={"gap": 0.04 * (1 + 9e-10)}, **LATER), "repeats"),
        (row(figures={"gap": 0.04 * (1 + 2e-9)}, **LATER), "disagrees"),
        (row(figures={"gap": -0.04}, **LATER), "disagrees"),
        (row(figures={}, **LATER), "disagrees"),
        (row(figures={"gap": 0.04, "more": 1.0}, **LATER), "disagrees"),
        (row(verdict=Verdict.FAIL, **LATER), "disagrees"),
        (row(verdict=Verdict.NONE, **LATER), "disagrees"),
        (row(), "nothing"),
        (row(figures={"gap": 0.04, "more": 1.0}), "nothing"),
        (row(figures={"gap": 0.05, "more": 1.0}), "disagrees"),
        (row(figures={}), "disagrees"),
        (row(verdict=Verdict.FAIL), "disagrees"),
    ],
)
def test_a_rerun_repeats_or_disagrees_and_the_same_run_told_again_does_neither(later: Evidence, told: str) -> None:
    expected = {"repeats": (FIRST.id, None), "disagrees": (None, FIRST.id), "nothing": (None, None)}
    assert links(later, FIRST) == expected[told]


def test_a_verdict_that_comes_after_the_figures_is_no_dispute() -> None:
    figures_only = row(verdict=Verdict.NONE)
    assert links(row(verdict=Verdict.PASS), figures_only) == (None, None)


def test_the_first_of_its_experiment_is_linked_to_nothing() -> None:
    assert links(FIRST, None) == (None, None)
