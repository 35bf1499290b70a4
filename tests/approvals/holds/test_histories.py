"""Whatever people do at the same time, the history that comes of it keeps what approvals promise."""

from tests.approvals.holds import histories
from tests.approvals.holds.seeds import FOUND, SOME


async def test_random_histories_keep_what_approvals_promise(database: str) -> None:
    told = await histories.run(database, [*FOUND, *SOME])
    assert told.bad == {}
    assert told.schedules == len(FOUND) + len(SOME)
    # Histories in which nothing is ever released would prove nothing.
    assert told.outcomes["releases"] >= 15
    assert {"APPROVED", "STALE", "WITHDRAWN", "AWAITING_APPROVAL"} <= told.outcomes.keys()
