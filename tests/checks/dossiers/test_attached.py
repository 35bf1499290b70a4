"""Files that were put with an exception are named where its dossier is read: as what they are, by size and SHA-256."""

from hashlib import sha256
from typing import Any

from hub.exceptions.attachments import actions as attachments
from hub.exceptions.tables import PolicyException
from tests.asking import Ask
from tests.checks.dossiers.case import Case
from tests.outline import words

SINCE_ASKED = """query($id: ID!) { node(id: $id) { ... on ApprovalRequest {
  status dossier { digest } changesSinceAsked { words }
} } }"""


async def excepted(case: Case) -> PolicyException:
    """An exception of Dev's own, beside that of the case."""
    return await case.make.exception(case.factors, case.model, by=case.dev)


async def attach(case: Case, found: PolicyException, name: str, content: bytes, kind: str = "application/pdf") -> None:
    async with case.db.write(actor=case.dev.person_id, operation="op") as tx:
        await attachments.attach(tx, case.dev, found.id, name=name, media_type=kind, content=content)


async def listed(case: Case, ask: Ask) -> dict[str, Any]:
    """The exceptions of the dossier as of now, by policy."""
    whole = (await ask.get(case.rita, f"/dossiers/{case.version.id}/production.json")).json()
    return {one["policy"]: one for one in whole["exceptions"]}


async def test_a_reviewer_reads_which_files_are_with_an_exception(case: Case, ask: Ask) -> None:
    found = await excepted(case)
    await attach(case, found, "z.csv", b"a,b\n" * 1_000, "text/csv")
    await attach(case, found, "<script>alert(1)<script>.pdf", b"%PDF-1.7")
    asked = await case.ask()
    exceptions = {one["policy"]: one for one in (await case.frozen(asked.id))["content"]["exceptions"]}
    files = exceptions["factors"]["attachments"]
    ids = {row["name"]: str(row["id"]) for row in await case.db.reads.fetch("SELECT * FROM exception_attachments")}
    assert files == [
        {
            "id": ids[name],
            "name": name,
            "size": len(content),
            "media_type": kind,
            "sha256": sha256(content).hexdigest(),
        }
        for name, content, kind in (
            ("<script>alert(1)<script>.pdf", b"%PDF-1.7", "application/pdf"),
            ("z.csv", b"a,b\n" * 1_000, "text/csv"),
        )
    ]
    html = (await ask.get(case.rita, f"/dossiers/{asked.id}.html")).text
    assert "<script>" not in html
    told = words(html)
    assert (
        "Files that were put with it: <script>alert(1)<script>.pdf: 8 bytes, application/pdf, SHA-256"
        f" {files[0]['sha256']} z.csv: 4,000 bytes, text/csv, SHA-256 {files[1]['sha256']}"
    ) in told
    # That of the case has none, and says nothing of any: its text is what it was before there were attachments.
    assert told.count("Files that were put with it") == 1
    assert "attachments" not in exceptions["recall"]


async def test_a_file_more_is_told_and_leaves_what_a_release_is_decided_on(case: Case, ask: Ask) -> None:
    found = await excepted(case)
    asked = await case.ask()
    await attach(case, found, "report.pdf", b"%PDF-1.7")
    shown = (await ask(case.rita, SINCE_ASKED, id=f"ApprovalRequest:{asked.id}"))["node"]
    assert (shown["status"], shown["dossier"]["digest"]) == ("PENDING", asked.subject_digest)
    assert shown["changesSinceAsked"]["words"] == ["exceptions: factors attachments added"]
    frozen = (await case.frozen(asked.id))["content"]["exceptions"]
    assert [one["policy"] for one in frozen if "attachments" in one] == []
    assert [one["name"] for one in (await listed(case, ask))["factors"]["attachments"]] == ["report.pdf"]
