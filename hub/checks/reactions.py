"""What follows for checks, and for approvals that bind to them, when something under them changes."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

from hub.approvals.tables import SubjectKind
from hub.checks import schedule, store
from hub.checks.compliance import store as compliance
from hub.checks.dossier import refresh
from hub.checks.jobs import REASK, SWEEP, order_evaluation
from hub.db import Tx
from hub.events.jobs import enqueue_all
from hub.events.reactions import Happened, on
from hub.models.tables import Stage
from hub.policies.tables import DecisionPoint

VERSION = frozenset({"version", "metrics", "segments", "datasets", "lineage", "evidence", "kpis"})
BY_PART: Mapping[str, frozenset[str] | None] = {
    "status": frozenset({"version.status"}),
    "description": frozenset({"version.description"}),
    "aliases": frozenset({"version.aliases"}),
    "tags": frozenset({"version.tags", "kpis", "evidence"}),
    "details": VERSION,
    # Of another stage nothing was asked yet, or long ago.
    "stage": None,
}
"""What rules may see otherwise when a part of a version changed; a part that is not here changes all of a version."""

Touched = frozenset[str] | None


@on("version.registered")
async def ask_new(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """New versions are evaluated, and those in use again and again."""
    versions = [event.subject.id for event in happened]
    await order_evaluation(tx, versions, DecisionPoint.REGISTER, None, tx.at)
    await schedule.watch(tx, versions)


@on("version.changed")
async def ask_changed(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Versions that changed are asked about again by what their change touches; what was asked of them is stale."""
    found: defaultdict[Touched, list[UUID]] = defaultdict(list)
    for event in happened:
        found[_touched(event)].append(event.subject.id)
    for touched, versions in found.items():
        await order_evaluation(tx, versions, None, None, tx.at, touched=touched)
    await schedule.watch(tx, [event.subject.id for event in happened])
    await refresh(tx, _models(happened))


@on("version.missing", "version.returned")
async def ask_seen(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """The same for versions that their registry no longer shows, or shows again after much may have changed."""
    versions = [event.subject.id for event in happened]
    gone = happened[0].kind == "version.missing"
    await order_evaluation(tx, versions, None, None, tx.at, touched={"version"} if gone else None)
    await schedule.watch(tx, versions)
    await refresh(tx, _models(happened))


@on("card.changed")
async def ask_described(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """The same for versions whose card changed; the event's subject is the card."""
    versions = await store.version_of_card(tx, [event.subject.id for event in happened])
    await order_evaluation(tx, versions, None, None, tx.at, touched={"card"})
    await refresh(tx, _models(happened))


@on("evidence.added")
async def ask_shown(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """The same for versions of which something was shown; the event's subject is the report.

    What comes from a registry came with the version's own change, which has it asked about.
    """
    sent = [event for event in happened if event.data.get("source") != "REGISTRY"]
    versions = sorted({UUID(str(event.data["version"])) for event in sent})
    await order_evaluation(tx, versions, None, None, tx.at, touched={"evidence"}, soon=True)
    await refresh(tx, _models(happened))


@on("deployment.observed", "deployment.changed", "deployment.returned", "deployment.missing")
async def ask_running(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Versions that run somewhere, or no longer do, are asked about again, and while they run, again and again."""
    versions = await store.versions_of_deployments(tx, [event.subject.id for event in happened])
    await order_evaluation(tx, versions, None, None, tx.at, touched={"deployment"})
    await schedule.watch(tx, versions)


@on("approval.approved", "approval.bypassed")
async def ask_approved(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Rules that look at whether a version was approved, or went ahead, are asked again where it wants to go."""
    found: defaultdict[Stage, list[UUID]] = defaultdict(list)
    for event in happened:
        subject = event.data.get("subject")
        if isinstance(subject, dict) and subject.get("kind") == "version":
            found[Stage(str(event.data["stage"]))].append(UUID(str(subject["id"])))
    for stage, versions in found.items():
        await order_evaluation(tx, versions, DecisionPoint.DEPLOY, stage, tx.at, touched={"deployment"}, soon=True)


@on("model.classified")
async def ask_classified(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Another tier means other policies and another approval rule."""
    models = _models(happened)
    await compliance.retier(tx, models)
    await _sweep(tx, models)
    await refresh(tx, models)


@on("model.rebound")
async def ask_rebound(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Other policies apply, and other policies are part of what an approval looks at."""
    await _sweep(tx, _models(happened))
    await refresh(tx, _models(happened))


@on("model.owner_set")
async def ask_owned(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Rules may ask whether somebody answers for a model."""
    await _sweep(tx, _models(happened), {"model.owner", "model.team"})


@on("model.changed", "model.missing", "model.returned")
async def ask_model(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Rules may look at the model, so each of its versions is asked about again."""
    await _sweep(tx, _models(happened), {"model", "kpis"})


@on("model.changed")
async def ask_tagged(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Other tags may mean another approval rule."""
    await refresh(tx, _models(happened))


@on("approval_matrix.changed")
async def ask_ruled(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Another rule about versions is part of what an approval looks at, whichever model it is for."""
    if any(event.data["kind"] == SubjectKind.VERSION for event in happened):
        await refresh(tx)


@on("dataset.described")
async def ask_made_from(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Whatever was made from a data set is asked about again when something else is said of that."""
    asked = {
        "descriptions": [event.subject.id for event in happened],
        "since": tx.at,
        "touched": ["datasets", "lineage"],
    }
    await enqueue_all(tx, SWEEP, [asked])


@on("policy.published")
async def ask_all(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """A new wording is asked of everything it applies to, and whatever bound to the old one is stale."""
    await enqueue_all(tx, SWEEP, [{"policy": event.subject.id, "since": tx.at} for event in happened])
    await refresh(tx)


@on("policy.retired")
async def forget(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """A policy that is no longer in force counts no more, and whatever bound to it is stale."""
    await compliance.drop_retired(tx, [event.subject.id for event in happened])
    await refresh(tx)


@on("exception.approved", "exception.revoked", "exception.resolved")
async def ask_excepted(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """What an exception covers, or covers no more, is asked about again, where it was asked before."""
    await enqueue_all(tx, REASK, [{"exception": event.subject.id, "since": tx.at} for event in happened])


async def _sweep(tx: Tx, models: Collection[UUID], touched: Collection[str] | None = None) -> None:
    named = None if touched is None else sorted(touched)
    await enqueue_all(tx, SWEEP, [{"models": sorted(models), "since": tx.at, "touched": named}])


def _touched(event: Happened) -> Touched:
    parts = event.data.get("parts")
    every = [BY_PART.get(str(part), VERSION) for part in parts] if isinstance(parts, list) and parts else [VERSION]
    return None if None in every else frozenset().union(*(one for one in every if one is not None))


def _models(happened: tuple[Happened, ...]) -> set[UUID]:
    return {event.scope_id for event in happened if event.scope_id is not None}
