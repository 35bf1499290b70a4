"""What similar exceptions said and what became of them, in the graph: as far as the reader sees them."""

from typing import Any

import strawberry

from hub.exceptions.graph import PolicyException
from hub.exceptions.tables import ExceptionKind, RiskTreatment
from hub.graph.declare import Order, Visible, column, extends, many, one, planned
from hub.graph.types import Connection, Query
from hub.models.graph import Model
from hub.models.tables import RiskTier
from hub.models.visible import MODEL
from hub.people.access import Sight
from hub.policies.graph import Policy

KINDS = ", ".join(f"'{kind}'" for kind in ExceptionKind)

# Every policy and model that it applies to, for each kind and class of readers. Whoever asks names one of each.
SUGGESTIONS = f"""(
    SELECT s.sight, b.policy_id, b.model_id, m.tier, m.restricted, m.owner_id, m.team_id, k.kind
    FROM policy_bindings b JOIN models m ON m.id = b.model_id
    CROSS JOIN unnest(ARRAY[{KINDS}]) AS k (kind)
    CROSS JOIN (VALUES ('{Sight.ALL}'), ('{Sight.MEMBER}')) AS s (sight))"""

BY_SIGHT = Visible(
    {
        sight: " AND ".join(part for part in (f"{{t}}.sight = '{sight}'", MODEL.classes[sight]) if part)
        for sight in (Sight.ALL, Sight.MEMBER)
    }
)


def _alike(of: str) -> str:
    """The exceptions that a suggestion speaks of, within what its reader sees."""
    seen = f"{of}.sight = '{Sight.ALL}', {{person}}, {{teams}}"
    return f"exceptions_alike({of}.policy_id, {of}.kind, {of}.tier, {seen})"


def _counted(what: str, which: str = "true") -> str:
    """One figure over them."""
    return f"(SELECT {what} FROM {_alike('{t}')} a JOIN policy_exceptions e ON e.id = a.id WHERE {which})"


GRANTED, REJECTED = "e.decided_treatment IS NOT NULL", "e.state = 'REJECTED'"
DAYS = "ceil(extract(epoch FROM e.expires_at - e.starts_at) / 86400)::float8"


def _usual(table: str, more: str = "") -> str:
    """What the granted ones of them said in a table, word for word, with how many of them did."""
    return f"""(
    SELECT c.description, count(DISTINCT c.exception_id)::int AS n{more}
    FROM {_alike("{p}")} a JOIN policy_exceptions e ON e.id = a.id JOIN {table} c ON c.exception_id = e.id
    WHERE {GRANTED} GROUP BY c.description)"""


CONTROLS = _usual("compensating_controls", ", mode() WITHIN GROUP (ORDER BY c.attest_every_days) AS attest_every_days")
CRITERIA = _usual("acceptance_criteria")
NONE = "(SELECT '' AS description, 0 AS n, NULL::int AS attest_every_days WHERE false)"
MOST_USED = {"USED": Order("{t}.n", "int8"), "DESCRIPTION": Order('{t}.description COLLATE "C"', "text")}

# Ranked by how much of what is being written stands in their justification; without a word of it, the newest.
NEAREST = f"""(
    SELECT e.id, row_number() OVER (ORDER BY r.rank DESC, e.requested_at DESC, e.id DESC) AS place, r.rank
    FROM {_alike("{p}")} a JOIN policy_exceptions e ON e.id = a.id
    CROSS JOIN LATERAL (SELECT CASE WHEN {{text}} IS NULL THEN 0 ELSE ts_rank(
        to_tsvector('simple', e.justification),
        to_tsquery('simple', (
            SELECT coalesce(string_agg(quote_literal(w.word), ' | '), '')
            FROM unnest(tsvector_to_array(to_tsvector('simple', {{text}}))) AS w (word)))) END) AS r (rank)
    ORDER BY place LIMIT 5)"""


@planned(sql=NONE, key="md5({t}.description)::uuid", orders=MOST_USED, default="-USED,DESCRIPTION")
class UsualControl:
    """A control that exceptions like this one had."""

    description: str = column("What is done.", sql="{t}.description")
    used: int = column("How many of them had it.", sql="{t}.n")
    attest_every_days: int | None = column(
        "After how many days it was mostly confirmed anew; null where it was not.", sql="{t}.attest_every_days"
    )


@planned(sql=NONE, key="md5({t}.description)::uuid", orders=MOST_USED, default="-USED,DESCRIPTION")
class UsualCriterion:
    """A criterion that exceptions like this one had."""

    description: str = column("What must be true.", sql="{t}.description")
    used: int = column("How many of them had it.", sql="{t}.n")


@planned(
    sql="(SELECT NULL::uuid AS id, 0::bigint AS place, 0::real AS rank WHERE false)",
    orders={"PLACE": Order("{t}.place", "int8")},
    default="PLACE",
)
class SimilarException:
    """An exception whose justification is near."""

    rank: float = column("How near its words are; 0 for one that is here for its age alone.", sql="{t}.rank::float8")
    exception: PolicyException | None = one("The exception.", by="id", implied=True)


def _often(what: str, description: str) -> Any:
    return column(description, sql=_counted(f"mode() WITHIN GROUP (ORDER BY {what})", GRANTED))


@planned(
    sql=SUGGESTIONS,
    key="md5(concat_ws(' ', {t}.sight, {t}.policy_id, {t}.model_id, {t}.kind))::uuid",
    visible=BY_SIGHT,
)
class ExceptionSuggestion:
    """What exceptions from one policy said and what became of them: of the same kind and tier where three are there."""

    kind: ExceptionKind = column("The kind that is asked for.", sql="{t}.kind")
    tier: RiskTier = column("The model's risk tier.", sql="{t}.tier")
    same_kind: bool = column("Whether only those of this kind count.", sql=_counted("coalesce(max(a.likeness), 1) > 1"))
    same_tier: bool = column("Whether only those of this tier count.", sql=_counted("coalesce(max(a.likeness), 1) > 2"))
    granted: int = column("How many were granted.", sql=_counted("count(*)::int", GRANTED))
    rejected: int = column("How many were rejected.", sql=_counted("count(*)::int", REJECTED))
    granted_percent: float | None = column(
        "The share that was granted; null where none was decided.",
        sql=_counted(f"round(100.0 * count(*) FILTER (WHERE {GRANTED}) / nullif(count(*), 0), 1)::float8"),
    )
    term_days: int | None = column(
        "How many days the granted ones were to last: the median.",
        sql=_counted(f"round(percentile_cont(0.5) WITHIN GROUP (ORDER BY {DAYS}))::int", GRANTED),
    )
    review_every_days: int | None = _often(
        "e.review_every_days", "After how many days they were mostly looked at again."
    )
    treatment: RiskTreatment | None = _often("e.decided_treatment", "The treatment that was mostly decided.")
    policy: Policy | None = one("The policy.", by="policy_id", implied=True)
    model: Model | None = one("The model.", by="model_id", implied=True)
    controls: Connection[UsualControl] = many("What lowered the risk, most used first.", source=CONTROLS, implied=True)
    criteria: Connection[UsualCriterion] = many("How they closed, most used first.", source=CRITERIA, implied=True)
    rejections: Connection[PolicyException] = many(
        "Those that were rejected; their notes say why.",
        on=f"{{t}}.state = 'REJECTED' AND {{t}}.id IN (SELECT a.id FROM {_alike('{p}')} a)",
        implied=True,
    )
    similar: Connection[SimilarException] = many(
        "The five whose justification is nearest to a text, nearest first; without a text the newest.",
        source=NEAREST,
        args={"text": (str | None, "text", "What is being written.")},
        implied=True,
    )


@extends(Query)
class ExceptionSuggestionQuery:
    exception_suggestion: ExceptionSuggestion | None = one(
        "What similar exceptions said; null where the policy does not apply to the model, or none that you may see.",
        on="{t}.policy_id = {policy} AND {t}.model_id = {model} AND {t}.kind = {kind}",
        args={
            "policy": (strawberry.ID, "uuid Policy", "The policy."),
            "model": (strawberry.ID, "uuid Model", "The model."),
            "kind": (ExceptionKind, "text", "The kind that is asked for."),
        },
    )
