"""Which lines of the trail are still to be told.

The database numbers lines when they are written and shows them when they are committed, so a lower number may appear
after a higher one. What is missing below the highest number told is a gap. It is asked for again until every
transaction that was under way when it was noticed has ended: then nobody is left who could fill it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

GRACE_S = 1.0
"""A number is drawn a moment before its transaction can be seen to run: a gap is kept at least this long."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers from `first` to `last` that nobody has seen; transactions before `until` may still fill them."""

    first: int
    last: int
    until: int
    noticed_s: float


def gaps_between(last: int, seqs: Iterable[int], until: int, at_s: float) -> list[Gap]:
    """The gaps above `last` that these ascending numbers leave."""
    found = []
    for seq in seqs:
        if seq > last + 1:
            found.append(Gap(last + 1, seq - 1, until, at_s))
        last = seq
    return found


def without(gap: Gap, seqs: Iterable[int]) -> list[Gap]:
    """What is left of a gap when these ascending numbers have been seen."""
    left, first = [], gap.first
    for seq in seqs:
        if not first <= seq <= gap.last:
            continue
        if seq > first:
            left.append(replace(gap, first=first, last=seq - 1))
        first = seq + 1
    if first <= gap.last:
        left.append(replace(gap, first=first))
    return left


def may_fill(gap: Gap, oldest: int, at_s: float) -> bool:
    """Whether a line may still appear in the gap; `oldest` is the first transaction that has not ended."""
    return oldest < gap.until or at_s < gap.noticed_s + GRACE_S
