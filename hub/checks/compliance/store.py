"""The SQL of what counts now: one row for each version, policy and stage, kept with the results behind it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from hub.checks.findings import Asked, Finding, Held
from hub.checks.tables import Outcome
from hub.db import Tx, new_id
from hub.exceptions.tables import END, UNCLEARED
from hub.models.tables import RiskTier, Stage
from hub.policies.tables import DecisionPoint, Enforcement, Severity
from hub.statements import sql

# Rows that say the same of one version stand together, so that thousands come as hundreds.
_CURRENT = sql("""
SELECT n.*, i.digest
FROM (SELECT c.version_id, c.stage, c.outcome, c.enforcement, c.severity, c.input_id,
             array_agg(c.policy_version_id) AS wordings,
             array_agg(c.exception_id) FILTER (WHERE c.outcome = 'WAIVED') AS exceptions,
             array_agg(c.result_id) FILTER (WHERE c.outcome NOT IN ('PASS', 'SKIP')) AS results
      FROM compliance c
      WHERE c.version_id = ANY (:versions) AND (CAST(:stage AS text) IS NULL OR c.stage = :stage)
      GROUP BY c.version_id, c.input_id, c.outcome, c.enforcement, c.severity, c.stage) n
LEFT JOIN check_inputs i ON i.id = n.input_id
""")

_DECIDED = sql("SELECT id, inputs::text AS inputs FROM check_results WHERE id = ANY (:ids)")

# Results and what they make of compliance, in one statement for any number. `since` stays while the same wording ends
# the same way; the term to mend begins there. In the order of keys, so that two transactions never wait in a ring.
_ADD = sql("""
WITH told AS MATERIALIZED (
    SELECT * FROM unnest(
        CAST(:ids AS uuid[]), CAST(:rows AS uuid[]), CAST(:policies AS uuid[]), CAST(:wordings AS uuid[]),
        CAST(:models AS uuid[]), CAST(:versions AS uuid[]), CAST(:exceptions AS uuid[]), CAST(:inputs AS uuid[]),
        CAST(:digests AS text[]), CAST(:stages AS text[]), CAST(:tiers AS text[]), CAST(:outcomes AS text[]),
        CAST(:enforcements AS text[]), CAST(:severities AS text[]), CAST(:explanations AS text[]),
        CAST(:looked AS text[]), CAST(:said AS text[]), CAST(:took AS int[]), CAST(:days AS int[]))
        AS t (id, row, policy, wording, model, version, exception, input, digest, stage, tier, outcome, enforcement,
              severity, explanation, looked, said, took, days)),
added AS (
    INSERT INTO check_results (id, policy_id, policy_version_id, model_id, version_id, exception_id, input_id,
        subject_digest, decision_point, stage, outcome, enforcement, severity, explanation, inputs, took_us,
        evaluated_at)
    SELECT t.id, t.policy, t.wording, t.model, t.version, t.exception, t.input, t.digest, :point, t.stage, t.outcome,
           t.enforcement, t.severity, t.explanation, t.looked::jsonb, t.took, CAST(:at AS timestamptz)
    FROM told t)
INSERT INTO compliance AS c (id, version_id, policy_id, stage, model_id, policy_version_id, result_id,
    result_digest, exception_id, input_id, decision_point, tier, outcome, enforcement, severity, since, due_at,
    evaluated_at)
SELECT t.row, t.version, t.policy, t.stage, t.model, t.wording, t.id, t.said, t.exception, t.input, :point, t.tier,
       t.outcome, t.enforcement, t.severity, CAST(:at AS timestamptz),
       CASE WHEN t.outcome IN ('FAIL', 'WARN', 'ERROR')
            THEN CAST(:at AS timestamptz) + make_interval(days => t.days) END,
       CAST(:at AS timestamptz)
FROM told t
ORDER BY t.version, t.policy
ON CONFLICT (version_id, policy_id, stage) DO UPDATE SET
    policy_version_id = excluded.policy_version_id, result_id = excluded.result_id,
    result_digest = excluded.result_digest, exception_id = excluded.exception_id,
    input_id = excluded.input_id, decision_point = excluded.decision_point,
    tier = excluded.tier, outcome = excluded.outcome, enforcement = excluded.enforcement, severity = excluded.severity,
    since = CASE WHEN c.outcome = excluded.outcome AND c.policy_version_id = excluded.policy_version_id
                 THEN c.since ELSE excluded.since END,
    due_at = CASE WHEN c.outcome = excluded.outcome AND c.policy_version_id = excluded.policy_version_id
                  THEN c.since + (excluded.due_at - excluded.since) ELSE excluded.due_at END,
    evaluated_at = excluded.evaluated_at
""")

_MOVE = sql("""
UPDATE compliance c SET evaluated_at = coalesce(:at, c.evaluated_at),
    decision_point = coalesce(:point, c.decision_point), input_id = coalesce(k.input, c.input_id)
FROM (SELECT k.id, n.input FROM compliance k
      JOIN unnest(CAST(:versions AS uuid[]), CAST(:policies AS uuid[]), CAST(:stages AS text[]),
                  CAST(:inputs AS uuid[])) AS n (version, policy, stage, input)
        ON k.version_id = n.version AND k.policy_id = n.policy AND k.stage = n.stage
      ORDER BY k.version_id, k.policy_id FOR UPDATE OF k) k
WHERE c.id = k.id
""")

# Everything that applies to the version, with its row, when that is of the wording in force.
_STANDINGS = sql("""
SELECT p.id AS policy_id, v.id AS policy_version_id, p.key, p.title, v.number, v.digest, v.remediation, v.safe_rollback,
       v.validators, v.enforcement AS own_enforcement, v.severity AS own_severity, v.decision_points,
       CASE WHEN c.id IS NULL THEN v.schedule END AS schedule,
       m.tier AS model_tier, c.id AS row_id, c.outcome, c.enforcement, c.severity, c.exception_id, c.result_id,
       c.due_at, c.decision_point, k.explanation, k.inputs #>> '{suspended,said}' AS suspended
FROM model_versions s
JOIN models m ON m.id = s.model_id
JOIN policy_bindings b ON b.model_id = s.model_id
JOIN policies p ON p.id = b.policy_id AND p.status IN ('PUBLISHED', 'DEPRECATED')
JOIN policy_versions v ON v.id = p.current_version_id
LEFT JOIN compliance c ON c.version_id = s.id AND c.policy_id = p.id AND c.stage = :stage AND c.policy_version_id = v.id
LEFT JOIN check_results k ON k.id = c.result_id
WHERE s.id = :version
  AND (c.id IS NOT NULL OR (v.decision_points && ARRAY['PROMOTE', 'DEPLOY']::varchar[]
       AND (cardinality(v.stages) = 0 OR CAST(:stage AS text) = ANY (v.stages))))
ORDER BY p.key
""")

# Where these versions were asked of: at which decision points and for which stages.
_ASKED_AT = text("""
SELECT c.decision_point, c.stage, array_agg(DISTINCT c.version_id) AS versions
FROM compliance c
WHERE c.version_id = ANY (:versions) AND (CAST(:policies AS uuid[]) IS NULL OR c.policy_id = ANY (:policies))
GROUP BY 1, 2 ORDER BY 1, 2
""")

# Where a policy was asked of what an exception is about, and where the exception was what let it pass.
_OF_EXCEPTION = text("""
SELECT c.decision_point, c.stage, e.policy_id, array_agg(c.version_id ORDER BY c.version_id) AS versions
FROM policy_exceptions e
JOIN compliance c ON c.policy_id = e.policy_id AND c.model_id = e.model_id
    AND (c.exception_id = e.id
         OR ((e.version_id IS NULL OR c.version_id = e.version_id) AND (e.stage IS NULL OR c.stage = e.stage)))
WHERE e.id = :exception
GROUP BY 1, 2, 3 ORDER BY 1, 2
""")

# Something that counts as waived by an exception. As a value, so that it is looked up for each, and never all are read.
_WAIVED_BY = "(SELECT c.id FROM compliance c WHERE c.exception_id = {t}.id LIMIT 1)"

# Exceptions that no longer cover what they let pass. Only those whose end has come and is not cleared are looked at, by
# index ix_policy_exceptions_end: neither what is in force nor what ended long ago costs a page.
_ENDED = sql(f"""
SELECT e.id FROM policy_exceptions e
WHERE {UNCLEARED.format(t="e.")} AND {END.format(t="e.")} <= :at
  AND exception_status(e.state, e.starts_at, e.expires_at, e.suspended_from, :at) <> 'ACTIVE'
  AND {_WAIVED_BY.format(t="e")} IS NOT NULL
ORDER BY {END.format(t="e.")} LIMIT :most
""")

# Skips what somebody moves just now: the next tick clears it.
_CLEAR = sql(f"""
UPDATE policy_exceptions e SET cleared_end = n.ended
FROM (SELECT o.id, {END.format(t="o.")} AS ended FROM policy_exceptions o
      WHERE {UNCLEARED.format(t="o.")} AND {END.format(t="o.")} <= :before AND {_WAIVED_BY.format(t="o")} IS NULL
      ORDER BY {END.format(t="o.")} LIMIT :most FOR NO KEY UPDATE SKIP LOCKED) n
WHERE e.id = n.id
""")

_DROPPED = """
DELETE FROM compliance WHERE id IN (
    SELECT c.id FROM compliance c WHERE {which}
    ORDER BY c.version_id, c.policy_id, c.stage FOR UPDATE)
"""
_DROP_RETIRED = text(_DROPPED.format(which="c.policy_id = ANY (:policies)"))
_DROP_UNBOUND = text(
    _DROPPED.format(
        which="c.version_id = ANY (:versions) AND NOT EXISTS (SELECT FROM policy_bindings b"
        " WHERE b.model_id = c.model_id AND b.policy_id = c.policy_id)"
    )
)

_RETIER = text("""
UPDATE compliance c SET tier = k.tier
FROM (SELECT c.id, m.tier FROM compliance c JOIN models m ON m.id = c.model_id
      WHERE c.model_id = ANY (:models) AND c.tier <> m.tier
      ORDER BY c.version_id, c.policy_id, c.stage FOR UPDATE OF c) k
WHERE c.id = k.id
""")


@dataclass(frozen=True, slots=True)
class Standing:
    """What counts of one policy for a version and a stage; without a row of the wording in force, an ERROR."""

    policy_id: UUID
    policy_version_id: UUID
    key: str
    title: str
    number: int
    digest: str
    outcome: Outcome
    enforcement: Enforcement
    severity: Severity
    explanation: str
    remediation: str
    exception_id: UUID | None
    result_id: UUID | None
    safe_rollback: bool
    validators: tuple[str, ...]
    due_at: datetime | None
    decision_point: DecisionPoint | None
    decision_points: frozenset[DecisionPoint] = frozenset()
    suspended: str | None = None
    """Which exception would waive it, and which of its controls does not hold."""


async def current(
    tx: Tx, version_ids: Collection[UUID], stage: Stage | None
) -> dict[tuple[UUID, Stage], dict[UUID, Held]]:
    """What counts of these versions for a stage, or for every one: by version and stage, then by wording."""
    values = {"versions": list(version_ids), "stage": None if stage is None else stage.value}
    found: dict[tuple[UUID, Stage], dict[UUID, Held]] = {}
    for row in await tx.fetch(_CURRENT, values):
        outcome = Outcome(row["outcome"])
        enforcement, severity = Enforcement(row["enforcement"]), Severity(row["severity"])
        at = found.setdefault((row["version_id"], Stage(row["stage"])), {})
        if row["results"] is None:
            at.update(dict.fromkeys(row["wordings"], Held(outcome, enforcement, severity, row["digest"])))
            continue
        exceptions = row["exceptions"] or [None] * len(row["wordings"])
        for wording, exception, result in zip(row["wordings"], exceptions, row["results"], strict=True):
            at[wording] = Held(outcome, enforcement, severity, row["digest"], exception, result)
    return found


async def decided(tx: Tx, result_ids: Collection[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """What these results looked at."""
    if not result_ids:
        return {}
    rows = await tx.fetch(_DECIDED, {"ids": list(result_ids)})
    return {row["id"]: orjson.loads(row["inputs"]) for row in rows}


async def add(tx: Tx, found: Sequence[Finding], point: DecisionPoint) -> None:
    """Add results, and make them what counts now: one statement for any number."""
    if not found:
        return
    values = {
        "ids": [one.id for one in found],
        "rows": [new_id() for _ in found],
        "policies": [one.policy_id for one in found],
        "wordings": [one.policy_version_id for one in found],
        "models": [one.model_id for one in found],
        "versions": [one.version_id for one in found],
        "exceptions": [one.exception_id for one in found],
        "inputs": [one.input_id for one in found],
        "digests": [one.subject_digest for one in found],
        "stages": [one.stage.value for one in found],
        "tiers": [one.tier.value for one in found],
        "outcomes": [one.outcome.value for one in found],
        "enforcements": [one.enforcement.value for one in found],
        "severities": [one.severity.value for one in found],
        "explanations": [one.explanation for one in found],
        "looked": [orjson.dumps(one.inputs).decode() for one in found],
        "said": [one.digest for one in found],
        "took": [one.took_us for one in found],
        "days": [one.days for one in found],
        "point": point.value,
        "at": tx.at,
    }
    await tx.fetch(_ADD, values)


async def move(
    tx: Tx,
    kept: Sequence[tuple[UUID, Stage, Asked]],
    point: DecisionPoint,
    inputs: Mapping[UUID, UUID] | None = None,
    *,
    quiet: bool = False,
) -> None:
    """Note that what counts was asked again and is the same; of these documents by now, where they are others.

    When `quiet`, the documents alone are noted.
    """
    if kept:
        values = {
            "versions": [version for version, _, _ in kept],
            "policies": [asked.policy_id for _, _, asked in kept],
            "stages": [stage.value for _, stage, _ in kept],
            "inputs": [None if inputs is None else inputs[version] for version, _, _ in kept],
            "point": None if quiet else point.value,
            "at": None if quiet else tx.at,
        }
        await tx.fetch(_MOVE, values)


async def standings(tx: Tx, version_id: UUID, stage: Stage) -> list[Standing]:
    """What counts now for a version and a stage, of every policy that applies, in the order of their keys.

    A policy asked at PROMOTE or DEPLOY that has no row of its current wording is an ERROR: nothing slips through.
    """
    rows = await tx.fetch(_STANDINGS, {"version": version_id, "stage": stage.value})
    return [_standing(row, stage, tx.at) for row in rows]


def _standing(row: Any, stage: Stage, at: datetime) -> Standing:
    there = row["row_id"] is not None
    if there:
        outcome = Outcome(row["outcome"])
        enforcement, severity = Enforcement(row["enforcement"]), Severity(row["severity"])
    else:
        own = Enforcement(row["own_enforcement"]), Severity(row["own_severity"])
        asked = Asked(row["policy_id"], row["policy_version_id"], "", *own, schedule=row["schedule"])
        outcome = Outcome.ERROR
        enforcement, severity = asked.force(RiskTier(row["model_tier"]), stage, at.date())
    return Standing(
        policy_id=row["policy_id"],
        policy_version_id=row["policy_version_id"],
        key=row["key"],
        title=row["title"],
        number=row["number"],
        digest=row["digest"],
        outcome=outcome,
        enforcement=enforcement,
        severity=severity,
        explanation=row["explanation"] if there else "not asked yet",
        remediation=row["remediation"],
        exception_id=row["exception_id"],
        result_id=row["result_id"],
        safe_rollback=row["safe_rollback"],
        validators=tuple(row["validators"]),
        due_at=row["due_at"],
        decision_point=DecisionPoint(row["decision_point"]) if there else None,
        decision_points=_points(tuple(row["decision_points"])),
        suspended=row["suspended"] if there else None,
    )


@cache
def _points(words: tuple[str, ...]) -> frozenset[DecisionPoint]:
    return frozenset(map(DecisionPoint, words))


async def asked_at(
    tx: Tx, version_ids: Collection[UUID], policies: Collection[UUID] | None = None
) -> dict[tuple[DecisionPoint, Stage], list[UUID]]:
    """Where these versions were asked of, by these policies or any."""
    values = {"versions": list(version_ids), "policies": None if policies is None else list(policies)}
    rows = await tx.session.execute(_ASKED_AT, values)
    return {(DecisionPoint(row.decision_point), Stage(row.stage)): row.versions for row in rows}


async def of_exception(tx: Tx, exception_id: UUID) -> list[tuple[UUID, DecisionPoint, Stage, list[UUID]]]:
    """The versions of which an exception's policy was asked: policy, decision point, stage, versions."""
    rows = await tx.session.execute(_OF_EXCEPTION, {"exception": exception_id})
    return [(row.policy_id, DecisionPoint(row.decision_point), Stage(row.stage), row.versions) for row in rows]


async def ended(tx: Tx, at: datetime, most: int) -> list[UUID]:
    """Exceptions that have ended, or were taken back, while something still counts as waived; oldest end first."""
    return [row["id"] for row in await tx.fetch(_ENDED, {"at": at, "most": most})]


async def clear(tx: Tx, before: datetime, most: int) -> None:
    """Note of exceptions that ended before this instant that nothing counts as waived by them."""
    await tx.fetch(_CLEAR, {"before": before, "most": most})


async def drop_retired(tx: Tx, policy_ids: Collection[UUID]) -> None:
    """Forget what counted of policies that are no longer in force; their results stay."""
    await tx.session.execute(_DROP_RETIRED, {"policies": list(policy_ids)})


async def drop_unbound(tx: Tx, version_ids: Collection[UUID]) -> None:
    """Forget what counted of policies that no longer apply to these versions."""
    await tx.session.execute(_DROP_UNBOUND, {"versions": list(version_ids)})


async def retier(tx: Tx, model_ids: Collection[UUID]) -> None:
    """Put what counts of these models into the tier that they are in now."""
    await tx.session.execute(_RETIER, {"models": list(model_ids)})
