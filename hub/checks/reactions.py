"""What follows for checks, and for approvals that bind to them, when something under them changes."""

from uuid import UUID

from hub.checks import store
from hub.checks.dossier import refresh
from hub.checks.jobs import REASK, SWEEP, order_evaluation
from hub.db import Tx
from hub.events.jobs import enqueue_all
from hub.events.reactions import Happened, on
from hub.policies.tables import DecisionPoint


@on("version.registered")
async def ask_new(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """New versions are evaluated."""
    versions = [event.subject.id for event in happened]
    await order_evaluation(tx, versions, DecisionPoint.REGISTER, None, tx.at)


@on("version.changed", "version.missing", "version.returned")
async def ask_changed(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Versions that changed are evaluated again, and what was asked about them as they were is stale."""
    await ask_new(tx, happened)
    await refresh(tx, _models(happened))


@on("card.changed")
async def ask_described(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """The same for versions whose card changed; the event's subject is the card."""
    versions = await store.version_of_card(tx, [event.subject.id for event in happened])
    await order_evaluation(tx, versions, DecisionPoint.REGISTER, None, tx.at)
    await refresh(tx, _models(happened))


@on("model.classified")
async def ask_model(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Another tier means other policies and another approval rule."""
    await sweep_models(tx, happened)
    await refresh(tx, _models(happened))


@on("model.owner_set", "model.changed", "model.missing", "model.returned")
async def sweep_models(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Rules may look at the model, so each of its versions is asked about again."""
    await enqueue_all(tx, SWEEP, [{"models": sorted(_models(happened)), "since": tx.at}])


@on("policy.published")
async def ask_all(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """A new wording is asked of everything it applies to, and whatever bound to the old one is stale."""
    await enqueue_all(tx, SWEEP, [{"policy": event.subject.id, "since": tx.at} for event in happened])
    await refresh(tx)


@on("exception.approved")
async def ask_excepted(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """What an exception covers is asked about again, where it was asked before."""
    await enqueue_all(tx, REASK, [{"exception": event.subject.id, "since": tx.at} for event in happened])


def _models(happened: tuple[Happened, ...]) -> set[UUID]:
    return {event.scope_id for event in happened if event.scope_id is not None}
