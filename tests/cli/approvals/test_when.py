"""Instants as people write and read them."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from hub.cli.approvals import when
from hub.errors import Refused

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_kathmandu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "ends", "found"),
    [
        ("5d", True, datetime(2026, 11, 26, 12, tzinfo=UTC)),
        ("36H", True, datetime(2026, 11, 23, 0, tzinfo=UTC)),
        ("2026-12-24T12:00:00+01:00", True, datetime(2026, 12, 24, 11, tzinfo=UTC)),
        ("2026-12-24", False, datetime(2026, 12, 23, 18, 15, tzinfo=UTC)),
        ("2026-12-24", True, datetime(2026, 12, 24, 18, 15, tzinfo=UTC)),
    ],
)
def test_a_date_is_by_this_machine_s_clock_and_ends_with_its_day(text: str, ends: bool, found: datetime) -> None:
    assert when.instant(text, option="--until", since=NOON, ends=ends) == found


@pytest.mark.parametrize("text", ["", "soon", "5w", "2026-02-30", "2026-12-24T12:00:00", "24.12.2026", "9999-12-31"])
def test_what_is_no_instant_is_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(Refused) as refused:
        when.instant(text, option="--until", since=NOON, ends=True)
    assert refused.value.why.startswith(f"--until {text}: write a date such as 2026-12-24, an instant with its zone")


def test_a_span_until_the_end_counts_from_the_beginning_and_one_of_the_past_counts_back() -> None:
    assert when.spanned("2d", "5d", NOON) == {
        "startsAt": "2026-11-23T12:00:00+00:00",
        "endsAt": "2026-11-28T12:00:00+00:00",
    }
    assert when.spanned(None, "36h", NOON) == {"endsAt": "2026-11-23T00:00:00+00:00"}
    assert when.instant("30d", option="--since", since=NOON, ends=False, back=True) == NOON - timedelta(days=30)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(0), "in 0 min"),
        (timedelta(minutes=59, seconds=59), "in 59 min"),
        (timedelta(hours=47, minutes=59), "in 47 h"),
        (timedelta(days=2), "in 2 days"),
        (timedelta(days=4, hours=11, minutes=59), "in 4 days"),
        (timedelta(days=4, hours=12), "in 5 days"),
        (-timedelta(seconds=1), "0 min overdue"),
        (-timedelta(hours=3, minutes=5), "3 h overdue"),
        (-timedelta(days=9), "9 days overdue"),
        (-timedelta(days=2, hours=13), "3 days overdue"),
    ],
)
def test_what_is_due_is_said_in_the_largest_unit_and_days_by_the_calendar(ahead: timedelta, words: str) -> None:
    assert when.due(NOON + ahead, NOON) == words
