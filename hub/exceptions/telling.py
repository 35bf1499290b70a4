"""What the trail says of exceptions: each event holds all that trends are counted by, and needs no other row."""

from collections.abc import Mapping, Sequence

from hub.db import Tx
from hub.events.record import Entry, Subject, record, record_all
from hub.exceptions.tables import ExceptionStatus, PolicyException


async def tell(tx: Tx, kind: str, row: PolicyException, **more: object) -> None:
    """Record what happened to an exception: how it stands after it, and what is said in addition."""
    await record(tx, kind, Subject("exception", row.id), {**standing(row), **more}, scope_id=row.model_id)


async def tell_all(tx: Tx, kind: str, told: Sequence[tuple[PolicyException, Mapping[str, object]]]) -> None:
    """Record what happened to many exceptions: one event for each, in one statement."""
    entries = [Entry(Subject("exception", row.id), {**standing(row), **more}, row.model_id) for row, more in told]
    await record_all(tx, kind, entries)


def standing(row: PolicyException) -> dict[str, object]:
    """What an exception is counted by: its scope, risk, dates, and whether it is granted."""
    return {
        "policy": row.policy_id,
        "version": row.version_id,
        "stage": row.stage,
        "exception_kind": row.kind,
        "tier": row.tier,
        "team": row.team_id,
        "owner": row.owner_id,
        "risk": row.risk_after,
        "requested_at": row.requested_at,
        "starts_at": row.starts_at,
        "expires_at": row.expires_at,
        "review_at": row.review_at,
        "granted": row.state is ExceptionStatus.APPROVED,
    }
