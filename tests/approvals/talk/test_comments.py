"""Saying something of a request: who may, whom it calls, what is kept from whom."""

import asyncio

import pytest

from hub.approvals.tables import SignOffDecision
from hub.approvals.talk import rules
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.people import actions as people
from hub.people.access import Principal
from hub.people.tables import PersonKind, Role
from tests.approvals.desk import about, last, sign
from tests.approvals.talk.talking import Talk
from tests.make import Make


async def refused(talk: Talk, who: Principal, body: str, code: Code, why: str, *, internal: bool = False) -> None:
    """A comment is refused so, and nothing is written."""
    before = await talk.written()
    with pytest.raises(Refused, match=why) as error:
        await talk.says(who, body, internal=internal)
    assert error.value.code is code
    assert await talk.written() == before


@pytest.mark.parametrize(
    ("body", "handles"),
    [
        ("@rita, see this.", ["rita"]),
        ("Ask @rita.", ["rita"]),
        ("(@Rita) and @lee-ann, then @rita again", ["rita", "lee-ann"]),
        ("write to rita@example.org or a/@rita", ["rita"]),
        ("@ada@example.org knows", ["ada@example.org"]),
        ("@", []),
        ("an @-sign, @@rita", []),
        ("nothing", []),
    ],
)
def test_a_handle_is_called_by_an_at_sign_before_it(body: str, handles: list[str]) -> None:
    assert rules.calls(body) == handles


async def test_everybody_who_sees_the_request_says_something(talk: Talk, make: Make) -> None:
    await talk.begin()
    eve, exec_, ci = [
        await make.person("eve", Role.AUDITOR),
        await make.person("exec", Role.EXECUTIVE),
        await make.person("ci", Role.SERVICE, kind=PersonKind.SERVICE),
    ]
    for who in (talk.dev, talk.amy, talk.rita, eve, exec_, ci):
        await talk.says(who, f"{who.handle} was here")
    assert await make.count("approval_comments", "kind = 'NOTE' AND NOT internal") == 6


async def test_mentions_are_those_who_exist_act_and_see_the_model(talk: Talk, make: Make) -> None:
    await talk.begin()
    gone = await make.person("gone", Role.DEVELOPER)
    await make.deactivate(gone)
    said = await talk.says(talk.rita, "@lee and @rita: @gone said to @nobody that @dev knows. @lee?")
    assert await talk.mentioned(said.comment.id) == {"dev", "lee"}
    assert said.unknown == ["gone", "nobody"]
    assert await last(talk.db, "approval.commented") == {
        **about(talk.request),
        "comment": str(said.comment.id),
        "internal": False,
        "mentions": [str(talk.dev.person_id), str(talk.lee.person_id)],
        "body_digest": digest_of_text(said.comment.body),
    }
    bodies = await talk.db.reads.fetch("SELECT convert_from(body, 'UTF8') AS body FROM events")
    assert not any("@nobody" in row["body"] for row in bodies)


async def test_an_empty_or_endless_comment_is_refused(talk: Talk) -> None:
    await talk.begin()
    await refused(talk, talk.dev, "  \n", Code.BAD_INPUT, "body is empty")
    await refused(talk, talk.dev, "x" * 8_001, Code.BAD_INPUT, "body has 8001 characters; at most 8000")
    await talk.says(talk.dev, "x" * 8_000)
    crowd = " ".join(f"@p{n}" for n in range(51))
    await refused(talk, talk.dev, crowd, Code.BAD_INPUT, "51 people are called; 50 at most")


async def test_internal_notes_are_for_those_who_review(talk: Talk, make: Make) -> None:
    await talk.begin(authors=("ALinked",))
    linked = await make.person("linked", Role.MODEL_APPROVER)
    async with talk.db.write(actor=None, operation="op") as tx:
        await people.link_identity(tx, None, person_id=linked.person_id, issuer="mlflow", subject="alinked")
    # A second account of whoever asked, known by the same outside name in another case.
    second = await make.person("second", Role.MODEL_APPROVER)
    async with talk.db.write(actor=None, operation="op") as tx:
        await people.link_identity(tx, None, person_id=second.person_id, issuer="git", subject="DEV")
    bystander = await make.person("bystander", Role.DEVELOPER)
    for who, code, why in (
        (talk.dev, Code.FORBIDDEN, "SIGN_APPROVAL is not among your roles"),
        (bystander, Code.FORBIDDEN, "SIGN_APPROVAL is not among your roles"),
        (talk.amy, Code.SAME_PERSON, "it is your own work"),
        (linked, Code.SAME_PERSON, "it is your own work"),
        (second, Code.SAME_PERSON, "you asked for this approval"),
    ):
        await refused(talk, who, "Between us.", code, why, internal=True)
    await talk.says(talk.rita, "Between us.", internal=True)
    assert await make.count("approval_comments", "internal") == 1


async def test_an_internal_note_calls_nobody_who_may_not_read_it(talk: Talk, make: Make) -> None:
    await talk.begin()
    await make.person("bystander", Role.DEVELOPER)
    await make.person("root", Role.ADMIN)
    for handles, told in (
        ("@dev", "dev"),
        ("@amy @lee", "amy"),
        ("@bystander", "bystander"),
        ("@dev @amy", "amy, dev"),
    ):
        why = f"{told} may not read internal notes"
        await refused(talk, talk.rita, f"{handles} hides something", Code.BAD_INPUT, why, internal=True)
    said = await talk.says(talk.rita, "@lee @root @nobody look closely", internal=True)
    assert await talk.mentioned(said.comment.id) == {"lee", "root"}
    assert said.unknown == ["nobody"]
    assert (await last(talk.db, "approval.commented"))["internal"] is True


async def test_a_decided_request_is_discussed_on(talk: Talk, make: Make) -> None:
    await talk.begin()
    await sign(talk.db, talk.rita, talk.request, SignOffDecision.REJECT)
    await talk.says(talk.dev, "Why?")
    assert await make.count("approval_comments") == 1
    assert (await talk.row())["status"] == "REJECTED"


async def test_whoever_took_it_back_may_say_why(talk: Talk, make: Make) -> None:
    await talk.begin()
    await talk.withdraws()
    await talk.says(talk.dev, "The data was wrong.")
    assert await make.count("approval_comments") == 1


async def test_a_request_that_is_hidden_is_not_there_and_reaches_nobody_outside(talk: Talk, make: Make) -> None:
    team = await make.team("fraud")
    await talk.begin(model=await make.model(restricted=True, team=team), teams=[team])
    outside = await make.person("outside", Role.MODEL_APPROVER)
    await refused(talk, outside, "Hello?", Code.NOT_FOUND, "there is no such approval request")
    said = await talk.says(talk.rita, "@outside, @lee and @eve")
    assert await talk.mentioned(said.comment.id) == {"lee"}
    assert said.unknown == ["outside", "eve"]


async def test_two_comments_at_once_are_both_kept(talk: Talk, make: Make) -> None:
    await talk.begin()
    await asyncio.gather(*(talk.says(who, "Now.") for who in (talk.dev, talk.rita, talk.lee)))
    assert await make.count("approval_comments") == 3
