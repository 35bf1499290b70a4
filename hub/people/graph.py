"""People, teams and tokens in the graph."""

from datetime import datetime

import strawberry

from hub.graph.declare import Visible, about, column, extends, many, one, planned, where
from hub.graph.types import Connection, InstantRange, Node, Query
from hub.people import tables
from hub.people.access import Permission, Sight
from hub.people.tables import Discipline, PersonKind, Role

strawberry.enum(PersonKind, description="A human being or a service account.")
strawberry.enum(Role, description="What somebody is here for.")
strawberry.enum(Discipline, description="The field an approver speaks for.")


@strawberry.input(description="Which people.")
class PersonFilter:
    text: str | None = where(
        "(strpos(lower({t}.name), lower({v})) > 0 OR strpos({t}.handle, lower({v})) > 0)", "Part of the name or handle."
    )
    kind: PersonKind | None = where("{t}.kind = {v}", "Human beings or service accounts.")
    active: bool | None = where("{t}.active = {v}", "Who may still act.", cast="bool")
    role: Role | None = where(
        "EXISTS (SELECT 1 FROM role_grants g WHERE g.person_id = {t}.id AND g.role = {v})", "Who holds this role."
    )
    team: strawberry.ID | None = where(
        "EXISTS (SELECT 1 FROM team_members m WHERE m.person_id = {t}.id AND m.team_id = {v})",
        "Members of this team.",
        cast="uuid",
        node="Team",
    )


@planned(
    tables.Person,
    orders={"NAME": "name", "HANDLE": "handle", "CREATED_AT": "created_at"},
    default="NAME",
    filter=PersonFilter,
)
class Person(Node):
    """Somebody who acts: a human being or a service account."""

    handle: str = column("The short name.")
    name: str = column("The full name.")
    email: str | None = column("Where mail reaches them.", needs=Permission.SEE_CONTACTS)
    kind: PersonKind = column("Human being or service account.")
    active: bool = column("Whether they may act.")
    roles: list[Role] = column(
        "The roles they hold.",
        sql="ARRAY(SELECT DISTINCT g.role FROM role_grants g WHERE g.person_id = {t}.id ORDER BY 1)",
    )
    disciplines: list[Discipline] = column(
        "The fields they may sign for.",
        sql="ARRAY(SELECT DISTINCT g.discipline FROM role_grants g WHERE g.person_id = {t}.id"
        " AND g.discipline IS NOT NULL ORDER BY 1)",
    )
    created_at: datetime = column("Since when the hub knows them.")
    teams: "Connection[Team]" = many(
        "The teams they are in.",
        on="EXISTS (SELECT 1 FROM team_members m WHERE m.team_id = {t}.id AND m.person_id = {p}.id)",
    )


@strawberry.input(description="Which teams.")
class TeamFilter:
    text: str | None = where(
        "(strpos(lower({t}.name), lower({v})) > 0 OR strpos(lower({t}.key), lower({v})) > 0)",
        "Part of the name or key.",
    )


@planned(tables.Team, orders={"NAME": "name", "CREATED_AT": "created_at"}, default="NAME", filter=TeamFilter)
class Team(Node):
    """A group of people that answers for models together."""

    key: str = column("The short name.")
    name: str = column("The full name.")
    created_at: datetime = column("Since when it exists.")
    members: "Connection[Person]" = many(
        "Who is in it.",
        on="EXISTS (SELECT 1 FROM team_members m WHERE m.person_id = {t}.id AND m.team_id = {p}.id)",
    )


@strawberry.input(description="Which tokens.")
class TokenFilter:
    person: strawberry.ID | None = where("{t}.person_id = {v}", "Whose.", cast="uuid", node="Person")
    usable: bool | None = where(
        "({t}.revoked_at IS NULL AND {t}.expires_at > {now}) = {v}", "Whether they still open the door.", cast="bool"
    )
    expires: InstantRange | None = about("{t}.expires_at", "When they lapse.")


@planned(
    tables.Token,
    orders={"CREATED_AT": "created_at", "EXPIRES_AT": "expires_at"},
    default="-CREATED_AT",
    filter=TokenFilter,
    visible=Visible({Sight.ALL: "", Sight.MEMBER: "{t}.person_id = {person}"}),
)
class Token(Node):
    """A bearer token; its secret was shown once and is not kept."""

    label: str = column("What it is for.")
    prefix: str = column("How its secret begins.")
    scopes: list[str] = column("What it may be used for, at most.")
    created_at: datetime = column("When it was made.")
    expires_at: datetime = column("When it lapses.")
    revoked_at: datetime | None = column("When it was revoked.")
    person: Person | None = one("Whose it is.", by="person_id")


@extends(Query)
class PeopleQuery:
    viewer: Person | None = one("You.", on="{t}.id = {person}")
    person: Person | None = one(
        "The person of this handle.", on="{t}.handle = {handle}", args={"handle": (str, "text", "The short name.")}
    )
    people: Connection[Person] = many("Everybody.")
    teams: Connection[Team] = many("Every team.")
    tokens: Connection[Token] = many("Your tokens; for auditors and admins everybody's.")
