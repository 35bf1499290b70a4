"""An emergency: the glass is broken by hand, loudly, and two others review it."""

from tests.cli.approvals.conftest import Desk

WHY = "A fraud wave since noon, every hour costs."


async def test_the_glass_is_broken_by_hand_and_reviewed_by_two_others(desk: Desk) -> None:
    request = await desk.asked()
    command = ("break-glass", request, "--hours", "4", "--reason", WHY)
    for typed in ("y\n", "break\n", ""):
        unsure = await desk(desk.olaf, *command, typed=typed)
        assert (unsure.code, unsure.err) == (2, "hub: the glass is whole; nothing was done\n")
    assert await desk.make.count("break_glasses") == 0
    told = await desk(desk.olaf, *command, typed="BREAK\n")
    assert told.code == 0, told.err
    warned = " ".join(line.removeprefix("!! ") for line in told.lines)
    assert "BREAK THE GLASS: scans 3 to PRODUCTION goes ahead for 4 hours WITHOUT its approval, 2 signatures" in warned
    assert f"Why: {WHY}" in warned
    assert "the glass is broken by Olaf (olaf) until " in told.lines[-2]
    (glass,) = await desk.json(desk.rita, "break-glasses", "--open")
    review = glass["review"]["id"].partition(":")[2]
    assert told.lines[-1].startswith(f"two uninvolved people review it in request {review}, due ")
    columns, row = (await desk(desk.rita, "break-glasses")).lines
    assert columns == "WHEN TITLE BY IN FORCE FOUND WHY REVIEW"
    assert f" scans 3 to PRODUCTION Olaf (olaf) until {glass['expiresAt'][:10]} " in row
    assert " review due in " in row
    assert row.endswith(f" {WHY} {review}")
    shown = (await desk(desk.rita, "show", review)).out
    assert f"hub approvals sign {review} --reject --comment 'WHY'" in shown
    assert "--changes" not in shown
    assert "hub approvals withdraw" not in (await desk(desk.olaf, "show", review)).out
    for who in (desk.rita, desk.cora):
        signed = await desk(who, "sign", review, "--approve", "--comment", "It was.", typed="y\n")
        assert signed.code == 0, signed.err
    assert await desk.json(desk.rita, "break-glasses", "--open") == []
    assert " justified " in (await desk(desk.rita, "break-glasses")).lines[1]


async def test_a_script_says_yes_and_whoever_may_not_is_told_who_may(desk: Desk) -> None:
    request = await desk.asked()
    command = ("break-glass", request, "--hours", "4", "--reason", WHY)
    unasked = await desk(desk.olaf, *command)
    assert (unasked.code, unasked.err) == (
        2, "hub: nobody can be asked here; say --yes to break the glass unasked\n",
    )  # fmt: skip
    refused = await desk(desk.rita, *command, "--yes")
    assert refused.code == 2
    assert refused.err.startswith("hub: BREAK_GLASS is not among your roles' permissions")
    assert (await desk(desk.rita, "break-glasses")).out == "no glass is broken\n"
    made = await desk.json(desk.olaf, *command, "--yes")
    assert (made["person"]["handle"], made["inForce"]) == ("olaf", True)
    assert (await desk(desk.rita, "break-glasses", "--overdue")).out == "there is no such break-glass\n"
