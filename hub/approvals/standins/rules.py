"""For how long, for what, and to whom somebody may give their say."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hub.errors import Code, Refused
from hub.models.tables import Stage
from hub.people.tables import Discipline

LONGEST_DAYS = 90
SAME_WITHIN = timedelta(hours=1)
"""Of two spans that are the same but for their ends, how near these are: `5d` said twice ends a little later."""


@dataclass(frozen=True, slots=True)
class Lent:
    """What somebody gives another for a while: their say for these disciplines and stages, or for all; starts now."""

    to_id: UUID
    ends_at: datetime
    starts_at: datetime | None = None
    disciplines: tuple[Discipline, ...] = ()
    stages: tuple[Stage, ...] = ()
    model_id: UUID | None = None
    reason: str = ""


def check_span(starts_at: datetime, ends_at: datetime, at: datetime) -> None:
    """Refuse a span that is over, runs backwards, or outlasts what is allowed, with the numbers."""
    for field, instant in (("startsAt", starts_at), ("endsAt", ends_at)):
        if instant.tzinfo is None:
            raise Refused(Code.BAD_INPUT, f"{field} has no time zone; write it as 2026-11-21T12:00:00Z", field=field)
    if ends_at <= max(starts_at, at):
        raise Refused(Code.TERM_IN_PAST, "the end is not after now and the start; choose a later end", field="endsAt")
    if ends_at - max(starts_at, at) > timedelta(days=LONGEST_DAYS):
        asked = (ends_at - max(starts_at, at)) / timedelta(days=1)
        raise Refused(
            Code.TERM_TOO_LONG,
            f"{asked:.0f} days asked, {LONGEST_DAYS} allowed; delegate again before it ends",
            field="endsAt",
        )


def check_held(asked: Collection[Discipline], held: Collection[Discipline]) -> None:
    """One gives what one has."""
    missing = sorted(set(asked) - set(held))
    if missing:
        raise Refused(
            Code.BAD_INPUT,
            f"you do not sign for {', '.join(missing)}; you sign for {', '.join(sorted(held)) or 'none'}",
            field="disciplines",
        )


def check_direct(*, giver_holds: bool, taker_gave: bool, taker_approves: bool) -> None:
    """A say goes from its holder to an approver, and never further."""
    if not taker_approves:
        raise Refused(
            Code.BAD_INPUT,
            "a delegate is an approver or policy owner in their own right; choose one who is",
            field="to",
        )
    if giver_holds:
        raise Refused(
            Code.CONFLICT,
            "somebody gave you their say for a part of this time; what was given is not given on, so wait until it"
            " ends, or have them revoke it",
            field="to",
        )
    if taker_gave:
        raise Refused(
            Code.CONFLICT,
            "they gave their own say away for a part of this time; choose somebody who is there",
            field="to",
        )
