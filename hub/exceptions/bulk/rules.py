"""What may be done to many exceptions at once, and what a preview binds to.

Approving is not among it, and must not be: who decides looks at each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hub.errors import Code, Refused
from hub.events.canonical import digest_of
from hub.exceptions import rules
from hub.exceptions.moves import GRANTED
from hub.exceptions.tables import ExceptionStatus, PolicyException
from hub.people.access import Permission, Principal
from hub.people.tables import Role

MOST = 200


class BulkAction(StrEnum):
    """What is done to each."""

    ASSIGN_OWNER = "ASSIGN_OWNER"
    SET_REVIEW = "SET_REVIEW"
    SET_TICKET = "SET_TICKET"
    REVOKE = "REVOKE"


@dataclass(frozen=True, slots=True)
class Arguments:
    """What the actions need; each takes its own."""

    owner_id: UUID | None = None
    review_at: datetime | None = None
    ticket_url: str | None = None
    reason: str | None = None


NEEDS: Mapping[BulkAction, tuple[str, str]] = {
    BulkAction.ASSIGN_OWNER: ("owner_id", "owner"),
    BulkAction.SET_REVIEW: ("review_at", "reviewAt"),
    BulkAction.SET_TICKET: ("ticket_url", "ticketUrl"),
    BulkAction.REVOKE: ("reason", "reason"),
}
"""The argument without which an action is nothing, and what clients call it."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One exception of a selection as it stands; without a row it is not there, or not for whoever asks."""

    id: UUID
    row: PolicyException | None
    status: ExceptionStatus | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was, or would be, done to one exception; or why not."""

    id: UUID
    what: str
    refused: Refused | None = None


def check_asked(ids: Sequence[UUID], action: BulkAction, given: Arguments) -> None:
    """Refuse a selection of none or too many, and an action without what it needs, or with another's."""
    if not 1 <= len(ids) <= MOST:
        raise Refused(
            Code.BAD_INPUT,
            f"{len(ids)} exceptions are chosen; choose 1 to {MOST}, or narrow the filter",
            field="exceptions",
        )
    wanted, called = NEEDS[action]
    for name, other in NEEDS.values():
        is_given = getattr(given, name) is not None
        if name == wanted and not is_given:
            raise Refused(Code.BAD_INPUT, f"{action} needs {called}", field=called)
        if name != wanted and is_given:
            raise Refused(
                Code.BAD_INPUT, f"{other} is not for {action}, which takes {called}; leave it out", field=other
            )


def digest(chosen: Sequence[Chosen], action: BulkAction, given: Arguments) -> str:
    """SHA-256 of the selection, of how each stands, and of what is to be done."""
    rows = [
        {
            "id": one.id,
            "status": one.status,
            "row": one.row.model_dump(exclude={"expiry_noted_at"}) if one.row else None,
        }
        for one in sorted(chosen, key=lambda one: one.id)
    ]
    return digest_of({"action": action, "arguments": asdict(given), "rows": rows})


def check_fresh(shown: str, now: str) -> None:
    """What is done is what was shown, to what it was shown for."""
    if shown != now:
        raise Refused(
            Code.STALE,
            "the selection, or how one of it stands, has changed since it was shown; nothing was done, preview it anew",
            field="digest",
        )


def check_granted(status: ExceptionStatus | None, what: str) -> None:
    """What is still to be decided says all that it says to those who decide; what is over says nothing more."""
    if status in GRANTED:
        return
    way = (
        f"its {what} is part of what is being decided; withdraw it, and ask anew"
        if status in rules.DECIDABLE
        else "only a granted one that is not over is changed so"
    )
    raise Refused(Code.WRONG_STATE, f"this exception is {status}: {way}", field="exception")


def check_keeper(who: Principal, row: PolicyException) -> None:
    """A ticket is named by whoever has to do with the exception."""
    if who.person_id in (row.owner_id, row.requested_by) or Role.ADMIN in who.roles or _decides(who):
        return
    raise Refused(
        Code.FORBIDDEN,
        "a ticket is set by its owner, whoever asked for it, an approver or policy owner, or an ADMIN; ask one of them",
        field="exception",
    )


def check_within(row: PolicyException, review_at: datetime, at: datetime) -> None:
    """A look that is to come comes before the end."""
    if not at < review_at <= row.expires_at:
        raise Refused(
            Code.BAD_INPUT,
            f"the review {rules.said(review_at)} is not between now and its end, {rules.said(row.expires_at)}",
            field="reviewAt",
        )


def brings_forward(who: Principal, row: PolicyException, review_at: datetime) -> bool:
    """Whether its owner wants it looked at sooner; putting a look off is for others."""
    return who.person_id == row.owner_id and (row.review_at is None or review_at <= row.review_at)


def _decides(who: Principal) -> bool:
    return Permission.DECIDE_EXCEPTION in who.permissions
