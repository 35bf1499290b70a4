"""Files that are sent one by one and put with an exception all at once: one change, and one question to people."""

import asyncio
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest

from hub.approvals.tables import SubjectKind
from hub.clock import SetClock
from hub.exceptions.attachments.uploads import jobs
from hub.exceptions.life import actions as living
from hub.exceptions.tables import PolicyException
from hub.people.access import Principal
from hub.people.tables import Role
from tests.asking import Ask
from tests.exceptions.living import Life

EXCEPTION = SubjectKind.EXCEPTION
REFUSAL = "__typename ... on Refusal { code why field }"
FILES = "attachments(first: 20) { nodes { id name mediaType size sha256 addedAt addedBy { handle } } }"
ATTACH = f"""mutation($input: AttachFilesInput!, $key: String) {{ attachFiles(input: $input, idempotencyKey: $key) {{
  {REFUSAL} ... on FilesAttached {{ askedAnew {{ id status }} exception {{ id status {FILES} }} }}
}} }}"""
REQUEST = f"""mutation($input: RequestExceptionInput!, $key: String) {{
  requestException(input: $input, idempotencyKey: $key) {{
    {REFUSAL} ... on ExceptionChanged {{ exception {{ id status approvalRequest {{ id }} {FILES} }} }}
  }}
}}"""


async def send(ask: Ask, who: Principal, name: str, content: bytes | None = None, kind: str = "text/csv") -> Any:
    """A file that waits from now on; its id, or the answer where there is none."""
    body = name.encode() if content is None else content
    reply = await ask.post(who, f"/exceptions/uploads?name={name}", body, **{"Content-Type": kind})
    return reply.json()["id"] if reply.status_code == 201 else reply


async def attach(ask: Ask, who: Principal, found: PolicyException, *files: str, key: str | None = None) -> Any:
    given = {"exception": f"PolicyException:{found.id}", "attachments": list(files)}
    return (await ask(who, ATTACH, input=given, key=key))["attachFiles"]


async def request(life: Life, ask: Ask, *files: str, key: str | None = None, **more: Any) -> Any:
    """Dev asks over GraphQL for an exception of Olaf's, with these files."""
    given = {
        "policy": f"Policy:{life.policy.policy_id}",
        "model": f"Model:{life.model.id}",
        "justification": "More cases arrive next month.",
        "controls": [{"description": "A radiologist reads every scan."}],
        "owner": f"Person:{life.olaf.person_id}",
        "expiresAt": "2026-12-21T12:00:00Z",
        "attachments": list(files),
        **more,
    }
    return (await ask(life.dev, REQUEST, input=given, key=key))["requestException"]


async def questions(life: Life) -> list[tuple[str, bool]]:
    """Every question that people were ever asked: how it stands, and whether it binds to attachments."""
    rows = await life.db.reads.fetch("SELECT status, parts ? 'attachments' AS binds FROM approval_requests ORDER BY id")
    return [(row["status"], row["binds"]) for row in rows]


def names(shown: Any) -> list[str]:
    return [one["name"] for one in shown["exception"]["attachments"]["nodes"]]


async def nothing_written(life: Life, *, waiting: int) -> None:
    """That no file is with any exception, nobody was told of one, and what waited waits still."""
    assert await life.make.count("exception_attachments") == 0
    assert "exception.attached" not in await life.kinds()
    assert await life.make.count("exception_uploads") == waiting


async def test_a_request_takes_its_files_and_people_are_asked_once(life: Life, ask: Ask) -> None:
    files = [await send(ask, life.dev, name) for name in ("b.csv", "a.csv", "c.csv")]
    made = await request(life, ask, *files)
    assert names(made) == ["b.csv", "a.csv", "c.csv"]
    first = made["exception"]["attachments"]["nodes"][0]
    assert first == {
        "id": files[0].replace("ExceptionUpload", "ExceptionAttachment"),
        "name": "b.csv",
        "mediaType": "text/csv",
        "size": 5,
        "sha256": sha256(b"b.csv").hexdigest(),
        "addedAt": "2026-11-21T12:00:00+00:00",
        "addedBy": {"handle": "dev"},
    }
    assert await questions(life) == [("PENDING", True)]
    assert await life.make.count("exception_uploads") == 0
    told = await life.told("exception.attached")
    assert [one["attachment"] for one in told] == [one.removeprefix("ExceptionUpload:") for one in files]
    assert await life.kinds() == ["exception.requested", *["exception.attached"] * 3]
    got = await ask.get(life.rita, f"/exceptions/{made['exception']['id']}/attachments/{first['id']}")
    assert got.content == b"b.csv"
    await life.sign(life.rita, EXCEPTION, UUID(made["exception"]["id"].removeprefix("PolicyException:")))
    assert await questions(life) == [("APPROVED", True)]


async def test_three_files_are_one_change_of_an_exception_that_people_look_at(life: Life, ask: Ask) -> None:
    await life.make.rule(subject_kind=EXCEPTION, stage=None, quorum=2)
    found = await life.asked()
    await life.sign(life.rita, EXCEPTION, found.id)
    files = [await send(ask, life.dev, name) for name in ("a.csv", "b.csv", "c.csv")]
    done = await attach(ask, life.dev, found, *files)
    assert names(done) == ["a.csv", "b.csv", "c.csv"]
    assert done["askedAnew"] == {
        "id": f"ApprovalRequest:{await life.request(EXCEPTION, found.id)}",
        "status": "PENDING",
    }
    assert done["exception"]["status"] == "SUBMITTED"
    assert await questions(life) == [("STALE", False), ("PENDING", True)]


async def test_the_question_is_the_same_by_whichever_way_files_came(life: Life, ask: Ask) -> None:
    one, other = await life.asked(), await life.asked()
    await attach(ask, life.dev, one, *[await send(ask, life.dev, name) for name in ("a.csv", "b.csv")])
    for name in ("b.csv", "a.csv"):
        path = f"/exceptions/{other.id}/attachments?name={name}"
        assert (await ask.post(life.dev, path, name.encode())).status_code == 201
    digests = await life.db.reads.fetch(
        "SELECT parts ->> 'attachments' AS of FROM approval_requests WHERE status = 'PENDING'"
    )
    assert len(digests) == 2
    assert len({row["of"] for row in digests}) == 1


async def test_one_of_three_that_does_not_wait_is_a_reason_to_take_none(life: Life, ask: Ask) -> None:
    found = await life.asked()
    mine = [await send(ask, life.dev, name) for name in ("a.csv", "b.csv")]
    others = await send(ask, life.olaf, "his.csv")
    absent = f"ExceptionUpload:{uuid4()}"
    for third in (others, absent):
        why = (
            f"no such file of yours waits: {third}; it was put with an exception, or dropped after a day: send it again"
        )
        refused = {"__typename": "Refusal", "code": "NOT_FOUND", "why": why, "field": "attachments"}
        assert await attach(ask, life.dev, found, *mine, third) == refused
        assert await request(life, ask, *mine, third) == refused
    wrong = await attach(ask, life.dev, found, mine[0], mine[1].replace("Upload", "Attachment"))
    assert (wrong["code"], wrong["field"]) == ("BAD_ID", "attachments")
    await nothing_written(life, waiting=3)
    assert await life.make.count("policy_exceptions") == 1
    assert await questions(life) == [("PENDING", False)]


async def test_a_refused_request_leaves_its_files_for_the_next_one(life: Life, ask: Ask) -> None:
    files = [await send(ask, life.dev, name) for name in ("a.csv", "b.csv")]
    refused = await request(life, ask, *files, expiresAt="2026-11-01T00:00:00Z")
    assert refused["__typename"] == "Refusal"
    await nothing_written(life, waiting=2)
    assert names(await request(life, ask, *files)) == ["a.csv", "b.csv"]


async def test_more_than_ten_are_refused_together(life: Life, ask: Ask) -> None:
    found = await life.asked()
    files = [await send(ask, life.dev, f"{number}.csv") for number in range(12)]
    for done in (await attach(ask, life.dev, found, *files[:11]), await request(life, ask, *files[:11])):
        assert done["why"] == (
            "this exception has 0 attachments and would get 11 more, and keeps at most 10; put several files into one"
        )
    await nothing_written(life, waiting=12)
    assert len(names(await attach(ask, life.dev, found, *files[:8]))) == 8
    late = await attach(ask, life.dev, found, *files[8:11])
    assert late["why"] == (
        "this exception has 8 attachments and would get 3 more, and keeps at most 10; put several files into one"
    )
    assert await life.make.count("exception_attachments") == 8
    # One that is there already takes no place.
    again = await send(ask, life.dev, "0.csv")
    assert len(names(await attach(ask, life.dev, found, again, *files[8:10]))) == 10
    assert await life.make.count("exception_uploads") == 2


async def test_files_that_are_there_change_nothing(life: Life, ask: Ask) -> None:
    found = await life.asked()
    await attach(ask, life.dev, found, await send(ask, life.dev, "a.csv"))
    again = await send(ask, life.dev, "a.csv")
    done = await attach(ask, life.dev, found, again, again)
    assert (names(done), done["askedAnew"]) == (["a.csv"], None)
    assert await questions(life) == [("STALE", False), ("PENDING", True)]
    assert len(await life.told("exception.attached")) == 1
    # It waits no more than the others.
    assert await life.make.count("exception_uploads") == 0


async def test_two_who_take_the_same_files_at_once_do_not_both_get_them(life: Life, ask: Ask) -> None:
    exceptions = [await life.asked() for _ in range(4)]
    files = [await send(ask, life.dev, name) for name in ("a.csv", "b.csv", "c.csv")]
    orders = (files, files[::-1], [files[1], files[0], files[2]], files)
    done = await asyncio.gather(
        *(attach(ask, life.dev, found, *order) for found, order in zip(exceptions, orders, strict=True))
    )
    assert sorted(one["__typename"] for one in done) == ["FilesAttached", "Refusal", "Refusal", "Refusal"]
    assert {one["code"] for one in done if one["__typename"] == "Refusal"} == {"NOT_FOUND"}
    assert await life.make.count("exception_attachments") == 3
    assert sorted(await questions(life)) == [*[("PENDING", False)] * 3, ("PENDING", True), ("STALE", False)]


async def test_however_many_are_attached_at_once_there_are_no_more_than_ten(life: Life, ask: Ask) -> None:
    found = await life.granted()
    files = [await send(ask, life.olaf, f"{number}.csv") for number in range(12)]
    done = await asyncio.gather(*(attach(ask, life.olaf, found, *files[at : at + 3]) for at in range(0, 12, 3)))
    assert sorted(one["__typename"] for one in done) == [*["FilesAttached"] * 3, "Refusal"]
    assert await life.make.count("exception_attachments") == 9
    assert await life.make.count("exception_uploads") == 3


async def test_a_signature_counts_for_what_was_signed_or_not_at_all(life: Life, ask: Ask) -> None:
    found = await life.asked()
    files = [await send(ask, life.dev, name) for name in ("a.csv", "b.csv")]
    done, signed = await asyncio.gather(
        attach(ask, life.dev, found, *files), life.sign(life.rita, EXCEPTION, found.id), return_exceptions=True
    )
    if signed is None:
        # Dev is not the owner of what is granted.
        assert done["code"] == "FORBIDDEN"
        assert await questions(life) == [("APPROVED", False)]
    else:
        assert names(done) == ["a.csv", "b.csv"]
        assert await questions(life) == [("STALE", False), ("PENDING", True)]


async def test_a_repeated_key_answers_as_it_did(life: Life, ask: Ask) -> None:
    files = [await send(ask, life.dev, name) for name in ("a.csv", "b.csv")]
    made = await request(life, ask, *files, key="once")
    assert await request(life, ask, *files, key="once") == made
    found = await life.asked()
    more = [await send(ask, life.dev, name) for name in ("c.csv", "d.csv")]
    done = await attach(ask, life.dev, found, *more, key="more")
    assert await attach(ask, life.dev, found, *more, key="more") == done
    assert done["askedAnew"] is not None
    assert await life.make.count("exception_attachments") == 4


async def test_only_who_may_attach_takes_files_there(life: Life, ask: Ask) -> None:
    found = await life.asked()
    hers = await send(ask, life.rita, "hers.csv")
    assert (await attach(ask, life.rita, found, hers))["code"] == "FORBIDDEN"
    assert (await attach(ask, life.dev, found))["code"] == "BAD_INPUT"
    mine = await send(ask, life.dev, "mine.csv")
    await life.do(life.dev, living.withdraw, found.id)
    assert (await attach(ask, life.dev, found, mine))["code"] == "WRONG_STATE"
    await nothing_written(life, waiting=2)


async def test_what_would_not_be_kept_does_not_wait(life: Life, ask: Ask) -> None:
    why = "the file is too large; at most 5,000,000 are kept: link larger files from the ticket"
    large = await send(ask, life.dev, "large.pdf", b"x" * 5_000_001)
    assert (large.status_code, large.json()["errors"][0]["message"]) == (413, why)
    empty = await send(ask, life.dev, "empty.pdf", b"")
    assert (empty.status_code, empty.json()["why"]) == (400, "empty.pdf is empty; send the file as the body")
    assert (await send(ask, life.dev, "")).status_code == 400
    eve = await life.make.person("eve", Role.EXECUTIVE)
    assert (await send(ask, eve, "a.csv")).status_code == 403
    assert (await ask.post(None, "/exceptions/uploads?name=a.csv", b"x")).status_code == 401
    await ask.token(life.dev)
    await life.make.deactivate(life.dev)
    assert (await send(ask, life.dev, "late.csv")).status_code == 403
    await nothing_written(life, waiting=0)


async def test_the_same_file_waits_once_and_twenty_at_most(life: Life, ask: Ask) -> None:
    first = await send(ask, life.dev, "0.csv")
    assert await send(ask, life.dev, "0.csv") == first
    replies = await asyncio.gather(*(send(ask, life.dev, f"{number}.csv") for number in range(25)))
    refused = [one for one in replies if not isinstance(one, str)]
    assert {one.json()["why"] for one in refused} == {
        "20 files of yours wait to be put with an exception, which is the most; put them with one, or send more once a"
        " day has passed"
    }
    assert len(refused) == 5
    # Somebody else's are counted by themselves, and what waits already may come again.
    assert isinstance(await send(ask, life.olaf, "0.csv"), str)
    assert await send(ask, life.dev, "0.csv") == first
    assert await life.make.count("exception_uploads") == 21


@pytest.mark.parametrize("dropped", [False, True])
async def test_what_nobody_takes_within_a_day_is_gone(life: Life, ask: Ask, clock: SetClock, dropped: bool) -> None:
    found = await life.asked()
    old = await send(ask, life.dev, "old.csv")
    clock.move(timedelta(hours=23))
    new = await send(ask, life.dev, "new.csv")
    await jobs.due(life.db, clock.now())
    assert await life.make.count("exception_uploads") == 2
    clock.move(timedelta(hours=1))
    # Whether or not the clock's process runs.
    if dropped:
        await jobs.due(life.db, clock.now())
    assert await life.make.count("exception_uploads") == (1 if dropped else 2)
    assert (await attach(ask, life.dev, found, old, new))["code"] == "NOT_FOUND"
    assert names(await attach(ask, life.dev, found, new)) == ["new.csv"]
