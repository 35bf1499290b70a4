"""Verbs on heavy checks: have versions validated, take up a run, and end it with evidence or with why there is none."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hub.checks.evidence import actions as evidence
from hub.checks.evidence.rules import Report
from hub.checks.tables import EvidenceKind, EvidenceSource, RunStatus, ValidatorRun, Verdict
from hub.checks.validators import store
from hub.checks.validators.port import Finding, Validator
from hub.checks.validators.running import Failed
from hub.checks.validators.store import Given
from hub.db import Tx
from hub.errors import Refused
from hub.events.canonical import digest_of_text
from hub.events.jobs import Job, Lane, enqueue, enqueue_all
from hub.events.record import Subject, record
from hub.models import actions as models
from hub.people.access import Permission, Principal
from hub.people.acting import acting

VALIDATE = Job("validate", Lane.NORMAL)
"""Payload: run. For versions that somebody waits for."""

VALIDATE_MANY = Job("validate_many", Lane.BULK)
"""The same for whatever a publication brought."""

MOST_TRIES = 3
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WHY = 1_000


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that a worker took up: as long as no other does, `tries` lets this one end it."""

    run_id: UUID
    version_id: UUID
    name: str
    tries: int
    given: Given


async def outstanding(tx: Tx, version_id: UUID) -> tuple[str, ...]:
    """The validators that policies name for a version and that have not ended with it as it is now.

    What nobody ordered yet is ordered, so that waiting ends.
    """
    await order(tx, await store.order_versions(tx, [version_id]))
    return await store.outstanding(tx, version_id)


async def order(tx: Tx, run_ids: Sequence[UUID], job: Job = VALIDATE) -> None:
    """Queue runs, in one statement."""
    await enqueue_all(tx, job, [{"run": id} for id in run_ids])


async def retry(tx: Tx, who: Principal, version_id: UUID) -> int:
    """Have the validators that found nothing about a version tried anew; how many there are."""
    acting(tx, who, Permission.EVALUATE_POLICIES)
    await models.visible_version(tx, who, version_id)
    runs = [run.id for run in await store.failed(tx, version_id)]
    await store.write(tx, runs, status=RunStatus.QUEUED, tries=0, ended_at=None)
    await order(tx, runs)
    return len(runs)


async def take_up(tx: Tx, run_id: UUID) -> Claim | None:
    """Take up a run; None when it has ended, or is about a version that has changed since.

    The attempt is counted before it is made: a validator that takes its worker with it ends all the same.
    """
    run = await store.run(tx, run_id)
    if run is None or run.status in (RunStatus.DONE, RunStatus.FAILED):
        return None
    given = await store.given(tx, run.version_id)
    if given.digest != run.subject_digest:
        await store.remove(tx, run_id)
        return None
    claim = Claim(run_id, run.version_id, run.name, run.tries + 1, given)
    if run.tries >= MOST_TRIES:
        await _give_up(tx, run, run.why or "its worker was gone each time")
        return None
    await store.write(tx, [run_id], status=RunStatus.RUNNING, tries=claim.tries, started_at=tx.at)
    return claim


async def succeed(tx: Tx, claim: Claim, validator: Validator, found: Finding) -> None:
    """Keep what was found as evidence, unless the version has changed or another worker has the run."""
    run = await _own(tx, claim)
    if run is None:
        return
    if (await store.given(tx, claim.version_id)).digest != claim.given.digest:
        await store.remove(tx, claim.run_id)
        return
    report = Report(
        kind=EvidenceKind(validator.kind),
        verdict=Verdict(found.verdict),
        title=found.title or validator.title,
        tool=f"validator {claim.name}",
        figures=found.figures,
        details=found.details,
        version_digest=claim.given.document["version"]["digest"],
        measured_at=tx.at,
        source=EvidenceSource.VALIDATOR,
    )
    # Before the evidence, whose reactions ask what is still outstanding.
    await store.write(tx, [claim.run_id], status=RunStatus.DONE, why=None, ended_at=tx.at)
    try:
        kept = await evidence.add(tx, None, claim.version_id, report)
    except Refused as refused:
        await store.write(tx, [claim.run_id], ended_at=None)
        await _failed(tx, run, f"its finding cannot be kept: {refused.why}")
        return
    await _ended(tx, "validator.done", run, {"evidence": kept.id, "verdict": kept.verdict})


async def fail(tx: Tx, claim: Claim, fault: Failed, *, for_good: bool = False) -> None:
    """Say why nothing was found, and try again later, unless that has no use or was done often enough."""
    run = await _own(tx, claim)
    if run is not None:
        await _failed(tx, run, fault.why, for_good=for_good)


async def _own(tx: Tx, claim: Claim) -> ValidatorRun | None:
    run = await store.run(tx, claim.run_id)
    mine = run is not None and run.status is RunStatus.RUNNING and run.tries == claim.tries
    return run if mine else None


async def _failed(tx: Tx, run: ValidatorRun, why: str, *, for_good: bool = False) -> None:
    if for_good or run.tries >= MOST_TRIES:
        await _give_up(tx, run, why)
        return
    await store.write(tx, [run.id], status=RunStatus.QUEUED, why=why[:LONGEST_WHY])
    later = tx.at + FIRST_WAIT * 4 ** (run.tries - 1)
    await enqueue(tx, VALIDATE, {"run": run.id}, execute_after=later)


async def _give_up(tx: Tx, run: ValidatorRun, why: str) -> None:
    """No evidence at all: a rule that needs some cannot be told, which is neither a pass nor the model's fault."""
    await store.write(tx, [run.id], status=RunStatus.FAILED, why=why[:LONGEST_WHY], ended_at=tx.at)
    await _ended(tx, "validator.failed", run, {"tries": run.tries, "why_digest": digest_of_text(why)})


async def _ended(tx: Tx, kind: str, run: ValidatorRun, how: Mapping[str, object]) -> None:
    """Whoever waits for the validator, waits no more."""
    told = {"version": run.version_id, "validator": run.name, **how}
    await record(tx, kind, Subject("validator_run", run.id, run.subject_digest), told, scope_id=run.model_id)


async def validate_versions(tx: Tx, version_ids: Collection[UUID]) -> None:
    """Order what is wanted of these versions; two statements for any number."""
    await order(tx, await store.order_versions(tx, version_ids))


async def validate_models(tx: Tx, model_ids: Collection[UUID]) -> None:
    """The same for every version of these models."""
    await order(tx, await store.order_models(tx, model_ids), VALIDATE_MANY)


async def validate_policies(tx: Tx, policy_ids: Collection[UUID]) -> None:
    """The same for every version that these policies bind."""
    await order(tx, await store.order_policies(tx, policy_ids), VALIDATE_MANY)
