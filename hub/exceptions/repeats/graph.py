"""Where the same policy is waived again and again, in the graph; over what the reader sees."""

from datetime import datetime
from enum import StrEnum

import strawberry

from hub.exceptions.backlog.graph import GRANTED
from hub.exceptions.graph import PolicyException
from hub.graph.declare import Order, column, extends, many, one, planned, where
from hub.graph.types import Connection, Query
from hub.models.graph import Model
from hub.models.visible import BY_SIGHT, each_sight
from hub.people.graph import Team
from hub.policies.graph import Policy

USUAL_DAYS = 365
USUALLY_AT_LEAST = 3
LONGEST_CHAIN = 100


class RepeatedBy(StrEnum):
    """Whose the exceptions of one policy are."""

    MODEL = "MODEL"
    TEAM = "TEAM"


strawberry.enum(RepeatedBy, description="Whose the exceptions of one policy are.")

# How many others an exception follows, one after the other; a ring would be cut.
_CHAIN = f"""
SELECT 1 + count(*) AS length FROM (
    WITH RECURSIVE c AS (
        SELECT e.renewed_from_id AS id, 1 AS n
        UNION ALL
        SELECT f.renewed_from_id, c.n + 1 FROM c JOIN policy_exceptions f ON f.id = c.id WHERE c.n < {LONGEST_CHAIN})
    SELECT FROM c WHERE c.id IS NOT NULL) x"""

# What was granted, from its start until it ended, by date or otherwise, or until now; counted once where two overlap.
_TERM = "tstzrange(e.starts_at, greatest(e.starts_at, least(e.expires_at, e.ended_at, {now})))"


def _repeats(days: str, at_least: str) -> str:
    """Exceptions granted within these days, summed up by policy and model, and by policy and team."""
    waived = (
        "(SELECT round(coalesce(sum(extract(epoch FROM upper(w.span) - lower(w.span))), 0) / 86400, 1)::float8"
        f" FROM unnest(range_agg({_TERM})) w (span))"
    )
    select = (
        "SELECT {sight} AS sight, CASE WHEN grouping(e.model_id) = 0 THEN 'MODEL' ELSE 'TEAM' END AS grouped,"
        " e.policy_id, e.model_id, e.team_id, count(*)::int AS times,"
        f" count(e.renewed_from_id)::int AS renewed, max(k.length)::int AS longest_chain, {waived} AS waived_days,"
        f" (count(*) FILTER (WHERE {GRANTED}))::int AS still, min(e.starts_at) AS first_at,"
        " max(e.starts_at) AS last_at, array_agg(e.id) AS ids"
        f" FROM policy_exceptions e CROSS JOIN LATERAL ({_CHAIN}) k"
        " WHERE e.state IN ('APPROVED', 'REVOKED', 'RESOLVED')"
        f" AND e.decided_at > {{now}} - make_interval(days => least(coalesce({days}, {USUAL_DAYS}), 36500)::int)"
        " AND {seen} GROUP BY GROUPING SETS ((e.policy_id, e.model_id), (e.policy_id, e.team_id))"
        f" HAVING count(*) >= coalesce({at_least}, {USUALLY_AT_LEAST})"
        " AND (grouping(e.model_id) = 0 OR e.team_id IS NOT NULL)"
    )
    every = each_sight(select, "e.model_id").replace("{t}", "e")
    named = "md5(concat_ws(' ', r.sight, r.grouped, r.policy_id, r.model_id, r.team_id))::uuid"
    return f"(SELECT {named} AS id, r.* FROM ({every}) r)"


@strawberry.input(description="Which of them.")
class RepeatedExceptionFilter:
    by: RepeatedBy | None = where("{t}.grouped = {v}", "Of one model, or of one team.")
    policy: strawberry.ID | None = where("{t}.policy_id = {v}", "From this policy.", cast="uuid", node="Policy")
    model: strawberry.ID | None = where("{t}.model_id = {v}", "Of this model.", cast="uuid", node="Model")
    team: strawberry.ID | None = where("{t}.team_id = {v}", "Of this team.", cast="uuid", node="Team")


@planned(
    sql=_repeats("NULL::int8", "NULL::int8"),
    visible=BY_SIGHT,
    orders={"COUNT": Order("{t}.times", "int8"), "WAIVED_DAYS": Order("{t}.waived_days", "float8")},
    default="-COUNT",
    filter=RepeatedExceptionFilter,
)
class RepeatedException:
    """That one policy was waived several times for the same model, or for the models of the same team."""

    by: RepeatedBy = column("Whose they are.", sql="{t}.grouped")
    count: int = column("How many were granted.", sql="{t}.times")
    renewed: int = column("How many of them follow another.", sql="{t}.renewed")
    longest_chain: int = column("How many followed one after the other, at most.", sql="{t}.longest_chain")
    waived_days: float = column(
        "For how many days the policy was waived until now; where two overlap, once.", sql="{t}.waived_days"
    )
    open: int = column("How many are granted and not over.", sql="{t}.still")
    first_at: datetime = column("When the first of them began.", sql="{t}.first_at")
    last_at: datetime = column("When the last of them began.", sql="{t}.last_at")
    policy: Policy | None = one("The policy.", by="policy_id", implied=True)
    model: Model | None = one("The model; none when they are a team's.", by="model_id", implied=True)
    team: Team | None = one("The team; none when they are one model's.", by="team_id", implied=True)
    exceptions: Connection[PolicyException] = many("Each of them.", on="{t}.id = ANY({p}.ids)")


@extends(Query)
class RepeatedExceptionsQuery:
    repeat_exceptions: Connection[RepeatedException] = many(
        "Where the same policy is waived again and again.",
        source=_repeats("{days}", "{at_least}"),
        args={
            "days": (int | None, "int8", f"Granted within so many days; {USUAL_DAYS} when it is not said."),
            "at_least": (int | None, "int8", f"At least so often; {USUALLY_AT_LEAST} when it is not said."),
        },
    )
