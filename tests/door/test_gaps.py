"""Which numbers of the trail are still waited for."""

import asyncio

from hub.watching.feed import Waiting, hand_over
from hub.watching.rules import GRACE_S, Gap, gaps_between, may_fill, without


def test_numbers_that_follow_each_other_leave_no_gap() -> None:
    assert gaps_between(4, [5, 6, 7], 100, 0.0) == []


def test_every_number_passed_over_is_in_a_gap() -> None:
    assert gaps_between(4, [6, 7, 10], 100, 2.5) == [Gap(5, 5, 100, 2.5), Gap(8, 9, 100, 2.5)]


def test_a_gap_shrinks_by_what_is_seen_of_it() -> None:
    gap = Gap(10, 19, 100, 0.0)
    left = [(part.first, part.last) for part in without(gap, [3, 10, 13, 14, 19, 25])]
    assert left == [(11, 12), (15, 18)]
    assert without(gap, []) == [gap]
    assert without(gap, range(10, 20)) == []


def test_a_gap_is_kept_while_a_transaction_from_before_it_runs() -> None:
    gap = Gap(5, 5, 100, 0.0)
    assert may_fill(gap, 99, GRACE_S + 60)
    assert not may_fill(gap, 100, GRACE_S)


def test_a_gap_is_kept_for_a_moment_in_any_case() -> None:
    assert may_fill(Gap(5, 5, 100, 8.0), 100, 8.0 + GRACE_S / 2)


def test_who_is_too_slow_is_told_so_and_keeps_nothing_waiting() -> None:
    waiting: Waiting[int] = asyncio.Queue(2)
    for number in range(3):
        hand_over(waiting, number)
    assert (waiting.qsize(), waiting.get_nowait()) == (1, None)
