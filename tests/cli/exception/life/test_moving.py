"""An exception from the command line: shown with what can be done, and each of it done by the command that is shown."""

from datetime import timedelta

from hub.approvals.tables import SubjectKind
from tests.cli.exception.life.conftest import Counter

NONE = "00000000-0000-4000-8000-000000000001"


async def test_what_waits_for_a_decision_shows_whom_it_waits_for_and_the_exact_command(counter: Counter) -> None:
    asked = await counter.asked(controls=("A radiologist reads every scan.",))
    for_dev = await counter.done(counter.dev, "show", asked)
    assert for_dev[:2] == ["exception of scans from recall", "SUBMITTED"]
    assert for_dev[2].endswith(" UTC: More cases arrive next month.")
    request = await counter.make.db.reads.fetchval("SELECT id FROM approval_requests")
    control = await counter.make.db.reads.fetchval("SELECT id FROM compensating_controls")
    for line in (
        "policy recall: Enough cases are found",
        "owner Olaf (olaf)",
        "risk MEDIUM, with its controls MEDIUM; tier HIGH",
        f"holds A radiologist reads every scan. (control {control})",
        "take the request back",
        f"hub exception withdraw {asked} --note 'WHY'",
    ):
        assert line in for_dev
    (who,) = [line for line in for_dev if line.startswith("exception Pat (pat), Rita (rita); due in ")]
    assert who.endswith(f", in request {request}")
    assert not [line for line in for_dev if "approvals sign" in line]
    sign = await counter.command(counter.rita, asked, "approvals sign .*--approve")
    sign[sign.index("'WHY'")] = "Weighed."
    await counter.done(counter.rita, *sign[1:], "--yes", of="approvals")
    (one,) = await counter.json(counter.rita, "list")
    assert (one["id"], one["status"]) == (f"PolicyException:{asked}", "ACTIVE")


async def test_a_request_is_withdrawn(counter: Counter) -> None:
    asked = await counter.asked()
    assert await counter.done(counter.olaf, "withdraw", asked, "--note", "The scans came.") == [
        "scans from recall: taken back",
        "WITHDRAWN; owned by Olaf (olaf)",
    ]
    shown = await counter.done(counter.dev, "show", asked)
    assert shown[1].startswith("WITHDRAWN on 20") and shown[1].endswith(" UTC by Olaf (olaf): The scans came.")
    assert shown[-2:] == ["What can be done", "nothing, by you"]


async def test_an_extension_is_asked_for_from_the_present_end_and_signed_by_the_command_that_is_shown(
    counter: Counter,
) -> None:
    granted = await counter.granted()
    before = await counter.make.db.reads.fetchval("SELECT expires_at FROM policy_exceptions")
    said = await counter.done(counter.olaf, "extend", granted, "--until", "10d", "--justification", "Late scans.")
    until = f"{before + timedelta(days=10):%Y-%m-%d %H:%M} UTC"
    assert said[0] == f"scans from recall: asked to last until {until}"
    assert said[1] == f"ACTIVE, until {before:%Y-%m-%d %H:%M} UTC; owned by Olaf (olaf)"
    request = await counter.make.db.reads.fetchval(
        "SELECT id FROM approval_requests WHERE subject_kind = $1", SubjectKind.EXTENSION
    )
    assert said[2].startswith(f"in request {request}, due in ") and said[2].endswith("asked are Pat (pat), Rita (rita)")
    sign = await counter.command(counter.pat, granted, "approvals sign .*--approve")
    sign[sign.index("'WHY'")] = "Confirmed."
    await counter.done(counter.pat, *sign[1:], "--yes", of="approvals")
    shown = await counter.done(counter.olaf, "show", granted)
    assert "extended 1 of 1 times" in shown
    assert f"APPROVED until {until}, by Olaf (olaf): Late scans.; Confirmed." in shown
    assert not [line for line in shown if line.startswith("hub exception extend")]
    history = [line.split(" UTC ")[1] for line in shown if line.startswith("20") and " UTC " in line]
    assert history == [
        "requested by Dev (dev)",
        "under review by Rita (rita)",
        "approved by Rita (rita)",
        "extension requested by Olaf (olaf)",
        "extended by Pat (pat)",
    ]
    used = await counter(counter.olaf, "extend", granted, "--until", "10d", "--justification", "Late again.")
    assert (used.code, used.out) == (2, "")
    assert used.err == "hub: 1 of 1 extensions used; ask for a new exception, which people look at afresh\n"


async def test_it_is_looked_at_again_by_somebody_uninvolved(counter: Counter) -> None:
    granted = await counter.granted(review_every_days=14)
    said = await counter.done(counter.pat, "review", granted, "--continue", "--note", "Both readers are there.")
    assert said[0].startswith("scans from recall: CONTINUE is on record; next on 20")
    own = await counter(counter.olaf, "review", granted, "--continue", "--note", "Fine.")
    assert (own.code, own.out) == (2, "")
    both = await counter(counter.pat, "review", granted, "--continue", "--revoke", "--note", "Fine.")
    assert (both.code, both.err) == (2, "hub: say one of --continue, --revoke and --resolve\n")
    made = await counter.json(counter.pat, "review", granted, "--continue", "--note", "Still.", "--next", "3d")
    assert (made["verdict"], made["exception"]["id"]) == ("CONTINUE", f"PolicyException:{granted}")
    shown = await counter.done(counter.dev, "show", granted)
    looks = [line.split(" UTC ", 1)[1] for line in shown if "CONTINUE by" in line]
    assert looks[0].startswith("CONTINUE by Pat (pat) (due 20") and looks[0].endswith(" UTC): Still.")
    assert looks[1].startswith("CONTINUE by Pat (pat) (due 20") and looks[1].endswith(" UTC): Both readers are there.")
    ended = await counter.done(counter.pat, "review", granted, "--revoke", "--note", "Nobody reads them.")
    assert ended == ["scans from recall: REVOKE is on record", "REVOKED; owned by Olaf (olaf)"]


async def test_it_is_handed_on_revoked_and_resolved(counter: Counter) -> None:
    first, second = await counter.granted(), await counter.granted()
    handed = await counter.done(counter.olaf, "assign", first, "@dev")
    assert handed[0] == "scans from recall: handed on" and handed[1].endswith("; owned by Dev (dev)")
    assert await counter.done(counter.dev, "revoke", first, "--reason", "The trial is over.") == [
        "scans from recall: revoked; what it covered is asked again",
        "REVOKED; owned by Dev (dev)",
    ]
    early = await counter(counter.olaf, "resolve", second)
    assert early.err.startswith(
        "hub: checks do not say yet that the policy is kept wherever this covers; keep it first"
    )
    assert not [line for line in (await counter(counter.olaf, "show", second)).lines if "exception resolve" in line]
    await counter.pretend("UPDATE policy_exceptions SET resolution_suggested_at = now()")
    await counter.pretend("UPDATE acceptance_criteria SET met_at = now()")
    shown = await counter.done(counter.olaf, "show", second)
    assert f"hub exception resolve {second} --note 'WORDS'" in shown
    assert await counter.done(counter.olaf, "resolve", second) == [
        "scans from recall: resolved; what it covered is asked again",
        "RESOLVED; owned by Olaf (olaf)",
    ]


async def test_what_is_not_there_or_is_no_id_is_told_with_where_to_look(counter: Counter) -> None:
    for words in (("show",), ("revoke", "--reason", "x"), ("extend", "--until", "3d", "--justification", "x")):
        absent = await counter(counter.olaf, words[0], NONE, *words[1:])
        assert (absent.code, absent.out) == (2, "")
        assert "there is no" in absent.err
        wrong = await counter(counter.olaf, words[0], "recall", *words[1:])
        assert wrong.err == "hub: 'recall' is no id of an exception; take one from hub exception list\n"
