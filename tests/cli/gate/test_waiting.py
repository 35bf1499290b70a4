"""--wait: what is said while people decide, and how the wait ends."""

from pathlib import Path

import orjson
import pytest

from hub.cli.gate.waiting import term
from hub.errors import Refused
from tests.cli.gate import rows
from tests.cli.gate.conftest import Run, Time
from tests.cli.gate.played import Played

PRIYA = (rows.PRIYA, "RISK", "APPROVE", "fine")
INES = (rows.INES, "COMPLIANCE", "APPROVE", "")


def pending(played: Played) -> None:
    played.intent = rows.intent("AWAITING_APPROVAL", rows.check(), approvalRequest=rows.approval())


def test_who_signs_is_told_as_it_happens(run: Run, played: Played, time: Time, tmp_path: Path) -> None:
    pending(played)
    time.then = [
        lambda: None,
        lambda: played.changed(approvalRequest=rows.approval("PENDING", PRIYA)),
        lambda: None,
        lambda: played.changed(
            status="APPROVED",
            approvalRequest=rows.approval("APPROVED", PRIYA, INES),
            permits={"nodes": [rows.permit()]},
        ),
    ]
    file = tmp_path / "permit.json"
    said = run("gate", "--wait", "--permit", str(file))
    assert said.exit_code == 0
    assert said.stderr.splitlines() == [
        f"hub: waiting for RISK, COMPLIANCE to sign {rows.REQUEST}; Ctrl-C ends the wait, and nothing is lost",
        "hub: signed by Priya Raman for RISK; COMPLIANCE is open",
    ]
    assert said.stdout.startswith("ALLOWED  fraud-detection 7 may go to PRODUCTION\n")
    assert file.read_text() == rows.permit()["envelope"]
    assert played.names() == ["FIND", "REQUEST", "LOOK", "LOOK", "LOOK", "LOOK", "AGAIN"]


def test_the_pauses_grow_to_a_quarter_of_a_minute_and_end_in_time(run: Run, played: Played, time: Time) -> None:
    pending(played)
    said = run("gate", "--wait", "--timeout", "2m")
    assert said.exit_code == 2
    assert "the time given is over, and what was asked stays open: run the same command" in " ".join(
        said.stdout.split()
    )
    assert time.slept[0] == 2.0
    assert max(time.slept) <= 15.0
    assert time.slept[:-1] == sorted(time.slept[:-1])
    assert sum(time.slept) == pytest.approx(120.0)


def test_a_hub_that_restarts_is_waited_for(run: Run, played: Played, time: Time) -> None:
    pending(played)

    def back() -> None:
        played.start()
        played.changed(status="REJECTED", statusWhy="Priya Raman said no")

    time.then = [played.stop, lambda: None, back]
    said = run("gate", "--wait", "--format", "json")
    assert said.exit_code == 1
    lines = said.stderr.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("hub: the hub is away, and is asked again until it is back: no hub answers at")
    assert orjson.loads(said.stdout)["intent"]["status"] == "REJECTED"


def test_a_hub_that_is_back_with_nothing_new_is_said_to_be_back(run: Run, played: Played, time: Time) -> None:
    pending(played)
    time.then = [played.stop, played.start, lambda: played.changed(status="APPROVED")]
    said = run("gate", "--wait")
    assert said.exit_code == 0
    assert said.stderr.splitlines()[2:] == ["hub: the hub is back"]


def test_a_hub_that_stays_away_leaves_it_undecided(run: Run, played: Played, time: Time) -> None:
    pending(played)
    time.then = [played.stop]
    said = run("gate", "--wait", "--timeout", "30s", "--format", "json")
    told = orjson.loads(said.stdout)
    assert said.exit_code == 3
    assert told["why"].startswith("the time is over and the hub cannot be asked: no hub answers at")
    assert told["intent"]["id"] == rows.INTENT


def test_a_token_revoked_meanwhile_ends_the_wait(run: Run, played: Played, time: Time) -> None:
    pending(played)
    error = b'{"errors":[{"message":"this token is revoked","extensions":{"code":"UNAUTHENTICATED"}}]}'
    time.then = [lambda: setattr(played, "raw", error)]
    said = run("gate", "--wait")
    assert said.exit_code == 3
    assert said.stderr.splitlines()[-1] == "hub: this token is revoked"
    assert len(time.slept) == 1


def test_a_person_may_end_the_wait_and_go_on_later(run: Run, played: Played, time: Time) -> None:
    pending(played)

    def interrupt() -> None:
        raise KeyboardInterrupt

    time.then = [interrupt]
    said = run("gate", "--wait", "--format", "json")
    assert said.exit_code == 2
    assert orjson.loads(said.stdout)["why"] == (
        f"no longer waiting; {rows.INTENT} stays open: run the same command to go on waiting"
    )


def test_checks_that_have_not_ended_are_waited_for(run: Run, played: Played, time: Time) -> None:
    played.intent = rows.intent("CHECKING")
    time.then = [
        lambda: played.changed(status="AWAITING_APPROVAL", approvalRequest=rows.approval()),
        lambda: played.changed(status="BLOCKED", checks={"pageInfo": rows.NO_MORE, "nodes": [rows.UNFAIR]}),
    ]
    said = run("gate", "--wait")
    assert said.exit_code == 1
    assert said.stderr.splitlines() == [
        "hub: waiting for the checks to end; Ctrl-C ends the wait, and nothing is lost",
        "hub: the checks have ended; waiting for people",
    ]


def test_what_is_decided_already_is_not_waited_for(run: Run, played: Played, time: Time) -> None:
    played.intent = rows.intent("BLOCKED", rows.UNFAIR)
    assert run("gate", "--wait").exit_code == 1
    assert time.slept == []


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("1h30m", 5400), ("168h", 604_800)])
def test_a_term_is_read(text: str, seconds: int) -> None:
    assert term(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "10", "1d", "-5m", "30 m", "169h", "9" * 40 + "h"])
def test_a_term_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="write 90s, 30m or 1h30m"):
        term(text)
