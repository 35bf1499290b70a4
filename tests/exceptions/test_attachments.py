"""Files that are put with an exception: kept whole, part of what is decided, handed out as files and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest

from hub.approvals import actions as approvals
from hub.approvals.openings import actions as openings
from hub.approvals.tables import SignOffDecision, SubjectKind
from hub.approvals.talk import actions as talk
from hub.db import APP_ROLE
from hub.errors import Code, Refused
from hub.exceptions.attachments import rules
from hub.exceptions.life import actions as living
from hub.exceptions.tables import PolicyException
from hub.people.access import Principal
from hub.people.tables import Role
from tests.asking import Ask
from tests.exceptions.living import Life

EXCEPTION = SubjectKind.EXCEPTION
REPORT = b"%PDF-1.7 what was measured"
LISTED = """query($id: ID!) { node(id: $id) { ... on PolicyException { attachments(first: 10) { totalCount nodes {
  id name mediaType size sha256 addedAt path addedBy { handle } exception { id }
} } } } }"""
REMOVE = """mutation($input: RemoveAttachmentInput!) { removeAttachment(input: $input) {
  __typename ... on Refusal { code why field }
  ... on ExceptionChanged { exception { attachments(first: 10) { totalCount } } }
} }"""


async def attach(
    ask: Ask,
    who: Principal | None,
    found: PolicyException,
    name: str = "report.pdf",
    content: bytes | AsyncIterator[bytes] = REPORT,
    kind: str = "application/pdf",
    **headers: str,
) -> Any:
    path = f"/exceptions/{found.id}/attachments"
    return await ask.post(who, f"{path}?name={quoted(name)}", content, **{"Content-Type": kind, **headers})


def quoted(name: str) -> str:
    return "".join(f"%{byte:02X}" for byte in name.encode())


async def listed(ask: Ask, who: Principal, found: PolicyException) -> list[dict[str, Any]]:
    node = (await ask(who, LISTED, id=f"PolicyException:{found.id}"))["node"]
    return [] if not node else list(node["attachments"]["nodes"])


async def asked_of(life: Life, found: PolicyException) -> list[tuple[str, str | None, bool]]:
    """The questions about an exception, oldest first: how each stands, why, and whether it binds to attachments."""
    rows = await life.db.reads.fetch(
        "SELECT status, status_why, parts ? 'attachments' AS binds FROM approval_requests WHERE subject_id = $1"
        " ORDER BY id",
        found.id,
    )
    return [(row["status"], row["status_why"], row["binds"]) for row in rows]


async def test_a_file_goes_in_and_comes_out_as_it_was(life: Life, ask: Ask) -> None:
    found = await life.asked()
    reply = await attach(ask, life.dev, found, kind="Application/PDF; version=1.7")
    digest, made = sha256(REPORT).hexdigest(), reply.json()
    assert reply.status_code == 201
    id = UUID(made["id"].removeprefix("ExceptionAttachment:"))
    path = f"/exceptions/{found.id}/attachments/{id}"
    request = await life.request(EXCEPTION, found.id)
    assert made == {
        "id": f"ExceptionAttachment:{id}",
        "name": "report.pdf",
        "mediaType": "application/pdf",
        "size": len(REPORT),
        "sha256": digest,
        "path": path,
        "askedAnew": f"ApprovalRequest:{request}",
    }
    (seen,) = await listed(ask, life.rita, found)
    assert seen == {
        **{key: made[key] for key in ("id", "name", "mediaType", "size", "sha256", "path")},
        "addedAt": "2026-11-21T12:00:00+00:00",
        "addedBy": {"handle": "dev"},
        "exception": {"id": f"PolicyException:{found.id}"},
    }
    got = await ask.get(life.rita, path)
    assert (got.status_code, got.content) == (200, REPORT)
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["etag"] == f'"{digest}"'
    again = await ask.get(life.rita, path, **{"If-None-Match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    by_global_ids = f"/exceptions/PolicyException:{found.id}/attachments/ExceptionAttachment:{id}"
    assert (await ask.get(life.rita, by_global_ids)).content == REPORT
    (told,) = await life.told("exception.attached")
    assert (told["attachment"], told["sha256"], told["size"]) == (str(id), digest, len(REPORT))
    assert "report" not in str(told)


async def test_html_is_handed_out_as_a_file_that_may_do_nothing(life: Life, ask: Ask) -> None:
    found = await life.asked()
    made = (await attach(ask, life.dev, found, "page.html", b"<script>alert(1)</script>", "text/html")).json()
    assert made["mediaType"] == "text/html"
    got = await ask.get(life.rita, made["path"])
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert got.headers["content-disposition"] == "attachment; filename=\"page.html\"; filename*=UTF-8''page.html"


@pytest.mark.parametrize(
    ("said", "kept", "header"),
    [
        ("../../etc/passwd", "passwd", "filename=\"passwd\"; filename*=UTF-8''passwd"),
        ("C:\\temp\\x.csv", "x.csv", "filename=\"x.csv\"; filename*=UTF-8''x.csv"),
        ("a\r\nb", "ab", "filename=\"ab\"; filename*=UTF-8''ab"),
        ("=x.csv", "=x.csv", "filename=\"_x.csv\"; filename*=UTF-8''%3Dx.csv"),
        ('a"; x="ü.pdf', 'a"; x="ü.pdf', "filename=\"a__ x___.pdf\"; filename*=UTF-8''a%22%3B%20x%3D%22%C3%BC.pdf"),
        ("\u202efdp.exe", "fdp.exe", "filename=\"fdp.exe\"; filename*=UTF-8''fdp.exe"),
        (".bashrc", "bashrc", "filename=\"bashrc\"; filename*=UTF-8''bashrc"),
    ],
)
async def test_a_name_is_a_name_and_nothing_else(life: Life, ask: Ask, said: str, kept: str, header: str) -> None:
    made = (await attach(ask, life.dev, await life.asked(), said)).json()
    assert made["name"] == kept
    assert (await ask.get(life.dev, made["path"])).headers["content-disposition"] == f"attachment; {header}"


@pytest.mark.parametrize("said", ["", "..", "/", "\x00\x07", "n" * 201])
async def test_what_is_no_name_is_refused(life: Life, ask: Ask, said: str) -> None:
    reply = await attach(ask, life.dev, await life.asked(), said)
    assert (reply.status_code, reply.json()["why"].startswith("name ")) == (400, True)
    assert await life.make.count("exception_attachments") == 0


async def test_as_much_is_kept_as_is_said_and_not_a_byte_more(life: Life, ask: Ask) -> None:
    found = await life.asked()
    assert (await attach(ask, life.dev, found, content=b"x" * 5_000_000)).json()["size"] == 5_000_000
    why = "the file is too large; at most 5,000,000 are kept: link larger files from the ticket"
    for lie in ({}, {"Content-Length": "10"}, {"Content-Length": "many"}):
        reply = await attach(ask, life.dev, found, "more.pdf", b"x" * 5_000_001, **lie)
        assert (reply.status_code, reply.json()["errors"][0]["message"]) == (413, why)
    empty = await attach(ask, life.dev, found, content=b"")
    assert (empty.status_code, empty.json()["why"]) == (400, "report.pdf is empty; send the file as the body")
    assert await life.make.count("exception_attachments") == 1


async def test_a_body_without_end_is_read_no_further_than_is_kept(life: Life, ask: Ask) -> None:
    sent = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            sent.append(1)
            yield b"x" * 1_000_000

    reply = await attach(ask, life.dev, await life.asked(), content=endless())
    assert (reply.status_code, len(sent)) == (413, 6)


async def test_nothing_is_read_of_whom_nothing_is_taken(life: Life, ask: Ask) -> None:
    async def unread() -> AsyncIterator[bytes]:
        pytest.fail("the body was read")
        yield b""

    found = await life.asked()
    assert (await attach(ask, None, found, content=unread())).status_code == 401
    eve = await life.make.person("eve", Role.EXECUTIVE)
    assert (await attach(ask, eve, found, content=unread())).status_code == 403


async def test_ten_files_are_kept_and_an_eleventh_is_not(life: Life, ask: Ask) -> None:
    found = await life.granted()
    for number in range(10):
        assert (await attach(ask, life.olaf, found, f"{number}.pdf")).status_code == 201
    reply = await attach(ask, life.olaf, found, "10.pdf")
    why = "this exception has 10 attachments, and keeps at most 10; put several files into one"
    assert (reply.status_code, reply.json()["why"]) == (400, why)
    # One that is there is there still.
    assert (await attach(ask, life.olaf, found, "9.pdf")).status_code == 200
    assert [one["name"] for one in await listed(ask, life.dev, found)] == [f"{number}.pdf" for number in range(10)]


async def test_however_many_come_at_once_ten_are_kept_and_each_once(life: Life, ask: Ask) -> None:
    found = await life.granted()
    await ask.token(life.olaf)
    names = [f"{number}.pdf" for number in range(11)]
    replies = await asyncio.gather(*(attach(ask, life.olaf, found, name) for name in names))
    assert sorted(one.status_code for one in replies) == [201] * 10 + [400]
    other = await life.granted()
    same = await asyncio.gather(*(attach(ask, life.olaf, other) for _ in range(4)))
    assert sorted(one.status_code for one in same) == [200] * 3 + [201]
    assert len({one.json()["id"] for one in same}) == 1
    assert await life.make.count("exception_attachments") == 11


async def test_the_same_file_is_attached_once(life: Life, ask: Ask) -> None:
    found = await life.asked()
    first = await attach(ask, life.dev, found)
    again = await attach(ask, life.olaf, found)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json() | {"askedAnew": None}
    assert len(await life.told("exception.attached")) == 1
    assert [status for status, _, _ in await asked_of(life, found)] == ["STALE", "PENDING"]
    # Another content under the name, and the content under another name, are others.
    assert (await attach(ask, life.dev, found, content=b"another")).status_code == 201
    assert (await attach(ask, life.dev, found, "copy.pdf")).status_code == 201


async def test_a_file_that_comes_while_people_are_asked_makes_it_another_question(life: Life, ask: Ask) -> None:
    await life.make.rule(subject_kind=EXCEPTION, stage=None, quorum=2)
    second = await life.make.person("second", Role.MODEL_APPROVER)
    found = await life.asked()
    await life.sign(life.rita, EXCEPTION, found.id)
    before = await life.request(EXCEPTION, found.id)
    await attach(ask, life.dev, found)
    assert await asked_of(life, found) == [("STALE", "attachments", False), ("PENDING", None, True)]
    assert await life.status(found.id) == "SUBMITTED"
    # What Rita signed was for other content: both sign what is asked now, and nobody what was asked before.
    with pytest.raises(Refused) as refused:
        await life.do(second, approvals.sign, before, decision=SignOffDecision.APPROVE, comment="Seen.")
    assert refused.value.code == Code.STALE
    await life.sign(second, EXCEPTION, found.id)
    assert await life.status(found.id) == "UNDER_REVIEW"
    await life.sign(life.rita, EXCEPTION, found.id)
    assert await life.status(found.id) == "ACTIVE"


async def test_a_file_answers_what_a_reviewer_asked(life: Life, ask: Ask) -> None:
    found = await life.asked()
    await life.do(life.rita, talk.ask, await life.request(EXCEPTION, found.id), "Where is the report?")
    assert await life.status(found.id) == "INFO_REQUESTED"
    await attach(ask, life.dev, found)
    assert await life.status(found.id) == "SUBMITTED"
    await life.do(life.rita, openings.look, await life.request(EXCEPTION, found.id))
    assert await life.status(found.id) == "UNDER_REVIEW"


async def test_the_question_is_the_same_in_whatever_order_files_came(life: Life, ask: Ask) -> None:
    digests = []
    for names in (("a.pdf", "b.pdf"), ("b.pdf", "a.pdf")):
        found = await life.asked()
        for name in names:
            await attach(ask, life.dev, found, name)
        request = await life.request(EXCEPTION, found.id)
        row = await life.db.reads.fetchval(
            "SELECT parts ->> 'attachments' FROM approval_requests WHERE id = $1", request
        )
        digests.append(row)
    assert len(set(digests)) == 1
    assert digests[0] is not None


async def test_evidence_that_comes_after_the_decision_changes_nothing_decided(life: Life, ask: Ask) -> None:
    found = await life.granted()
    extension = await life.extension(found, found.expires_at.replace(day=28))
    before = await asked_of(life, found)
    made = await attach(ask, life.olaf, found)
    assert (made.status_code, made.json()["askedAnew"]) == (201, None)
    assert await asked_of(life, found) == before == [("APPROVED", None, False)]
    await life.sign(life.rita, SubjectKind.EXTENSION, extension)
    assert (await life.extended(extension)).state == "APPROVED"
    reply = await attach(ask, life.dev, found, "mine.pdf")
    why = "files are put with this exception by its owner; ask one of them"
    assert (reply.status_code, reply.json()["why"]) == (403, why)


async def test_only_who_asked_or_answers_for_it_attaches(life: Life, ask: Ask) -> None:
    found = await life.asked()
    assert (await attach(ask, life.olaf, found)).status_code == 201
    assert (await attach(ask, life.rita, found, "hers.pdf")).status_code == 403
    # Dev's token was good a moment ago, and is taken as good still.
    assert (await attach(ask, life.dev, found)).status_code == 200
    await life.make.deactivate(life.dev)
    late = await attach(ask, life.dev, found, "late.pdf")
    assert (late.status_code, late.json()["why"]) == (403, "your account is not active; nothing was decided")
    assert await life.make.count("exception_attachments") == 1


async def test_nothing_is_added_to_what_has_ended(life: Life, ask: Ask) -> None:
    found = await life.asked()
    await life.do(life.dev, living.withdraw, found.id)
    reply = await attach(ask, life.dev, found)
    why = "this exception is WITHDRAWN: it has ended, and nothing is added to it; attach the file to a new one"
    assert (reply.status_code, reply.json()["why"]) == (400, why)
    assert await life.make.count("exception_attachments") == 0
    assert "exception.attached" not in await life.kinds()


async def test_who_may_not_see_the_model_learns_of_no_attachment(life: Life, ask: Ask) -> None:
    life.model = await life.make.model("secret", restricted=True, owner=life.olaf)
    life.dev = life.olaf
    found = await life.asked()
    made = (await attach(ask, life.olaf, found)).json()
    stranger = await life.make.person("stranger", Role.DEVELOPER)
    hidden = await ask.get(stranger, made["path"])
    absent = await ask.get(stranger, f"/exceptions/{found.id}/attachments/{uuid4()}")
    nonsense = await ask.get(stranger, "/exceptions/x/attachments/y")
    assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content) == (404, nonsense.content)
    assert await listed(ask, stranger, found) == []
    assert (await ask(stranger, "query($id: ID!) { node(id: $id) { id } }", id=made["id"]))["node"] is None
    other = PolicyException(id=uuid4(), **found.model_dump(exclude={"id"}))
    replies = [await attach(ask, stranger, one) for one in (found, other)]
    assert [one.status_code for one in replies] == [404, 404]
    assert replies[0].content == replies[1].content
    removals = [
        (await ask(stranger, REMOVE, input={"attachment": id}))["removeAttachment"]
        for id in (made["id"], f"ExceptionAttachment:{uuid4()}")
    ]
    assert removals[0] == removals[1]
    assert removals[0]["code"] == "NOT_FOUND"
    auditor = await life.make.person("auditor", Role.AUDITOR)
    assert (await ask.get(auditor, made["path"])).content == REPORT


async def test_an_attachment_is_found_with_its_own_exception_alone(life: Life, ask: Ask) -> None:
    found, other = await life.asked(), await life.asked()
    made = (await attach(ask, life.dev, found)).json()
    assert (await ask.get(life.dev, made["path"].replace(str(found.id), str(other.id)))).status_code == 404


async def test_who_added_a_file_takes_it_away_until_it_is_decided(life: Life, ask: Ask) -> None:
    found = await life.asked()
    made = (await attach(ask, life.dev, found)).json()
    given = {"attachment": made["id"]}
    refused = (await ask(life.olaf, REMOVE, input=given))["removeAttachment"]
    assert (refused["code"], refused["field"]) == ("FORBIDDEN", "attachment")
    done = (await ask(life.dev, REMOVE, input=given))["removeAttachment"]
    assert done["exception"]["attachments"]["totalCount"] == 0
    assert [status for status, _, _ in await asked_of(life, found)] == ["STALE", "STALE", "PENDING"]
    # Without any attachment the question is what it was at first.
    rows = await life.db.reads.fetch("SELECT subject_digest FROM approval_requests ORDER BY id")
    assert rows[0] == rows[2] != rows[1]
    assert (await ask.get(life.dev, made["path"])).status_code == 404
    (told,) = await life.told("exception.detached")
    assert told["attachment"] == made["id"].removeprefix("ExceptionAttachment:")
    again = (await attach(ask, life.dev, found)).json()
    await life.sign(life.rita, EXCEPTION, found.id)
    late = (await ask(life.dev, REMOVE, input={"attachment": again["id"]}))["removeAttachment"]
    assert (late["code"], late["field"]) == ("WRONG_STATE", "attachment")


async def test_what_is_attached_is_never_changed(life: Life) -> None:
    may = {
        verb: await life.db.reads.fetchval(
            "SELECT has_table_privilege($1, 'exception_attachments', $2)", APP_ROLE, verb
        )
        for verb in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
    }
    assert may == {"SELECT": True, "INSERT": True, "UPDATE": False, "DELETE": True, "TRUNCATE": False}


def test_what_is_handed_out_as_itself_is_nothing_that_a_browser_obeys() -> None:
    assert [rules.shown_as(one) for one in ("text/csv", "text/html", "image/svg+xml", "application/xhtml+xml")] == [
        "text/csv",
        *[rules.UNKNOWN] * 3,
    ]
    assert [rules.media_type(said) for said in ("TEXT/CSV; charset=x", "", "a/b/c", "text/\r\nx", "x" * 200)] == [
        "text/csv",
        *[rules.UNKNOWN] * 4,
    ]
