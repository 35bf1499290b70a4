"""The ladder of a deadline, without a database."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.deadlines.rules import Climbed, Rung, climbed, next_rung

END = datetime(2026, 12, 31, tzinfo=UTC)
DAY = timedelta(days=1)
LADDER = (Rung("soon", -7 * DAY), Rung("very soon", -DAY), Rung("over"))


@pytest.mark.parametrize(
    ("now", "done", "found"),
    [
        (-8 * DAY, -60 * DAY, Climbed(None, late=False, next_at=END - 7 * DAY)),
        (-7 * DAY, -60 * DAY, Climbed("soon", late=False, next_at=END - DAY)),
        (-7 * DAY, -7 * DAY, Climbed(None, late=False, next_at=END - DAY)),
        # The first rung was missed, so the second is late though its instant is now.
        (-DAY, -60 * DAY, Climbed("very soon", late=True, next_at=END)),
        (-DAY, -2 * DAY, Climbed("very soon", late=False, next_at=END)),
        (9 * DAY, -60 * DAY, Climbed("over", late=True, next_at=None)),
        (9 * DAY, 0 * DAY, Climbed(None, late=False, next_at=None)),
        # Known just now: only what is told is missed.
        (-DAY, None, Climbed("very soon", late=False, next_at=END)),
        (-8 * DAY, None, Climbed(None, late=False, next_at=END - 7 * DAY)),
    ],
)
def test_the_newest_rung_is_told_and_the_first_missed_one_makes_it_late(
    now: timedelta, done: timedelta | None, found: Climbed
) -> None:
    assert climbed(LADDER, END, END + now, done_at=None if done is None else END + done) == found


def test_what_comes_after_the_end_of_what_it_hangs_on_falls_out() -> None:
    until = END - DAY
    long_ago = END - 60 * DAY
    assert climbed(LADDER, END, END - 7 * DAY, done_at=long_ago, until_at=until) == Climbed("soon", False, None)
    assert climbed(LADDER, END, END, done_at=long_ago, until_at=until) == Climbed(None, False, None)
    assert next_rung(LADDER, END, END - 3 * DAY, until) is None
    assert next_rung(LADDER, END, END - 3 * DAY, None) == END - DAY


def test_what_has_no_date_is_due_at_once_and_once() -> None:
    assert climbed(LADDER, None, END) == Climbed("over", False, None)
    assert climbed(LADDER, None, END, done_at=END) == Climbed(None, False, None)
    assert climbed(LADDER, None, END, until_at=END) == Climbed(None, False, None)
