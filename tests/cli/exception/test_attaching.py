"""`hub exception attach`, `fetch` and `request --attach`: files go in from one folder and come out in another."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.cli.approvals.conftest import Desk, Ended

REPORT = b"%PDF-1.7 what was measured"
ASKED = (
    "--policy", "recall", "--model", "scans", "--expires", "60d", "--justification", "More cases arrive next month.",
    "--control", "A radiologist reads every scan.", "--yes",
)  # fmt: skip


@pytest.fixture
def report(tmp_path: Path) -> Path:
    made = tmp_path / "report.pdf"
    made.write_bytes(REPORT)
    return made


async def run(desk: Desk, *words: str | Path) -> Ended:
    return await desk.run(desk.dev, "exception", *map(str, words))


async def the(desk: Desk, column: str, table: str = "policy_exceptions") -> Any:
    """A column of the newest row."""
    return await desk.make.db.reads.fetchval(f"SELECT {column} FROM {table} ORDER BY id DESC LIMIT 1")


async def statuses(desk: Desk) -> list[str]:
    """How each question that people were asked stands, the oldest first."""
    rows = await desk.make.db.reads.fetch("SELECT status FROM approval_requests ORDER BY id")
    return [row["status"] for row in rows]


async def asked(desk: Desk) -> str:
    """The id of an exception that Dev asked for."""
    said = await run(desk, "request", *ASKED)
    assert said.code == 0, said.err
    return str(await the(desk, "id"))


async def test_a_request_goes_with_its_files_in_one_question(desk: Desk, report: Path, tmp_path: Path) -> None:
    figures = tmp_path / "figures.csv"
    figures.write_bytes(b"a,b\n")
    said = await run(desk, "request", *ASKED, "--attach", report, "--attach", figures)
    assert (said.code, said.err) == (0, "")
    shown = said.lines.index("Attachments")
    # What goes with it is shown before it is sent.
    assert said.out.split().count("Attachments") == 1 and shown < said.lines.index("Who decides")
    assert "".join(said.lines[shown + 1 : said.lines.index("Who decides")]).replace(" ", "") == (
        f"1.{report},26bytes2.{figures},4bytes"
    )
    rows = await desk.make.db.reads.fetch("SELECT id, name, media_type FROM exception_attachments ORDER BY id")
    assert [(row["name"], row["media_type"]) for row in rows] == [
        ("report.pdf", "application/pdf"),
        ("figures.csv", "text/csv"),
    ]
    id, request = await the(desk, "id"), await the(desk, "id", "approval_requests")
    assert said.lines[-4] == f"exception of scans from recall: asked as exception {id}, in request {request}"
    assert said.lines[-3].startswith("PENDING, due ")
    assert said.lines[-2:] == [
        f"attached report.pdf: 26 bytes, {rows[0]['id']}",
        f"attached figures.csv: 4 bytes, {rows[1]['id']}",
    ]
    assert await statuses(desk) == ["PENDING"]


async def test_several_files_for_what_people_look_at_make_one_question_more(
    desk: Desk, report: Path, tmp_path: Path
) -> None:
    id = await asked(desk)
    figures, table = tmp_path / "figures.csv", tmp_path / "table.csv"
    figures.write_bytes(b"a,b\n")
    table.write_bytes(b"c,d\n")
    said = await run(desk, "attach", id, report, figures, table)
    ids = [row["id"] for row in await desk.make.db.reads.fetch("SELECT id FROM exception_attachments ORDER BY id")]
    assert said.lines == [
        f"attached report.pdf: 26 bytes, {ids[0]}",
        f"attached figures.csv: 4 bytes, {ids[1]}",
        f"attached table.csv: 4 bytes, {ids[2]}",
        f"people are asked anew, in request {await the(desk, 'id', 'approval_requests')};"
        " what was signed before does not count",
    ]
    assert await statuses(desk) == ["STALE", "PENDING"]


async def test_a_draft_is_asked_for_with_files_in_one_question(desk: Desk, report: Path) -> None:
    kept = await run(desk, "request", *ASKED, "--draft")
    draft = kept.out.split()[-1]
    said = await run(desk, "submit", draft, "--attach", report)
    assert (said.code, said.err) == (0, "")
    assert said.lines[-1] == f"attached report.pdf: 26 bytes, {await the(desk, 'id', 'exception_attachments')}"
    assert await statuses(desk) == ["PENDING"]


async def test_a_file_goes_in_is_shown_and_comes_out(desk: Desk, report: Path, tmp_path: Path) -> None:
    id = await asked(desk)
    said = await run(desk, "attach", id, report)
    attachment, request = await the(desk, "id", "exception_attachments"), await the(desk, "id", "approval_requests")
    assert said.lines == [
        f"attached report.pdf: 26 bytes, {attachment}",
        f"people are asked anew, in request {request}; what was signed before does not count",
    ]
    shown = await desk.run(desk.rita, "exception", "show", id)
    fetch = f"hub exception fetch {id} {attachment}"
    row = shown.lines[shown.lines.index("Attachments") + 1]
    assert row.startswith("report.pdf 26 bytes by Dev (dev) on ")
    assert shown.lines[shown.lines.index(fetch) - 1] == "read report.pdf"
    out = tmp_path / "out.pdf"
    got = await desk.run(desk.rita, *fetch.split()[1:], "--out", str(out))
    assert got.lines == [f"{out}: 26 bytes, sha256 {sha256(REPORT).hexdigest()}"]
    assert out.read_bytes() == REPORT


async def test_who_approves_a_version_reads_what_its_exceptions_were_granted_on(desk: Desk, report: Path) -> None:
    policy = await desk.make.policy("fairness", by=desk.pat)
    granted = await desk.make.exception(policy, desk.model, by=desk.dev)
    assert (await run(desk, "attach", str(granted.id), report)).code == 0
    shown = await desk(desk.rita, "show", await desk.asked())
    assert (
        "controls: A radiologist reads every scan.; attached: report.pdf (26 bytes, application/pdf, sha256"
        f" {sha256(REPORT).hexdigest()})"
    ) in " ".join(shown.out.split())


async def test_a_fetched_file_is_written_here_and_over_nothing(
    desk: Desk, report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await asked(desk)
    await run(desk, "attach", id, report)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    attachment = await the(desk, "id", "exception_attachments")
    assert (await run(desk, "fetch", id, str(attachment))).code == 0
    assert (here / "report.pdf").read_bytes() == REPORT
    (here / "report.pdf").write_bytes(b"mine")
    again = await run(desk, "fetch", id, str(attachment))
    assert (again.code, again.err) == (2, "hub: report.pdf is there already; say where with --out FILE\n")
    assert (here / "report.pdf").read_bytes() == b"mine"


async def test_a_name_that_somebody_forged_leads_nowhere(
    desk: Desk, report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await asked(desk)
    await run(desk, "attach", id, report)
    # As the app's own role nobody can: a hub that was taken over would.
    owner = desk.make.db.url
    await forged(owner, "UPDATE exception_attachments SET name = '../../stolen'")
    here = tmp_path / "a" / "b"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    attachment = await the(desk, "id", "exception_attachments")
    assert (await run(desk, "fetch", id, str(attachment))).code == 0
    assert [one.relative_to(tmp_path).as_posix() for one in sorted(tmp_path.rglob("stolen"))] == ["a/b/stolen"]
    await forged(owner, "UPDATE exception_attachments SET content = 'another'")
    said = await run(desk, "fetch", id, str(attachment), "--out", "x")
    assert (said.code, said.err) == (
        2, "hub: what came is not what was attached; nothing was written, fetch it again\n",
    )  # fmt: skip
    assert not (here / "x").exists()


async def forged(url: str, statement: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def test_what_would_not_be_kept_is_told_before_anything_is_asked(desk: Desk, tmp_path: Path) -> None:
    large, empty, exact = tmp_path / "large.pdf", tmp_path / "empty.pdf", tmp_path / "exact.pdf"
    large.write_bytes(b"x" * 5_000_001)
    exact.write_bytes(b"x" * 5_000_000)
    empty.write_bytes(b"")
    for words, why in (
        ([large], f"{large} is too large; at most 5,000,000 are kept: link larger files from the ticket"),
        ([empty], f"{empty} is empty; send the file as the body"),
        ([tmp_path / "none"], f"{tmp_path / 'none'} cannot be read (No such file or directory); name another file"),
        ([tmp_path], f"{tmp_path} cannot be read (Is a directory); name another file"),
        ([exact] * 11, "11 files named; an exception keeps at most 10"),
    ):
        options = [part for path in words for part in ("--attach", path)]
        said = await run(desk, "request", *ASKED, *options)
        assert (said.code, said.err) == (2, f"hub: {why}\n")
    draft = await run(desk, "request", *ASKED, "--draft", "--attach", exact)
    assert (draft.code, "a draft keeps no files" in draft.err) == (2, True)
    assert await desk.make.count("policy_exceptions") == 0
    assert (await run(desk, "attach", await asked(desk), exact)).code == 0


async def test_files_that_the_hub_does_not_take_change_nothing(desk: Desk, report: Path, tmp_path: Path) -> None:
    id = await asked(desk)
    other = tmp_path / "the other.pdf"
    other.write_bytes(b"other")
    # Twenty wait for Dev, or nineteen: the second file is one too many.
    await desk.pretend(
        "INSERT INTO exception_uploads (id, name, media_type, size, sha256, content, added_by, added_at)"
        f" SELECT gen_random_uuid(), n::text, '', 1, n::text, 'x', '{desk.dev.person_id}', now() + interval '1 h'"
        " FROM generate_series(1, 19) n"
    )
    for words in (("attach", id, report, other), ("request", *ASKED, "--attach", report, "--attach", other)):
        said = await run(desk, *words)
        assert (said.code, said.err) == (
            2,
            f"hub: {other} is not attached: 20 files of yours wait to be put with an exception, which is the most; put"
            " them with one, or send more once a day has passed; nothing was changed, so name all of them again\n",
        )
    assert await desk.make.count("policy_exceptions") == 1
    assert await statuses(desk) == ["PENDING"]
    assert (await run(desk, "withdraw", id)).code == 0
    await desk.pretend("DELETE FROM exception_uploads")
    late = await run(desk, "attach", id, report, other)
    assert (late.code, late.err) == (
        2,
        "hub: this exception is WITHDRAWN: it has ended, and nothing is added to it; attach the file to a new one\n",
    )
    assert await desk.make.count("exception_attachments") == 0


async def test_scripts_get_json(desk: Desk, report: Path) -> None:
    made = await run(desk, "request", *ASKED, "--attach", report, "--json")
    assert made.code == 0, made.err
    found = orjson.loads(made.out)
    (one,) = found["attachments"]["nodes"]
    assert (one["name"], one["size"], one["sha256"]) == ("report.pdf", 26, sha256(REPORT).hexdigest())
    assert found["approvalRequest"]["id"] == f"ApprovalRequest:{await the(desk, 'id', 'approval_requests')}"
    again = await run(desk, "attach", found["id"], report, "--json")
    assert orjson.loads(again.out) == {
        "askedAnew": None, "id": found["id"], "status": "SUBMITTED", "attachments": {"nodes": [one]}
    }  # fmt: skip
