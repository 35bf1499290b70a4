"""Months, weeks and days as people name them, by the clock of a zone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from hub.errors import Code, Refused
from hub.summaries import periods
from hub.summaries.periods import Period, asked

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "begins", "ends", "slug"),
    [
        ({"month": "2026-10"}, date(2026, 10, 1), date(2026, 11, 1), "2026-10"),
        ({"month": "2025-12"}, date(2025, 12, 1), date(2026, 1, 1), "2025-12"),
        ({"week": "2026-W43"}, date(2026, 10, 19), date(2026, 10, 26), "2026-W43"),
        ({"week": "2026-w01"}, date(2025, 12, 29), date(2026, 1, 5), "2026-W01"),
        ({"from": "2026-10-03", "to": "2026-10-17"}, date(2026, 10, 3), date(2026, 10, 18), "2026-10-03-to-2026-10-17"),
        ({}, date(2026, 10, 1), date(2026, 11, 1), "2026-10"),
    ],
)
def test_periods_are_named_as_people_name_them(given: dict[str, str], begins: date, ends: date, slug: str) -> None:
    found = asked({**given, "zone": "Europe/Berlin"}, NOW)
    assert found == Period(begins, ends, "Europe/Berlin")
    assert found.slug == slug


def test_days_begin_by_the_zones_clock_also_when_it_is_put_back_or_forward() -> None:
    october = asked({"month": "2026-10", "zone": "Europe/Berlin"}, NOW)
    assert (october.begins_at, october.ends_at) == (
        datetime(2026, 9, 30, 22, tzinfo=UTC),
        datetime(2026, 10, 31, 23, tzinfo=UTC),
    )
    march = asked({"from": "2026-03-29", "to": "2026-03-29", "zone": "Europe/Berlin"}, NOW)
    assert march.ends_at - march.begins_at == timedelta(hours=23)
    # Chile's clocks are put forward at midnight: the day begins at one o'clock.
    chile = asked({"from": "2026-09-06", "to": "2026-09-06", "zone": "America/Santiago"}, NOW)
    assert (chile.begins_at, chile.ends_at) == (
        datetime(2026, 9, 6, 4, tzinfo=UTC),
        datetime(2026, 9, 7, 3, tzinfo=UTC),
    )


def test_the_last_month_that_is_over_is_the_zones() -> None:
    late = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    assert asked({"zone": "Europe/Berlin"}, late).slug == "2026-10"
    assert asked({"zone": "UTC"}, late).slug == "2026-09"


def test_the_period_before_is_of_the_same_kind() -> None:
    assert periods.before(asked({"month": "2026-03"}, NOW)).slug == "2026-02"
    assert periods.before(asked({"week": "2026-W01"}, NOW)).slug == "2025-W52"


@pytest.mark.parametrize(
    ("given", "field", "why"),
    [
        ({"month": "10/2026"}, "month", "month '10/2026' is none; say month=2026-10, week=2026-W43, or from="),
        ({"month": "2026-13"}, "month", "month '2026-13' is none; say month=2026-10"),
        ({"week": "2026-W54"}, "week", "week '2026-W54' is none; say month=2026-10"),
        ({"month": "2026-10", "week": "2026-W43"}, "month", "month, week do not name one period; say month="),
        ({"from": "2026-10-01"}, "from", "from do not name one period; say month="),
        ({"from": "yesterday", "to": "2026-10-01"}, "from", "from 'yesterday' is no date; say month="),
        ({"from": "2026-10-02", "to": "2026-10-01"}, "to", "the period ends before it begins on 2026-10-02; say"),
        ({"from": "2020-01-01", "to": "2026-10-01"}, "to", "2466 days are asked, at most 1098 are told at once; say"),
        ({"month": "2026-12"}, "from", "the period begins on 2026-12-01, and today is 2026-11-21 in UTC; ask for one"),
        ({"zone": "Berlin"}, "zone", "there is no time zone 'Berlin'; did you mean Europe/Berlin"),
        ({"zone": "../etc"}, "zone", "there is no time zone '../etc'; "),
    ],
)
def test_what_names_no_period_is_refused_with_the_way_out(given: dict[str, str], field: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        asked(given, NOW)
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, field)
    assert refused.value.why.startswith(why)


def test_as_of_is_the_end_of_the_period_or_now() -> None:
    october, november = asked({"month": "2026-10"}, NOW), asked({"month": "2026-11"}, NOW)
    assert periods.instant(None, NOW, october) == datetime(2026, 11, 1, tzinfo=UTC)
    assert periods.instant(None, NOW, november) == NOW
    assert periods.instant("2026-10-15T02:00:00 02:00", NOW, october) == datetime(2026, 10, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "given", ["soon", "2026-10-15", "2026-10-15T00:00:00", "2026-09-01T00:00:00Z", "2027-01-01T00:00Z"]
)
def test_an_instant_that_cannot_be_is_refused(given: str) -> None:
    with pytest.raises(Refused):
        periods.instant(given, NOW, asked({"month": "2026-10"}, NOW))
