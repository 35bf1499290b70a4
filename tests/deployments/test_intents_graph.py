"""Wishes to deploy over GraphQL: asking, looking, and what a reader may not see."""

from typing import Any

import orjson
import pytest

from hub.clock import SetClock
from hub.db import Db
from hub.models.tables import ModelVersion, RiskTier, Stage
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from hub.policies.tables import DecisionPoint
from tests.asking import Ask
from tests.deployments.gates import Gate
from tests.make import Make
from tests.statements import statements

REQUEST = """mutation($version: ID!, $stage: Stage!, $back: ID, $key: String) {
  requestDeployment(input: {version: $version, stage: $stage, reason: "Better.", rollbackVersion: $back},
                    idempotencyKey: $key) {
    ... on DeploymentRequested { intent { id status statusWhy reason stage model { name } version { name }
      requestedBy { handle } approvalRequest { status } rollbackVersion { name } expiresAt } }
    ... on Refusal { code why field } } }"""

CHECKS = """query($id: ID!) { node(id: $id) { ... on DeploymentIntent { checks(first: 10) { totalCount nodes {
  outcome enforcement severity explanation remediation blocking decisionPoint dueAt policy { key }
  policyVersion { number } result { outcome } exception { id } } } } } }"""

CHANGE = "mutation($id: ID!) { %s { ... on %s { %s } ... on Refusal { code field } } }"


async def setting(make: Make) -> tuple[Principal, ModelVersion]:
    dev = await make.person("dev", Role.DEVELOPER)
    await make.rule(Discipline.RISK)
    await make.policy()
    await make.policy("way-back", rule="has(deployment.rollback_target)", decision_points=(DecisionPoint.DEPLOY,))
    version = await make.version(await make.model("fraud"), "3", metrics={"recall": 0.95})
    return dev, version


def node(version: ModelVersion) -> str:
    return f"ModelVersion:{version.id}"


async def test_a_wish_is_asked_once_under_a_key_and_shown_whole(ask: Ask, make: Make, gate: Gate) -> None:
    dev, version = await setting(make)
    first = await ask(dev, REQUEST, version=node(version), stage="PRODUCTION", key="k")
    intent = first["requestDeployment"]["intent"]
    assert intent | {"id": ""} == {
        "id": "",
        "status": "AWAITING_APPROVAL",
        "statusWhy": "waits for approval",
        "reason": "Better.",
        "stage": "PRODUCTION",
        "model": {"name": "fraud"},
        "version": {"name": "3"},
        "requestedBy": {"handle": "dev"},
        "approvalRequest": {"status": "PENDING"},
        "rollbackVersion": None,
        "expiresAt": None,
    }
    assert await ask(dev, REQUEST, version=node(version), stage="PRODUCTION", key="k") == first
    assert await gate.counts(("deployment_intents", "approval_requests")) == [1, 1]
    refused = (await ask(dev, REQUEST, version=node(version), stage="STAGING", key="k"))["requestDeployment"]
    assert refused["code"] == "KEY_REUSED"


async def test_checks_show_what_was_not_asked_yet_too(ask: Ask, make: Make) -> None:
    dev, version = await setting(make)
    await make.policy("elsewhere", stages=(Stage.STAGING,))
    await make.policy("watch", rule="metrics.recall > 2.0", decision_points=(DecisionPoint.MONITOR,))
    intent = (await ask(dev, REQUEST, version=node(version), stage="PRODUCTION"))["requestDeployment"]["intent"]
    checks = (await ask(dev, CHECKS, id=intent["id"]))["node"]["checks"]
    found = {one["policy"]["key"]: one for one in checks["nodes"]}
    assert [one["policy"]["key"] for one in checks["nodes"]] == sorted(found)
    assert checks["totalCount"] == len(found)
    assert "watch" not in found
    assert found["recall"] == {
        "outcome": "PASS",
        "enforcement": "BLOCKING",
        "severity": "HIGH",
        "explanation": "kept: metrics.recall is 0.95, allowed >= 0.9",
        "remediation": "Train on more cases.",
        "blocking": False,
        "decisionPoint": "PROMOTE",
        "dueAt": None,
        "policy": {"key": "recall"},
        "policyVersion": {"number": 1},
        "result": {"outcome": "PASS"},
        "exception": None,
    }
    later = found["way-back"]
    assert (later["outcome"], later["explanation"], later["decisionPoint"], later["result"], later["blocking"]) == (
        "SKIP",
        "not asked yet",
        "DEPLOY",
        None,
        False,
    )


async def test_a_blocking_check_is_marked_and_found(ask: Ask, make: Make, gate: Gate) -> None:
    dev, version = await setting(make)
    await gate.measure(version, 0.5)
    intent = (await ask(dev, REQUEST, version=node(version), stage="PRODUCTION"))["requestDeployment"]["intent"]
    assert (intent["status"], intent["statusWhy"]) == ("BLOCKED", "blocked by recall (FAIL)")
    query = CHECKS.replace("first: 10", "first: 10, filter: {blocking: true}")
    (check,) = (await ask(dev, query, id=intent["id"]))["node"]["checks"]["nodes"]
    assert (check["blocking"], check["explanation"]) == (
        True,
        "not kept: metrics.recall is 0.5, allowed >= 0.9",
    )


async def test_a_permit_is_read_with_its_envelope_and_its_key(ask: Ask, make: Make, gate: Gate) -> None:
    dev = await make.person("dev", Role.DEVELOPER)
    await make.rule(tier=RiskTier.MINIMAL, quorum=0)
    version = await make.version(await make.model(tier=RiskTier.MINIMAL))
    await ask(dev, REQUEST, version=node(version), stage="PRODUCTION")
    found = await ask(
        dev,
        """{ permits(first: 5, filter: {inForce: true}) { nodes { envelope digest keyId stage revokedAt
          intent { status permits(first: 5) { totalCount } } model { name } version { id } } }
          signingKeys(first: 5) { nodes { keyId publicKey retiredAt } }
          deploymentIntents(first: 5, filter: {status: [APPROVED], stage: [PRODUCTION]}) { totalCount } }""",
    )
    (permit,), (key,) = found["permits"]["nodes"], found["signingKeys"]["nodes"]
    (row,) = await gate.permits()
    assert (permit["envelope"], permit["digest"]) == (row["envelope"], row["digest"])
    assert (permit["keyId"], key["retiredAt"]) == (key["keyId"], None)
    assert permit["intent"] == {"status": "APPROVED", "permits": {"totalCount": 1}}
    assert found["deploymentIntents"]["totalCount"] == 1
    assert (await gate.keys())[key["keyId"]].hex() == key["publicKey"]


async def test_nothing_of_a_hidden_model_is_seen_or_moved(ask: Ask, make: Make, gate: Gate) -> None:
    dev = await make.person("dev", Role.DEVELOPER)
    ivy = await make.person("ivy", Role.INCIDENT_RESPONDER)
    await make.rule(tier=RiskTier.MINIMAL, quorum=0)
    version = await make.version(await make.model(tier=RiskTier.MINIMAL))
    intent = await gate.ask(dev, version)
    (permit,) = await gate.permits()
    await gate.change("UPDATE models SET restricted = true")
    seen = await ask(
        ivy,
        "query($i: ID!, $p: ID!) { i: node(id: $i) { id } p: node(id: $p) { id } permits(first: 1) { totalCount }"
        " deploymentIntents(first: 1) { totalCount } }",
        i=f"DeploymentIntent:{intent.id}",
        p=f"Permit:{permit['id']}",
    )
    assert seen == {"i": None, "p": None, "permits": {"totalCount": 0}, "deploymentIntents": {"totalCount": 0}}
    before = await gate.counts()
    told = []
    for call, success, shown, id in (
        ("withdrawDeployment(input: {intent: $id})", "DeploymentChanged", "intent { id }", intent.id),
        ('haltDeployment(input: {intent: $id, why: "x"})', "DeploymentChanged", "intent { id }", intent.id),
        ('rollBackDeployment(input: {intent: $id, reason: "x"})', "DeploymentRolledBack", "intent { id }", intent.id),
        ('revokePermit(input: {permit: $id, why: "x"})', "PermitChanged", "permit { id }", permit["id"]),
    ):
        kind = "Permit" if "Permit(" in call else "DeploymentIntent"
        reply = await ask(ivy, CHANGE % (call, success, shown), id=f"{kind}:{id}")
        (refusal,) = reply.values()
        told.append((refusal["code"], refusal["field"]))
    refusal = (await ask(ivy, REQUEST, version=node(version), stage="PRODUCTION"))["requestDeployment"]
    told.append((refusal["code"], refusal["field"]))
    assert told == [("NOT_FOUND", "intent")] * 3 + [("NOT_FOUND", "permit"), ("NOT_FOUND", "version")]
    assert await gate.counts() == before


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"version": "Model:01990000-0000-7000-8000-000000000001"}, "BAD_ID", "version"),
        ({"version": "ModelVersion:01990000-0000-7000-8000-000000000001"}, "NOT_FOUND", "version"),
        ({"back": "nonsense"}, "BAD_ID", "rollbackVersion"),
        ({"stage": "ARCHIVED"}, "BAD_INPUT", "stage"),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_field(
    ask: Ask, make: Make, gate: Gate, given: dict[str, Any], code: str, field: str
) -> None:
    dev, version = await setting(make)
    asked = {"version": node(version), "stage": "PRODUCTION", **given}
    refusal = (await ask(dev, REQUEST, **asked))["requestDeployment"]
    assert (refusal["code"], refusal["field"]) == (code, field)
    assert await make.count("deployment_intents") == 0


async def test_the_trail_shows_what_happened_to_a_wish(ask: Ask, make: Make) -> None:
    dev, version = await setting(make)
    intent = (await ask(dev, REQUEST, version=node(version), stage="PRODUCTION"))["requestDeployment"]["intent"]
    reply = await ask(
        dev,
        "query($id: ID!) { events(first: 5, filter: {subject: $id}) { nodes { kind actor { handle } data"
        " subject { __typename id } } } }",
        id=intent["id"],
    )
    newest, first = reply["events"]["nodes"]
    assert (newest["kind"], first["kind"]) == ("deployment.awaiting_approval", "deployment.requested")
    assert newest["subject"] == {"__typename": "DeploymentIntent", "id": intent["id"]}
    assert "Better." not in orjson.dumps(first["data"]).decode()


async def test_a_decision_sends_as_many_statements_for_thirty_policies_as_for_one(
    db: Db, make: Make, gate: Gate, clock: SetClock
) -> None:
    dev = await make.person("dev", Role.DEVELOPER)
    rita = await make.person("rita", disciplines=[Discipline.RISK])
    await make.rule(Discipline.RISK)
    await make.policy("p0")
    counted = []
    for more in (0, 29):
        for number in range(more):
            await make.policy(f"p{number + 1}", rule=f"metrics.recall >= 0.{number + 10}")
        version = await make.version(await make.model(), metrics={"recall": 0.95})
        first = await gate.ask(dev, await make.version(await make.model(), metrics={"recall": 0.95}))
        await gate.sign(rita, first.approval_request_id)
        with statements() as asked:
            intent = await gate.ask(dev, version)
        with statements() as signed:
            await gate.sign(rita, intent.approval_request_id)
        with statements() as again:
            assert (await gate.ask(dev, version)).status == "APPROVED"
        counted.append((len(asked), len(signed), len(again)))
    assert counted[0] == counted[1]
    assert max(counted[0]) < 45
    said = (await gate.verified((await gate.permits())[-1])).predicate
    assert len(said["policies"]) == 30
