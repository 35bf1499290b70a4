"""Drafts: kept however incomplete, seen by their author alone, asked of nobody until they are submitted."""

from typing import Any

from hub.people.access import Principal
from hub.people.tables import Role
from tests.asking import Ask
from tests.make import Make

DRAFT = "draft { id state says policy { key } model { name } exception { id status } }"
BEGIN = f"""mutation($i: DraftExceptionInput!) {{ draftException(input: $i) {{
  ... on ExceptionDraftChanged {{ {DRAFT} }} ... on Refusal {{ code field why }} }} }}"""
CHANGE = f"""mutation($i: ChangeExceptionDraftInput!) {{ changeExceptionDraft(input: $i) {{
  ... on ExceptionDraftChanged {{ {DRAFT} }} ... on Refusal {{ code field why }} }} }}"""
DISCARD = f"""mutation($i: ExceptionDraftInput!) {{ discardExceptionDraft(input: $i) {{
  ... on ExceptionDraftChanged {{ {DRAFT} }} ... on Refusal {{ code field why }} }} }}"""
SUBMIT = """mutation($i: SubmitExceptionInput!) { submitException(input: $i) {
  ... on ExceptionChanged { exception { id status justification kind stage expiresAt controls(first: 5) { nodes {
    description attestEveryDays } } } } ... on Refusal { code field why } } }"""
DRAFTS = "{ exceptionDrafts(first: 5) { totalCount nodes { id state } } }"
WHOLE = {
    "stage": "PRODUCTION", "kind": "WAIVER", "justification": "More cases arrive.", "riskBefore": "HIGH",
    "controls": [{"description": "Read twice.", "attestEveryDays": 14}], "expiresAt": "2026-12-01T00:00:00Z",
}  # fmt: skip


async def setting(make: Make) -> tuple[Principal, dict[str, str]]:
    policy, model, dev = await make.policy(), await make.model("scans"), await make.person("dev", Role.DEVELOPER)
    return dev, {"policy": f"Policy:{policy.policy_id}", "model": f"Model:{model.id}"}


async def begun(ask: Ask, who: Principal, **says: Any) -> dict[str, Any]:
    return dict((await ask(who, BEGIN, i=says))["draftException"]["draft"])


async def test_a_draft_is_kept_however_little_it_says_and_asks_nobody(make: Make, ask: Ask) -> None:
    dev, scope = await setting(make)
    made = await begun(ask, dev, **scope, justification="More")
    assert (made["state"], made["policy"], made["model"]) == ("DRAFT", {"key": "recall"}, {"name": "scans"})
    assert made["says"]["justification"] == "More"
    assert [await make.count(table) for table in ("policy_exceptions", "approval_requests", "exception_drafts")] == [
        0,
        0,
        1,
    ]
    assert (await make.events())[-1] == "exception.drafted"
    assert await make.count("events", "kind = 'exception.drafted' AND convert_from(body, 'UTF8') LIKE '%More%'") == 0


async def test_a_draft_is_its_authors_alone(make: Make, ask: Ask) -> None:
    dev, scope = await setting(make)
    admin = await make.person("admin", Role.ADMIN)
    made = await begun(ask, dev, **scope)
    assert (await ask(dev, DRAFTS))["exceptionDrafts"]["totalCount"] == 1
    assert (await ask(admin, DRAFTS))["exceptionDrafts"] == {"totalCount": 0, "nodes": []}
    node = "query($id: ID!) { node(id: $id) { id } }"
    assert (await ask(admin, node, id=made["id"]), (await ask(dev, node, id=made["id"]))["node"]["id"]) == (
        {"node": None}, made["id"],
    )  # fmt: skip
    for document, name, asked in (
        (CHANGE, "changeExceptionDraft", {"draft": made["id"], "says": scope}),
        (SUBMIT, "submitException", {"draft": made["id"]}),
        (DISCARD, "discardExceptionDraft", {"draft": made["id"]}),
    ):
        told = (await ask(admin, document, i=asked))[name]
        assert (told["code"], told["field"]) == ("NOT_FOUND", "draft")
    assert await make.count("exception_drafts", "state = 'DRAFT'") == 1


async def test_a_draft_is_written_anew_and_then_asked_for_once(make: Make, ask: Ask) -> None:
    dev, scope = await setting(make)
    made = await begun(ask, dev, **scope, justification="Mo", ticketUrl="https://x.example/1")
    early = (await ask(dev, SUBMIT, i={"draft": made["id"]}))["submitException"]
    assert (early["code"], early["field"]) == ("BAD_INPUT", "owner")
    assert early["why"] == "the draft does not say owner and expiresAt yet; write it with changeExceptionDraft"
    says = {**scope, **WHOLE, "owner": f"Person:{dev.person_id}"}
    changed = (await ask(dev, CHANGE, i={"draft": made["id"], "says": says}))["changeExceptionDraft"]["draft"]
    assert "ticket_url" not in changed["says"]
    asked = (await ask(dev, SUBMIT, i={"draft": made["id"]}))["submitException"]["exception"]
    assert asked == {
        "id": asked["id"], "status": "SUBMITTED", "justification": "More cases arrive.", "kind": "WAIVER",
        "stage": "PRODUCTION", "expiresAt": "2026-12-01T00:00:00+00:00",
        "controls": {"nodes": [{"description": "Read twice.", "attestEveryDays": 14}]},
    }  # fmt: skip
    assert await make.count("approval_requests", "subject_kind = 'exception'") == 1
    assert await make.count("exception_drafts", "state = 'SUBMITTED' AND exception_id IS NOT NULL") == 1
    for document, name in ((SUBMIT, "submitException"), (DISCARD, "discardExceptionDraft")):
        again = (await ask(dev, document, i={"draft": made["id"]}))[name]
        assert (again["code"], again["why"]) == ("WRONG_STATE", "this draft was submitted; begin another")
    assert await make.count("policy_exceptions") == 1


async def test_what_a_request_would_be_refused_for_leaves_the_draft_as_it_is(make: Make, ask: Ask) -> None:
    dev, scope = await setting(make)
    says = {**scope, **WHOLE, "owner": f"Person:{dev.person_id}", "riskAfter": "CRITICAL"}
    made = await begun(ask, dev, **says)
    told = (await ask(dev, SUBMIT, i={"draft": made["id"]}))["submitException"]
    assert (told["code"], told["field"]) == ("BAD_INPUT", "riskAfter")
    assert await make.count("exception_drafts", "state = 'DRAFT'") == 1
    assert await make.count("policy_exceptions") == 0


async def test_a_draft_is_given_up(make: Make, ask: Ask) -> None:
    dev, scope = await setting(make)
    made = await begun(ask, dev, **scope)
    gone = (await ask(dev, DISCARD, i={"draft": made["id"]}))["discardExceptionDraft"]["draft"]
    assert gone["state"] == "WITHDRAWN"
    told = (await ask(dev, CHANGE, i={"draft": made["id"], "says": scope}))["changeExceptionDraft"]
    assert (told["code"], told["why"]) == ("WRONG_STATE", "this draft was discarded; begin another")


async def test_what_may_not_be_seen_or_is_no_text_is_not_drafted(make: Make, ask: Ask) -> None:
    dev, scope = await setting(make)
    hidden = await make.model(restricted=True)
    for says, code, field in (
        ({**scope, "model": f"Model:{hidden.id}"}, "NOT_FOUND", "model"),
        ({**scope, "policy": f"Policy:{hidden.id}"}, "NOT_FOUND", "policy"),
        ({**scope, "justification": "x" * 50_001}, "BAD_INPUT", "the draft"),
    ):
        told = (await ask(dev, BEGIN, i=says))["draftException"]
        assert (told["code"], told["field"]) == (code, field)
    assert await make.count("exception_drafts") == 0
