"""Calendars in the graph."""

from datetime import date, datetime

import strawberry

from hub.calendars import tables
from hub.graph.declare import column, extends, many, one, planned, where
from hub.graph.types import Connection, Node, Query


@strawberry.input(description="Which calendars.")
class CalendarFilter:
    text: str | None = where(
        "(strpos(lower({t}.name), lower({v})) > 0 OR strpos({t}.key, lower({v})) > 0)", "Part of the name or key."
    )
    zone: str | None = where("{t}.zone = {v}", "In this time zone.")
    country: str | None = where("{t}.country = upper({v})", "With the holidays of this country.")


@planned(
    tables.Calendar,
    orders={"KEY": "key", "NAME": "name", "CHANGED_AT": "changed_at"},
    default="KEY",
    filter=CalendarFilter,
)
class Calendar(Node):
    """When people of one place work: terms and reminders are counted in its working time."""

    key: str = column("The short name.")
    name: str = column("The full name.")
    zone: str = column("The IANA time zone whose clock it goes by.")
    days: list[int] = column("The working days of a week: 1 is Monday, 7 is Sunday.")
    opens: str = column("When a working day begins, as HH:MM.")
    closes: str = column("When a working day ends, as HH:MM; 24:00 is the end of the day.")
    country: str | None = column("The country whose public holidays are kept, by its ISO 3166 code.")
    subdivision: str | None = column("The part of the country whose public holidays are kept too.")
    closed_on: list[date] = column("Days without work besides public holidays.")
    created_at: datetime = column("Since when it exists.")
    changed_at: datetime = column("Since when it says what it says.")


@extends(Query)
class CalendarsQuery:
    calendar: Calendar | None = one(
        "The calendar of this key.", on="{t}.key = {key}", args={"key": (str, "text", "The short name.")}
    )
    calendars: Connection[Calendar] = many("Every calendar.")
