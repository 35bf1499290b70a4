"""`hub exception export` and `import`."""

import csv
import io
from pathlib import Path

import orjson
from trestle.oscal.poam import PlanOfActionAndMilestones

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
        "3 refused scans 3 recal there is no such policy; see them with: hub policy list",
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
    assert again.lines[-1] == "1 line: 1 asked for, 0 refused"
    assert await desk.make.count("policy_exceptions") == 1


async def test_a_dry_run_asks_nothing(desk: Desk, tmp_path: Path) -> None:
    await short(desk)
    said = await desk.run(desk.dev, "exception", "import", "--dry-run", sheet(tmp_path, GOOD))
    assert (said.code, said.lines[-1]) == (0, "1 line: 1 would be asked for, 0 refused")
    told = await desk.run(desk.dev, "exception", "import", "--dry-run", "--json", sheet(tmp_path, GOOD))
    assert orjson.loads(told.out) == [
        {"line": 2, "became": "would be asked", "what": "scans 3 recall", "exception": None, "why": None}
    ]
    assert await desk.make.count("policy_exceptions") == await desk.make.count("approval_requests") == 0


async def test_a_file_that_is_no_sheet_is_refused(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "latin.csv"
    file.write_bytes(HEAD.encode() + b"caf\xe9")
    said = await desk.run(desk.dev, "exception", "import", str(file))
    assert (said.code, said.err) == (2, f"hub: {file} is not UTF-8 at byte 88; save it as CSV UTF-8\n")
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


async def test_what_somebody_may_not_see_is_not_exported(desk: Desk) -> None:
    hidden = await desk.make.model("hidden", owner=desk.olaf, restricted=True)
    policy = await desk.make.policy("fairness", by=desk.pat)
    await desk.make.exception(policy, hidden, by=desk.olaf, granted=False)
    seen = await desk.run(desk.olaf, "exception", "export", "--format", "json")
    assert [one["model"]["name"] for one in orjson.loads(seen.out)] == ["hidden"]
    unseen = await desk.run(desk.dev, "exception", "export", "--format", "json")
    assert orjson.loads(unseen.out) == []
