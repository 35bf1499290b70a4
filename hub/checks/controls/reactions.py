"""What follows for exceptions' controls when one is granted, suspended, or policies apply no more; and from that."""

from hub.checks.controls import store
from hub.checks.controls.actions import look
from hub.checks.controls.jobs import CONFIRM, LOOK
from hub.checks.controls.rules import Kind
from hub.checks.jobs import REASK
from hub.db import Tx
from hub.deadlines import actions as deadlines
from hub.events.jobs import enqueue_all
from hub.events.reactions import Happened, on


@on("exception.approved")
async def begin(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """What hangs on policies in a granted exception is looked at now, and asked; whoever grants it holds it.

    A control of which nothing is known yet is red: the exception is suspended from the start, until it is confirmed.
    """
    granted = [event.subject.id for event in happened]
    await store.start(tx, granted)
    await deadlines.see(tx, granted)
    tied = {one.exception_id for one in await look(tx, granted) if one.kind is not Kind.EXCEPTION}
    await enqueue_all(tx, CONFIRM, [{"exception": id} for id in sorted(tied)])


@on("exception.suspended", "exception.resumed")
async def ask_again(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """What an exception covers is asked about again when it covers no more, or again."""
    await enqueue_all(tx, REASK, [{"exception": event.subject.id, "since": tx.at} for event in happened])


@on("policy.published", "policy.retired")
async def look_under(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """A policy that applies no more confirms nothing. No evaluation is under way: whoever publishes keeps them out."""
    policies = [event.subject.id for event in happened]
    await look(tx, await store.hold_of_policies(tx, policies), policies)


@on("model.classified", "model.rebound", "version.missing", "version.returned")
async def look_within(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """The same where other policies apply to a model, or other versions are there; by a job, that holds nothing."""
    models = {event.scope_id for event in happened if event.scope_id is not None}
    if excepted := await store.granted_of(tx, models):
        await enqueue_all(tx, LOOK, [{"models": excepted}])
