"""What can be done to calendars over GraphQL."""

from datetime import date
from typing import Annotated

import strawberry

from hub.calendars import actions
from hub.calendars.graph import Calendar
from hub.calendars.rules import Change
from hub.db import Tx
from hub.events.answers import Answer
from hub.graph.declare import extends
from hub.graph.types import Mutation, Refusal
from hub.people.access import Permission, Principal
from hub.people.asking import Asked, act, mutation, showing


@strawberry.type(description="A calendar as it is now.")
class CalendarSet:
    calendar: Calendar | None = strawberry.field(description="The calendar.")


SetCalendarPayload = Annotated[
    CalendarSet | Refusal, strawberry.union("SetCalendarPayload", description="The calendar, or why not.")
]


@strawberry.input(
    description="What a calendar is to say. What is left out stays as it is; in a new calendar it is Monday to Friday, "
    "09:00 to 17:00, without holidays."
)
class SetCalendarInput:
    key: str = strawberry.field(description="The short name; one that is not there yet makes a calendar.")
    name: str | None = strawberry.field(default=None, description="The full name.")
    zone: str | None = strawberry.field(
        default=None, description="The IANA time zone, such as Europe/Berlin; a new calendar needs it."
    )
    days: list[int] | None = strawberry.field(
        default=None, description="The working days of a week: 1 is Monday, 7 is Sunday."
    )
    opens: str | None = strawberry.field(default=None, description="When a working day begins, as HH:MM.")
    closes: str | None = strawberry.field(
        default=None, description="When a working day ends, as HH:MM; 24:00 is the end of the day."
    )
    country: str | None = strawberry.field(
        default=None, description="Whose public holidays are kept: an ISO 3166 code of two letters, or '' for none."
    )
    subdivision: str | None = strawberry.field(
        default=None, description="The part of the country whose holidays are kept too, such as BY, or '' for none."
    )
    closed_on: list[date] | None = strawberry.field(
        default=None, description="All days without work besides public holidays, 1,000 at most."
    )


@extends(Mutation)
class CalendarMutations:
    @mutation(Permission.MANAGE_PEOPLE, "Make a calendar, or change what it says.")
    async def set_calendar(
        self, info: Asked, input: SetCalendarInput, idempotency_key: str | None = None
    ) -> SetCalendarPayload:
        async def do(tx: Tx, who: Principal) -> Answer:
            change = Change(
                name=input.name,
                zone=input.zone,
                days=input.days,
                opens=input.opens,
                closes=input.closes,
                country=input.country,
                subdivision=input.subdivision,
                closed_on=input.closed_on,
            )
            found = await actions.set_calendar(tx, who, input.key, change)
            return Answer("calendar", found.id)

        return await act(info, input, idempotency_key, showing(CalendarSet, "calendar"), do)
