"""What a pipeline gets: the exit code for every state of an intent, and for all that can go wrong on the way."""

import orjson
import pytest

from tests.cli.gate import rows
from tests.cli.gate.conftest import Run
from tests.cli.gate.played import Played
from tests.cli.hubs import free_port

STATES = {
    "CHECKING": 3, "AWAITING_APPROVAL": 2, "APPROVED": 0, "DEPLOYED": 0, "REJECTED": 1, "WITHDRAWN": 1, "STALE": 1,
    "EXPIRED": 1, "HALTED": 1, "ROLLED_BACK": 1, "BLOCKED": 1, "SOMETHING_NEW": 3,
}  # fmt: skip


@pytest.mark.parametrize(("status", "code"), STATES.items())
def test_every_state_of_an_intent_has_its_exit_code(run: Run, played: Played, status: str, code: int) -> None:
    played.intent = rows.intent(status, statusWhy="because of the weather", approvalRequest=rows.approval())
    said = run("gate", "--format", "json")
    told = orjson.loads(said.stdout)
    assert said.exit_code == code
    assert told["exit_code"] == code
    assert told["decision"] == ("ALLOWED", "DENIED", "WAITING", "UNDECIDED")[code]
    assert ("because of the weather" in told["why"]) == (status != "SOMETHING_NEW")


def test_a_blocking_failure_denies(run: Run, played: Played) -> None:
    played.intent = rows.intent("BLOCKED", rows.UNFAIR, rows.UNKNOWN_DRIFT)
    said = run("gate")
    assert said.exit_code == 1
    assert said.stdout.startswith("DENIED  fraud-detection 7 may not go to PRODUCTION: fairness-parity is not kept\n")


def test_errors_alone_are_no_denial_and_no_yes(run: Run, played: Played) -> None:
    played.intent = rows.intent("BLOCKED", rows.UNKNOWN_DRIFT, rows.SLOW)
    said = run("gate")
    assert said.exit_code == 3
    assert "UNDECIDED  whether fraud-detection 7 may go to PRODUCTION cannot be told: drift-bounded" in said.stdout


def test_an_approver_who_asks_for_changes_first_denies(run: Run, played: Played) -> None:
    asked = rows.approval("CHANGES_REQUESTED", (rows.PRIYA, "RISK", "REQUEST_CHANGES", "name the sampling"))
    why = "an approver asks for changes first"
    played.intent = rows.intent("REJECTED", statusWhy=why, approvalRequest=asked)
    said = run("gate", "--wait")
    assert said.exit_code == 1
    words = " ".join(said.stdout.split())
    assert words.startswith(f"DENIED fraud-detection 7 may not go to PRODUCTION, it was rejected: {why} ")
    assert "REQUEST CHANGES by Priya Raman (priya) for RISK, 2026-11-21 10:00: name the sampling" in said.stdout


def test_a_hub_that_is_not_there_cannot_decide(run: Run) -> None:
    said = run("gate", url=f"http://127.0.0.1:{free_port()}")
    assert said.exit_code == 3
    assert said.stderr.startswith("hub: no hub answers at http://127.0.0.1:")
    assert said.stdout.startswith("UNDECIDED  no hub answers")


def test_a_wrong_token_cannot_decide(run: Run, played: Played) -> None:
    said = run("gate", token="hub_wrong")
    assert said.exit_code == 3
    assert said.stderr == "hub: this token is unknown, expired or revoked\n"
    assert played.asked == []


def test_what_answers_in_html_is_no_hub(run: Run, played: Played) -> None:
    played.raw = b"<html><body>Please sign in</body></html>"
    said = run("gate", "--format", "json")
    assert said.exit_code == 3
    assert orjson.loads(said.stdout)["why"] == f"what answers at {played.url}/graphql is no hub; name one with --url"


def test_another_server_with_a_graphql_of_its_own_is_no_hub(run: Run, played: Played) -> None:
    played.raw = b'{"data": null, "errors": ["Cannot query field models on type Query"]}'
    said = run("gate")
    assert said.exit_code == 3
    assert said.stderr == f"hub: what answers at {played.url}/graphql is no hub; name one with --url\n"


def test_an_address_without_its_scheme_is_told_how_to_write_one(run: Run) -> None:
    said = run("gate", url="127.0.0.1:8000")
    assert said.exit_code == 3
    assert said.stderr == "hub: 127.0.0.1:8000/graphql is no address; write http://127.0.0.1:8000\n"


def test_an_answer_that_makes_no_sense_is_no_decision(run: Run, played: Played) -> None:
    played.raw = b'{"data": {"models": {"nodes": [{}]}}}'
    said = run("gate")
    assert said.exit_code == 3
    assert said.stderr == "hub: unexpected KeyError: 'registry'; run it again with -v to see where\n"


def test_a_refusal_is_told_with_its_way_out(run: Run, played: Played) -> None:
    why = "a PROHIBITED model is not deployed; have it classified anew if that is wrong"
    played.refusal = {"code": "WRONG_STATE", "why": why, "field": "version"}
    said = run("gate", "--format", "json")
    assert said.exit_code == 3
    assert said.stderr == f"hub: {why}\n"
    assert orjson.loads(said.stdout)["decision"] == "UNDECIDED"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("gate", "--to", "mars"), "Invalid value for '--to'"),
        (("gate", "--nothing"), "No such option"),
        (("gate", "--format", "pdf"), "Invalid value for '--format'"),
        (("gate", "--wait", "--timeout", "soon"), "--timeout soon: write 90s, 30m or 1h30m"),
        (("gate", "--wait", "--timeout", "999h"), "--timeout 999h: write 90s, 30m or 1h30m, at most 168h"),
    ],
)
def test_a_wrong_option_is_no_answer_of_the_hub(
    run: Run, played: Played, words: tuple[str, ...], sentence: str
) -> None:
    said = run(*words)
    assert said.exit_code == 3
    assert said.stderr.startswith(f"hub: {sentence}")
    assert said.stderr.count("\n") == 1
    assert played.asked == []


def test_a_model_that_is_not_there_is_told_with_what_is_near(run: Run, played: Played) -> None:
    played.models, played.near = [], ["fraud-detection-eu", "churn", "fraud-detector"]
    said = run("gate", "--model", "fraud-detecton")
    assert said.exit_code == 3
    assert said.stderr == (
        "hub: there is no model fraud-detecton that this token may see;"
        " near it are fraud-detector, fraud-detection-eu\n"
    )
    assert played.variables("LIKE_MODEL") == {
        "any": [{"text": "fraud-detecton"}, {"text": "fraud"}, {"text": "detecton"}]
    }


def test_a_version_that_is_not_there_is_told_with_the_newest(run: Run, played: Played) -> None:
    played.models, played.versions = [rows.model(version=None)], ["31", "30", "29", "28", "27", "26"]
    said = run("gate", "--version", "release")
    assert said.stderr == "hub: fraud-detection has no version release; the newest are 31, 30, 29, 28, 27\n"
    assert (said.exit_code, "REQUEST" in played.names()) == (3, False)


def test_an_alias_is_told_apart_from_a_version(run: Run, played: Played) -> None:
    played.models = [rows.model(version=None, aliased={"name": "7"})]
    said = run("gate", "--version", "champion")
    assert said.stderr == (
        "hub: fraud-detection has no version champion, which is an alias; today it means version 7\n"
    )


def test_a_model_in_two_registries_is_asked_for_its_registry(run: Run, played: Played) -> None:
    played.models = [rows.model(registry="prod"), rows.model(registry="lab")]
    said = run("gate")
    assert said.exit_code == 3
    assert said.stderr == ("hub: fraud-detection is a model in 2 registries: lab, prod; choose with --registry lab\n")
    assert run("gate", "--registry", "prod").exit_code == 0
    other = run("gate", "--registry", "old")
    assert other.stderr == "hub: fraud-detection is not in the registry old, but in lab, prod\n"


def test_reason_and_rollback_go_to_the_hub(run: Run, played: Played) -> None:
    assert run("gate", "--reason", "winter", "--rollback", "6").exit_code == 0
    assert played.variables("REQUEST") == {
        "input": {
            "version": rows.VERSION,
            "stage": "PRODUCTION",
            "reason": "winter",
            "rollbackVersion": "ModelVersion:" + rows.ID.format(15),
        }
    }
    played.models = [rows.model(rollback=None, aliased={"name": "7"})]
    played.versions = ["6", "7"]
    said = run("gate", "--rollback", "66")
    assert (said.exit_code, said.stderr) == (3, "hub: fraud-detection has no version 66; near it are 6\n")


def test_checks_past_the_first_page_count(run: Run, played: Played) -> None:
    played.intent = rows.intent("BLOCKED", rows.check())
    played.intent["checks"]["pageInfo"] = {"hasNextPage": True, "endCursor": "c1"}
    played.more_checks = [rows.UNFAIR]
    said = run("gate")
    assert said.exit_code == 1
    assert "fairness-parity is not kept" in said.stdout
    assert played.variables("MORE_CHECKS") == {"id": rows.INTENT, "after": "c1"}
