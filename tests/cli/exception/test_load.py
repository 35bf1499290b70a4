"""`hub exception load` and `repeats`: the backlog summed up."""

from datetime import timedelta

import orjson

from hub.people.tables import Role
from tests.cli.approvals.conftest import Desk


async def test_what_is_open_is_summed_up_by_owner_team_and_policy(desk: Desk) -> None:
    make = desk.make
    none = await desk.run(desk.dev, "exception", "load")
    assert none.out == "no exception is open that this token may see\n"
    policy = await make.policy("fairness", by=desk.pat, longest_exception_days=90)
    bills = await make.model("bills", team=await make.team("desk"))
    soon, late = make.now + timedelta(days=20), make.now + timedelta(days=80)
    await make.exception(policy, desk.model, by=desk.dev, expires_at=soon)
    await make.exception(policy, bills, by=desk.dev, expires_at=late)
    await make.exception(policy, bills, by=desk.olaf, expires_at=late, granted=False)
    await desk.pretend(
        "UPDATE policy_exceptions SET requested_at = now() - interval '3 days' WHERE state = 'SUBMITTED'"
    )
    hidden = await make.model("hidden", owner=desk.olaf, restricted=True)
    await make.exception(policy, hidden, by=desk.olaf, expires_at=late, granted=False)

    said = await desk.run(desk.dev, "exception", "load")
    assert said.lines == [
        "OWNER OPEN IN FORCE SUSPENDED OVERDUE ENDING UNDECIDED OLDEST",
        "Dev (dev) 2 2 0 0 1 0 -",
        "Olaf (olaf) 1 0 0 0 0 1 3 days ago",
    ]
    head, *rows = said.out.splitlines()
    for column in ("OPEN", "ENDING", "OLDEST"):
        assert {row[head.index(column) - 1] for row in rows} == {" "}, "columns line up"
    teams = await desk.run(desk.dev, "exception", "load", "--by", "team")
    assert teams.lines[1:] == ["desk 2 1 0 0 0 1 3 days ago", "no team 1 1 0 0 1 0 -"]
    policies = await desk.run(desk.dev, "exception", "load", "--by", "policy")
    assert policies.lines[1:] == ["fairness 3 2 0 0 1 1 3 days ago"]
    told = await desk.run(desk.olaf, "exception", "load", "--json")
    assert sorted((one["owner"]["handle"], one["open"]) for one in orjson.loads(told.out)) == [("dev", 2), ("olaf", 2)]
    cut = await desk.run(desk.dev, "exception", "load", "--first", "1")
    assert cut.lines[-1] == "1 of 2; --first shows more"
    wrong = await desk.run(desk.dev, "exception", "load", "--by", "model")
    assert (wrong.code, wrong.err) == (2, "hub: --by model: there are OWNER, TEAM, POLICY, APPROVER\n")


async def test_what_approvers_are_asked_is_told_and_their_answers_to_themselves(desk: Desk) -> None:
    none = await desk.run(desk.rita, "exception", "load", "--by", "approver")
    assert none.out == "nobody is asked about an exception that this token may see\n"
    policy = await desk.make.policy("fairness", by=desk.pat)
    await desk.make.exception(policy, desk.model, by=desk.dev, granted=False)
    await desk.pretend("UPDATE approval_asks SET asked_at = now() - interval '50 hours'")
    said = await desk.run(desk.rita, "exception", "load", "--by", "approver")
    assert said.lines[0] == "APPROVER ASKED OLDEST ANSWERED HOURS"
    assert sorted(said.lines[1:]) == [
        "Cora (cora) 1 2 days ago - -",
        "Pat (pat) 1 2 days ago - -",
        "Rita (rita) 1 2 days ago 0 -",
    ]


async def test_what_is_waived_again_and_again_is_listed(desk: Desk) -> None:
    make = desk.make
    ann = await make.person("ann", Role.DEVELOPER)
    policy = await make.policy("fairness", by=desk.pat)
    bills = await make.model("bills", team=await make.team("desk"))
    for _ in range(2):
        await make.exception(policy, bills, by=ann)
    none = await desk.run(desk.dev, "exception", "repeats")
    assert none.out == "no policy was waived 3 times or more within 365 days for one model or team\n"
    await desk.pretend(
        "UPDATE policy_exceptions SET starts_at = now() - interval '10 days', decided_at = now() - interval '10 days',"
        " requested_at = now() - interval '10 days'"
    )
    said = await desk.run(desk.dev, "exception", "repeats", "--at-least", "2")
    day = f"{make.now - timedelta(days=10):%Y-%m-%d}"
    assert said.lines[0] == "POLICY FOR TIMES OPEN RENEWED CHAIN DAYS WAIVED FIRST LAST"
    assert sorted(said.lines[1:]) == [
        f"fairness model bills 2 2 0 1 10 {day} {day}",
        f"fairness team desk 2 2 0 1 10 {day} {day}",
    ]
    late = await desk.run(desk.dev, "exception", "repeats", "--at-least", "2", "--days", "9", "--json")
    assert orjson.loads(late.out) == []
