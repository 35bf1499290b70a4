"""The SQL of what hangs on policies.

Exceptions are locked after versions, bindings and the approval matrix, before compliance rows and approval requests:
all live ones of the models at once, in the order of ids. Whoever waited for them looks with a snapshot of its own,
taken afterwards.
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from hub.checks.controls.rules import Hanging, Kind
from hub.checks.findings import Finding
from hub.checks.tables import Outcome
from hub.db import Tx
from hub.models.tables import Stage
from hub.policies.tables import DecisionPoint
from hub.statements import sql

# Also those that are not granted yet: whoever grants one meanwhile waits, or is waited for.
_LIVE = """
live AS MATERIALIZED (
    SELECT e.id, e.policy_id FROM policy_exceptions e
    WHERE {of} AND e.state IN ('SUBMITTED', 'UNDER_REVIEW', 'INFO_REQUESTED', 'APPROVED') AND e.expires_at > :at)"""

_HANGS = """
    l.policy_id = ANY (:policies)
    OR EXISTS (SELECT FROM compensating_controls k WHERE k.exception_id = l.id AND k.policy_id = ANY (:policies))
    OR EXISTS (SELECT FROM acceptance_criteria a WHERE a.exception_id = l.id AND a.policy_id = ANY (:policies))"""

# Nothing is locked where nothing hangs; otherwise all, so that two transactions never wait in a ring. For one version
# it is planned once and for all, which it is not for an array of them.
_HOLD_THESE = f"""
WITH {
    _LIVE.format(
        of="e.model_id IN (SELECT v.model_id FROM model_versions v WHERE v.id {those})"
        " AND (e.version_id IS NULL OR e.version_id {those})"
    )
},
     hangs AS MATERIALIZED (SELECT EXISTS (SELECT FROM live l WHERE {_HANGS}) AS any)
SELECT e.id FROM policy_exceptions e
WHERE e.id IN (SELECT id FROM live) AND (SELECT h.any FROM hangs h)
ORDER BY e.id FOR NO KEY UPDATE OF e
"""
_HOLD_VERSION = sql(_HOLD_THESE.format(those="= :version"))
_HOLD_VERSIONS = sql(_HOLD_THESE.format(those="= ANY (:versions)"))
_HOLD_MODELS = text(f"""
WITH {_LIVE.format(of="e.model_id = ANY (:models)")}
SELECT e.id FROM policy_exceptions e WHERE e.id IN (SELECT id FROM live) ORDER BY e.id FOR NO KEY UPDATE OF e
""")

# Those that hang on policies, in whatever model: a control or criterion by its tie, an exception by its own policy.
_HOLD_POLICIES = text(f"""
WITH hanging AS MATERIALIZED (
    SELECT id FROM policy_exceptions WHERE policy_id = ANY (:policies)
    UNION SELECT exception_id FROM compensating_controls WHERE policy_id = ANY (:policies)
    UNION SELECT exception_id FROM acceptance_criteria WHERE policy_id = ANY (:policies)),
{_LIVE.format(of="e.id IN (SELECT id FROM hanging)")}
SELECT e.id FROM policy_exceptions e WHERE e.id IN (SELECT id FROM live) ORDER BY e.id FOR NO KEY UPDATE OF e
""")

# What hangs on policies in granted exceptions, each with the worst of what counts, and of what is being found just now.
# Where a policy is not asked is no reason to keep an exception open, but nothing that a control could rest on.
_HANGING = sql("""
WITH hanging AS MATERIALIZED (
    SELECT e.id AS exception_id, e.model_id, e.version_id AS only_version, e.stage AS only_stage, x.*, p.key,
           p.status IN ('PUBLISHED', 'DEPRECATED') AND EXISTS (
               SELECT FROM policy_bindings b WHERE b.model_id = e.model_id AND b.policy_id = x.policy_id) AS applies
    FROM policy_exceptions e
    CROSS JOIN LATERAL (
        SELECT 'CONTROL' AS kind, k.id, k.policy_id, k.red_since AS since, k.red_why
        FROM compensating_controls k WHERE k.exception_id = e.id AND k.policy_id IS NOT NULL
        UNION ALL
        SELECT 'CRITERION', a.id, a.policy_id, a.met_at, NULL
        FROM acceptance_criteria a WHERE a.exception_id = e.id AND a.policy_id IS NOT NULL
        UNION ALL
        SELECT 'EXCEPTION', e.id, e.policy_id, e.resolution_suggested_at, NULL) x
    JOIN policies p ON p.id = x.policy_id
    WHERE e.id = ANY (:exceptions) AND e.state = 'APPROVED' AND e.expires_at > :at
      AND (CAST(:policies AS uuid[]) IS NULL OR x.policy_id = ANY (:policies))
      AND (cardinality(CAST(:told_stages AS text[])) = 0 OR e.stage IS NULL OR e.stage = ANY (:told_stages))),
told AS MATERIALIZED (
    SELECT t.* FROM unnest(CAST(:told_policies AS uuid[]), CAST(:told_versions AS uuid[]), CAST(:told_stages AS text[]),
                           CAST(:told_outcomes AS text[])) AS t (policy_id, version_id, stage, outcome)
    WHERE t.policy_id IN (SELECT policy_id FROM hanging))
SELECT h.kind, h.id, h.exception_id, h.policy_id, h.key, h.since, h.red_why,
       f.outcome, f.version_id, f.version, f.stage
FROM hanging h
LEFT JOIN LATERAL (
    SELECT s.outcome, v.id AS version_id, v.name AS version, s.stage
    FROM model_versions v
    JOIN LATERAL (
        SELECT t.stage, t.outcome FROM told t WHERE t.version_id = v.id AND t.policy_id = h.policy_id
        UNION ALL
        SELECT c.stage, c.outcome FROM compliance c
        WHERE c.version_id = v.id AND c.policy_id = h.policy_id AND NOT EXISTS (
            SELECT FROM told t WHERE t.version_id = v.id AND t.policy_id = c.policy_id AND t.stage = c.stage)) s ON true
    WHERE v.model_id = h.model_id AND v.missing_since IS NULL
      AND (h.only_version IS NULL OR v.id = h.only_version) AND (h.only_stage IS NULL OR s.stage = h.only_stage)
      AND (h.kind = 'CONTROL' OR s.outcome <> 'SKIP')
    ORDER BY s.outcome = 'PASS', v.id, s.stage
    LIMIT 1) f ON h.applies
ORDER BY h.exception_id, h.id
""")

_TURN = text("""
UPDATE compensating_controls k SET red_since = n.since, red_why = n.why
FROM unnest(CAST(:ids AS uuid[]), CAST(:sinces AS timestamptz[]), CAST(:whys AS text[])) AS n (id, since, why)
WHERE k.id = n.id
""")
_MEET = text("""
UPDATE acceptance_criteria a SET met_at = n.since, met_by = NULL, met_note = ''
FROM unnest(CAST(:ids AS uuid[]), CAST(:sinces AS timestamptz[])) AS n (id, since)
WHERE a.id = n.id
""")
_SUGGEST = text("""
UPDATE policy_exceptions e SET resolution_suggested_at = n.since
FROM unnest(CAST(:ids AS uuid[]), CAST(:sinces AS timestamptz[])) AS n (id, since)
WHERE e.id = n.id
""")

_START = text("""
UPDATE compensating_controls k
SET attestation_due_at = greatest(CAST(:at AS timestamptz), e.starts_at) + make_interval(days => k.attest_every_days)
FROM policy_exceptions e
WHERE e.id = k.exception_id AND e.id = ANY (:exceptions) AND k.attest_every_days IS NOT NULL
""")

_GRANTED_OF = text("""
SELECT DISTINCT e.model_id FROM policy_exceptions e
WHERE e.model_id = ANY (:models) AND e.state = 'APPROVED' AND e.expires_at > :at
ORDER BY e.model_id
""")

# At which one of its decision points each policy is asked that something hangs on, and of which versions.
_TO_ASK = text("""
SELECT w.point, e.stage, array_agg(DISTINCT x.policy_id) AS policies,
       (SELECT array_agg(v.id ORDER BY v.id) FROM model_versions v
        WHERE v.model_id = e.model_id AND v.missing_since IS NULL
          AND (e.version_id IS NULL OR v.id = e.version_id)) AS versions
FROM policy_exceptions e
CROSS JOIN LATERAL (
    SELECT k.policy_id FROM compensating_controls k WHERE k.exception_id = e.id
    UNION SELECT a.policy_id FROM acceptance_criteria a WHERE a.exception_id = e.id) x
JOIN policies p ON p.id = x.policy_id AND p.status IN ('PUBLISHED', 'DEPRECATED')
JOIN policy_versions n ON n.id = p.current_version_id
CROSS JOIN LATERAL (
    SELECT point FROM unnest(n.decision_points) AS point
    ORDER BY array_position(ARRAY['MONITOR', 'DEPLOY', 'PROMOTE', 'REGISTER'], point::text) LIMIT 1) w
WHERE e.id = :exception AND e.state = 'APPROVED' AND e.expires_at > :at
GROUP BY w.point, e.stage, e.model_id, e.version_id
ORDER BY w.point
""")


async def hold_of_versions(tx: Tx, version_ids: Collection[UUID], policy_ids: Collection[UUID]) -> list[UUID]:
    """Lock the live exceptions about any of these versions, if anything in them hangs on these policies."""
    values: dict[str, Any] = {"policies": list(policy_ids), "at": tx.at}
    if len(version_ids) == 1:
        (values["version"],) = version_ids
        rows = await tx.fetch(_HOLD_VERSION, values)
    else:
        rows = await tx.fetch(_HOLD_VERSIONS, {**values, "versions": list(version_ids)})
    return [row["id"] for row in rows]


async def hold_of_models(tx: Tx, model_ids: Collection[UUID]) -> list[UUID]:
    """Lock the live exceptions of these models."""
    return list((await tx.session.execute(_HOLD_MODELS, {"models": list(model_ids), "at": tx.at})).scalars())


async def hold_of_policies(tx: Tx, policy_ids: Collection[UUID]) -> list[UUID]:
    """Lock the live exceptions in which anything hangs on these policies."""
    return list((await tx.session.execute(_HOLD_POLICIES, {"policies": list(policy_ids), "at": tx.at})).scalars())


async def hanging(
    tx: Tx, exception_ids: Collection[UUID], policy_ids: Collection[UUID] | None, told: Collection[Finding]
) -> list[Hanging]:
    """What hangs on these policies, or any, in these exceptions, as the policies stand with what was just found."""
    values = {
        "exceptions": list(exception_ids),
        "policies": None if policy_ids is None else list(policy_ids),
        "told_policies": [one.policy_id for one in told],
        "told_versions": [one.version_id for one in told],
        "told_stages": [one.stage.value for one in told],
        "told_outcomes": [one.outcome.value for one in told],
        "at": tx.at,
    }
    return [_hanging(row) for row in await tx.fetch(_HANGING, values)]


async def turn(tx: Tx, controls: Sequence[Hanging]) -> None:
    """Write which controls are red, since when and why; the exceptions' own suspension follows."""
    if controls:
        values = {
            "ids": [one.id for one in controls],
            "sinces": [None if one.confirmed else one.since or tx.at for one in controls],
            "whys": [None if one.confirmed else one.said() for one in controls],
        }
        await tx.session.execute(_TURN, values)


async def meet(tx: Tx, criteria: Sequence[Hanging]) -> None:
    """Write which criteria are met, by themselves."""
    await _write(tx, _MEET, criteria)


async def suggest(tx: Tx, exceptions: Sequence[Hanging]) -> None:
    """Write which exceptions are not needed any more."""
    await _write(tx, _SUGGEST, exceptions)


async def granted_of(tx: Tx, model_ids: Collection[UUID]) -> list[UUID]:
    """Those of these models that have exceptions in force."""
    return list((await tx.session.execute(_GRANTED_OF, {"models": list(model_ids), "at": tx.at})).scalars())


async def start(tx: Tx, exception_ids: Collection[UUID]) -> None:
    """Begin the terms of controls that people attest: from when they were granted, or from when they start."""
    await tx.session.execute(_START, {"exceptions": list(exception_ids), "at": tx.at})


async def to_ask(tx: Tx, exception_id: UUID) -> list[tuple[DecisionPoint, Stage | None, list[UUID], list[UUID]]]:
    """Where what hangs on policies is to be asked of: decision point, stage (none: their own), policies, versions."""
    rows = await tx.session.execute(_TO_ASK, {"exception": exception_id, "at": tx.at})
    return [
        (DecisionPoint(row.point), None if row.stage is None else Stage(row.stage), row.policies, row.versions or [])
        for row in rows
    ]


async def _write(tx: Tx, statement: Any, turned: Sequence[Hanging]) -> None:
    if turned:
        values = {"ids": [one.id for one in turned], "sinces": [tx.at if one.confirmed else None for one in turned]}
        await tx.session.execute(statement, values)


def _hanging(row: Any) -> Hanging:
    return Hanging(
        Kind(row["kind"]),
        row["id"],
        row["exception_id"],
        row["policy_id"],
        row["key"],
        row["since"],
        row["red_why"],
        None if row["outcome"] is None else Outcome(row["outcome"]),
        row["version_id"],
        row["version"] or "",
        None if row["stage"] is None else Stage(row["stage"]),
    )
