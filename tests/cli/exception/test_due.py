"""What is due soon or overdue, from the command line."""

from datetime import timedelta

import orjson

from hub.exceptions.rules import Criterion
from hub.people.access import Principal
from tests.cli.approvals.conftest import Desk


async def test_what_is_due_is_listed_for_everybody_or_for_oneself(desk: Desk) -> None:
    async def found(*words: str) -> list[tuple[str, str]]:
        said = await desk.run(desk.dev, "exception", "due", *words, "--json")
        assert said.code == 0, said.err
        return [(one["kind"], one["owner"]["handle"]) for one in orjson.loads(said.out)]

    none = await desk.run(desk.dev, "exception", "due")
    assert none.out == "nothing that this token may see is due within 30 days\n"
    make = desk.make
    policy = await make.policy("fairness", longest_exception_days=90)
    end = make.now + timedelta(days=50, hours=1)

    async def granted(owner: Principal, days: float, **asked: object) -> str:
        made = await make.exception(policy, desk.model, by=owner, expires_at=end + timedelta(days=days), **asked)
        return str(made.id)

    mine = await granted(
        desk.dev, 0, criteria=(Criterion("More cases.", due_at=make.now + timedelta(days=5, hours=1)),)
    )
    theirs = await granted(desk.rita, -30)
    said = await desk.run(desk.dev, "exception", "due")
    assert said.lines == [
        "DUE WHAT MODEL POLICY FOR EXCEPTION",
        f"in 5 days criterion: More cases. scans fairness Dev (dev) {mine}",
        f"in 20 days expiry scans fairness Rita (rita) {theirs}",
        f"in 30 days review scans fairness Dev (dev) {mine}",
    ]
    assert await found("--within", "60", "--mine") == [("CRITERION", "dev"), ("REVIEW", "dev"), ("EXPIRY", "dev")]
    assert await found("--kind", "expiry", "--model", "scans") == [("EXPIRY", "rita")]
    assert await found("--overdue") == []
    said = await desk.run(desk.dev, "exception", "due", "--first", "1")
    assert said.lines[-1] == "1 of 3; --first shows more, --kind and --model fewer"
    wrong = await desk.run(desk.dev, "exception", "due", "--within", "soon")
    assert (wrong.code, wrong.err) == (2, "hub: --within soon: write so many days, such as 30d\n")
