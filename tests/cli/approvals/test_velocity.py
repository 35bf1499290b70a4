"""How long a release took, from its registration to its first run."""

from datetime import UTC, datetime

from tests.cli.approvals.conftest import Desk
from tests.deployments.gates import Gate
from tests.deployments.releases import Release


async def test_a_month_tells_the_time_in_each_state_and_the_bottleneck(desk: Desk) -> None:
    none = await desk(desk.dev, "velocity")
    assert none.out == "no release was seen to run in that time; --since and --until choose another\n"
    gate = Gate(desk.make.db, desk.make)
    release = Release(gate, desk.make)
    release.model = desk.model
    asked = await gate.ask(desk.dev, desk.version)
    await gate.sign(desk.rita, asked.approval_request_id)
    await gate.sign(desk.cora, asked.approval_request_id)
    await release.seen(desk.version)
    await desk.pretend("UPDATE model_versions SET created_at = now() - interval '73 hours'")
    said = await desk(desk.dev, "velocity", "--since", "2d")
    month = datetime.now(UTC).strftime("%Y-%m")
    assert said.lines == [
        "MONTH TIER STAGE RELEASES BUILDING CHECKING PEOPLE QUESTIONS RELEASING TOTAL 9 IN 10 BOTTLENECK",
        f"{month} HIGH PRODUCTION 1 3 days 0 min 0 min 0 min 0 min 3 days 3 days building",
    ]
    assert (await desk.json(desk.dev, "velocity", "--until", "1d")) == []
    (row,) = await desk.json(desk.dev, "velocity")
    assert row["bottleneck"] == "BUILDING"
    wrong = await desk(desk.dev, "velocity", "--since", "spring")
    assert (wrong.code, wrong.err.startswith("hub: --since spring: write a date")) == (2, True)
