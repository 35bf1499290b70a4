"""What follows for policies when exceptions from them are granted.

In a job: a policy is locked to be looked at; while people's answers are counted nothing is waited for (decision 12).
"""

from hub.db import Tx
from hub.events.jobs import enqueue_all
from hub.events.reactions import Happened, on
from hub.exceptions.suggested.jobs import LOOK


@on("exception.approved")
async def look(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Each policy is looked at once."""
    await enqueue_all(tx, LOOK, [{"policy": id} for id in sorted({str(event.data["policy"]) for event in happened})])
