"""Test reports over GraphQL: sent, read, and shown to those only who may see the model."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hub.models.tables import ModelVersion
from hub.people.tables import Role
from tests.asking import Ask
from tests.make import Make

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

ADD = """
mutation ($input: AddEvidenceInput!, $key: String) {
  addEvidence(input: $input, idempotencyKey: $key) {
    __typename
    ... on EvidenceAdded { evidence { id kind verdict disagreesWith { id } repeats { id } } }
    ... on Refusal { code why field }
  }
}
"""


def given(of: ModelVersion, **more: Any) -> dict[str, Any]:
    return {
        "version": f"ModelVersion:{of.id}",
        "kind": "FAIRNESS",
        "verdict": "PASS",
        "figures": [{"name": "gap", "value": 0.04}],
        "measuredAt": "2026-11-20T12:00:00Z",
        "codeCommit": "9f2c1d7",
        "dataDigest": "sha256:1f",
        "command": "make fairness",
        **more,
    }


async def test_everything_that_is_sent_is_shown(ask: Ask, make: Make) -> None:
    dev = await make.person("dev", Role.DEVELOPER)
    version = await make.version(await make.model("scans"), "1")
    sent = given(
        version, title="Gap", tool="fair 1", details={"rows": [1, None, "x"]}, versionDigest=version.digest, seed="7",
        environment="python 3.12", source="JUNIT",
    )  # fmt: skip
    made = (await ask(dev, ADD, input=sent))["addEvidence"]["evidence"]
    asked = """
    query ($id: ID!, $version: ID!) {
      node(id: $id) { ... on Evidence {
        kind verdict source title tool figures details versionDigest codeCommit dataDigest seed environment command
        reproducible disputed measuredAt addedAt version { name } model { name } addedBy { handle }
        repeats { id } disagreesWith { id } reruns(first: 5) { totalCount }
      } }
      version: node(id: $version) { ... on ModelVersion {
        evidence(first: 5) { nodes { id } } model { evidence(first: 5) { totalCount } }
      } }
      events(first: 5, filter: {kind: ["evidence.added"]}) { nodes { subject { id } model { name } } }
    }
    """
    told = await ask(dev, asked, id=made["id"], version=sent["version"])
    assert told["node"] == {
        "kind": "FAIRNESS", "verdict": "PASS", "source": "JUNIT", "title": "Gap", "tool": "fair 1",
        "figures": {"gap": 0.04}, "details": {"rows": [1, None, "x"]}, "versionDigest": version.digest,
        "codeCommit": "9f2c1d7", "dataDigest": "sha256:1f", "seed": "7", "environment": "python 3.12",
        "command": "make fairness", "reproducible": True, "disputed": False,
        "measuredAt": "2026-11-20T12:00:00+00:00", "addedAt": "2026-11-21T12:00:00+00:00", "version": {"name": "1"},
        "model": {"name": "scans"}, "addedBy": {"handle": "dev"}, "repeats": None, "disagreesWith": None,
        "reruns": {"totalCount": 0},
    }  # fmt: skip
    assert told["version"] == {"evidence": {"nodes": [{"id": made["id"]}]}, "model": {"evidence": {"totalCount": 1}}}
    assert told["events"]["nodes"] == [{"subject": {"id": made["id"]}, "model": {"name": "scans"}}]


async def test_two_reruns_that_disagree_are_shown_as_such(ask: Ask, make: Make) -> None:
    dev = await make.person("dev", Role.DEVELOPER)
    version = await make.version(await make.model(), "1")
    first = (await ask(dev, ADD, input=given(version)))["addEvidence"]["evidence"]
    same = given(version, measuredAt="2026-11-20T13:00:00Z")
    other = given(version, measuredAt="2026-11-20T14:00:00Z", figures=[{"name": "gap", "value": 0.4}], verdict="FAIL")
    apart = given(version, measuredAt="2026-11-20T15:00:00Z", seed="8")
    second = (await ask(dev, ADD, input=same))["addEvidence"]["evidence"]
    third = (await ask(dev, ADD, input=other))["addEvidence"]["evidence"]
    await ask(dev, ADD, input=apart)
    assert (second["repeats"], second["disagreesWith"]) == ({"id": first["id"]}, None)
    assert (third["repeats"], third["disagreesWith"]) == (None, {"id": first["id"]})
    asked = """
    query {
      evidence(first: 9) { nodes { verdict disputed reruns(first: 9) { nodes { verdict } } } }
      quarrel: evidence(first: 9, filter: {disputed: true}) { totalCount }
      peace: evidence(first: 9, filter: {disputed: false}) { totalCount }
    }
    """
    told = await ask(dev, asked)
    assert told["evidence"]["nodes"] == [
        {"verdict": "PASS", "disputed": False, "reruns": {"nodes": []}},
        {"verdict": "FAIL", "disputed": True, "reruns": {"nodes": []}},
        {"verdict": "PASS", "disputed": True, "reruns": {"nodes": []}},
        {"verdict": "PASS", "disputed": True, "reruns": {"nodes": [{"verdict": "FAIL"}, {"verdict": "PASS"}]}},
    ]
    assert (told["quarrel"]["totalCount"], told["peace"]["totalCount"]) == (3, 1)


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({}, {"FAIRNESS", "SECURITY"}),
        ({"kind": ["SECURITY"]}, {"SECURITY"}),
        ({"verdict": ["FAIL"]}, {"SECURITY"}),
        ({"source": ["SENT"]}, {"FAIRNESS"}),
        ({"reproducible": True}, set()),
        ({"measured": {"since": "2026-11-20T12:30:00Z"}}, {"SECURITY"}),
        ({"measured": {"before": "2026-11-20T12:30:00Z"}}, {"FAIRNESS"}),
        ({"any": [{"kind": ["PRIVACY"]}, {"not": {"verdict": ["FAIL"]}}]}, {"FAIRNESS"}),
        ({"version": "FIRST"}, {"FAIRNESS"}),
        ({"model": "SECOND"}, {"SECURITY"}),
    ],
)
async def test_reports_are_found_by_what_they_are(
    ask: Ask, make: Make, filter: dict[str, Any], found: set[str]
) -> None:
    dev = await make.person("dev", Role.DEVELOPER)
    first, second = [await make.version(await make.model()) for _ in range(2)]
    await ask(dev, ADD, input=given(first))
    scan = given(second, kind="SECURITY", verdict="FAIL", source="SARIF", measuredAt="2026-11-20T13:00:00Z")
    await ask(dev, ADD, input=scan)
    names = {"FIRST": f"ModelVersion:{first.id}", "SECOND": f"Model:{second.model_id}"}
    asked = {key: names.get(value, value) if isinstance(value, str) else value for key, value in filter.items()}
    query = "query ($filter: EvidenceFilter) { evidence(first: 9, filter: $filter) { nodes { kind } } }"
    told = await ask(dev, query, filter=asked)
    assert {one["kind"] for one in told["evidence"]["nodes"]} == found


async def test_a_stranger_sees_no_report_of_a_restricted_model(ask: Ask, make: Make) -> None:
    owner = await make.person("owner", Role.MODEL_OWNER)
    stranger = await make.person("stranger", Role.DEVELOPER)
    version = await make.version(await make.model(owner=owner, restricted=True))
    made = (await ask(owner, ADD, input=given(version)))["addEvidence"]["evidence"]
    query = "query ($id: ID!) { evidence(first: 9) { nodes { id } totalCount } node(id: $id) { id } }"
    assert await ask(owner, query, id=made["id"]) == {
        "evidence": {"nodes": [{"id": made["id"]}], "totalCount": 1},
        "node": {"id": made["id"]},
    }
    assert await ask(stranger, query, id=made["id"]) == {"evidence": {"nodes": [], "totalCount": 0}, "node": None}
    told = (await ask(stranger, ADD, input=given(version, kind="PRIVACY")))["addEvidence"]
    assert (told["code"], told["why"]) == ("NOT_FOUND", "there is no such version")
    assert await make.count("evidence") == 1


def nested(levels: int) -> Any:
    made: Any = 1
    for _ in range(levels):
        made = [made]
    return made


@pytest.mark.parametrize(
    ("more", "code", "field", "why"),
    [
        (
            {"versionDigest": "0" * 64},
            "STALE",
            "versionDigest",
            f"the report is about digest {'0' * 64}, the version has",
        ),
        ({"figures": [{"name": "a", "value": 1}] * 2}, "BAD_INPUT", "figures", "figure a is given twice"),
        ({"figures": [{"name": "a", "value": 1}] * 501}, "BAD_INPUT", "figures", "501 figures given; at most 500"),
        ({"figures": [], "verdict": "NONE"}, "BAD_INPUT", "figures", "the report has neither a verdict nor figures"),
        ({"details": [1]}, "BAD_INPUT", "details", "details is no JSON object"),
        ({"details": {"x": nested(25)}}, "BAD_INPUT", "details", "details is nested more than 20 deep"),
        ({"details": {"x": "x" * 70_000}}, "BAD_INPUT", "details", "details has 70008 bytes as JSON; at most 65536"),
        ({"measuredAt": "2026-11-22T12:00:00Z"}, "BAD_INPUT", "measuredAt", "measuredAt 2026-11-22 12:00 UTC is after"),
        ({"measuredAt": "1999-11-22T12:00:00Z"}, "BAD_INPUT", "measuredAt", "measuredAt 1999-11-22 12:00 UTC is more"),
        ({"measuredAt": "2026-11-20T12:00:00"}, "BAD_INPUT", "measuredAt", "measuredAt has no time zone"),
        ({"source": "REGISTRY"}, "BAD_INPUT", "source", "source REGISTRY is the hub's own to say"),
        ({"version": "Model:1"}, "BAD_ID", "version", "'Model:1' is not the id of a ModelVersion"),
    ],
)
async def test_what_is_refused_is_told_and_not_written(
    ask: Ask, make: Make, more: dict[str, Any], code: str, field: str, why: str
) -> None:
    dev = await make.person("dev", Role.DEVELOPER)
    version = await make.version(await make.model())
    before = await make.events()
    await ask.token(dev)
    told = (await ask(dev, ADD, input=given(version, **more)))["addEvidence"]
    assert (told["__typename"], told["code"], told["field"]) == ("Refusal", code, field)
    assert told["why"].startswith(why), told["why"]
    assert await make.count("evidence") == 0
    assert [kind for kind in (await make.events())[len(before) :] if kind != "token.created"] == []


@pytest.mark.parametrize("value", ["NaN", "Infinity", None, "0.4", True])
async def test_a_figure_that_is_no_finite_number_is_no_float(ask: Ask, make: Make, value: Any) -> None:
    dev = await make.person("dev", Role.DEVELOPER)
    version = await make.version(await make.model())
    reply = await ask.reply(dev, ADD, input=given(version, figures=[{"name": "gap", "value": value}]))
    (error,) = reply.json()["errors"]
    assert "at .figures[0].value: " in error["message"]
    assert await make.count("evidence") == 0


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
async def test_a_figure_beyond_json_is_refused_as_it_arrives(ask: Ask, make: Make, number: str) -> None:
    dev = await make.person("dev", Role.DEVELOPER)
    version = await make.version(await make.model())
    sent = f'{{figures: [{{name: "gap", value: {number}}}], kind: FAIRNESS, version: "ModelVersion:{version.id}"}}'
    reply = await ask.reply(dev, f"mutation {{ addEvidence(input: {sent}) {{ __typename }} }}")
    assert "errors" in reply.json() or reply.json()["data"]["addEvidence"]["__typename"] == "Refusal", reply.json()
    assert await make.count("evidence") == 0


async def test_the_same_key_adds_once_and_the_same_report_needs_none(ask: Ask, make: Make) -> None:
    dev = await make.person("dev", Role.DEVELOPER)
    version = await make.version(await make.model())
    made = [(await ask(dev, ADD, input=given(version), key=key))["addEvidence"] for key in ("k", "k", None, "l")]
    assert made[0]["__typename"] == "EvidenceAdded"
    assert made == [made[0]] * 4
    reused = (await ask(dev, ADD, input=given(version, title="other"), key="k"))["addEvidence"]
    assert reused["code"] == "KEY_REUSED"
    assert await make.count("evidence") == 1


async def test_an_auditor_adds_nothing(ask: Ask, make: Make) -> None:
    auditor = await make.person("auditor", Role.AUDITOR)
    version = await make.version(await make.model())
    told = (await ask(auditor, ADD, input=given(version)))["addEvidence"]
    assert told["code"] == "FORBIDDEN"
    assert await make.count("evidence") == 0
