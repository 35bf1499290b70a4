"""`hub exception attest`, `confirm` and `reopen`, by the commands that `hub exception show` gives."""

import re
import shlex

import orjson

from hub.exceptions.rules import Control, Criterion
from hub.people.access import Principal
from tests.cli.approvals.conftest import Desk

URL = "https://evidence.example/42"


async def excepted(desk: Desk) -> str:
    """An exception that Dev owns, with a control for Olaf, one for Dev, one for nobody, and two criteria."""
    made = await desk.make.exception(
        await desk.make.policy("fairness", by=desk.pat),
        desk.model,
        by=desk.dev,
        controls=(
            Control("Olaf counts them.", attest_every_days=7, attestor_id=desk.olaf.person_id),
            Control("Dev reads them.", attest_every_days=14),
            Control("A radiologist reads every scan."),
        ),
        criteria=(Criterion("The new scans are in."), Criterion("Cases are found.", policy_id=await recall(desk))),
    )
    return str(made.id)


async def recall(desk: Desk) -> object:
    return await desk.make.db.reads.fetchval("SELECT id FROM policies WHERE key = 'recall'")


async def offered(desk: Desk, who: Principal, exception: str) -> dict[str, list[str]]:
    """What the sheet gives whom to say of its parts: the words before each command, and the command's own."""
    said = await desk.run(who, "exception", "show", exception)
    found = re.findall(r"^  (say that it [^\n]+)\n    hub (exception (?:attest|confirm|reopen) .*)$", said.out, re.M)
    return {what: shlex.split(command) for what, command in found}


async def test_whoever_attests_a_control_is_shown_the_command_and_it_counts_for_its_rhythm(desk: Desk) -> None:
    exception = await excepted(desk)
    for_olaf = await offered(desk, desk.olaf, exception)
    assert list(for_olaf) == ["say that it holds: Olaf counts them."]
    assert list(await offered(desk, desk.dev, exception)) == [
        "say that it holds: Dev reads them.",
        "say that it is met: The new scans are in.",
    ]
    assert await offered(desk, desk.rita, exception) == {}
    await desk.pretend("UPDATE compensating_controls SET attestation_due_at = now() WHERE attestor_id IS NOT NULL")
    shown = await desk.run(desk.dev, "exception", "show", exception)
    assert shown.lines[1].startswith("SUSPENDED; granted on 20")
    ids = await desk.make.db.reads.fetch(
        "SELECT id FROM compensating_controls UNION SELECT id FROM acceptance_criteria"
    )
    assert len(ids) == 5 and all(str(row["id"]) in shown.out for row in ids)

    (command,) = for_olaf.values()
    said = await desk.run(desk.olaf, *command[:-1], "Counted: 412.", "--evidence", URL)
    assert (said.code, said.err) == (0, "")
    assert said.lines[0] == "scans from fairness: it is on record that the control holds"
    assert said.lines[1].startswith("ACTIVE, until 20") and said.lines[1].endswith("; owned by Dev (dev)")
    row = await desk.make.db.reads.fetchrow(
        "SELECT attested_by, attestation_note, attestation_evidence_url, attestation_due_at - attested_at AS counts"
        " FROM compensating_controls WHERE attestor_id IS NOT NULL"
    )
    assert (row["attested_by"], row["attestation_note"], row["attestation_evidence_url"], row["counts"].days) == (
        desk.olaf.person_id, "Counted: 412.", URL, 7,
    )  # fmt: skip
    other = await desk.run(desk.dev, *command[:-1], "Not mine.")
    assert (other.code, other.out) == (2, "")
    assert other.err == "hub: this control is attested by the person whom it names; ask them to\n"


async def test_a_criterion_is_confirmed_and_opened_again(desk: Desk) -> None:
    exception = await excepted(desk)
    confirm = (await offered(desk, desk.dev, exception))["say that it is met: The new scans are in."]
    said = await desk.run(desk.dev, *confirm[:-1], "They came.", "--evidence", URL)
    assert (said.code, said.lines[0]) == (0, "scans from fairness: it is on record that the criterion is met")
    shown = " ".join((await desk.run(desk.rita, "exception", "show", exception)).lines)
    assert f"The new scans are in. (criterion {confirm[2]}): They came. {URL}" in shown
    again = await desk.run(desk.dev, *confirm[:-1], "Still.")
    assert again.err == "hub: this criterion is met already; reopen it first if that is wrong\n"

    (what, reopen), *none = (await offered(desk, desk.rita, exception)).items()
    assert (what, none) == ("say that it is not met after all: The new scans are in.", [])
    told = await desk.run(desk.rita, *reopen[:-1], "Half are blank.", "--json")
    assert orjson.loads(told.out)["id"] == f"PolicyException:{exception}"
    assert await desk.make.count("acceptance_criteria", "met_at IS NOT NULL") == 0
    by_policy = await desk.make.db.reads.fetchval("SELECT id FROM acceptance_criteria WHERE policy_id IS NOT NULL")
    hand = await desk.run(desk.dev, "exception", "confirm", str(by_policy), "--note", "It is.")
    assert hand.err.startswith("hub: this criterion is met when recall passes for all that the exception covers")
    wrong = await desk.run(desk.dev, "exception", "attest", "recall", "--note", "It is.")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err == "hub: 'recall' is no id of a control; take one from hub exception show EXCEPTION\n"


async def test_what_has_ended_offers_nothing_to_say(desk: Desk) -> None:
    exception = await excepted(desk)
    await desk.run(desk.dev, "exception", "revoke", exception, "--reason", "Over.")
    assert await offered(desk, desk.dev, exception) == {}


async def test_a_control_whose_attestor_has_left_is_listed_and_handed_on_by_the_command_shown(desk: Desk) -> None:
    exception = await excepted(desk)
    none = await desk.run(desk.dev, "exception", "list", "--orphaned", "--json")
    assert orjson.loads(none.out) == []
    await desk.make.deactivate(desk.olaf)
    listed = await desk.run(desk.dev, "exception", "list", "--orphaned", "--json")
    assert [one["id"] for one in orjson.loads(listed.out)] == [f"PolicyException:{exception}"]
    shown = await desk.run(desk.dev, "exception", "show", exception)
    assert "nobody can confirm it: olaf has left; hand it on" in " ".join(shown.out.split())
    found = re.search(
        r"^  have somebody else confirm: Olaf counts them.\n    hub (exception control .*)$", shown.out, re.M
    )
    assert found is not None
    command = shlex.split(found[1])
    said = await desk.run(desk.dev, *command[:-1], "rita")
    assert (said.code, said.err) == (0, "")
    assert said.lines[0] == "scans from fairness: rita is to confirm the control from now on"
    assert list(await offered(desk, desk.rita, exception)) == ["say that it holds: Olaf counts them."]
    assert await desk.make.count("compensating_controls", f"attestor_id = '{desk.rita.person_id}'") == 1
