"""Who may sign, and how an exception is asked for: what people are told to do next."""

import shlex

import orjson
from typer.main import get_command

from hub.cli.gate import way_out
from hub.cli.main import app
from tests.cli.gate import rows
from tests.cli.gate.conftest import Run
from tests.cli.gate.played import Played

SIGNED = (rows.PRIYA, "RISK", "APPROVE", "")


def who_can(run: Run) -> dict[str, list[str]]:
    told = orjson.loads(run("gate", "--format", "json").stdout)["approval"]
    return {one["person"]["handle"]: one["disciplines"] for one in told["can_sign"]}


def test_whoever_the_hub_asks_can_sign(run: Run, played: Played) -> None:
    played.intent = rows.intent("AWAITING_APPROVAL", approvalRequest=rows.approval())
    assert who_can(run) == {"priya": ["RISK", "COMPLIANCE"], "ines": ["COMPLIANCE"]}
    (variables,) = (given for name, given in played.asked if name == "APPROVERS")
    assert variables == {"id": rows.REQUEST}
    played.approvers = rows.ASKED[1:]
    played.intent = rows.intent("AWAITING_APPROVAL", approvalRequest=rows.approval("PENDING", SIGNED))
    assert who_can(run) == {"ines": ["COMPLIANCE"]}


def test_a_delegate_can_sign_for_what_was_given_while_it_lasts(run: Run, played: Played) -> None:
    past, ahead = "2026-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00"
    played.intent = rows.intent("AWAITING_APPROVAL", approvalRequest=rows.approval())
    played.approvers = [
        rows.ask(rows.INES, "RISK", "COMPLIANCE", via=rows.PRIYA, fromAt=past, untilAt=ahead),
        rows.ask(rows.INES, "COMPLIANCE", "COMPLIANCE"),
        rows.ask(rows.BOT, "RISK", via=rows.PRIYA, fromAt=ahead, untilAt=ahead),
        rows.ask(rows.ADA, "RISK", via=rows.PRIYA, fromAt=past, untilAt=past),
    ]
    assert who_can(run) == {"ines": ["COMPLIANCE", "RISK"]}


def test_whoever_is_there_is_named_before_whoever_is_away(run: Run, played: Played) -> None:
    played.approvers = [rows.ASKED[0] | {"awayUntil": "2999-01-01T00:00:00+00:00"}, rows.ASKED[1]]
    played.intent = rows.intent("AWAITING_APPROVAL", approvalRequest=rows.approval())
    assert "    COMPLIANCE  Inês Duarte (ines), Priya Raman (priya)\n" in run("gate").stdout


def test_where_nobody_who_may_is_asked_it_says_what_to_do(run: Run, played: Played) -> None:
    played.approvers = []
    played.intent = rows.intent("AWAITING_APPROVAL", approvalRequest=rows.approval())
    said = run("gate")
    assert said.exit_code == 2
    for field in ("RISK", "COMPLIANCE"):
        assert f"    {field:<10}  nobody who may: give somebody MODEL_APPROVER\n" in said.stdout


def test_anybody_signs_where_the_rule_names_no_discipline(run: Run, played: Played) -> None:
    asked = rows.approval() | {"rule": {"steps": [{"quorum": 1, "disciplines": {}}]}, "openDisciplines": []}
    played.intent = rows.intent("AWAITING_APPROVAL", approvalRequest=asked)
    assert "    any  Priya Raman (priya), Inês Duarte (ines)\n" in run("gate").stdout


def test_people_are_asked_for_only_when_people_are_waited_for(run: Run, played: Played) -> None:
    played.intent = rows.intent("APPROVED", approvalRequest=rows.approval("APPROVED", SIGNED))
    assert run("gate").exit_code == 0
    assert "APPROVERS" not in played.names()


def test_the_command_for_an_exception_is_one_a_shell_takes(run: Run, played: Played) -> None:
    played.intent = rows.intent("BLOCKED", rows.UNFAIR)
    (way,) = orjson.loads(run("gate", "--format", "json").stdout)["exceptions_to_ask_for"]
    words = shlex.split(way["command"])
    assert words[:3] == ["hub", "exception", "request"]
    assert dict(zip(words[3::2], words[4::2], strict=True)) == {
        "--policy": rows.UNFAIR["policy"]["key"],
        "--model": played.intent["model"]["name"],
        "--registry": played.intent["model"]["registry"]["key"],
        "--version": played.intent["version"]["name"],
        "--to": "production",
        "--owner": rows.ADA["handle"],
        "--expires": "30d",
        "--justification": way_out.WHY,
        "--control": way_out.CONTROL,
    }
    known = set(get_command(app).get_command(None, "exception").get_command(None, "request").params)
    assert set(words[3::2]) <= {option for one in known for option in one.opts}
    assert (way["input"]["policy"], way["input"]["owner"]) == (rows.UNFAIR["policy"]["id"], rows.ADA["id"])
    assert way["input"]["controls"] == [{"description": way_out.CONTROL}]


def test_three_commands_are_enough_and_the_rest_are_named(run: Run, played: Played) -> None:
    many = [rows.check(f"policy-{n}", "FAIL", number=n) for n in range(5)]
    played.intent = rows.intent("BLOCKED", *many)
    said = run("gate").stdout
    assert said.count("    hub exception request ") == 3
    assert "  likewise, with another --policy, from policy-3, policy-4\n" in said


def test_where_no_exception_is_allowed_none_is_offered(run: Run, played: Played) -> None:
    played.intent = rows.intent("BLOCKED", rows.check("never", "FAIL", longest=0))
    said = run("gate").stdout
    assert "No exception can be asked for: never allows none.\n" in said
    assert "hub exception" not in said


def test_a_model_without_an_owner_leaves_the_place_open(run: Run, played: Played) -> None:
    played.intent = rows.intent("BLOCKED", rows.UNFAIR)
    played.intent["model"]["owner"] = None
    assert " --owner WHO-ANSWERS " in run("gate").stdout


def test_what_the_reader_may_not_see_does_not_end_it(run: Run, played: Played) -> None:
    dim = rows.UNFAIR | {"policy": None, "policyVersion": None, "result": None}
    played.intent = rows.intent("BLOCKED", dim, requestedBy=None, rollbackVersion=None)
    said = run("gate")
    assert said.exit_code == 1
    assert "unknown-policy is not kept" in said.stdout
