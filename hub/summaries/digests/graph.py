"""Digests in the graph."""

from datetime import date, datetime

import strawberry

from hub.graph.declare import Visible, column, extends, many, one, planned, where
from hub.graph.types import JSON, Connection, Node, Query
from hub.people.access import Sight
from hub.people.graph import Person, Team
from hub.summaries.digests import tables
from hub.summaries.digests.tables import Audience, Rhythm

strawberry.enum(Audience, name="DigestAudience", description="For whom a digest is made.")
strawberry.enum(Rhythm, name="DigestPeriod", description="How long the periods of a digest are.")

COMPANYS_OR_OWN = Visible({Sight.ALL: "", Sight.MEMBER: "({t}.team_id IS NULL OR {t}.team_id = ANY({teams}))"})
"""The company's are for everybody, a team's for its members: they count what its own models deviate by."""


@strawberry.input(description="Which subscriptions.")
class DigestSubscriptionFilter:
    audience: list[Audience] | None = where("{t}.audience = ANY({v})", "For one of these.", cast="text[]")
    team: strawberry.ID | None = where("{t}.team_id = {v}", "Of this team.", cast="uuid", node="Team")
    enabled: bool | None = where("{t}.enabled = {v}", "Whether digests are still made.", cast="bool")


@planned(
    tables.DigestSubscription,
    visible=COMPANYS_OR_OWN,
    orders={"CREATED_AT": "created_at"},
    default="-CREATED_AT",
    filter=DigestSubscriptionFilter,
)
class DigestSubscription(Node):
    """That digests are made of a period when it is over."""

    audience: Audience = column("For whom.")
    period: Rhythm = column("How long the periods are.")
    zone: str = column("The time zone by whose clock they begin and end.")
    on_day: int = column("On which day after the period: of the week, where 1 is Monday, or of the month.")
    hour: int = column("At what hour of that day, by the zone's clock.")
    roles: list[str] = column("Everybody with one of these roles is told.")
    enabled: bool = column("Whether digests are still made.")
    next_at: datetime | None = column("When the next is due.")
    created_at: datetime = column("Since when.")
    ended_at: datetime | None = column("When it ended.")
    team: Team | None = one("The team that it counts for; null means the whole company.", by="team_id", implied=True)
    created_by: Person | None = one("Who wanted it.", by="created_by_id", implied=True)
    people: Connection[Person] = many("Who is told beside those roles.", on="{t}.id = ANY({p}.people)", implied=True)
    digests: "Connection[Digest]" = many("What was made.", by="subscription_id", implied=True)


@strawberry.input(description="Which digests.")
class DigestFilter:
    audience: list[Audience] | None = where(
        "EXISTS (SELECT 1 FROM digest_subscriptions s WHERE s.id = {t}.subscription_id AND s.audience = ANY({v}))",
        "For one of these.",
        cast="text[]",
    )
    team: strawberry.ID | None = where("{t}.team_id = {v}", "Of this team.", cast="uuid", node="Team")
    late: bool | None = where("{t}.late = {v}", "Whether it was made late.", cast="bool")


def _file(form: str, description: str) -> str:
    made: str = column(f"{description}, on this hub.", sql=f"'/digests/' || {{t}}.id || '.{form}'")
    return made


@planned(tables.Digest, visible=COMPANYS_OR_OWN, orders={"BEGINS": "begins"}, default="-BEGINS", filter=DigestFilter)
class Digest(Node):
    """One summary that was made when its period was over, and is kept as it was."""

    begins: date = column("The first day of its period.")
    ends: date = column("The first day after it.")
    zone: str = column("The time zone by whose clock these days begin.")
    as_of: datetime = column("As of when it was counted.")
    made_at: datetime = column("When it was made.")
    late: bool = column("Whether that was later than it was due.")
    changes: list[str] = column("What changed since the period before, in sentences.")
    facts: JSON = column("All that was counted.")
    facts_digest: str = column("SHA-256 of the facts as canonical JSON: equal where, and only where, they are.")
    page_path: str = _file("html", "Where the page is")
    pdf_path: str = _file("pdf", "Where the PDF is")
    csv_path: str = _file("csv", "Where the figures are as CSV")
    json_path: str = _file("json", "Where the facts are as JSON")
    subscription: DigestSubscription | None = one("What it was made for.", by="subscription_id", implied=True)
    team: Team | None = one("The team that it counts for; null means the whole company.", by="team_id", implied=True)


@extends(Query)
class DigestsQuery:
    digests: Connection[Digest] = many("Every digest that was made.")
    digest_subscriptions: Connection[DigestSubscription] = many("Which digests are made.")
