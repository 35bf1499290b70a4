"""The discussion over GraphQL: shared by everybody, but for what reviewers keep to themselves."""

from datetime import timedelta
from typing import Any

from hub.clock import SetClock
from hub.people import actions as people
from hub.people.access import Principal
from hub.people.tables import Role
from tests.approvals.talk.talking import Talk
from tests.asking import Ask
from tests.make import Make

SHOWN = """fragment Shown on ApprovalCommented { unknown comment { id kind internal body afterDecision
  person { handle } request { pausedAt } mentioned(first: 5) { nodes { handle } } } }"""
COMMENT = (
    """mutation($id: ID!, $body: String!, $internal: Boolean!, $key: String) {
  commentApproval(idempotencyKey: $key, input: {request: $id, body: $body, internal: $internal}) {
    ...Shown ... on Refusal { code field } } }"""
    + SHOWN
)
QUESTION = (
    """mutation($id: ID!) { askForInformation(input: {request: $id, body: "Why?"}) {
    ...Shown ... on Refusal { code field } } }"""
    + SHOWN
)
ANSWER = (
    """mutation($id: ID!) { answerQuestion(input: {request: $id, body: "So."}) {
    ...Shown ... on Refusal { code field } } }"""
    + SHOWN
)
RESUME = """mutation($id: ID!) { resumeApproval(input: {request: $id}) {
  ... on ApprovalChanged { request { pausedAt } } ... on Refusal { code field } } }"""
READ = """query($id: ID!) { mentions(first: 5) { totalCount nodes { comment { body } } }
  node(id: $id) { ... on ApprovalRequest { comments(first: 20) { totalCount nodes { body } } } } }"""
NODE = "query($id: ID!) { node(id: $id) { __typename } }"
EVENTS = """query($id: ID!) { node(id: $id) { ... on ApprovalRequest {
  events(first: 20) { nodes { kind data } } } } }"""


def node(talk: Talk) -> str:
    return f"ApprovalRequest:{talk.request.id}"


async def read(ask: Ask, who: Principal, talk: Talk) -> tuple[list[str], list[str]]:
    """What somebody reads of the discussion, and where it calls them."""
    found = await ask(who, READ, id=node(talk))
    comments, mentions = found["node"]["comments"], found["mentions"]
    bodies = [one["body"] for one in comments["nodes"]]
    assert comments["totalCount"] == len(bodies)
    assert mentions["totalCount"] == len(mentions["nodes"])
    return bodies, [one["comment"]["body"] for one in mentions["nodes"]]


async def test_a_comment_is_shown_whole_and_kept_once_under_its_key(ask: Ask, talk: Talk, make: Make) -> None:
    await talk.begin()
    said: dict[str, Any] = {"id": node(talk), "body": "@dev and @nobody", "internal": False, "key": "k"}
    first = (await ask(talk.rita, COMMENT, **said))["commentApproval"]
    assert first["comment"] | {"id": ""} == {
        "id": "",
        "kind": "NOTE",
        "internal": False,
        "body": "@dev and @nobody",
        "afterDecision": False,
        "person": {"handle": "rita"},
        "request": {"pausedAt": None},
        "mentioned": {"nodes": [{"handle": "dev"}]},
    }
    assert first["unknown"] == ["nobody"]
    assert (await ask(talk.rita, COMMENT, **said))["commentApproval"] == first
    assert await make.count("approval_comments") == 1
    assert await read(ask, talk.dev, talk) == (["@dev and @nobody"], ["@dev and @nobody"])


async def test_internal_notes_are_read_by_those_who_review_alone(ask: Ask, talk: Talk, make: Make) -> None:
    await talk.begin()
    bystander = await make.person("bystander", Role.DEVELOPER)
    root, eve = await make.person("root", Role.ADMIN), await make.person("eve", Role.AUDITOR)
    said = await talk.says(talk.rita, "They hide something, @lee.", internal=True)
    await talk.says(talk.rita, "All well?")
    for who in (talk.rita, talk.lee, root, eve):
        assert (await read(ask, who, talk))[0] == ["They hide something, @lee.", "All well?"]
    for who in (talk.dev, talk.amy, bystander):
        assert await read(ask, who, talk) == (["All well?"], [])
        shown = await ask(
            who, "query($id: ID!) { node(id: $id) { __typename } }", id=f"ApprovalComment:{said.comment.id}"
        )
        assert shown == {"node": None}
    assert (await read(ask, talk.lee, talk))[1] == ["They hide something, @lee."]


async def test_whoever_asked_reads_no_internal_note_whatever_else_they_may_see(
    ask: Ask, talk: Talk, make: Make
) -> None:
    await talk.begin()
    await talk.says(talk.rita, "They hide something, @lee.", internal=True)
    lee_mentions = 'query { people(first: 9, filter: {text: "lee"}) { nodes { mentions(first: 5) { totalCount } } } }'
    for who in (talk.dev, talk.amy):
        async with talk.db.write(actor=None, operation="op") as tx:
            await people.grant_role(tx, None, person_id=who.person_id, role=Role.ADMIN)
        assert await read(ask, who, talk) == ([], [])
        events = (await ask(who, EVENTS, id=node(talk)))["node"]["events"]["nodes"]
        assert [one["kind"] for one in events] == ["approval.requested"]
        assert (await ask(who, lee_mentions))["people"]["nodes"] == [{"mentions": {"totalCount": 0}}]
    events = (await ask(talk.lee, EVENTS, id=node(talk)))["node"]["events"]["nodes"]
    assert [one["kind"] for one in events] == ["approval.commented", "approval.requested"]


async def test_a_note_that_its_reader_wrote_before_the_request_was_theirs_is_no_exception(ask: Ask, talk: Talk) -> None:
    await talk.begin()
    await talk.says(talk.lee, "Between us.", internal=True)
    async with talk.db.write(actor=None, operation="op") as tx:
        await people.link_identity(tx, None, person_id=talk.lee.person_id, issuer="git", subject="Dev")
    assert await read(ask, talk.lee, talk) == ([], [])


async def test_a_question_stops_the_clock_and_an_answer_starts_it(ask: Ask, talk: Talk) -> None:
    await talk.begin()
    question = (await ask(talk.rita, QUESTION, id=node(talk)))["askForInformation"]["comment"]
    assert (question["kind"], question["request"]) == ("QUESTION", {"pausedAt": "2026-11-21T12:00:00+00:00"})
    paused = "query { approvalRequests(first: 5, filter: {paused: true}) { totalCount } }"
    assert (await ask(talk.rita, paused))["approvalRequests"]["totalCount"] == 1
    assert (await ask(talk.lee, ANSWER, id=node(talk)))["answerQuestion"] == {"code": "FORBIDDEN", "field": "request"}
    answer = (await ask(talk.dev, ANSWER, id=node(talk)))["answerQuestion"]["comment"]
    assert (answer["kind"], answer["request"]) == ("ANSWER", {"pausedAt": None})
    assert (await ask(talk.rita, RESUME, id=node(talk)))["resumeApproval"] == {
        "code": "WRONG_STATE",
        "field": "request",
    }
    await ask(talk.rita, QUESTION, id=node(talk))
    assert (await ask(talk.lee, RESUME, id=node(talk)))["resumeApproval"] == {"request": {"pausedAt": None}}


async def test_what_is_said_after_the_decision_is_marked(ask: Ask, talk: Talk, clock: SetClock) -> None:
    await talk.begin()
    await talk.withdraws()
    clock.move(timedelta(minutes=1))
    said = await ask(talk.dev, COMMENT, id=node(talk), body="The data was wrong.", internal=False, key=None)
    assert said["commentApproval"]["comment"]["afterDecision"] is True


async def test_a_request_that_stands_still_is_not_overdue(ask: Ask, talk: Talk, clock: SetClock) -> None:
    await talk.begin()
    await talk.asks(talk.rita)
    clock.move(timedelta(days=30))
    overdue = "query { approvalRequests(first: 5, filter: {overdue: true}) { totalCount } }"
    assert (await ask(talk.rita, overdue))["approvalRequests"]["totalCount"] == 0
