"""What follows for exceptions when people look, ask and answer, and when their model becomes another."""

from uuid import UUID

from hub.approvals import store as approval_store
from hub.db import Tx
from hub.events.reactions import Happened, on
from hub.exceptions import actions, review
from hub.exceptions.life import extending, following
from hub.exceptions.tables import ExceptionStatus, ExtensionState

ENDS = {
    "approval.approved": ExceptionStatus.APPROVED,
    "approval.rejected": ExceptionStatus.REJECTED,
    "approval.changes_requested": ExceptionStatus.REJECTED,
    "approval.withdrawn": ExceptionStatus.WITHDRAWN,
    "approval.expired": ExceptionStatus.REJECTED,
}
NOBODY = "nobody decided within the term; ask anew"


@on(*ENDS)
async def settle(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """An exception that was approved is granted and an extension moves its end; one that was not ends."""
    for event in happened:
        kind, id = _asked_about(event)
        if kind not in (review.KIND, extending.KIND):
            continue
        state, note = ENDS[event.kind], await _note(tx, event)
        if kind == review.KIND:
            await actions.settled(tx, id, state, by=tx.actor, note=note)
        else:
            await extending.settled(tx, id, ExtensionState(state), by=tx.actor, note=note)


@on("approval.opened", "approval.signed")
async def look(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """An exception is under review once one of those asked has opened it, or anybody has signed."""
    reader = tx.actor if happened[0].kind == "approval.opened" else None
    await _become(tx, happened, ExceptionStatus.UNDER_REVIEW, {ExceptionStatus.SUBMITTED}, asked=reader)


@on("approval.info_requested")
async def wait(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """While the clock stands still something is to be explained first."""
    since = {ExceptionStatus.SUBMITTED, ExceptionStatus.UNDER_REVIEW}
    await _become(tx, happened, ExceptionStatus.INFO_REQUESTED, since)


@on("approval.info_given", "approval.resumed")
async def go_on(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Once it was explained, or the clock goes on without, it is under review again."""
    await _become(tx, happened, ExceptionStatus.UNDER_REVIEW, {ExceptionStatus.INFO_REQUESTED})


@on("exception.revoked", "exception.resolved", "exception.expired")
async def lapse(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Nobody is asked any more about the extension of what has ended."""
    await extending.lapse(tx, [event.subject.id for event in happened])


@on("model.classified", "model.owner_set")
async def follow(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Exceptions that have not ended are of their model's tier and team."""
    await following.follow(tx, [event.subject.id for event in happened])


async def _become(
    tx: Tx,
    happened: tuple[Happened, ...],
    state: ExceptionStatus,
    since: set[ExceptionStatus],
    *,
    asked: UUID | None = None,
) -> None:
    """Have the exceptions that people speak of stand so; most requests are about something else."""
    requests = [event.subject.id for event in happened if _asked_about(event)[0] == review.KIND]
    if requests:
        await following.become(tx, requests, state, since=since, asked=asked)


def _asked_about(event: Happened) -> tuple[str, UUID]:
    """The kind and the id of what an approval request is about, as each of its events tells."""
    subject = event.data["subject"]
    assert isinstance(subject, dict)
    return str(subject["kind"]), UUID(str(subject["id"]))


async def _note(tx: Tx, event: Happened) -> str:
    """What was said with the answer; for a question that was taken back, why."""
    if event.kind == "approval.withdrawn":
        asked = await approval_store.request(tx, event.subject.id)
        return (asked.status_why if asked is not None else None) or ""
    answers = await approval_store.answers(tx, event.subject.id)
    return answers[-1].comment if answers else NOBODY
