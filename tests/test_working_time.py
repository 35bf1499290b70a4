"""Working time to the microsecond: weekends, holidays, summer time, odd offsets, and what always holds of it."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import Code, Refused
from hub.working_time import WorkingWeek, after, between

OFFICE = frozenset({1, 2, 3, 4, 5})
EVERY_DAY = frozenset(range(1, 8))


def week(
    zone: str = "UTC",
    opens: float = 9,
    closes: float = 17,
    days: frozenset[int] = OFFICE,
    closed: frozenset[date] = frozenset(),
) -> WorkingWeek:
    return WorkingWeek(ZoneInfo(zone), days, round(opens * 60), round(closes * 60), closed)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def hours(n: float) -> timedelta:
    return timedelta(hours=n)


@pytest.mark.parametrize(
    ("of", "start", "span", "end"),
    [
        # A Friday in November 2026, one minute before the end.
        (week(), "2026-11-27T16:59Z", 1 / 60, "2026-11-27T17:00Z"),
        (week(), "2026-11-27T16:59Z", 1, "2026-11-30T09:59Z"),
        (week(), "2026-11-27T16:59Z", 8, "2026-11-30T16:59Z"),
        (week(), "2026-11-27T16:59Z", 40, "2026-12-04T16:59Z"),
        # Outside of working hours: the night before, the evening, a Sunday.
        (week(), "2026-11-27T03:00Z", 8, "2026-11-27T17:00Z"),
        (week(), "2026-11-26T17:00Z", 1, "2026-11-27T10:00Z"),
        (week(), "2026-11-29T13:00Z", 1, "2026-11-30T10:00Z"),
        # Nothing after: the instant itself when somebody works, else the next opening.
        (week(), "2026-11-27T16:59Z", 0, "2026-11-27T16:59Z"),
        (week(), "2026-11-27T17:00Z", 0, "2026-11-27T17:00Z"),
        (week(), "2026-11-27T17:00:00.000001Z", 0, "2026-11-30T09:00Z"),
        # A week of holidays, and the turn of the year.
        (week(closed=frozenset(date(2026, 12, n) for n in range(21, 26))), "2026-12-18T16:00Z", 2, "2026-12-28T10:00Z"),
        (week(), "2026-12-31T16:00Z", 2, "2027-01-01T10:00Z"),
        (week(closed=frozenset({date(2027, 1, 1)})), "2026-12-31T16:00Z", 2, "2027-01-04T10:00Z"),
        # Summer time begins in Berlin on 2026-03-29 and ends on 2026-10-25, both Sundays.
        (week("Europe/Berlin"), "2026-03-27T16:00+01:00", 2, "2026-03-30T10:00+02:00"),
        (week("Europe/Berlin"), "2026-10-23T16:00+02:00", 2, "2026-10-26T10:00+01:00"),
        (week("Europe/Berlin", 0, 24, EVERY_DAY), "2026-03-29T00:00+01:00", 24, "2026-03-30T01:00+02:00"),
        (week("Europe/Berlin", 0, 24, EVERY_DAY), "2026-10-25T00:00+02:00", 24, "2026-10-25T23:00+01:00"),
        (week("America/New_York"), "2026-03-06T16:00-05:00", 9, "2026-03-09T17:00-04:00"),
        (week("America/New_York"), "2026-10-30T16:59-04:00", 1, "2026-11-02T09:59-05:00"),
        # Nepal is 5:45 ahead and rests on Saturdays.
        (week("Asia/Kathmandu", 10, 17, EVERY_DAY - {6}), "2026-11-27T16:00+05:45", 2, "2026-11-29T11:00+05:45"),
        # Lord Howe's summer time is half an hour.
        (week("Australia/Lord_Howe", 1, 9, EVERY_DAY), "2026-10-04T01:00+10:30", 8, "2026-10-05T01:30+11:00"),
        (week("Australia/Lord_Howe", 1, 9, EVERY_DAY), "2026-04-05T01:00+11:00", 8, "2026-04-05T08:30+10:30"),
    ],
)
def test_so_much_working_time_has_passed(of: WorkingWeek, start: str, span: float, end: str) -> None:
    assert after(of, at(start), span) == at(end)
    assert between(of, at(start), at(end)) == hours(span)


@pytest.mark.parametrize(
    ("of", "day", "opens", "closes"),
    [
        (week("Europe/Berlin", 0, 24, EVERY_DAY), "2026-03-29", "2026-03-28T23:00Z", "2026-03-29T22:00Z"),
        (week("Europe/Berlin", 0, 24, EVERY_DAY), "2026-10-25", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),
        (week("Europe/Berlin", 1, 5, EVERY_DAY), "2026-03-29", "2026-03-29T00:00Z", "2026-03-29T03:00Z"),
        (week("Europe/Berlin", 1, 5, EVERY_DAY), "2026-10-25", "2026-10-24T23:00Z", "2026-10-25T04:00Z"),
        # 02:30 is leapt over in spring, and shown twice in autumn: the first time counts.
        (week("Europe/Berlin", 2.5, 5, EVERY_DAY), "2026-03-29", "2026-03-29T01:00Z", "2026-03-29T03:00Z"),
        (week("Europe/Berlin", 1, 2.5, EVERY_DAY), "2026-03-29", "2026-03-29T00:00Z", "2026-03-29T01:00Z"),
        (week("Europe/Berlin", 2.5, 5, EVERY_DAY), "2026-10-25", "2026-10-25T00:30Z", "2026-10-25T04:00Z"),
        (week("Europe/Berlin", 1, 2.5, EVERY_DAY), "2026-10-25", "2026-10-24T23:00Z", "2026-10-25T00:30Z"),
        (week("Australia/Lord_Howe", 0, 24, EVERY_DAY), "2026-10-04", "2026-10-03T13:30Z", "2026-10-04T13:00Z"),
        (week("Australia/Lord_Howe", 1, 9, EVERY_DAY), "2026-10-04", "2026-10-03T14:30Z", "2026-10-03T22:00Z"),
        (week("Australia/Lord_Howe", 1, 9, EVERY_DAY), "2026-04-05", "2026-04-04T14:00Z", "2026-04-04T22:30Z"),
        # Havana's clock goes back at 01:00 to 00:00: the first midnight ends one day and begins the next.
        (week("America/Havana", 0, 24, EVERY_DAY), "2026-11-01", "2026-11-01T04:00Z", "2026-11-02T05:00Z"),
    ],
)
def test_a_day_counts_what_passes_between_its_wall_clock_times(
    of: WorkingWeek, day: str, opens: str, closes: str
) -> None:
    around = at(f"{day}T12:00Z") - timedelta(days=2), at(f"{day}T12:00Z") + timedelta(days=2)
    only = WorkingWeek(of.zone, of.days, of.opens_minute, of.closes_minute, of.holidays | _all_but(day))
    assert between(only, *around) == at(closes) - at(opens)
    assert after(only, around[0], 0) == at(opens)
    assert after(only, around[0], at(closes) - at(opens)) == at(closes)


def _all_but(day: str) -> frozenset[date]:
    return frozenset(date.fromisoformat(day) + timedelta(days=n) for n in range(-5, 6) if n)


def test_a_day_that_a_zone_leapt_over_never_was() -> None:
    """Samoa went from 29 to 31 December 2011."""
    samoa = week("Pacific/Apia")
    assert between(samoa, at("2011-12-29T00:00-10:00"), at("2012-01-01T00:00+14:00")) == hours(8)
    assert after(samoa, at("2011-12-29T16:00-10:00"), 2) == at("2012-01-02T10:00+14:00")
    assert after(samoa, at("2011-12-29T18:00-10:00"), 0) == at("2012-01-02T09:00+14:00")


def test_nothing_lies_between_an_instant_and_an_earlier_one() -> None:
    assert between(week(), at("2026-11-27T12:00Z"), at("2026-11-27T12:00Z")) == timedelta()
    assert between(week(), at("2026-11-27T12:00Z"), at("2026-11-20T12:00Z")) == timedelta()


def test_a_year_without_working_days_is_passed_over() -> None:
    closed = frozenset(date(2027, 1, 1) + timedelta(days=n) for n in range(365))
    assert after(week(days=EVERY_DAY, closed=closed), at("2026-12-31T16:00Z"), 2) == at("2028-01-01T10:00Z")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"days": frozenset()}, "days"),
        ({"days": frozenset({0, 1})}, "days"),
        ({"opens": 17, "closes": 9}, "closes"),
        ({"opens": 9, "closes": 9}, "closes"),
        ({"closes": 24.5}, "closes"),
        # 53 Mondays fall out: more than 366 days without work.
        ({"days": frozenset({1}), "closed": frozenset(date(2026, 1, 5) + timedelta(weeks=n) for n in range(53))},
         "closedOn"),
    ],
)  # fmt: skip
def test_a_week_without_working_time_is_refused(said: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        week(**said)
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, field)


def test_closures_of_a_year_with_work_between_are_borne() -> None:
    mondays = frozenset(date(2026, 1, 5) + timedelta(weeks=n) for n in range(105) if n != 52)
    assert week(days=frozenset({1}), closed=mondays).works_on(date(2027, 1, 4))


@pytest.mark.parametrize("span", [-1, float("nan"), float("inf"), 1e300, timedelta(microseconds=-1), timedelta.max])
def test_spans_that_cannot_be_counted_are_refused(span: float | timedelta) -> None:
    with pytest.raises(Refused, match="of working time asked; give 0 to"):
        after(week(), at("2026-11-27T12:00Z"), span)


@pytest.mark.parametrize("start", ["1969-12-31T00:00Z", "2201-01-01T00:00Z", "0001-01-01T00:00Z", "9999-12-31T23:59Z"])
def test_years_beyond_count_are_refused(start: str) -> None:
    with pytest.raises(Refused, match="from 1970 to 2200"):
        after(week("Pacific/Apia"), at(start), 1)
    with pytest.raises(Refused, match="from 1970 to 2200"):
        after(week(), at("2200-12-01T00:00Z"), 1_000)


def test_a_century_is_counted_day_by_day() -> None:
    """From a Saturday to a Thursday: 5,217 whole weeks and four working days more."""
    century = at("2000-01-01T00:00Z"), at("2100-01-01T00:00Z")
    assert between(week("Europe/Berlin"), *century) == hours(8 * (5 * 5_217 + 4))
    assert after(week("Europe/Berlin"), century[0], hours(8 * (5 * 5_217 + 4))) == at("2099-12-31T16:00Z")


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana",
         "Pacific/Apia", "Africa/Casablanca", "America/St_Johns", "Pacific/Chatham"]  # fmt: skip


def instants(first: int, last: int) -> st.SearchStrategy[datetime]:
    seconds = (at(f"{year}-01-01T00:00Z").timestamp() for year in (first, last))
    return st.integers(*(int(second) * 10**6 for second in seconds)).map(
        lambda n: at("1970-01-01T00:00Z") + timedelta(microseconds=n)
    )


INSTANTS = instants(2010, 2030)
SPANS = st.timedeltas(timedelta(), timedelta(hours=60))


@st.composite
def weeks(draw: Any) -> WorkingWeek:
    """Any week that is open for half an hour or longer, so that a span ends within years."""
    opens = draw(st.integers(0, 1_410))
    first = date(draw(st.integers(2010, 2030)), 1, 1)
    return WorkingWeek(
        ZoneInfo(draw(st.sampled_from(ZONES))),
        draw(st.frozensets(st.integers(1, 7), min_size=1)),
        opens,
        draw(st.integers(opens + 30, 1_440)),
        draw(st.frozensets(st.integers(0, 300).map(lambda n: first + timedelta(days=n)), max_size=40)),
    )


@settings(deadline=None, max_examples=150)
@given(weeks(), INSTANTS, SPANS)
def test_as_much_lies_between_as_was_added(of: WorkingWeek, start: datetime, span: timedelta) -> None:
    end = after(of, start, span)
    assert end >= start
    assert between(of, start, end) == span
    # It is the first such instant: a microsecond before, something is missing.
    if span:
        assert between(of, start, end - timedelta.resolution) == span - timedelta.resolution


@settings(deadline=None, max_examples=150)
@given(weeks(), INSTANTS, SPANS, SPANS)
def test_spans_add_up(of: WorkingWeek, start: datetime, first: timedelta, second: timedelta) -> None:
    assert after(of, after(of, start, first), second) == after(of, start, first + second)


@settings(deadline=None, max_examples=150)
@given(weeks(), INSTANTS, INSTANTS, SPANS, SPANS)
def test_later_and_longer_never_end_earlier(
    of: WorkingWeek, one: datetime, other: datetime, short: timedelta, long: timedelta
) -> None:
    one, other = sorted([one, other])
    short, long = sorted([short, long])
    assert after(of, one, short) <= after(of, other, short)
    assert after(of, one, short) <= after(of, one, long)


@settings(deadline=None, max_examples=150)
@given(weeks(), INSTANTS, INSTANTS, INSTANTS)
def test_parts_make_the_whole(of: WorkingWeek, one: datetime, other: datetime, third: datetime) -> None:
    a, b, c = sorted([one, other, third])
    assert between(of, a, b) + between(of, b, c) == between(of, a, c)
    assert timedelta() <= between(of, a, c) <= c - a


@settings(deadline=None, max_examples=150)
@given(weeks(), INSTANTS, SPANS)
def test_it_ends_while_somebody_works(of: WorkingWeek, start: datetime, span: timedelta) -> None:
    end = after(of, start, span)
    second = timedelta(seconds=1)
    assert between(of, end - second, end + second) > timedelta()


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(ZONES),
    st.integers(6, 12),
    st.integers(13, 20),
    instants(2012, 2030),
)
def test_it_is_what_a_look_at_the_clock_every_quarter_of_an_hour_counts(
    zone: str, opens: int, closes: int, start: datetime
) -> None:
    of = week(zone, opens, closes, closed=frozenset({date(start.year, 12, 24)}))
    start = start.replace(minute=start.minute // 15 * 15, second=0, microsecond=0)
    quarter = timedelta(minutes=15)
    looks = [(start + n * quarter).astimezone(of.zone) for n in range(7 * 96)]
    seen = sum(opens <= look.hour < closes and of.works_on(look.date()) for look in looks)
    assert between(of, start, start + 7 * 96 * quarter) == seen * quarter
