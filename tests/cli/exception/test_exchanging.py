"""`hub exception export` and `import`."""

import csv
import io
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import asyncpg
import orjson
import pytest
from trestle.oscal.poam import PlanOfActionAndMilestones

from hub.cli.exception import importing
from hub.people.tables import Role
from tests.cli.approvals.conftest import Desk

HEAD = "policy,model,version,justification,owner,expires,controls,criteria,risk_after,ticket\n"
GOOD = 'recall,scans,3,"More cases arrive, next month.",olaf,2099-12-24,"Read twice.\nCounted.",Recall is 0.9.,low,\n'


def sheet(folder: Path, *lines: str) -> str:
    file = folder / "exceptions.csv"
    file.write_text(HEAD + "".join(lines), encoding="utf-8")
    return str(file)


async def short(desk: Desk) -> None:
    """A policy's exceptions may last until the sheet's dates."""
    await desk.pretend("UPDATE policy_versions SET longest_exception_days = 40000")


async def test_each_line_of_a_sheet_is_asked_for_or_refused_with_why(desk: Desk, tmp_path: Path) -> None:
    await short(desk)
    file = sheet(
        tmp_path,
        GOOD,
        "recal,scans,3,Because.,olaf,2099-12-24,Read twice.,,,\n",
        "recall,scams,,Because.,olaf,2099-12-24,Read twice.,,,\n",
        "recall,scans,3,Because.,olaf,2020-12-24,Read twice.,,,\n",
        "recall,scans,3,Because.,olaf,30d,Read twice.,,,\n",
        "recall,scans,3,Because.,olaf,2099-12-24,Read twice.,,awful,\n",
    )
    said = await desk.run(desk.dev, "exception", "import", file)
    assert said.code == 1, said.err
    head, first, *refused, last = said.lines
    assert head == "LINE BECAME WHAT EXCEPTION, OR WHY NOT"
    assert first.startswith("2 asked scans 3 recall ")
    made = first.rpartition(" ")[2]
    assert refused == [
        "3 refused scans 3 recal there is no policy recal; near it are recall",
        "4 refused scams recall there is no model scams that this token may see; near it are scans",
        f"5 refused scans 3 recall 2020-12-25 00:00 UTC is not after now, {desk.make.now:%Y-%m-%d %H:%M} UTC;"
        " choose a later end",
        "6 refused scans 3 recall expires 30d: write a date such as 2026-12-24",
        "7 refused scans 3 recall risk_after awful: there are CRITICAL, HIGH, MEDIUM, LOW, INFO",
    ]
    assert last == "6 lines: 1 asked for, 5 refused"
    row = await desk.make.db.reads.fetchrow("SELECT id, state, risk_after, justification FROM policy_exceptions")
    assert (str(row["id"]), row["state"], row["risk_after"]) == (made, "SUBMITTED", "LOW")
    assert row["justification"] == "More cases arrive, next month."
    assert await desk.make.count("compensating_controls") == 2
    assert await desk.make.count("approval_requests", "subject_kind = 'exception'") == 1

    again = await desk.run(desk.dev, "exception", "import", sheet(tmp_path, GOOD))
    assert (again.code, again.lines[1].rpartition(" ")[2]) == (0, made)
    assert again.lines[-1] == "1 line: 0 asked for, 1 asked for before, 0 refused"
    assert await desk.make.count("policy_exceptions") == 1


async def contents(desk: Desk) -> dict[str, tuple[int, str]]:
    """How many rows every table of the hub has, and a digest of them."""
    connection = await asyncpg.connect(desk.make.db.url)
    names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    digest = "md5(string_agg(t::text, chr(10) ORDER BY t::text))"
    found = {name: await connection.fetchrow(f"SELECT count(*), {digest} FROM {name} t") for (name,) in names}
    await connection.close()
    return {name: (row[0], row[1]) for name, row in found.items()}


@pytest.mark.parametrize("at_once", [importing.AT_ONCE, 2])
async def test_a_dry_run_tells_what_the_import_does_and_leaves_nothing(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", at_once)
    await short(desk)
    other = GOOD.replace("Counted.", "Counted. | every 7 | by rita")
    await desk.run(desk.dev, "exception", "import", sheet(tmp_path, other))
    file = sheet(
        tmp_path,
        GOOD,
        GOOD.replace("low,", "low,tickets/7"),
        other,
        GOOD,
        GOOD.replace("Recall is 0.9.", "Recall is 0.9. | policy recal"),
        GOOD.replace("Counted.", "Counted. | by rita"),
        GOOD.replace("low", "critical"),
        GOOD.replace("Read twice.", "Read twice. | policy recall"),
        GOOD.replace("Read twice.", "Read twice. | sometimes"),
        GOOD.replace("low,", "low,tickets/7"),
        GOOD.replace("next month", "in two months"),
    )
    before = await contents(desk)
    dry = await desk.run(desk.dev, "exception", "import", "--dry-run", "--json", file)
    assert await contents(desk) == before
    real = await desk.run(desk.dev, "exception", "import", "--json", file)

    tried, done = orjson.loads(dry.out), orjson.loads(real.out)
    assert (dry.code, real.code) == (1, 1)
    assert [(one["line"], one["became"], one["column"]) for one in done] == [
        (2, "asked", None),
        (3, "refused", "ticket"),
        (4, "asked before", None),
        (5, "asked before", None),
        (6, "refused", "criteria"),
        (7, "refused", "controls"),
        (8, "refused", "risk_after"),
        (9, "refused", "controls"),
        (10, "refused", "controls"),
        (11, "refused", "ticket"),
        (12, "asked", None),
    ]
    # The very same lines, but for the ids of what the trial made, which nobody could look up.
    at = {one["line"]: one["exception"] for one in done}
    assert at[5] == at[2] and at[12] not in (None, at[2])
    assert tried == [one | {"exception": None} if one["line"] in (2, 5, 12) else one for one in done]
    assert await desk.make.count("policy_exceptions") == 3

    said = await desk.run(desk.dev, "exception", "import", "--dry-run", file)
    assert said.lines[-1] == "11 lines: 0 would be asked for, 4 asked for before, 7 refused"


async def test_what_an_import_may_not_do_a_dry_run_refuses_too(desk: Desk, tmp_path: Path) -> None:
    auditor = await desk.make.person("aude", Role.AUDITOR)
    file = sheet(tmp_path, GOOD)
    dry = await desk.run(auditor, "exception", "import", "--dry-run", file)
    real = await desk.run(auditor, "exception", "import", file)
    assert (dry.code, dry.out, dry.err) == (real.code, real.out, real.err)
    assert dry.code == 2 and "REQUEST_EXCEPTION" in dry.err


async def test_a_file_that_is_no_sheet_is_refused(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "latin.csv"
    file.write_bytes(HEAD.encode() + b"caf\xe9")
    said = await desk.run(desk.dev, "exception", "import", str(file))
    assert (said.code, said.err) == (2, f"hub: {file} is not UTF-8 at byte 88; save it as UTF-8\n")
    gone = await desk.run(desk.dev, "exception", "import", str(tmp_path / "none.csv"))
    assert (gone.code, gone.err) == (2, f"hub: {tmp_path / 'none.csv'} cannot be read: No such file or directory\n")


async def test_exceptions_are_exported_in_three_forms(desk: Desk, tmp_path: Path) -> None:
    policy = await desk.make.policy("fairness", by=desk.pat, title="Alike for all")
    for number in range(60):
        await desk.make.exception(policy, desk.model, by=desk.dev, granted=False, justification=f"=because {number}")
    said = await desk.run(desk.dev, "exception", "export", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(said.out, newline="")))
    assert [row["justification"] for row in rows] == [f"'=because {number}" for number in range(60)]
    assert {(row["policy"], row["model"], row["status"], row["requested_by"]) for row in rows} == {
        ("fairness", "scans", "SUBMITTED", "dev")
    }
    told = await desk.run(desk.dev, "exception", "export", "--format", "json", "--status", "submitted")
    assert [one["justification"] for one in orjson.loads(told.out)] == [f"=because {number}" for number in range(60)]
    file = tmp_path / "poam.json"
    plan = await desk.run(desk.dev, "exception", "export", "--format", "oscal", "--out", str(file))
    assert plan.out == f"60 exceptions written to {file}\n"
    found = PlanOfActionAndMilestones(**orjson.loads(file.read_bytes())["plan-of-action-and-milestones"])
    assert len(found.poam_items) == 60
    none = await desk.run(desk.dev, "exception", "export", "--format", "oscal", "--status", "ACTIVE")
    assert (none.code, none.err) == (
        2, "hub: no exception stands so, and OSCAL knows no empty plan; nothing was written\n"
    )  # fmt: skip


async def test_an_export_names_what_is_attached(desk: Desk, tmp_path: Path) -> None:
    await short(desk)
    assert (await desk.run(desk.dev, "exception", "import", sheet(tmp_path, GOOD))).code == 0
    id = str(await desk.make.db.reads.fetchval("SELECT id FROM policy_exceptions"))
    report, table = tmp_path / "report.pdf", tmp_path / "table.csv"
    report.write_bytes(b"%PDF-1.7")
    table.write_bytes(b"a,b\n")
    assert (await desk.run(desk.dev, "exception", "attach", id, str(report), str(table))).code == 0
    (told,) = orjson.loads((await desk.run(desk.dev, "exception", "export", "--format", "json")).out)
    files = told["attachments"]["nodes"]
    digests = [sha256(one.read_bytes()).hexdigest() for one in (report, table)]
    assert [(one["name"], one["mediaType"], one["size"], one["sha256"]) for one in files] == [
        ("report.pdf", "application/pdf", 8, digests[0]),
        ("table.csv", "text/csv", 4, digests[1]),
    ]
    (row,) = csv.DictReader(io.StringIO((await desk.run(desk.dev, "exception", "export", "--format", "csv")).out))
    assert row["attachments"] == "report.pdf\ntable.csv"
    plan = orjson.loads((await desk.run(desk.dev, "exception", "export", "--format", "oscal")).out)
    found = PlanOfActionAndMilestones(**plan["plan-of-action-and-milestones"])
    assert found.back_matter is not None
    links = [link for one in found.back_matter.resources or () for link in one.rlinks or ()]
    assert [link.href.partition("/exceptions/")[2] for link in links] == [
        one["path"].removeprefix("/exceptions/") for one in files
    ]
    assert [hashed.value for link in links for hashed in link.hashes or ()] == digests
    assert found.metadata.last_modified == datetime.fromisoformat(files[0]["addedAt"])


async def test_what_somebody_may_not_see_is_not_exported(desk: Desk) -> None:
    hidden = await desk.make.model("hidden", owner=desk.olaf, restricted=True)
    policy = await desk.make.policy("fairness", by=desk.pat)
    await desk.make.exception(policy, hidden, by=desk.olaf, granted=False)
    seen = await desk.run(desk.olaf, "exception", "export", "--format", "json")
    assert [one["model"]["name"] for one in orjson.loads(seen.out)] == ["hidden"]
    unseen = await desk.run(desk.dev, "exception", "export", "--format", "json")
    assert orjson.loads(unseen.out) == []
