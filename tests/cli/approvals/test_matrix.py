"""The matrix is shown, explained for a version, and changed only by those whom it asks itself."""

from pathlib import Path

import pytest

from tests.cli.approvals.conftest import Desk

BOARD = "Board:2:RISK=1,COMPLIANCE=1:different=2"
ROW = ("--tier", "limited", "--stage", "staging")
FILE = """tier: HIGH
stage: PRODUCTION
term_days: 3
rationale: Patients may come to harm.
summary: The owner signs last.
steps:
  - {name: Board, quorum: 2, disciplines: {RISK: 1, COMPLIANCE: 1}, different: 2}
  - {name: Owner, quorum: 1, roles: [MODEL_OWNER], group: OWNERS}
reminders_h: [8]
escalation:
  - {after_h: 16, to: OWNERS}
"""


async def test_the_rows_are_shown_as_they_are_typed(desk: Desk) -> None:
    lines = (await desk(desk.dev, "matrix", "show")).lines
    assert lines[0] == "KIND TIER STAGE TAG STEPS TERM AT ITS END CALENDAR WHY"
    assert "version HIGH PRODUCTION any Sign-off:2:RISK=1,COMPLIANCE=1:different=2 5 days EXPIRE default -" in lines
    assert len(await desk.json(desk.dev, "matrix", "show")) == len(lines) - 1


async def test_the_row_for_a_version_is_told_with_why_and_who_could_sign(desk: Desk) -> None:
    about = ("matrix", "show", "--model", "scans", "--version", "3", "--to", "production")
    said = await desk(desk.dev, *about)
    assert said.lines[0].startswith("scans 3 to PRODUCTION: ")
    assert said.lines[1:3] == [
        "row version HIGH PRODUCTION",
        "1. Sign-off: 2 of RISK, COMPLIANCE by MODEL_APPROVER, from 2 disciplines;"
        " could sign: Cora (cora), Rita (rita)",
    ]
    assert (await desk.json(desk.dev, *about))["rule"]["tier"] == "HIGH"
    half = await desk(desk.dev, "matrix", "show", "--model", "scans")
    assert (half.code, half.err) == (2, "hub: a version's rule needs all of --model, --version and --to\n")


async def test_a_row_is_proposed_by_a_file_and_decided_under_the_row_in_force(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "row.yaml"
    file.write_text(FILE)
    said = await desk(desk.pat, "matrix", "propose", str(file), "--term-days", "4")
    assert said.code == 0, said.err
    assert said.lines[0] == "version HIGH PRODUCTION: The owner signs last."
    for line in (
        "steps: Sign-off:2:RISK=1,COMPLIANCE=1:different=2 ->"
        " Board:2:RISK=1,COMPLIANCE=1:different=2 > Owner:1::role=MODEL_OWNER,group=OWNERS",
        "term days: 5 -> 4",
        "reminders h: none -> 8",
        "escalation: nobody -> 16 h: OWNERS",
    ):
        assert line in said.lines
    (change,) = await desk.json(desk.dev, "matrix", "changes")
    listed = (await desk(desk.dev, "matrix", "changes")).lines[1]
    request = change["request"]["id"].partition(":")[2]
    assert listed == (
        f"IN_REVIEW version HIGH PRODUCTION The owner signs last. Pat (pat) {change['id'].partition(':')[2]} {request}"
    )
    for who in (desk.rita, desk.cora):
        signed = await desk(who, "sign", request, "--approve", "--comment", "Wise.", typed="y\n")
        assert signed.code == 0, signed.err
    shown = (await desk(desk.dev, "matrix", "show")).lines
    assert (
        "version HIGH PRODUCTION any Board:2:RISK=1,COMPLIANCE=1:different=2 > Owner:1::role=MODEL_OWNER,group=OWNERS"
        " 4 days EXPIRE default Patients may come to harm."
    ) in shown
    assert (await desk(desk.dev, "matrix", "changes")).out == (
        "nothing is proposed about the matrix; see what was decided with: hub approvals matrix changes --all\n"
    )
    assert [one["status"] for one in await desk.json(desk.dev, "matrix", "changes", "--all")] == ["APPLIED"]


async def test_a_new_row_is_typed_and_taken_back(desk: Desk) -> None:
    words = ("--step", BOARD, "--term-days", "2", "--rationale", "Little harm.", "--summary", "A row for staging.")
    said = await desk(desk.pat, "matrix", "propose", *ROW, *words, "--escalate", "8:team:risk")
    assert said.code == 2
    assert "risk" in said.err
    made = await desk.json(desk.pat, "matrix", "propose", *ROW, *words, "--escalate", "8:MODEL_APPROVER")
    assert made["proposed"]["steps"][0]["disciplines"] == {"COMPLIANCE": 1, "RISK": 1}
    assert made["proposed"]["escalation"] == [{"after_h": 8, "to": "MODEL_APPROVER"}]
    gone = await desk(desk.pat, "matrix", "withdraw", made["id"])
    assert gone.lines[-1] == f"change {made['id'].partition(':')[2]} is WITHDRAWN"
    assert await desk.make.count("approval_rules", "tier = 'LIMITED'") == 0


async def test_that_a_row_go_is_proposed_too(desk: Desk) -> None:
    words = ("matrix", "remove", "--tier", "high", "--stage", "production", "--summary", "Checks suffice.")
    said = await desk(desk.pat, *words)
    assert said.lines[:2] == ["version HIGH PRODUCTION: Checks suffice.", "the row goes"]
    assert await desk.make.count("approval_rules", "subject_kind = 'version'") == 1


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ("Board:1", {"name": "Board", "quorum": 1}),
        ("Board:1:risk, LEGAL=1", {"disciplines": [{"discipline": "RISK"}, {"discipline": "LEGAL", "least": 1}]}),
        ("Owner:1::role=MODEL_OWNER,role=admin,group=owners", {"roles": ["MODEL_OWNER", "ADMIN"], "group": "OWNERS"}),
        ("Team:1::team=risk", {"group": "TEAM", "team": "risk"}),
    ],
)
def test_a_step_is_typed_in_one_word(step: str, found: dict[str, object]) -> None:
    from hub.cli.approvals.rows import step as read

    assert found.items() <= read(step).items()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((*ROW,), "a row needs steps, term_days, rationale, summary; say it by an option or in the file"),
        (("--step", "Board"), "--step Board: write NAME:QUORUM:DISCIPLINE=LEAST,"),
        (("--step", "Board:two"), "--step Board:two: write NAME:QUORUM"),
        (("--step", "Board:2:RISK=x"), "--step Board:2:RISK=x: write NAME:QUORUM"),
        (("--step", "Board:2::taste=good"), "--step Board:2::taste=good: write NAME:QUORUM"),
        (("--escalate", "OWNERS"), "--escalate OWNERS: write HOURS:WHOM, such as 40:OWNERS"),
        (("--tier", "EXTREME"), "--tier EXTREME: there are "),
        (("no-such.yaml",), "no-such.yaml cannot be read (No such file or directory)"),
    ],
)
async def test_what_is_no_row_is_refused(desk: Desk, words: tuple[str, ...], why: str) -> None:
    said = await desk(desk.pat, "matrix", "propose", *words)
    assert said.code == 2
    assert said.err.startswith(f"hub: {why}")
    assert await desk.make.count("matrix_changes") == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("tiers: HIGH\n", ":1:1: 'tiers' is none of kind, tier, stage,"),
        ("steps: Board\n", ":1:8: a list is wanted"),
        ("steps: [Board]\n", ":1:9: a mapping with name, quorum,"),
        ("steps:\n  - {name: Board, quorom: 2}\n", ":2:19: 'quorom' is none of name, quorum,"),
        ("escalation:\n  - {after: 2}\n", ":2:6: 'after' is none of after_h, to"),
        ("- HIGH\n", ":1:1: a mapping with kind, tier,"),
    ],
)
async def test_what_a_file_says_wrong_is_told_by_its_place(desk: Desk, tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "row.yaml"
    file.write_text(text)
    said = await desk(desk.pat, "matrix", "propose", str(file))
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"hub: {file}{why}")
