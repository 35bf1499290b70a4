"""The matrix through GraphQL: proposed, signed, seen, and taken back."""

from typing import Any

import pytest

from hub.people.access import Principal
from hub.people.tables import Role
from tests.approvals.matrix.desk import LEGAL, RISK, Desk
from tests.asking import Ask
from tests.make import Make

PROPOSE = """mutation P($input: ProposeApprovalRuleInput!, $key: String) {
  proposeApprovalRule(input: $input, idempotencyKey: $key) { __typename
    ... on MatrixChanged { change { id status summary subjectKind tier stage tag before proposed decidedAt digest
        author { handle } request { id title status rule subjectDigest subject { __typename id } } } }
    ... on Refusal { code field why } } }"""
REMOVE = """mutation R($input: RemoveApprovalRuleInput!) { removeApprovalRule(input: $input) { __typename
    ... on MatrixChanged { change { status proposed before } } ... on Refusal { code field why } } }"""
WITHDRAW = """mutation W($change: ID!) { withdrawMatrixChange(input: {change: $change}) { __typename
    ... on MatrixChanged { change { status request { status } } } ... on Refusal { code field why } } }"""
SIGN = """mutation S($request: ID!) { signApproval(input: {request: $request, decision: APPROVE, comment: "Read it."}) {
    ... on ApprovalSigned { signOff { request { status } } } ... on Refusal { code why } } }"""

BOARD = {
    "name": "Board",
    "quorum": 2,
    "disciplines": [{"discipline": "RISK", "least": 1}, {"discipline": "LEGAL", "least": 1}],
    "different": 2,
}
ROW = {
    "tier": "HIGH",
    "stage": "PRODUCTION",
    "steps": [BOARD],
    "termDays": 7,
    "remindersH": [8, 24],
    "escalation": [{"afterH": 40, "to": "OWNERS"}],
    "rationale": "Harm is weighed by two.",
    "summary": "LEGAL looks too.",
}
WRITTEN = {
    "steps": [
        {
            "name": "Board",
            "quorum": 2,
            "disciplines": {"LEGAL": 1, "RISK": 1},
            "different": 2,
            "roles": ["MODEL_APPROVER"],
            "group": "ANYBODY",
            "team": None,
        }
    ],
    "term_days": 7,
    "reminders_h": [8, 24],
    "escalation": [{"after_h": 40, "to": "OWNERS"}],
    "at_end": "EXPIRE",
    "calendar": "default",
    "rationale": "Harm is weighed by two.",
}


async def test_a_row_from_the_proposal_to_the_matrix(ask: Ask, desk: Desk, make: Make) -> None:
    data = (await ask(desk.ada, PROPOSE, input=ROW, key="once"))["proposeApprovalRule"]
    change = data["change"]
    asked = change.pop("request")
    id, digest = change.pop("id"), change.pop("digest")
    assert change == {
        "status": "IN_REVIEW",
        "summary": "LEGAL looks too.",
        "subjectKind": "version",
        "tier": "HIGH",
        "stage": "PRODUCTION",
        "tag": None,
        "before": None,
        "proposed": WRITTEN,
        "decidedAt": None,
        "author": {"handle": "ada"},
    }
    assert (asked["title"], asked["status"], asked["subjectDigest"], asked["subject"]) == (
        "setting the approval rule for versions of tier HIGH for stage PRODUCTION",
        "PENDING",
        digest,
        {"__typename": "MatrixChange", "id": id},
    )
    # The same request again is the same change.
    again = (await ask(desk.ada, PROPOSE, input=ROW, key="once"))["proposeApprovalRule"]
    assert again["change"]["id"] == id and await make.count("matrix_changes") == 1
    for who, status in ((desk.pat, "PENDING"), (desk.rita, "APPROVED")):
        assert (await ask(who, SIGN, request=asked["id"]))["signApproval"] == {
            "signOff": {"request": {"status": status}}
        }
    seen = await ask(
        desk.pat,
        """{ matrixChanges(first: 5, filter: {status: [APPLIED]}) { nodes { id status decidedAt
               events(first: 5) { nodes { kind subject { id } } } } }
             approvalRules(first: 5, filter: {kind: ["version"]}) { nodes { id tier stage steps termDays
               changes(first: 5) { totalCount } events(first: 5) { nodes { kind actor { handle } } } } } }""",
    )
    (applied,), (rule,) = seen["matrixChanges"]["nodes"], seen["approvalRules"]["nodes"]
    assert (applied["id"], applied["status"], applied["decidedAt"]) == (id, "APPLIED", "2026-11-21T12:00:00+00:00")
    assert applied["events"]["nodes"] == [
        {"kind": "matrix_change.applied", "subject": {"id": id}},
        {"kind": "matrix_change.proposed", "subject": {"id": id}},
    ]
    assert (rule["steps"], rule["termDays"], rule["changes"]) == (WRITTEN["steps"], 7, {"totalCount": 1})
    assert rule["events"]["nodes"] == [{"kind": "approval_matrix.changed", "actor": {"handle": "rita"}}]


async def test_a_row_is_proposed_to_go_and_that_is_taken_back(ask: Ask, desk: Desk, make: Make) -> None:
    await make.rule(RISK, LEGAL, quorum=2)
    which = {"tier": "HIGH", "stage": "PRODUCTION", "summary": "Not needed."}
    change = (await ask(desk.pat, REMOVE, input=which))["removeApprovalRule"]["change"]
    assert (change["status"], change["proposed"], change["before"]["term_days"]) == ("IN_REVIEW", None, 5)
    (found,) = (await ask(desk.pat, "{ matrixChanges(first: 1) { nodes { id } } }"))["matrixChanges"]["nodes"]
    taken = await ask(desk.rita, WITHDRAW, change=found["id"])
    assert taken["withdrawMatrixChange"] == {
        "__typename": "Refusal",
        "code": "FORBIDDEN",
        "field": "change",
        "why": "only its author, or an ADMIN, takes a change of the matrix back",
    }
    taken = await ask(desk.pat, WITHDRAW, change=found["id"])
    assert taken["withdrawMatrixChange"]["change"] == {"status": "WITHDRAWN", "request": {"status": "WITHDRAWN"}}


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"kind": "models"}, "BAD_INPUT", "kind"),
        ({"tier": "PROHIBITED"}, "BAD_INPUT", "tier"),
        ({"steps": [BOARD, BOARD]}, "BAD_INPUT", "steps"),
        ({"steps": [BOARD | {"disciplines": [{"discipline": "RISK"}, {"discipline": "RISK"}]}]}, "BAD_INPUT", "steps"),
        ({"termDays": 91}, "BAD_INPUT", "termDays"),
        ({"remindersH": [8, 4]}, "BAD_INPUT", "remindersH"),
        ({"escalation": [{"afterH": 1, "to": "nobody"}]}, "BAD_INPUT", "escalation"),
        ({"calendar": "mars"}, "NOT_FOUND", "calendar"),
        ({"rationale": ""}, "BAD_INPUT", "rationale"),
        ({"summary": ""}, "BAD_INPUT", "summary"),
    ],
)
async def test_a_refusal_names_the_input_field_and_writes_nothing(
    ask: Ask, desk: Desk, make: Make, said: dict[str, Any], code: str, field: str
) -> None:
    await ask.token(desk.ada)
    before = await make.events()
    data = (await ask(desk.ada, PROPOSE, input=ROW | said))["proposeApprovalRule"]
    assert (data["__typename"], data["code"], data["field"]) == ("Refusal", code, field)
    assert await make.count("matrix_changes") == 0
    assert await make.events() == before


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.MODEL_OWNER, Role.AUDITOR, Role.EXECUTIVE])
async def test_who_may_not_propose_is_told_who_may(ask: Ask, make: Make, role: Role) -> None:
    who: Principal = await make.person("who", role)
    data = (await ask(who, PROPOSE, input=ROW))["proposeApprovalRule"]
    assert data == {
        "__typename": "Refusal",
        "code": "FORBIDDEN",
        "field": None,
        "why": "PROPOSE_MATRIX is not among your roles' permissions; it is given to ADMIN, MODEL_APPROVER,"
        " POLICY_OWNER",
    }
