"""Velocity in the graph: read from the trail, so that a month that is over can be computed again.

A release's states follow one another without gaps: an intent's own events begin them, and questions of its approval
requests interrupt the waiting for people. All of it ends with the first time that the version was seen to run.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

import strawberry

from hub.deployments.graph import DeploymentIntent
from hub.graph.declare import Order, about, column, extends, many, one, planned, where
from hub.graph.types import Connection, InstantRange, Query
from hub.models.graph import Model, ModelVersion
from hub.models.tables import RiskTier, Stage
from hub.models.visible import BY_SIGHT, HIDDEN_UNLESS, through_model
from hub.people.access import Sight


class ReleaseState(StrEnum):
    """Where a version is on its way."""

    BUILDING = "BUILDING"
    CHECKING = "CHECKING"
    WAITING_FOR_PEOPLE = "WAITING_FOR_PEOPLE"
    PAUSED_FOR_INFORMATION = "PAUSED_FOR_INFORMATION"
    RELEASING = "RELEASING"


strawberry.enum(ReleaseState, description="Where a version is on its way.")

BEGINS = {
    "deployment.requested": ReleaseState.CHECKING,
    "deployment.checking": ReleaseState.CHECKING,
    "deployment.blocked": ReleaseState.CHECKING,
    "deployment.awaiting_approval": ReleaseState.WAITING_FOR_PEOPLE,
    "approval.info_requested": ReleaseState.PAUSED_FOR_INFORMATION,
    "approval.info_given": ReleaseState.WAITING_FOR_PEOPLE,
    "approval.resumed": ReleaseState.WAITING_FOR_PEOPLE,
    "deployment.approved": ReleaseState.RELEASING,
}
"""The state that an event begins."""

ENDS = ("rejected", "withdrawn", "expired", "stale", "halted", "rolled_back", "deployed")
"""What an intent became when its way was over."""

_STATE = "CASE e.kind " + " ".join(f"WHEN '{kind}' THEN '{state}'" for kind, state in BEGINS.items()) + " END"
_OWN = ", ".join(f"'{kind}'" for kind in (*BEGINS, *(f"deployment.{word}" for word in ENDS)) if "approval." not in kind)
_ASKED = ", ".join(f"'{kind}'" for kind in BEGINS if kind.startswith("approval."))
_LATER = [state for state in ReleaseState if state is not ReleaseState.BUILDING]


def _spent(state: ReleaseState) -> str:
    """Seconds in a state, as far as it is over."""
    return f"sum(extract(epoch FROM x.until - x.at)) FILTER (WHERE x.state = '{state}') AS {state.lower()}_s"


# Everything that happened on an intent's way, in its order; what came after it was first seen to run is left out.
_STEPS = f"""
SELECT w.kind, w.state, w.at, lead(w.at) OVER (ORDER BY w.seq) AS until
FROM (SELECT y.*, count(*) FILTER (WHERE y.kind = 'deployment.deployed') OVER (ORDER BY y.seq) AS runs
      FROM (SELECT e.seq, e.at, e.kind, {_STATE} AS state FROM events e
            WHERE e.subject_id = i.id AND e.kind IN ({_OWN})
            UNION ALL
            SELECT e.seq, e.at, e.kind, {_STATE} FROM events e
            WHERE e.kind IN ({_ASKED}) AND e.subject_id IN (
                SELECT (a.data ->> 'approval')::uuid FROM events a
                WHERE a.subject_id = i.id AND a.kind = 'deployment.awaiting_approval')) y) w
WHERE w.runs = 0 OR w.runs = 1 AND w.kind = 'deployment.deployed'"""

VELOCITY = f"""(
SELECT i.id AS intent_id, i.version_id, i.model_id, i.stage, coalesce(r.tier, m.tier) AS tier,
    (SELECT min(f.created_at) FROM model_versions f WHERE f.model_id = i.model_id) AS first_version_at,
    v.created_at AS registered_at, i.requested_at AS asked_at,
    greatest(extract(epoch FROM i.requested_at - v.created_at), 0) AS building_s,
    {", ".join(f"coalesce(s.{state.lower()}_s, 0) AS {state.lower()}_s" for state in _LATER)},
    s.open_state, s.open_since, s.deployed_at
FROM deployment_intents i
JOIN model_versions v ON v.id = i.version_id
JOIN models m ON m.id = i.model_id
LEFT JOIN approval_requests r ON r.id = i.approval_request_id
CROSS JOIN LATERAL (
    SELECT {", ".join(map(_spent, _LATER))},
        max(x.state) FILTER (WHERE x.until IS NULL) AS open_state,
        max(x.at) FILTER (WHERE x.until IS NULL) AS open_since,
        max(x.at) FILTER (WHERE x.kind = 'deployment.deployed') AS deployed_at
    FROM ({_STEPS}) x) s)"""


def _so_far(state: ReleaseState) -> str:
    """Seconds in a state up to now, where it is the one that lasts."""
    lasting = f"CASE WHEN {{t}}.open_state = '{state}' THEN extract(epoch FROM {{now}} - {{t}}.open_since) ELSE 0 END"
    return f"floor({{t}}.{state.lower()}_s + {lasting})::int8"


def _longest(seconds: Callable[[ReleaseState], str]) -> str:
    """The state with the most seconds; of equal ones the earlier."""
    states = ", ".join(f"({place}, '{state}', {seconds(state)})" for place, state in enumerate(ReleaseState))
    return f"(SELECT b.state FROM (VALUES {states}) b (place, state, s) ORDER BY b.s DESC, b.place LIMIT 1)"


def _seconds(state: ReleaseState, description: str) -> Any:
    return column(f"Seconds {description}; up to now where that lasts.", sql=_so_far(state))


@strawberry.input(description="Which releases.")
class ReleaseVelocityFilter:
    stage: list[Stage] | None = where("{t}.stage = ANY({v})", "To one of these stages.", cast="text[]")
    tier: list[RiskTier] | None = where("{t}.tier = ANY({v})", "Asked in one of these risk tiers.", cast="text[]")
    deployed: InstantRange | None = about("{t}.deployed_at", "When they were first seen to run.")


@planned(
    sql=VELOCITY,
    key="{t}.intent_id",
    visible=through_model(),
    orders={"ASKED_AT": Order("{t}.asked_at", "timestamptz")},
    default="-ASKED_AT",
    filter=ReleaseVelocityFilter,
)
class ReleaseVelocity:
    """How long one version took on its way to a stage, and where the time went. Seconds of the clock, not of work."""

    stage: Stage = column("The stage.", sql="{t}.stage")
    tier: RiskTier = column("The model's risk tier: as it was when people were asked, else as it is.", sql="{t}.tier")
    first_version_at: datetime = column("When the model's first version was registered.", sql="{t}.first_version_at")
    registered_at: datetime = column("When this version was registered.", sql="{t}.registered_at")
    asked_at: datetime = column("When its deployment was asked for.", sql="{t}.asked_at")
    deployed_at: datetime | None = column("When it was first seen to run there.", sql="{t}.deployed_at")
    building_s: int = _seconds(ReleaseState.BUILDING, "from its registration until deployment was asked for")
    checking_s: int = _seconds(ReleaseState.CHECKING, "in checks, and blocked by them")
    waiting_for_people_s: int = _seconds(ReleaseState.WAITING_FOR_PEOPLE, "in which people were to decide")
    paused_for_information_s: int = _seconds(
        ReleaseState.PAUSED_FOR_INFORMATION, "in which a reviewer's question was open"
    )
    releasing_s: int = _seconds(ReleaseState.RELEASING, "from its approval until it was seen to run")
    total_s: int | None = column(
        "Seconds from its registration until it was seen to run; null before that.",
        sql="floor(extract(epoch FROM {t}.deployed_at - {t}.registered_at))::int8",
    )
    from_first_version_s: int | None = column(
        "Seconds from the registration of the model's first version; null before it was seen to run.",
        sql="floor(extract(epoch FROM {t}.deployed_at - {t}.first_version_at))::int8",
    )
    bottleneck: ReleaseState = column("Where most of the time went.", sql=_longest(_so_far))
    intent: DeploymentIntent | None = one("The wish to deploy it.", by="intent_id", implied=True)
    version: ModelVersion | None = one("The version.", by="version_id", implied=True)
    model: Model | None = one("The model.", by="model_id", implied=True)


_TOTAL = "extract(epoch FROM q.deployed_at - q.registered_at)"
_SPANS = {**{state.lower(): f"q.{state.lower()}_s" for state in ReleaseState}, "total": _TOTAL}
_AGGREGATES = ", ".join(
    f"round(percentile_cont({share}) WITHIN GROUP (ORDER BY ({seconds})::float8))::int8 AS {name}_{word}_s"
    for name, seconds in _SPANS.items()
    for word, share in (("median", 0.5), ("p90", 0.9))
)


def _months(since: str, until: str) -> str:
    """Releases by month, tier and stage, over what each class of readers sees; the planner leaves the other out."""
    ran = f"e.kind = 'deployment.deployed' AND ({since} IS NULL OR e.at >= {since})"
    within = f"({since} IS NULL OR q.deployed_at >= {since}) AND ({until} IS NULL OR q.deployed_at < {until})"
    hidden = HIDDEN_UNLESS.replace("{t}", "vm")
    seen = {
        Sight.ALL: "",
        Sight.MEMBER: f" AND EXISTS (SELECT 1 FROM models vm WHERE vm.id = q.model_id AND ({hidden}))",
    }
    every = " UNION ALL ".join(
        f"SELECT '{sight}' AS sight, q.tier, q.stage, to_char(q.deployed_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month,"
        f" count(*) AS releases, {_AGGREGATES} FROM {VELOCITY} q"
        f" WHERE q.intent_id IN (SELECT e.subject_id FROM events e WHERE {ran}) AND {within}{predicate}"
        " GROUP BY 2, 3, 4"
        for sight, predicate in seen.items()
    )
    return f"(SELECT md5(concat_ws(' ', g.sight, g.tier, g.stage, g.month))::uuid AS id, g.* FROM ({every}) g)"


def _median(description: str, name: str) -> Any:
    return column(f"{description}: the median.", sql=f"{{t}}.{name}_median_s")


def _p90(description: str, name: str) -> Any:
    return column(f"{description}: what nine in ten stay under.", sql=f"{{t}}.{name}_p90_s")


@strawberry.input(description="Which months.")
class ApprovalVelocityFilter:
    stage: list[Stage] | None = where("{t}.stage = ANY({v})", "To one of these stages.", cast="text[]")
    tier: list[RiskTier] | None = where("{t}.tier = ANY({v})", "In one of these risk tiers.", cast="text[]")


@planned(
    sql=_months("NULL::timestamptz", "NULL::timestamptz"),
    visible=BY_SIGHT,
    orders={
        "MONTH": Order("{t}.month", "text"),
        "TIER": Order("{t}.tier", "text"),
        "STAGE": Order("{t}.stage", "text"),
    },
    default="-MONTH,TIER,STAGE",
    filter=ApprovalVelocityFilter,
)
class ApprovalVelocity:
    """How long releases of one month, tier and stage took, over those whose models you see."""

    month: str = column("The month, in UTC, in which they were first seen to run: 2026-11.", sql="{t}.month")
    tier: RiskTier = column("The models' risk tier when people were asked.", sql="{t}.tier")
    stage: Stage = column("The stage.", sql="{t}.stage")
    releases: int = column("How many there were.", sql="{t}.releases")
    building_median_s: int = _median("Seconds until deployment was asked for", "building")
    building_p90_s: int = _p90("Seconds until deployment was asked for", "building")
    checking_median_s: int = _median("Seconds in checks", "checking")
    checking_p90_s: int = _p90("Seconds in checks", "checking")
    waiting_for_people_median_s: int = _median("Seconds in which people were to decide", "waiting_for_people")
    waiting_for_people_p90_s: int = _p90("Seconds in which people were to decide", "waiting_for_people")
    paused_for_information_median_s: int = _median("Seconds with an open question", "paused_for_information")
    paused_for_information_p90_s: int = _p90("Seconds with an open question", "paused_for_information")
    releasing_median_s: int = _median("Seconds from approval to running", "releasing")
    releasing_p90_s: int = _p90("Seconds from approval to running", "releasing")
    total_median_s: int = _median("Seconds from registration to running", "total")
    total_p90_s: int = _p90("Seconds from registration to running", "total")
    bottleneck: ReleaseState = column(
        "Where most of the time went, by the medians.", sql=_longest(lambda state: f"{{t}}.{state.lower()}_median_s")
    )


@extends(DeploymentIntent)
class IntentVelocity:
    velocity: ReleaseVelocity | None = one(
        "How long it takes, and where the time goes.", on="{t}.intent_id = {p}.id", implied=True
    )


@extends(ModelVersion)
class VersionVelocity:
    velocity: Connection[ReleaseVelocity] = many(
        "How long it took to each stage that it was to go to.", on="{t}.version_id = {p}.id", implied=True
    )


@extends(Query)
class VelocityQuery:
    approval_velocity: Connection[ApprovalVelocity] = many(
        "How long releases took by month, tier and stage, and where the time went.",
        source=_months("{since}", "{until}"),
        args={
            "since": (datetime | None, "timestamptz", "First seen to run at or after."),
            "until": (datetime | None, "timestamptz", "First seen to run strictly before."),
        },
    )
