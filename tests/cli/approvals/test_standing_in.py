"""Somebody goes away and gives another their say; it is signed in their place, and taken back."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from tests.cli.approvals.conftest import Desk


async def test_a_delegate_signs_in_the_place_of_who_is_away(desk: Desk) -> None:
    request = await desk.asked()
    alone = await desk(desk.rita, "away", "--until", "2d")
    assert alone.code == 0, alone.err
    assert alone.lines[0].startswith("Rita (rita) is away from ")
    assert alone.lines[1] == (
        "nobody signs in your place; give your say with: hub approvals delegate HANDLE --until 2d"
    )
    given = await desk(desk.rita, "delegate", "pat", "--until", "5d", "--discipline", "risk", "--reason", "on leave")
    assert given.code == 0, given.err
    assert given.lines[0].startswith("Pat (pat) signs in your place from ")
    assert given.lines[0].endswith(" UTC, for RISK")
    assert given.lines[1] == "end it before with: hub approvals undelegate pat"
    (asked,) = [line for line in (await desk(desk.pat, "list")).lines if request in line]
    assert asked.endswith(f"RISK Dev (dev) Rita (rita) {request}")
    shown = await desk(desk.pat, "show", request)
    assert "Pat (pat) RISK, in the place of Rita (rita)" in shown.lines
    assert [line for line in shown.lines if line.startswith("Rita (rita) RISK, away until ")]
    digest = await desk.digest(request)
    (command,) = [line for line in shown.lines if line.startswith(f"hub approvals sign {request} --as rita --approve")]
    assert command.endswith(f"--digest {digest}")

    signed = await desk(desk.pat, "sign", request, "--as", "rita", "--approve", "--comment", "Seen.", typed="y\n")
    assert "APPROVE for RISK in the place of rita is on record" in signed.out
    assert await desk.make.count("sign_offs", "on_behalf_of IS NOT NULL AND delegation_id IS NOT NULL") == 1

    ended = await desk(desk.rita, "undelegate", "@pat")
    assert ended.lines == ["Pat (pat) signs in Rita (rita)'s place no more"]
    last = await desk(desk.cora, "sign", request, "--approve", "--comment", "Seen.", typed="y\n")
    assert last.lines[-1].startswith("PENDING, due in ")
    assert last.lines[-1].endswith(": Sign-off lacks RISK; asked are Rita (rita)")


async def test_the_same_said_twice_changes_nothing_and_says_so(desk: Desk) -> None:
    for words, table, event in (
        (("delegate", "pat", "--until", "5d", "--discipline", "risk"), "delegations", "delegation.given"),
        (("away", "--until", "5d"), "absences", "absence.said"),
    ):
        first, again = await desk(desk.rita, *words), await desk(desk.rita, *words)
        assert (first.code, again.code) == (0, 0)
        assert again.lines == ["nothing changed; the same was said before", *first.lines]
        assert await desk.make.count(table) == 1
        assert (await desk.make.events()).count(event) == 1
    for other in (("--until", "10d", "--discipline", "risk"), ("--until", "5d"), ("--until", "5d", "--reason", "new")):
        assert (await desk(desk.rita, "delegate", "pat", *other)).lines[0].startswith("Pat (pat) signs in your place")
    assert await desk.make.count("delegations") == 4
    await desk(desk.rita, "undelegate", "pat")
    assert (await desk(desk.rita, "delegate", "pat", "--until", "5d")).lines[0].startswith("Pat (pat) signs")
    assert await desk.make.count("delegations") == 5


async def test_delegations_are_listed_while_they_hold_or_are_to_come(desk: Desk) -> None:
    assert (await desk(desk.rita, "delegations")).out == (
        "there are no delegations; see those of everybody with: hub approvals delegations --all\n"
    )
    day = (datetime.now(UTC) + timedelta(days=10)).date()
    await desk(desk.rita, "delegate", "cora", "--from", str(day), "--until", "2d", "--stage", "production")
    await desk(desk.rita, "delegate", "pat", "--until", "36h", "--model", "scans")
    columns, later, now = await rows(desk)
    assert columns == "STATE WHOSE SAY WHO SIGNS FROM UNTIL FOR DELEGATION"
    assert now.startswith("in force Rita (rita) Pat (pat) ")
    assert " UTC scans " in now
    until = day + timedelta(days=2)
    assert later.startswith(f"to come Rita (rita) Cora (cora) {day} 00:00 UTC {until} 00:00 UTC PRODUCTION ")
    assert len(await desk.json(desk.pat, "delegations")) == 1
    assert await desk.json(desk.olaf, "delegations") == []
    id = later.split()[-1]
    assert (await desk(desk.rita, "undelegate", id)).code == 0
    (left,) = await desk.json(desk.rita, "delegations")
    assert left["taker"]["handle"] == "pat"
    assert [one["revokedAt"] is None for one in await desk.json(desk.dev, "delegations", "--all")] == [True, False]


async def rows(desk: Desk) -> list[str]:
    """The columns, what is to come, what is in force."""
    first, *found = (await desk(desk.rita, "delegations")).lines
    return [first, *sorted(found, reverse=True)]


async def test_whoever_is_back_says_so_and_what_is_ahead_stays_unless_told(desk: Desk) -> None:
    await desk(desk.rita, "away", "--from", "10d", "--until", "5d")
    early = await desk(desk.rita, "back")
    assert early.code == 2
    assert early.err.startswith("hub: you are not away now; from 20")
    assert early.err.endswith(" on you are: hub approvals back --ahead\n")
    await desk(desk.rita, "away", "--until", "2d")
    said = await desk(desk.rita, "back")
    assert (said.code, said.out) == (0, "Rita (rita) is back\n")
    assert await desk.make.count("absences", "cancelled_at IS NULL") == 1
    assert len(await desk.json(desk.rita, "back", "--ahead")) == 1
    assert (await desk(desk.rita, "back")).err == "hub: you are not away now\n"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("delegate", "ghost", "--until", "5d"), "nobody has the handle ghost; give a handle, as lists show it in"),
        (("delegate", "Corah", "--until", "5d"), "nobody has the handle Corah; near it are cora"),
        (("delegate", "rita", "--until", "5d"), "nobody stands in for themselves; choose somebody else"),
        (("delegate", "dev", "--until", "5d"), "a delegate is an approver or policy owner in their own right"),
        (("delegate", "cora", "--until", "soon"), "--until soon: write a date such as 2026-12-24"),
        (("delegate", "cora", "--until", "91d"), "91 days asked, 90 allowed"),
        (("delegate", "cora", "--until", "5d", "--discipline", "taste"), "--discipline taste: there are DATA_SCIENCE,"),
        (
            ("delegate", "cora", "--until", "5d", "--discipline", "legal"),
            "you do not sign for LEGAL; you sign for",
        ),
        (("undelegate", "cora"), "cora does not stand in for you; nobody does"),
        (("away", "--until", "2020-01-01"), "the end is not after now and the start; choose a later end"),
    ],
)
async def test_what_cannot_be_given_is_refused(desk: Desk, words: tuple[str, ...], why: str) -> None:
    said = await desk(desk.rita, *words)
    assert said.code == 2
    assert said.err.startswith(f"hub: {why}")
    assert await desk.make.count("delegations") + await desk.make.count("absences") == 0
    assert orjson.loads((await desk(desk.rita, "delegations", "--json")).out) == []
