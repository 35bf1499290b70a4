"""`hub policy suggestions`: a policy that is excepted again and again, from the command line."""

import json
import shlex

import orjson
import pytest

from hub.events.jobs import Order
from hub.exceptions.suggested.jobs import LOOK, run_look
from hub.models.tables import RiskTier
from tests.cli.approvals.conftest import Desk

NONE = "no change of a policy is suggested that this token may see\n"


@pytest.fixture
async def suggested(desk: Desk) -> str:
    """What is suggested about Pat's policy after five exceptions from it; the suggestion's id."""
    policy = await desk.make.policy("fairness", by=desk.pat)
    for _ in range(5):
        await desk.make.exception(policy, await desk.make.model(tier=RiskTier.LIMITED), by=desk.dev)
    rows = await desk.make.db.reads.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = $1", LOOK.entrypoint)
    for row in rows:
        await run_look(desk.make.db, Order(json.loads(row["payload"]), "job"))
    return str(await desk.make.db.reads.fetchval("SELECT id FROM policy_suggestions"))


async def test_whoever_answers_for_the_policy_reads_the_facts_and_the_commands(desk: Desk, suggested: str) -> None:
    unseen = await desk.run(desk.dev, "policy", "suggestions")
    assert (unseen.code, unseen.out) == (0, NONE)
    said = await desk.run(desk.pat, "policy", "suggestions")
    assert said.lines[0].startswith("fairness: OPEN since 20")
    facts, take, dismiss = " ".join(said.lines[1:-2]), *said.lines[-2:]
    assert facts == (
        "5 exceptions were granted within 180 days for 5 models (LIMITED 5), for 30 days on average; 5 of 6 models are"
        " under waiver now. Used most instead: 'A radiologist reads every scan.' (5 times)."
    )
    assert take == f"hub policy suggestion-take {suggested}"
    assert dismiss == f"hub policy suggestion-dismiss {suggested} --reason 'WHY'"


async def test_it_is_taken_up_as_a_draft(desk: Desk, suggested: str) -> None:
    said = await desk.run(
        desk.pat, "policy", "suggestion-take", suggested, "--summary", "Ask for less of small models."
    )
    change = await desk.make.db.reads.fetchrow("SELECT id, summary FROM policy_changes WHERE status = 'DRAFT'")
    assert (said.code, said.lines) == (
        0,
        [
            f"fairness: DRAFT as PolicyChange:{change['id']}, with the facts",
            f"replay it over what rules saw with: hub policy backtest PolicyChange:{change['id']}",
        ],
    )
    assert change["summary"].startswith("Ask for less of small models.\n\n5 exceptions were granted")
    assert (await desk.run(desk.pat, "policy", "suggestions")).out == NONE
    (one,) = orjson.loads((await desk.run(desk.pat, "policy", "suggestions", "--all", "--json")).out)
    assert (one["status"], one["change"]["id"]) == ("TAKEN", f"PolicyChange:{change['id']}")
    again = await desk.run(desk.pat, "policy", "suggestion-take", suggested)
    assert (again.code, again.err) == (2, "hub: this suggestion is TAKEN; nothing is left to be done\n")


async def test_it_is_dismissed_by_the_command_that_is_shown(desk: Desk, suggested: str) -> None:
    command = shlex.split((await desk.run(desk.pat, "policy", "suggestions")).lines[-1])
    theirs = await desk.run(desk.dev, *command[1:])
    assert (theirs.code, theirs.out) == (2, "")
    said = await desk.run(desk.pat, *command[1:-1], "New data arrives in May.")
    assert (said.code, said.out) == (0, "fairness stays as it is: New data arrives in May.\n")
    shown = await desk.run(desk.pat, "policy", "suggestions", "--all")
    assert shown.lines[0].startswith("fairness: DISMISSED on 20")
    assert shown.lines[0].endswith(" UTC by Pat (pat): New data arrives in May.")
    assert "suggestion-take" not in shown.out
    wrong = await desk.run(desk.pat, "policy", "suggestion-take", "fairness")
    assert wrong.err == "hub: 'fairness' is no id of a suggestion; take one from hub policy suggestions\n"
