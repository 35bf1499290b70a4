"""The ladder of a deadline: what is told how long before or after it, and what of it is due by now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LATE_AFTER = timedelta(hours=1)
"""What is told this much after its instant is marked late."""

UNSEEN = datetime(1970, 1, 1, tzinfo=UTC)
"""`next_at` of a deadline whose dates nobody has looked at yet."""


@dataclass(frozen=True, slots=True)
class Rung:
    """So long after the deadline, or before it, this kind of event tells of it."""

    tells: str
    after: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Climbed:
    """How a deadline stands now: what is to be told of it, whether late, and when there is more."""

    tells: str | None
    late: bool
    next_at: datetime | None


def climbed(
    ladder: Sequence[Rung],
    ends_at: datetime | None,
    at: datetime,
    *,
    done_at: datetime | None = None,
    until_at: datetime | None = None,
) -> Climbed:
    """What is due by now beyond `done_at`: the newest rung alone, late by the first that was missed.

    A deadline of which nothing was done yet counts as known just now, so it is as late as the rung that is told.
    """
    if ends_at is None:
        over = done_at is not None or (until_at is not None and until_at <= at)
        return Climbed(None if over else ladder[-1].tells, late=False, next_at=None)
    rungs = [(ends_at + rung.after, rung.tells) for rung in ladder]
    there = [one for one in rungs if (done_at is None or one[0] > done_at) and (until_at is None or one[0] < until_at)]
    due, ahead = [one for one in there if one[0] <= at], [one for one in there if one[0] > at]
    next_at = ahead[0][0] if ahead else None
    # Beyond its own end nothing is left to be told, however long nobody looked.
    if not due or (until_at is not None and until_at <= at):
        return Climbed(None, late=False, next_at=next_at)
    missed_at = due[-1][0] if done_at is None else due[0][0]
    return Climbed(due[-1][1], late=at - missed_at > LATE_AFTER, next_at=next_at)


def next_rung(
    ladder: Sequence[Rung], ends_at: datetime, done_at: datetime, until_at: datetime | None
) -> datetime | None:
    """The first instant beyond `done_at` at which something is to be told."""
    return climbed(ladder, ends_at, done_at, done_at=done_at, until_at=until_at).next_at
