"""`hub calendar`: when people work, as terms and reminders are counted."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.options import AsJSON, Data

if TYPE_CHECKING:
    from hub.calendars.tables import Calendar
    from hub.clock import Clock
    from hub.db import Db

SHOWN_CLOSED = 10
SPAN_HOURS = 8
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="See and set when people work.\n\nExample: hub calendar show default",
)

Key = Annotated[str, typer.Argument(metavar="KEY", help="The calendar's short name, as hub calendar list shows it.")]


@app.command("list")
def list_(data: Data = None, json: AsJSON = False) -> None:
    """List the calendars there are.

    Example: hub calendar list --json
    """
    from hub.cli import once, place, printing

    async def act(db: "Db", _clock: "Clock") -> "list[Calendar]":
        from hub.calendars import store

        return await store.every(db.reads)

    found = once.with_database(place.chosen(data=data), act)
    if json:
        printing.as_json([_told(one) for one in found])
        return
    rows = [
        (one.key, one.name, one.zone, days_text(one.days), f"{one.opens}-{one.closes}", _place(one), len(one.closed_on))
        for one in found
    ]
    printing.table(("CALENDAR", "NAME", "ZONE", "DAYS", "HOURS", "HOLIDAYS", "CLOSED DATES"), rows)


@app.command()
def show(key: Key = "default", data: Data = None, json: AsJSON = False) -> None:
    """Show a calendar and its next ten closed days. It says too what eight working hours from now means.

    Example: hub calendar show default
    """
    from hub.cli import once, place, printing

    async def act(db: "Db", clock: "Clock") -> "tuple[Calendar, datetime]":
        from hub.calendars import store
        from hub.errors import Code, Refused

        every = {one.key: one for one in await store.every(db.reads)}
        if key not in every:
            raise Refused(Code.NOT_FOUND, f"there is no calendar {key}; there are {', '.join(every)}", field="key")
        return every[key], clock.now()

    found, now = once.with_database(place.chosen(data=data), act)
    told = _told(found) | _counted(found, now)
    if json:
        printing.as_json(told)
        return
    printing.line(f"{found.key}: {found.name}")
    printing.line(f"  {days_text(found.days)} {found.opens}-{found.closes} {found.zone}, holidays: {_place(found)}")
    for closed in told["nextClosed"]:
        printing.line(f"  closed {closed['date']:%a %Y-%m-%d}  {closed['why']}".rstrip())
    printing.line(f"  {SPAN_HOURS} working hours from now end {told['eightHoursFromNow']:%a %Y-%m-%d %H:%M %Z}")


@app.command("set")
def set_(
    key: Key,
    name: Annotated[str | None, typer.Option("--name", help="The full name.")] = None,
    zone: Annotated[
        str | None, typer.Option("--zone", help="The IANA time zone, such as Europe/Berlin; a new calendar needs it.")
    ] = None,
    days: Annotated[
        str | None, typer.Option("--days", help="Working days, such as mon-fri or sun-thu or mon,wed. New: mon-fri.")
    ] = None,
    opens: Annotated[
        str | None, typer.Option("--opens", metavar="TIME", help="When a working day begins. New: 09:00.")
    ] = None,
    closes: Annotated[
        str | None,
        typer.Option("--closes", metavar="TIME", help="When it ends; 24:00 is the end of the day. New: 17:00."),
    ] = None,
    country: Annotated[
        str | None, typer.Option("--country", help="Whose public holidays are kept, such as DE; '' for none.")
    ] = None,
    subdivision: Annotated[
        str | None, typer.Option("--subdivision", help="The part of the country, such as BY; '' for the whole.")
    ] = None,
    closed: Annotated[
        list[str] | None,
        typer.Option("--closed", metavar="DATE", help="A day without work; may be repeated. Replaces those there are."),
    ] = None,
    none_closed: Annotated[bool, typer.Option("--none-closed", help="Take all closed dates away.")] = False,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Make a calendar, or change what is given of one. Deadlines that were set before stay.

    Example: hub calendar set munich --zone Europe/Berlin --country DE --subdivision BY --closed 2026-12-24
    """
    from hub.calendars import rules
    from hub.cli import once, place, printing
    from hub.errors import Code, Refused

    if closed and none_closed:
        raise Refused(Code.BAD_INPUT, "--closed and --none-closed contradict each other; give one", field="closed")
    change = rules.Change(
        name=name,
        zone=zone,
        days=None if days is None else days_in(days),
        opens=opens,
        closes=closes,
        country=country,
        subdivision=subdivision,
        closed_on=rules.closed_dates(closed or ()) if closed or none_closed else None,
    )

    async def act(db: "Db", _clock: "Clock") -> "Calendar":
        import hub.wiring  # noqa: F401
        from hub.calendars import actions

        async with db.write(actor=None, operation="hub calendar set") as tx:
            return await actions.set_calendar(tx, None, key, change)

    made = once.with_database(place.chosen(data=data), act)
    if json:
        printing.as_json(_told(made))
    else:
        printing.line(f"{made.key}: {days_text(made.days)} {made.opens}-{made.closes} {made.zone}, {_place(made)}")


def days_in(text: str) -> list[int]:
    """The days of a text such as mon-fri, sun-thu or mon,wed, as ISO counts them."""
    from hub.errors import Code, Refused

    found: list[int] = []
    for part in text.lower().replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if first not in DAYS or last not in DAYS:
            raise Refused(Code.BAD_INPUT, f"{part!r} is no day; write {', '.join(DAYS)}, or mon-fri", field="days")
        begin, end = DAYS.index(first), DAYS.index(last)
        found += [(begin + ahead) % 7 + 1 for ahead in range((end - begin) % 7 + 1)]
    return sorted(set(found))


def days_text(days: list[int]) -> str:
    """Days as a person writes them, such as mon-fri or mon,wed."""
    names = [DAYS[day - 1] for day in days]
    in_a_row = len(days) > 2 and days == list(range(days[0], days[-1] + 1))
    return f"{names[0]}-{names[-1]}" if in_a_row else ",".join(names)


def _counted(calendar: "Calendar", now: datetime) -> dict[str, Any]:
    from hub.calendars import rules, store
    from hub.working_time import after

    hours = store.hours(calendar)
    week = rules.week(hours)
    closed = rules.next_closed(hours, now.astimezone(week.zone).date(), SHOWN_CLOSED)
    return {
        "nextClosed": [{"date": day, "why": why} for day, why in closed],
        "eightHoursFromNow": after(week, now, SPAN_HOURS).astimezone(week.zone),
    }


def _told(calendar: "Calendar") -> dict[str, Any]:
    return {
        "key": calendar.key,
        "name": calendar.name,
        "zone": calendar.zone,
        "days": calendar.days,
        "opens": calendar.opens,
        "closes": calendar.closes,
        "country": calendar.country,
        "subdivision": calendar.subdivision,
        "closedOn": calendar.closed_on,
    }


def _place(calendar: "Calendar") -> str:
    return "-".join(part for part in (calendar.country, calendar.subdivision) if part) or "none"
