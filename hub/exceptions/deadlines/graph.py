"""What is due in the graph: of exceptions, and of versions that are to be validated again."""

from datetime import datetime

import strawberry

from hub.deadlines import tables
from hub.deadlines.tables import DeadlineKind
from hub.exceptions.graph import AcceptanceCriterion, CompensatingControl, PolicyException
from hub.graph.declare import Order, about, column, extends, many, one, planned, where
from hub.graph.types import Connection, InstantRange, Node, Query
from hub.models.graph import Model, ModelVersion
from hub.models.visible import through_model
from hub.people.graph import Person

strawberry.enum(DeadlineKind, description="What is due.")

# What has ended is not due any more: an exception at its end, and with it all that hangs on it.
OPEN = "coalesce(coalesce({t}.until_at, CASE WHEN {t}.kind = 'EXPIRY' THEN {t}.ends_at END) > {now}, true)"
MOST_DAYS = 36_500
DAYS = f"least(greatest(coalesce({{within_days}}::int, 30), 0), {MOST_DAYS})"
WITHIN = f"{{t}}.ends_at <= {{now}} + make_interval(hours => 24 * {DAYS}) AND {OPEN}"


@strawberry.input(description="Which deadlines.")
class DeadlineFilter:
    kind: list[DeadlineKind] | None = where("{t}.kind = ANY({v})", "Of one of these kinds.", cast="text[]")
    owner: strawberry.ID | None = where("{t}.person_id = {v}", "For this person to see to.", cast="uuid", node="Person")
    mine: bool | None = where("({t}.person_id IS NOT DISTINCT FROM {person}) = {v}", "For you.", cast="bool")
    model: strawberry.ID | None = where("{t}.model_id = {v}", "Of this model.", cast="uuid", node="Model")
    overdue: bool | None = where("({t}.ends_at <= {now}) = {v}", "Whether their date is past.", cast="bool")
    due: InstantRange | None = about("{t}.ends_at", "When they are due.")


@planned(
    tables.Deadline,
    sql="(SELECT * FROM deadlines WHERE ends_at IS NOT NULL AND NOT in_copy)",
    visible=through_model(),
    orders={"DUE_AT": Order("{t}.ends_at", "timestamptz")},
    default="DUE_AT",
    filter=DeadlineFilter,
)
class Deadline(Node):
    """Something that is to be done by a date, or ends at it."""

    kind: DeadlineKind = column("What is due.")
    due_at: datetime = column("When.", sql="{t}.ends_at")
    overdue: bool = column("Whether that is past.", sql="({t}.ends_at <= {now})")
    days_left: int = column(
        "Whole days until then; 0 on the day itself, negative after.",
        sql="({t}.ends_at AT TIME ZONE 'UTC')::date - ({now} AT TIME ZONE 'UTC')::date",
    )
    owner: Person | None = one("Who is to see to it; null where nobody is.", by="person_id", implied=True)
    model: Model | None = one("The model.", by="model_id", implied=True)
    version: ModelVersion | None = one(
        "The version; none where it is about every version.", by="version_id", implied=True
    )
    exception: PolicyException | None = one("The exception that it is due of.", by="exception_id", implied=True)
    control: CompensatingControl | None = one(
        "The control that is to be confirmed.", on="{p}.kind = 'ATTESTATION' AND {t}.id = {p}.about_id", implied=True
    )
    criterion: AcceptanceCriterion | None = one(
        "The criterion that is to be met.", on="{p}.kind = 'CRITERION' AND {t}.id = {p}.about_id", implied=True
    )


@extends(Query)
class DeadlinesQuery:
    upcoming_deadlines: Connection[Deadline] = many(
        "What is due soon or overdue, soonest first.",
        on=WITHIN,
        args={"within_days": (int | None, "int8", f"Within so many days, at most {MOST_DAYS:,}; without it, 30.")},
    )


@extends(PolicyException)
class ExceptionDeadlines:
    deadlines: Connection[Deadline] = many(
        "What is due of it.", on=f"{{t}}.exception_id = {{p}}.id AND {OPEN}", implied=True
    )
