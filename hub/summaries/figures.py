"""How figures, days and periods are written in a summary: the same in sentences, charts and tables."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hub.summaries.facts import Summary

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
"""Not strftime's, which speaks the machine's language."""

NOTHING = "–"
"""What stands where there is no figure."""


def count(number: int) -> str:
    """A number of things: 1,204."""
    return f"{number:,}"


def short(number: int) -> str:
    """A number of things where there is little room: 999, 1.2k, 12k, 3.4M."""
    for least, unit in ((1_000_000, "M"), (1_000, "k")):
        # From where it is rounded up to the next unit.
        if number >= least * 0.9995:
            return f"{number / least:.1f}{unit}" if number < least * 9.95 else f"{number / least:.0f}{unit}"
    return str(number)


def counted(number: int, one: str, more: str) -> str:
    """A number with its noun: 1 exception, 2 exceptions."""
    return f"{count(number)} {one if number == 1 else more}"


def percent(share: float | None) -> str:
    """A share with one decimal; 100.0 and 0.0 are said of all and of none alone, however near it is."""
    if share is None:
        return NOTHING
    rounded = round(share * 100, 1)
    if rounded == 100 and share < 1:
        rounded = 99.9
    if rounded == 0 and share > 0:
        rounded = 0.1
    return f"{rounded:.1f} %"


def hours(length: float) -> str:
    """Hours with their noun; with one decimal below ten."""
    return counted_as(length, "hour", "hours")


def days(length: float) -> str:
    """Days with their noun; with one decimal below ten."""
    return counted_as(length, "day", "days")


def counted_as(length: float, one: str, more: str) -> str:
    """A length of time in a unit."""
    said = number(length)
    return f"{said} {one if said == '1' else more}"


def number(value: float) -> str:
    """A measured figure: with one decimal below ten, where it has any."""
    return f"{value:,.0f}" if value >= 9.95 or float(value).is_integer() else f"{value:.1f}".removesuffix(".0")


def day(of: date) -> str:
    """A day in full: 1 October 2026."""
    return f"{of.day} {MONTHS[of.month - 1]} {of.year}"


def moment(at: datetime, zone: str) -> str:
    """An instant to the minute, by a zone's clock."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{day(there.date())}, {there:%H:%M} ({zone})"


def last_day(ends: date) -> date:
    """The last day of what ends before a day."""
    return ends - timedelta(days=1)


def unit(begins: date, ends: date) -> str:
    """What a period is called where it is a whole one of the calendar, else empty."""
    length = (ends - begins).days
    if begins.day == ends.day == 1:
        months = (ends.year - begins.year) * 12 + ends.month - begins.month
        named = {1: "month", 3: "quarter", 12: "year"}.get(months)
        if named and (begins.month - 1) % months == 0:
            return named
    if length == 7 and begins.isoweekday() == 1:
        return "week"
    return "day" if length == 1 else ""


def period(begins: date, ends: date) -> str:
    """A period's name: October 2026, week 43 of 2026, 3 to 17 October 2026."""
    match unit(begins, ends):
        case "year":
            return str(begins.year)
        case "quarter":
            return f"quarter {begins.month // 3 + 1} of {begins.year}"
        case "month":
            return f"{MONTHS[begins.month - 1]} {begins.year}"
        case "week":
            year, week, _ = begins.isocalendar()
            return f"week {week} of {year}"
        case "day":
            return day(begins)
    return f"{day(begins)} to {day(last_day(ends))}"


def step(begins: date, ends: date) -> str:
    """A step's short name on an axis: Oct 2026, W43, 19 Oct."""
    match unit(begins, ends):
        case "year":
            return str(begins.year)
        case "quarter":
            return f"Q{begins.month // 3 + 1} {begins.year}"
        case "month":
            return f"{MONTHS[begins.month - 1][:3]} {begins.year}"
        case "week":
            return f"W{begins.isocalendar().week:02}"
    return f"{begins.day} {MONTHS[begins.month - 1][:3]}"


def before(summary: Summary) -> str:
    """What the period before is called: month, week, or 14 days."""
    return unit(summary.begins, summary.ends) or counted((summary.ends - summary.begins).days, "day", "days")


def ago(summary: Summary) -> str:
    """How the end of the period before is told from this one's: a month ago, 14 days ago."""
    named = before(summary)
    return f"a {named} ago" if named[0].isalpha() else f"{named} ago"


def has_before(summary: Summary) -> bool:
    """Whether anything is on record of the period before."""
    was = summary.before
    happened = was.opened or was.closed or was.extended or was.decided or was.granted
    return bool(happened or was.open_at_end or was.in_force_at_end or summary.compliance_before.asked)
