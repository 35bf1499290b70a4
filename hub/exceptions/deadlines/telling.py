"""How what is due of exceptions is told: one event for each person lists all that is due of them, by ids alone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hub.db import Tx
from hub.deadlines.kinds import Due, tells
from hub.deadlines.rules import Rung
from hub.deadlines.tables import DeadlineKind
from hub.events.record import Subject, record
from hub.exceptions.deadlines import store
from hub.exceptions.deadlines.store import Facts
from hub.exceptions.telling import tell_all

HEADS_UP = tuple(timedelta(days=-days) for days in (30, 7, 1))
OVERDUE_AFTER = timedelta(days=7)
ATTESTATION_HEADS_UP = timedelta(days=-3)

NOTICES = (
    "exception.expiring",
    "exception.review_due",
    "exception.review_overdue",
    "exception.attestation_due",
    "exception.attestation_stale",
    "exception.criterion_due",
)
"""Events about a person, which speak of several models: they are for that person, and for whoever sees all models."""


@tells(
    DeadlineKind.EXPIRY,
    *(Rung("exception.expiring", after) for after in HEADS_UP),
    Rung("exception.expired"),
)
async def expiry(tx: Tx, event: str, person: UUID | None, due: Sequence[Due]) -> None:
    """Heads-ups are told to the owner together; an end is the exception's own."""
    if event == "exception.expired":
        await _each(tx, event, due)
    else:
        await notice(tx, event, person, due)


@tells(DeadlineKind.ORPHANED_EXCEPTION, Rung("exception.orphaned"))
async def orphaned(tx: Tx, event: str, _person: UUID | None, due: Sequence[Due]) -> None:
    """Whoever owns it is not active any more; it waits for another owner."""
    await _each(tx, event, due)


@tells(DeadlineKind.REVIEW, Rung("exception.review_due"), Rung("exception.review_overdue", OVERDUE_AFTER))
@tells(
    DeadlineKind.ATTESTATION,
    Rung("exception.attestation_due", ATTESTATION_HEADS_UP),
    Rung("exception.attestation_stale"),
)
@tells(DeadlineKind.CRITERION, Rung("exception.criterion_due"))
async def notice(tx: Tx, event: str, person: UUID | None, due: Sequence[Due]) -> None:
    """Tell one person, in one event, of all that is due of them; of a model that they do not see nothing in copy."""
    assert person is not None, "an exception has an owner"
    found = await store.facts(tx, {_exception(one) for one in due}, person)
    told = [one for one in due if found[_exception(one)].seen or not one.in_copy]
    if told:
        said = {
            "exceptions": [_told(tx, one, found[_exception(one)]) for one in sorted(told, key=_order)],
            "late": any(one.late for one in told),
        }
        await record(tx, event, Subject("person", person), said)


async def _each(tx: Tx, event: str, due: Sequence[Due]) -> None:
    found = await store.facts(tx, {_exception(one) for one in due}, None)
    both = [(one, found[_exception(one)]) for one in due]
    told = [(facts.row, {"late": one.late, "policy_owner": facts.policy_owner_id}) for one, facts in both]
    await tell_all(tx, event, told)


def _told(tx: Tx, due: Due, facts: Facts) -> dict[str, object]:
    assert due.ends_at is not None
    row = facts.row
    return {
        "exception": row.id,
        "about": due.about_id,
        "due_at": due.ends_at,
        "days_left": (due.ends_at.astimezone(UTC).date() - tx.at.date()).days,
        "late": due.late,
        "in_copy": due.in_copy,
        "policy": row.policy_id,
        "policy_version": row.policy_version_id,
        "policy_owner": facts.policy_owner_id,
        "model": row.model_id,
        "version": row.version_id,
        "stage": row.stage,
        "risk": row.risk_after,
        "owner": row.owner_id,
        "expires_at": row.expires_at,
    }


def _order(due: Due) -> tuple[datetime, UUID]:
    assert due.ends_at is not None
    return due.ends_at, due.about_id


def _exception(due: Due) -> UUID:
    assert due.exception_id is not None
    return due.exception_id
