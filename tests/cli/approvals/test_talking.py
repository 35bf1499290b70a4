"""A question stops the clock, an answer lets it go on, reviewers keep notes, and looking is on record."""

from tests.cli.approvals.conftest import Desk


async def test_a_question_stops_the_clock_until_it_is_answered(desk: Desk) -> None:
    request = await desk.asked()
    asked = await desk(desk.rita, "ask", request, "--question", "Which hospitals? @dev @nobody-here")
    assert asked.code == 0
    assert asked.lines == [
        "scans 3 to PRODUCTION: asked; the clock stands still until they answer",
        "PENDING, its clock stopped: Sign-off lacks 2 of RISK, COMPLIANCE; asked are Cora (cora), Rita (rita)",
    ]
    assert asked.err == "@nobody-here: nobody who sees this request; it stays text\n"
    (mine,) = [line for line in (await desk(desk.dev, "list", "--mine")).lines if request in line]
    assert mine.startswith("PENDING stopped scans 3")
    shown = await desk(desk.dev, "show", request)
    assert shown.lines[1] == "PENDING, its clock stopped 0 min ago by a question, HIGH, PRODUCTION"
    assert [one for one in shown.lines if one.endswith("question, Rita (rita): Which hospitals? @dev @nobody-here")]
    assert f"hub approvals answer {request} --text 'ANSWER'" in shown.lines
    assert f"hub approvals resume {request}" in (await desk(desk.cora, "show", request)).lines
    answered = await desk(desk.dev, "answer", request, "--text", "All of the north.")
    assert answered.lines[0] == "scans 3 to PRODUCTION: answered; the clock goes on"
    assert answered.lines[1].startswith("PENDING, due in ")
    assert await desk.make.count("approval_requests", "paused_at IS NULL") == 1


async def test_a_reviewer_lets_the_clock_go_on_and_the_requester_does_not(desk: Desk) -> None:
    request = await desk.asked()
    await desk(desk.rita, "ask", request, "--question", "Really?")
    refused = await desk(desk.dev, "resume", request)
    assert refused.code == 2
    assert await desk.make.count("approval_requests", "paused_at IS NOT NULL") == 1
    resumed = await desk(desk.cora, "resume", request)
    assert resumed.lines[0] == "scans 3 to PRODUCTION: the clock goes on"
    assert (await desk(desk.cora, "resume", request)).code == 2


async def test_notes_of_reviewers_are_not_for_whoever_is_reviewed(desk: Desk) -> None:
    request = await desk.asked()
    noted = await desk(desk.rita, "comment", request, "--text", "I doubt it.", "--internal")
    said = await desk.json(desk.dev, "comment", request, "--text", "See the card.")
    assert (noted.code, noted.lines[0]) == (0, "scans 3 to PRODUCTION: noted for reviewers")
    assert (said["internal"], said["body"], said["unknown"]) == (False, "See the card.", [])
    for_cora = (await desk(desk.cora, "show", request)).lines
    assert [line[21:] for line in for_cora if "Rita (rita): I doubt it." in line] == [
        "for reviewers, Rita (rita): I doubt it."
    ]
    for_dev = await desk(desk.dev, "show", request)
    assert "I doubt it." not in for_dev.out
    assert "Dev (dev): See the card." in for_dev.out
    refused = await desk(desk.dev, "comment", request, "--text", "Psst.", "--internal")
    assert refused.code == 2
    assert await desk.make.count("approval_comments") == 2


async def test_reading_is_on_record_and_what_was_not_read_is_told_before_signing(desk: Desk) -> None:
    request = await desk.asked()
    await desk(desk.dev, "show", request)
    assert await desk.make.count("approval_openings") == 0
    first = await desk(desk.rita, "show", request)
    assert "1 of 1 pieces of evidence not opened" in first.lines
    assert f"hub approvals show {request} --evidence" in first.lines
    assert await desk.make.count("approval_openings", "channel = 'CLI' AND thing_id IS NULL") == 1
    warned = await desk(desk.rita, "sign", request, "--approve", "--comment", "Seen.", typed="n\n")
    assert "Before you answer" in warned.lines
    assert "1 of 1 pieces of evidence not opened" in warned.lines
    read = await desk(desk.rita, "show", request, "--evidence")
    assert "recall 0.95" in read.lines
    assert "not opened" not in read.out
    assert await desk.make.count("approval_openings", "thing_id IS NOT NULL") == 1
    for_cora = await desk(desk.cora, "sign", request, "--approve", "--comment", "Seen.", typed="n\n")
    assert "1 of 1 pieces of evidence not opened" in for_cora.lines
