"""A version's whole way to production, as its people live it: over GraphQL, each with a token of their own."""

from datetime import timedelta
from typing import Any

from hub.clock import SetClock
from hub.models.tables import RiskTier
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from tests.asking import Ask
from tests.make import Make

PROPOSE = """
mutation Propose($policy: PolicyInput!) {
  proposePolicy(input: {policy: $policy, summary: "Patients are safer with it."}) {
    ... on PolicyChanged { change { id digest } }
    ... on Refusal { code why field }
  }
}
"""
SUBMIT = """
mutation Submit($change: ID!) {
  submitPolicyChange(input: {change: $change}) { ... on PolicyChanged { change { status } } }
}
"""
DECIDE_POLICY = """
mutation DecidePolicy($change: ID!, $digest: String!) {
  decidePolicyChange(input: {change: $change, approve: true, digestSeen: $digest}) {
    ... on PolicyChanged {
      change { publishedVersion { number policy { id key bindings(first: 5) { nodes { model { name } } } } } }
    }
    ... on Refusal { code why field }
  }
}
"""
EVALUATE = """
mutation Evaluate($version: ID!) {
  evaluateVersion(input: {version: $version, stage: PRODUCTION}) {
    ... on VersionEvaluated {
      version { checkResults(first: 5, filter: {latest: true}) { nodes { outcome explanation exception { id } } } }
    }
    ... on Refusal { code why field }
  }
}
"""
REQUEST_EXCEPTION = """
mutation RequestException($input: RequestExceptionInput!) {
  requestException(input: $input) {
    ... on ExceptionChanged { exception { id status daysLeft controls(first: 5) { nodes { description } } } }
    ... on Refusal { code why field }
  }
}
"""
DECIDE = """
mutation Decide($exception: ID!, $approve: Boolean!) {
  decideException(input: {exception: $exception, approve: $approve, note: "For the pilot only."}) {
    ... on ExceptionChanged { exception { id status decidedBy { handle } } }
    ... on Refusal { code why field }
  }
}
"""
REQUEST_APPROVAL = """
mutation RequestApproval($version: ID!) {
  requestApproval(input: {version: $version, stage: PRODUCTION, reason: "Better than what runs."}) {
    ... on ApprovalRequested { request { id status subjectDigest rule subject { ... on ModelVersion { name } } } }
    ... on Refusal { code why field }
  }
}
"""
SIGN = """
mutation Sign($request: ID!, $decision: SignOffDecision!) {
  signApproval(input: {request: $request, decision: $decision, comment: "Looked at it all."}) {
    ... on ApprovalSigned { signOff { decision discipline request { status signOffs(first: 9) { totalCount } } } }
    ... on Refusal { code why field }
  }
}
"""
JOINED = """
query Joined($name: String!) {
  model(name: $name) {
    tier
    owner { handle }
    latestVersion { name datasets(first: 5) { nodes { name } } }
    policies(first: 5) { nodes { policy { key } } }
    exceptions(first: 5) { nodes { status } }
    approvals(first: 5, filter: {kind: ["version"]}) { nodes { status } }
    events(first: 20) { nodes { kind } }
  }
}
"""


async def published(ask: Ask, author: Principal, judge: Principal, said: dict[str, object]) -> dict[str, Any]:
    """A policy's wording, as two people bring it in force."""
    change = (await ask(author, PROPOSE, policy=said))["proposePolicy"]["change"]
    await ask(author, SUBMIT, change=change["id"])
    own = await ask(author, DECIDE_POLICY, change=change["id"], digest=change["digest"])
    assert own["decidePolicyChange"]["code"] == "SAME_PERSON"
    decided = await ask(judge, DECIDE_POLICY, change=change["id"], digest=change["digest"])
    version: dict[str, Any] = decided["decidePolicyChange"]["change"]["publishedVersion"]
    return version


async def test_the_whole_way_to_production(ask: Ask, make: Make, clock: SetClock) -> None:
    sofia = await make.person("sofia", Role.POLICY_OWNER)
    ines = await make.person("ines", Role.MODEL_OWNER)
    tomas = await make.person("tomas", Role.DEVELOPER)
    priya = await make.person("priya", disciplines=[Discipline.RISK])
    lea = await make.person("lea", disciplines=[Discipline.COMPLIANCE])
    await make.rule(Discipline.RISK, Discipline.COMPLIANCE, quorum=2)
    model = await make.model("diagnosis", tier=RiskTier.HIGH)
    version = await make.version(model, "3", author="tomas", metrics={"recall": 0.87}, datasets={"scans": "TRAINING"})
    model_id, version_id = f"Model:{model.id}", f"ModelVersion:{version.id}"

    bound = await published(ask, sofia, lea, policy("recall", "metrics.recall >= 0.9"))
    assert (bound["number"], bound["policy"]["key"]) == (1, "recall")
    assert bound["policy"]["bindings"]["nodes"] == [{"model": {"name": "diagnosis"}}]

    owned = await ask(
        ines,
        "mutation($m: ID!, $p: ID!) { setModelOwner(input: {model: $m, owner: $p}) { __typename } }",
        m=model_id,
        p=f"Person:{ines.person_id}",
    )
    assert owned == {"setModelOwner": {"__typename": "ModelChanged"}}

    [failed] = (await ask(ines, EVALUATE, version=version_id))["evaluateVersion"]["version"]["checkResults"]["nodes"]
    assert failed["outcome"] == "FAIL"
    assert "0.87" in failed["explanation"] and "0.9" in failed["explanation"]

    asked = await ask(
        tomas,
        REQUEST_EXCEPTION,
        input={
            "policy": bound["policy"]["id"],
            "model": model_id,
            "version": version_id,
            "justification": "New scans arrive next month.",
            "controls": [{"description": "A second reader looks at every scan."}],
            "owner": f"Person:{ines.person_id}",
            "expiresAt": (clock.now() + timedelta(days=30)).isoformat(),
        },
    )
    exception = asked["requestException"]["exception"]
    assert (exception["status"], exception["daysLeft"]) == ("SUBMITTED", 30)

    refused = await ask(ines, DECIDE, exception=exception["id"], approve=True)
    assert refused["decideException"]["code"] == "FORBIDDEN"
    granted = await ask(priya, DECIDE, exception=exception["id"], approve=True)
    assert granted["decideException"]["exception"]["status"] == "ACTIVE"
    assert granted["decideException"]["exception"]["decidedBy"] == {"handle": "priya"}

    [waived] = (await ask(ines, EVALUATE, version=version_id))["evaluateVersion"]["version"]["checkResults"]["nodes"]
    assert (waived["outcome"], waived["exception"]) == ("WAIVED", {"id": exception["id"]})

    request = (await ask(ines, REQUEST_APPROVAL, version=version_id))["requestApproval"]["request"]
    assert (request["status"], request["subject"]) == ("PENDING", {"name": "3"})

    one = (await ask(priya, SIGN, request=request["id"], decision="APPROVE"))["signApproval"]["signOff"]
    assert one == {
        "decision": "APPROVE",
        "discipline": "RISK",
        "request": {"status": "PENDING", "signOffs": {"totalCount": 1}},
    }
    two = (await ask(lea, SIGN, request=request["id"], decision="APPROVE"))["signApproval"]["signOff"]
    assert two["request"] == {"status": "APPROVED", "signOffs": {"totalCount": 2}}

    joined = (await ask(tomas, JOINED, name="diagnosis"))["model"]
    assert joined["tier"] == "HIGH" and joined["owner"] == {"handle": "ines"}
    assert joined["latestVersion"] == {"name": "3", "datasets": {"nodes": [{"name": "scans"}]}}
    assert joined["policies"]["nodes"] == [{"policy": {"key": "recall"}}]
    assert joined["exceptions"]["nodes"] == [{"status": "ACTIVE"}]
    assert joined["approvals"]["nodes"] == [{"status": "APPROVED"}]
    kinds = [node["kind"] for node in joined["events"]["nodes"]]
    assert kinds[0] == "approval.approved"
    assert {"model.registered", "model.owner_set", "exception.approved", "approval.requested"} <= set(kinds)

    clock.move(timedelta(days=31))
    [expired] = (await ask(tomas, JOINED, name="diagnosis"))["model"]["exceptions"]["nodes"]
    assert expired == {"status": "EXPIRED"}


async def test_the_author_signs_nothing_of_their_own_whatever_their_roles(ask: Ask, make: Make) -> None:
    author = await make.person("tomas", Role.DEVELOPER, disciplines=[Discipline.RISK])
    other = await make.person("ines", Role.MODEL_OWNER)
    await make.rule(Discipline.RISK)
    version = await make.version(await make.model("diagnosis"), "1", author="tomas")
    asked = await ask(other, REQUEST_APPROVAL, version=f"ModelVersion:{version.id}")
    request = asked["requestApproval"]["request"]["id"]
    reply = await ask(author, SIGN, request=request, decision="APPROVE")
    assert reply["signApproval"]["code"] == "SAME_PERSON"
    assert await make.count("sign_offs") == 0
    assert await make.count("approval_requests", "status = 'PENDING'") == 1


async def test_a_signature_is_void_when_what_was_signed_changes(ask: Ask, make: Make) -> None:
    priya = await make.person("priya", disciplines=[Discipline.RISK])
    ines = await make.person("ines", Role.MODEL_OWNER)
    sofia = await make.person("sofia", Role.POLICY_OWNER)
    await make.rule(Discipline.RISK, quorum=2)
    version = await make.version(await make.model("diagnosis"), "1", metrics={"recall": 0.95})
    asked = await ask(ines, REQUEST_APPROVAL, version=f"ModelVersion:{version.id}")
    request = asked["requestApproval"]["request"]["id"]
    await ask(priya, SIGN, request=request, decision="APPROVE")
    await published(ask, sofia, priya, policy("recall", "metrics.recall >= 0.9"))
    found = await ask(ines, "query($id: ID!) { node(id: $id) { ... on ApprovalRequest { status } } }", id=request)
    assert found == {"node": {"status": "STALE"}}
    lea = await make.person("lea", disciplines=[Discipline.RISK])
    late = await ask(lea, SIGN, request=request, decision="APPROVE")
    assert late["signApproval"]["code"] == "STALE"


async def test_a_rule_that_is_no_rule_is_refused_with_its_place(ask: Ask, make: Make) -> None:
    sofia = await make.person("sofia", Role.POLICY_OWNER)
    reply = (await ask(sofia, PROPOSE, policy=policy("recall", "metrics.recall >=")))["proposePolicy"]
    assert (reply["code"], reply["field"]) == ("BAD_RULE", "rule")
    assert "line 1" in reply["why"]
    assert await make.count("policies") == 0
    assert await make.count("policy_versions") == await make.count("policy_changes") == 0


async def test_the_same_request_under_one_key_is_done_once(ask: Ask, make: Make) -> None:
    ines = await make.person("ines", Role.MODEL_OWNER)
    model = await make.model("diagnosis", tier=RiskTier.UNCLASSIFIED)
    text = """mutation($m: ID!, $t: RiskTier!) {
      classifyModel(input: {model: $m, tier: $t, why: "Patients."}, idempotencyKey: "k1") {
        ... on ModelChanged { model { tier } } ... on Refusal { code field } } }"""
    first = await ask(ines, text, m=f"Model:{model.id}", t="HIGH")
    again = await ask(ines, text, m=f"Model:{model.id}", t="HIGH")
    other = await ask(ines, text, m=f"Model:{model.id}", t="MINIMAL")
    assert first == again == {"classifyModel": {"model": {"tier": "HIGH"}}}
    assert other == {"classifyModel": {"code": "KEY_REUSED", "field": "idempotencyKey"}}
    assert await make.count("events", "kind = 'model.classified'") == 1


def policy(key: str, rule: str) -> dict[str, object]:
    return {
        "key": key,
        "title": "Recall is high enough",
        "rule": rule,
        "rationale": "A missed case harms a patient.",
        "remediation": "Train on more cases.",
        "severity": "HIGH",
        "enforcement": "BLOCKING",
        "decisionPoints": ["REGISTER", "PROMOTE"],
    }
