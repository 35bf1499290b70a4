"""`hub up --demo`, whole and real: MLflow's own server, five trained models, a governed company to look at."""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from hub.deployments.permits import envelope
from tests.cli.hubs import Hub, command, postgres_in, started
from tests.docs import played

VERSIONS = {
    "breast-cancer-diagnosis": 4,
    "diabetes-progression": 3,
    "iris-species": 3,
    "postal-digit-reader": 3,
    "wine-cultivar": 3,
}
LAST = "and which exception covers it"
CLOSING = {
    "data-validated": "FAIL",
    "explainability-tested": "FAIL",
    "no-stage-skipped": "FAIL",
    "performance-by-segment": "FAIL",
    "performance-overall": "FAIL",
    "security-tested": "ERROR",
}
"""What keeps version 4 of the diagnosis out of production."""

JOINED = """
{
  model(name: "breast-cancer-diagnosis") {
    tier owner { handle } team { key }
    registry { key lastSync { status versionsSeen } }
    versions(last: 4) {
      totalCount
      nodes {
        name aliases author stage
        card { intendedUse }
        run { codeCommit }
        datasets(first: 5) { totalCount nodes { name description { categories legalBasis describedBy { handle } } } }
        upstream(first: 10) { nodes { depth role } }
        metrics(first: 100, filter: {name: "recall"}) { nodes { segment value } }
        evidence(first: 20) { totalCount nodes { kind verdict source reproducible } }
        compliance(first: 50, filter: {stage: [PRODUCTION]}) { nodes {
          outcome enforcement policy { key } exception { daysLeft } } }
      }
    }
    approvals(first: 5, filter: {kind: ["version"]}) {
      nodes { status stage signOffs(first: 5) { nodes { discipline person { handle } } } }
    }
  }
  exceptions(first: 50, orderBy: [{by: EXPIRES_AT}]) { nodes {
    status daysLeft model { name } version { name } policy { key } } }
  models(first: 10) { totalCount nodes { name tier versions(first: 10) { totalCount } } }
  policies(first: 100) { totalCount }
  applied: policies(first: 100, filter: {bundle: "starter"}) { totalCount nodes { status owner { handle } } }
}
"""
RELEASES = """
{
  deploymentIntents(first: 10) { nodes { status statusWhy model { name } version { name } rollbackVersion { name }
    permits(first: 3) { nodes { envelope revokedAt } } } }
  evidence(first: 10, filter: {disputed: true}) { nodes {
    kind source model { name } version { name } addedBy { handle } disagreesWith { source } } }
  policyChanges(first: 10, filter: {status: [DRAFT, IN_REVIEW]}) { nodes {
    status shadow bundle author { handle } policy { key }
    shadowSummary { versions agree newlyFailing newlyError newlyPassing }
    backtests(first: 2) { nodes { status current counts findings(first: 5) { nodes { version { name } } } } } } }
}
"""
COUNTED = """
{
  policyChanges(first: 1) { totalCount } policies(first: 1) { totalCount } exceptions(first: 1) { totalCount }
  evidence(first: 1) { totalCount } deploymentIntents(first: 1) { totalCount } permits(first: 1) { totalCount }
  datasetDescriptions(first: 1) { totalCount } people(first: 1) { totalCount }
  approvalRequests(first: 1) { totalCount } backtests(first: 1) { totalCount }
}
"""
PENDING = """
{ approvalRequests(first: 5, filter: {kind: ["version"], status: [PENDING]}) { nodes { id subjectDigest } } }
"""
SIGN = """
mutation Sign($request: ID!, $seen: String!) {
  signApproval(input: {request: $request, decision: APPROVE, comment: "Read it.", digestSeen: $seen}) { __typename }
}
"""


async def asked(folder: Path, query: str) -> dict[str, Any]:
    said = await command("query", query, "--data", str(folder))
    assert said.code == 0, said.err
    return dict(orjson.loads(said.out)["data"])


async def test_the_demo_is_a_governed_company(folder: Path) -> None:
    async with started("up", "--demo", "--data", str(folder), "--port", "0") as hub:
        await hub.until(LAST, within_s=300)
        await check_first_query(hub)
        check_governed(await asked(folder, JOINED))
        told = await asked(folder, RELEASES)
        check_releases(told)
        check_evidence_and_changes(told)
        await check_gate(hub, folder)
        await check_policies(folder)
        await played.check_queries(folder)
        await played.check_downloads(folder)
        await played.check_readme(folder)
        before = await asked(folder, COUNTED)
        assert await hub.end() == 0
    assert not postgres_in(folder)

    async with started("up", "--demo", "--data", str(folder), "--port", "0") as again:
        await again.until(LAST, within_s=60)
        assert table(again) == table(hub)
        assert await asked(folder, COUNTED) == before
        await check_signed(folder)
        assert await again.end() == 0


async def check_first_query(hub: Hub) -> None:
    """What can be pasted comes when there is something to ask about."""
    before, _, after = hub.text.partition("The demo is ready.")
    assert "curl" not in before
    (line,) = re.findall(r"^ +(curl .*)$", after, re.MULTILINE)
    process = await asyncio.create_subprocess_shell(line, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    models = orjson.loads(out)["data"]["models"]["nodes"]
    assert models[0] == {"name": "breast-cancer-diagnosis", "tier": "HIGH", "owner": {"handle": "ines.moreau"}}
    assert len(models) == 5


def check_governed(told: dict[str, Any]) -> None:
    assert told["models"]["totalCount"] == 5
    assert {node["name"]: node["versions"]["totalCount"] for node in told["models"]["nodes"]} == VERSIONS
    assert (told["policies"]["totalCount"], told["applied"]["totalCount"]) == (32, 31)
    assert {(one["status"], one["owner"]["handle"]) for one in told["applied"]["nodes"]} == {
        ("PUBLISHED", "sofia.marchetti")
    }

    model = told["model"]
    assert (model["tier"], model["owner"]) == ("HIGH", {"handle": "ines.moreau"})
    assert model["team"] == {"key": "clinical-ml"}
    assert model["registry"] == {"key": "demo", "lastSync": {"status": "SUCCEEDED", "versionsSeen": 16}}
    fourth, third, second, _ = sorted(model["versions"]["nodes"], key=lambda node: node["name"], reverse=True)
    assert (third["aliases"], third["stage"]) == (["challenger"], "STAGING")
    assert (second["aliases"], second["stage"]) == (["champion"], "PRODUCTION")
    assert third["card"]["intendedUse"] and len(third["run"]["codeCommit"]) == 40
    assert {(step["depth"], step["role"]) for step in third["upstream"]["nodes"]} == {
        (1, "PRODUCED"),
        (2, "TRAINING"),
        (2, "EVALUATION"),
        (3, "DERIVED"),
    }
    described = [one["description"] for one in third["datasets"]["nodes"]]
    assert described == [
        {
            "categories": ["PERSONAL", "SPECIAL"],
            "legalBasis": "GDPR 9(2)(j), scientific research",
            "describedBy": {"handle": "mira.osei"},
        }
    ] * len(described)
    recall = {node["segment"]: node["value"] for node in third["metrics"]["nodes"]}
    assert recall[""] > 0.9 and recall["tumour_size.small"] == 0.9

    reports = {(one["kind"], one["verdict"], one["source"]) for one in third["evidence"]["nodes"]}
    measured = ("PERFORMANCE", "SEGMENTS", "FAIRNESS", "ROBUSTNESS", "DATA_VALIDATION", "PRIVACY", "LOAD")
    assert reports == {(kind, "PASS", "REGISTRY") for kind in measured} | {
        ("EXPLAINABILITY", "NONE", "REGISTRY"),
        ("EXPLAINABILITY", "PASS", "SENT"),
        ("SECURITY", "PASS", "SENT"),
    }
    assert all(one["reproducible"] for one in third["evidence"]["nodes"])

    standing = [
        {one["policy"]["key"]: one for one in version["compliance"]["nodes"] if one["outcome"] != "SKIP"}
        for version in (second, third, fourth)
    ]
    waived = [(key, one["exception"]) for key, one in standing[0].items() if one["outcome"] == "WAIVED"]
    assert waived == [("performance-by-segment", {"daysLeft": 5})]
    assert closing(standing[0]) == {"approved-for-production": "FAIL"}
    assert {one["outcome"] for one in standing[1].values()} == {"PASS"} and len(standing[1]) == 26
    assert closing(standing[2]) == CLOSING

    exceptions = [
        (one["status"], one["daysLeft"], one["model"]["name"], one["version"]["name"], one["policy"]["key"])
        for one in told["exceptions"]["nodes"]
        if one["version"]
    ]
    assert exceptions == [
        ("EXPIRED", -9, "wine-cultivar", "1", "performance-overall"),
        ("ACTIVE", 5, "breast-cancer-diagnosis", "2", "performance-by-segment"),
        ("SUBMITTED", 44, "wine-cultivar", "3", "performance-by-segment"),
    ]
    assert model["approvals"]["nodes"] == [
        {
            "status": "PENDING",
            "stage": "PRODUCTION",
            "signOffs": {"nodes": [{"discipline": "RISK", "person": {"handle": "priya.raman"}}]},
        }
    ]


def closing(standing: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {
        key: one["outcome"]
        for key, one in standing.items()
        if one["enforcement"] == "BLOCKING" and one["outcome"] in ("FAIL", "ERROR")
    }


def check_releases(told: dict[str, Any]) -> None:
    intents = {(one["model"]["name"], one["version"]["name"]): one for one in told["deploymentIntents"]["nodes"]}
    assert {of: (one["status"], one["statusWhy"], one["rollbackVersion"]) for of, one in intents.items()} == {
        ("breast-cancer-diagnosis", "3"): ("AWAITING_APPROVAL", "waits for approval", {"name": "2"}),
        ("iris-species", "3"): ("APPROVED", "", {"name": "2"}),
        ("postal-digit-reader", "3"): ("BLOCKED", "blocked by personal-data-basis (FAIL)", None),
    }
    (permit,) = intents["iris-species", "3"]["permits"]["nodes"]
    assert permit["revokedAt"] is None
    assert all(not one["permits"]["nodes"] for of, one in intents.items() if of[0] != "iris-species")


def check_evidence_and_changes(told: dict[str, Any]) -> None:
    again, first = told["evidence"]["nodes"]
    assert again == {
        "kind": "PERFORMANCE",
        "source": "SENT",
        "model": {"name": "wine-cultivar"},
        "version": {"name": "3"},
        "addedBy": {"handle": "jonas.okafor"},
        "disagreesWith": {"source": "REGISTRY"},
    }
    assert (first["source"], first["disagreesWith"]) == ("REGISTRY", None)

    stricter, shadow = told["policyChanges"]["nodes"]
    assert (stricter["policy"]["key"], stricter["status"], stricter["shadow"]) == (
        "performance-overall",
        "IN_REVIEW",
        False,
    )
    assert (stricter["author"], stricter["bundle"]) == ({"handle": "sofia.marchetti"}, "starter")
    (backtest,) = stricter["backtests"]["nodes"]
    assert (backtest["status"], backtest["current"]) == ("DONE", True)
    assert backtest["findings"]["nodes"] == [{"version": {"name": "2"}}]
    counts = backtest["counts"]
    assert (counts["versions_newly_failing"], counts["exceptions_needed"], counts["newly_passing"]) == (1, 1, 0)
    assert counts["approvals"] == {"requests": 1, "by_discipline": {"RISK": 1, "COMPLIANCE": 1}}
    assert (shadow["policy"]["key"], shadow["status"], shadow["shadow"]) == ("calibration-known", "DRAFT", True)
    assert shadow["shadowSummary"] == {
        "versions": 7, "agree": 3, "newlyFailing": 4, "newlyError": 0, "newlyPassing": 0,
    }  # fmt: skip


async def check_gate(hub: Hub, folder: Path) -> None:
    """The three commands as they are printed, and what they leave behind."""
    printed = re.findall(r"^  \S*hub (gate .+?)(?: --permit .+)?$", hub.text, re.MULTILINE)
    answers = [await command(*words.split()) for words in printed[:2]]
    assert [said.code for said in answers] == [1, 2]
    assert answers[0].out.startswith("DENIED  breast-cancer-diagnosis 4 may not go to PRODUCTION")
    assert all(key in answers[0].out for key in CLOSING)
    assert answers[1].out.startswith("WAITING  breast-cancer-diagnosis 3 may not go to PRODUCTION yet")
    assert "Lea Brandt (lea.brandt)" in answers[1].out

    permit, key = folder.parent / "permit.json", re.search(r"--key (\w{64})$", hub.text, re.MULTILINE)
    assert key is not None
    allowed = await command(*printed[2].split(), "--permit", str(permit))
    assert (allowed.code, allowed.err) == (0, "")
    verified = await command("permit", "verify", str(permit), "--key", key[1])
    assert verified.code == 0 and verified.out.startswith("valid: demo/iris-species/3 may go to PRODUCTION until ")
    # Without the hub: the printed key alone, no network, no database.
    raw = bytes.fromhex(key[1])
    statement = envelope.verify(permit.read_text(), {envelope.key_id(raw): raw}, now=datetime.now(UTC))
    assert (statement.name, statement.stage) == ("demo/iris-species/3", "PRODUCTION")


async def check_policies(folder: Path) -> None:
    """The other commands that are printed."""
    tried = await command("policy", "test", "--starter")
    assert tried.code == 0 and tried.out.splitlines()[-1].startswith("31 policies, ")
    assert tried.out.splitlines()[-1].endswith(" as they should be, 0 not")
    planned = await command("policy", "apply", "--starter", "--dry-run", "--data", str(folder))
    assert planned.code == 0
    assert planned.out.startswith("- performance-overall ")
    assert planned.out.endswith("\n= 30 unchanged\n")
    listed = await command("evidence", "list", "--disputed", "--data", str(folder), "--json")
    assert listed.code == 0 and len(orjson.loads(listed.out)) == 2


async def check_signed(folder: Path) -> None:
    """The signature that is wanting opens the gate: everything else is as it must be."""
    made = await command("token", "create", "--for", "lea.brandt", "--scope", "GOVERN", "--data", str(folder), "--json")
    assert made.code == 0, made.err
    (pending,) = (await asked(folder, PENDING))["approvalRequests"]["nodes"]
    variables = ("--var", f"request={pending['id']}", "--var", f"seen={pending['subjectDigest']}")
    token = orjson.loads(made.out)["token"]
    signed = await command("query", SIGN, *variables, "--token", token, "--data", str(folder))
    assert orjson.loads(signed.out)["data"] == {"signApproval": {"__typename": "ApprovalSigned"}}
    wish = ("--model", "breast-cancer-diagnosis", "--version", "3", "--to", "production")
    allowed = await command("gate", *wish, "--data", str(folder))
    assert allowed.out.startswith("ALLOWED  breast-cancer-diagnosis 3 may go to PRODUCTION"), allowed.out
    assert allowed.code == 0


def table(hub: Hub) -> list[str]:
    """What is printed of the models, without the version that the gate was asked about in between."""
    _, begun, rest = hub.text.partition("  MODEL ")
    assert begun
    rows = rest.partition("\n\n")[0].splitlines()
    assert len(rows) == 11
    return [row for row in rows if not re.match(r"  breast-cancer-diagnosis +HIGH +ines.moreau +4 ", row)]
