"""How much whom the backlog burdens, in the graph; over what the reader sees."""

from datetime import datetime
from enum import StrEnum

import strawberry

from hub.exceptions.backlog.graph import GRANTED, OPEN, OVERDUE, STATUS, UNDECIDED
from hub.graph.declare import Order, column, extends, many, one, planned
from hub.graph.types import Connection, Query
from hub.models.visible import BY_SIGHT, each_sight
from hub.people.access import Sight
from hub.people.graph import Person, Team
from hub.policies.graph import Policy

SOON_DAYS = 30
ANSWERED_DAYS = 90


class ExceptionLoadBy(StrEnum):
    """Whose load is told."""

    OWNER = "OWNER"
    TEAM = "TEAM"
    POLICY = "POLICY"


strawberry.enum(ExceptionLoadBy, description="Whose load is told.")


def _load(by: str) -> str:
    """What is open, summed up for each owner, team or policy."""
    key = f"CASE {by} WHEN 'OWNER' THEN e.owner_id WHEN 'TEAM' THEN e.team_id WHEN 'POLICY' THEN e.policy_id END"
    soon = f"{GRANTED} AND {{t}}.expires_at <= {{now}} + make_interval(days => {SOON_DAYS})"
    counts = {
        "in_force": f"{STATUS} = 'ACTIVE'",
        "suspended": f"{STATUS} = 'SUSPENDED'",
        "overdue_reviews": OVERDUE,
        "ending_soon": soon,
        "undecided": UNDECIDED,
    }
    summed = ", ".join(f"count(*) FILTER (WHERE {sql}) AS {name}" for name, sql in counts.items())
    select = (
        f"SELECT {{sight}} AS sight, {by} AS grouped, {key} AS key, count(*) AS open, {summed},"
        f" min({{t}}.requested_at) FILTER (WHERE {UNDECIDED}) AS undecided_since"
        f" FROM policy_exceptions e WHERE {OPEN} AND {{seen}} GROUP BY 2, 3"
    )
    every = each_sight(select, "e.model_id").replace("{t}", "e")
    return f"(SELECT md5(concat_ws(' ', l.sight, l.grouped, l.key))::uuid AS id, l.* FROM ({every}) l)"


# An answer's time runs from when the question was put and ends with the first answer; an inbox shows what is asked now.
_OPEN_QUESTIONS = """
SELECT a.person_id, count(DISTINCT r.id) AS questions, min(a.asked_at) AS oldest, 0 AS answered, NULL::float8 AS hours
FROM approval_asks a JOIN approval_requests r ON r.id = a.request_id
WHERE r.subject_kind = 'exception' AND r.status = 'PENDING' AND coalesce(a.from_at <= {now}, true)
  AND coalesce(a.until_at > {now}, true) AND {seen}
GROUP BY a.person_id"""
_ANSWERS = f"""
SELECT s.person_id, 0, NULL::timestamptz, count(*),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM s.signed_at - r.requested_at)::float8 / 3600)
FROM sign_offs s JOIN approval_requests r ON r.id = s.request_id
WHERE r.subject_kind = 'exception' AND s.entry = 1 AND s.signed_at >= {{now}} - make_interval(days => {ANSWERED_DAYS})
  AND {{seen}}
GROUP BY s.person_id"""
_APPROVERS = f"""
SELECT {{sight}} AS sight, q.person_id, sum(q.questions)::int AS questions, max(q.oldest) AS oldest,
       sum(q.answered)::int AS answered, max(q.hours) AS hours
FROM ({_OPEN_QUESTIONS} UNION ALL {_ANSWERS}) q
GROUP BY q.person_id"""
APPROVERS = (
    "(SELECT md5(concat_ws(' ', l.sight, l.person_id))::uuid AS id, l.*"
    f" FROM ({each_sight(_APPROVERS, 'r.scope_id')}) l)"
)

_OWN = f"{{t}}.sight = '{Sight.ALL}' OR {{t}}.person_id = {{person}}"


@planned(
    sql=_load(f"'{ExceptionLoadBy.OWNER}'"),
    visible=BY_SIGHT,
    orders={
        "OPEN": Order("{t}.open", "int8"),
        "OVERDUE_REVIEWS": Order("{t}.overdue_reviews", "int8"),
        "ENDING_SOON": Order("{t}.ending_soon", "int8"),
        "UNDECIDED": Order("{t}.undecided", "int8"),
    },
    default="-OPEN",
)
class ExceptionLoad:
    """What is open of one owner, of one team's models, or from one policy, over what you see."""

    open: int = column("To be decided, or granted and not over.", sql="{t}.open")
    in_force: int = column("In force now.", sql="{t}.in_force")
    suspended: int = column("Held up by a control that does not hold.", sql="{t}.suspended")
    overdue_reviews: int = column("Granted, and to be looked at again before now.", sql="{t}.overdue_reviews")
    ending_soon: int = column(f"Granted, and over within {SOON_DAYS} days.", sql="{t}.ending_soon")
    undecided: int = column("Waiting for a decision.", sql="{t}.undecided")
    undecided_since: datetime | None = column(
        "Since when the oldest of them waits; none when none does.", sql="{t}.undecided_since"
    )
    owner: Person | None = one(
        "Whose they are; none when they are told by something else.",
        on=("{t}.id = {p}.key AND {p}.grouped = 'OWNER'"),
        implied=True,
    )
    team: Team | None = one(
        "Whose models' they are; none for models without a team.",
        on="{t}.id = {p}.key AND {p}.grouped = 'TEAM'",
        implied=True,
    )
    policy: Policy | None = one(
        "What they deviate from.", on="{t}.id = {p}.key AND {p}.grouped = 'POLICY'", implied=True
    )


@planned(
    sql=APPROVERS,
    visible=BY_SIGHT,
    orders={"QUESTIONS": Order("{t}.questions", "int8")},
    default="-QUESTIONS",
)
class ExceptionApproverLoad:
    """What one person is asked about exceptions now, and has answered lately. For sharing work, never a ranking."""

    questions: int = column("Exceptions that they are asked about now.", sql="{t}.questions")
    oldest_at: datetime | None = column("Since when they are asked the oldest; none when nothing is.", sql="{t}.oldest")
    answered: int | None = column(
        f"How many they answered in the last {ANSWERED_DAYS} days; your own, and everybody's for auditors and admins.",
        sql=f"CASE WHEN {_OWN} THEN {{t}}.answered END",
    )
    median_hours: float | None = column(
        "Hours from the question to their answer, the median of those; seen by the same. None without an answer.",
        sql=f"CASE WHEN {_OWN} THEN round({{t}}.hours::numeric, 1)::float8 END",
    )
    person: Person | None = one("Who.", by="person_id", implied=True)


@extends(Query)
class ExceptionLoadQuery:
    exception_load: Connection[ExceptionLoad] = many(
        "What is open, for each owner, team or policy; each page is summed up anew.",
        source=_load("{by}"),
        args={"by": (ExceptionLoadBy, "text", "Whose load is told.")},
    )
    exception_approver_load: Connection[ExceptionApproverLoad] = many(
        "What each approver is asked about exceptions, and how long answers take."
    )
