"""The SQL of checks: all that rules look at, and which wordings are asked of it."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlmodel import col, select

from hub.checks.compliance.store import Standing, standings
from hub.checks.context import Subject
from hub.checks.findings import Asked
from hub.db import Tx
from hub.models.tables import ModelCard, Stage
from hub.policies.document import FIELDS
from hub.policies.store import BINDINGS_LOCK
from hub.policies.tables import DecisionPoint, Enforcement, Severity
from hub.statements import sql

__all__ = ["Standing", "standings"]

INSTANT = '\'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\''

WORDINGS_KEPT = 4096
"""Wordings that a process keeps ready to be asked."""

DECIDES = "jsonb_path_query_array({inputs}, '$.clauses[*] ? (!(@.decides == false))')"
"""The parts of a rule that decided, of what a result keeps."""

_CARD = ", ".join(f"'{section}', c.{section}" for section in sorted(FIELDS["card"]))

# The newest report of each kind about the version as it is; whether it was repeated, or is disputed, is told of the
# experiment that it reports.
_EVIDENCE = f"""(
    SELECT json_object_agg(lower(n.kind), json_build_object(
        'verdict', n.verdict, 'figures', n.figures, 'measured_at', to_char(n.measured_at AT TIME ZONE 'UTC', {INSTANT}),
        'title', n.title, 'tool', n.tool, 'source', n.source, 'code_commit', n.code_commit,
        'data_digest', n.data_digest, 'seed', n.seed, 'environment', n.environment, 'command', n.command,
        'repeated', n.repeated, 'disputed', n.disputed, 'reports', n.reports) ORDER BY n.kind)
    FROM (SELECT DISTINCT ON (e.kind) e.*, count(*) OVER (PARTITION BY e.kind) AS reports,
                 bool_or(e.repeats_id IS NOT NULL) OVER (PARTITION BY e.kind, e.experiment) AS repeated,
                 bool_or(e.disagrees_with_id IS NOT NULL) OVER (PARTITION BY e.kind, e.experiment) AS disputed
          FROM evidence e
          WHERE e.version_id = v.id AND e.version_digest = v.digest
          ORDER BY e.kind, e.measured_at DESC, e.id DESC) n)"""

# What runs, what was approved for the stage that is asked for, and what one would go back to. A break-glass stands for
# the approval while it is in force.
_RUNNING = "status = 'RUNNING' AND {0}.missing_since IS NULL"
_DEPLOYMENT = f"""json_build_object(
    'approved', EXISTS (SELECT FROM approval_requests a WHERE a.subject_id = v.id AND a.subject_kind = 'version'
                        AND a.stage = s.stage AND (a.status = 'APPROVED' OR EXISTS (
                            SELECT FROM break_glasses b WHERE b.request_id = a.id AND b.expires_at > :at
                              AND b.justified IS NOT FALSE))),
    'running', (SELECT count(*) FROM deployments y WHERE y.version_id = v.id AND y.{_RUNNING.format("y")}),
    'environments', (SELECT json_agg(DISTINCT y.environment ORDER BY y.environment) FROM deployments y
                     WHERE y.version_id = v.id AND y.environment <> '' AND y.{_RUNNING.format("y")}),
    'rollback_target', coalesce(
        (SELECT (SELECT k.name FROM model_versions k WHERE k.id = i.rollback_version_id)
         FROM deployment_intents i WHERE i.version_id = v.id AND i.stage = s.stage
         ORDER BY i.requested_at DESC, i.id DESC LIMIT 1),
        (SELECT k.name FROM model_versions k
         WHERE k.model_id = v.model_id AND k.id <> v.id AND k.missing_since IS NULL
           AND (k.stage = 'PRODUCTION' OR EXISTS (
                SELECT FROM deployments y WHERE y.version_id = k.id AND y.{_RUNNING.format("y")}))
         ORDER BY k.created_at DESC, k.id DESC LIMIT 1)))"""

# Versions with all that hangs on them, each as one JSON text: one statement for any number of versions. Those of one
# version or model are planned once and for all, which an array's are not: to plan takes longer than to run.
_SUBJECTS = f"""
SELECT v.id, v.model_id, v.digest, v.stage, json_build_object(
    'model', json_build_object(
        'name', m.name, 'description', m.description, 'registry', g.key, 'tier', m.tier, 'owner', o.handle,
        'team', t.key, 'restricted', m.restricted, 'missing', m.missing_since IS NOT NULL,
        'tags', (SELECT json_object_agg(k.key, k.value ORDER BY k.key) FROM model_tags k WHERE k.model_id = m.id)),
    'version', json_build_object(
        'name', v.name, 'description', v.description, 'stage', v.stage, 'status', v.status,
        'author', coalesce(v.author, r.author), 'digest', v.digest, 'code_commit', r.code_commit,
        'artifact_uri', v.artifact_uri, 'missing', v.missing_since IS NOT NULL, 'signature', v.signature,
        'params', v.params, 'created_at', to_char(v.created_at AT TIME ZONE 'UTC', {INSTANT}),
        'tags', (SELECT json_object_agg(k.key, k.value ORDER BY k.key) FROM version_tags k WHERE k.version_id = v.id),
        'aliases', (SELECT json_agg(a.name ORDER BY a.name) FROM version_aliases a WHERE a.version_id = v.id)),
    'card', (SELECT json_build_object({_CARD}) FROM model_cards c WHERE c.version_id = v.id),
    'metrics', (SELECT json_agg(json_build_array(x.name, x.segment, x.value, x.value_text, x.dataset_id) ORDER BY x.id)
                FROM version_metrics x WHERE x.version_id = v.id),
    'datasets', (SELECT json_agg(json_build_object('id', d.id, 'name', d.name, 'namespace', d.namespace,
                        'digest', d.digest, 'source_kind', d.source_kind, 'role', e.role,
                        'categories', c.categories, 'legal_basis', c.legal_basis, 'consent', c.consent,
                        'licence', c.licence, 'source_name', c.source_name, 'prohibited', c.prohibited,
                        'described', c.id IS NOT NULL) ORDER BY d.name, d.id, e.role)
                 FROM lineage_edges e JOIN datasets d ON d.id = e.from_id
                 LEFT JOIN dataset_descriptions c ON c.namespace = d.namespace AND c.name = d.name
                 WHERE e.to_id IN (v.id, v.run_id) AND e.from_kind = 'DATASET'),
    'evidence', {_EVIDENCE},
    'deployment', {_DEPLOYMENT},
    'runs', (SELECT count(*) FROM runs n WHERE n.id = v.run_id)
)::text AS raw
FROM model_versions v
CROSS JOIN LATERAL (SELECT coalesce(CAST(:stage AS text), v.stage) AS stage) s
JOIN models m ON m.id = v.model_id
JOIN registries g ON g.id = m.registry_id
LEFT JOIN people o ON o.id = m.owner_id
LEFT JOIN teams t ON t.id = m.team_id
LEFT JOIN runs r ON r.id = v.run_id
WHERE v.id = """
_SUBJECT = sql(f"{_SUBJECTS} :version")
_SUBJECTS_ALL = sql(f"{_SUBJECTS} ANY (:versions) ORDER BY v.id")

_HOLD = sql("""
WITH versions AS MATERIALIZED (SELECT v.id FROM model_versions v WHERE v.id = ANY (:versions)
                               ORDER BY v.id FOR NO KEY UPDATE),
     held AS MATERIALIZED (SELECT count(*) FROM versions)
SELECT pg_advisory_xact_lock_shared(:bindings) FROM held
""")

# The wordings in force that apply to any of these models at this decision point, each once, with its models.
_WORDINGS = """
SELECT p.id AS policy_id, v.id AS policy_version_id, v.rule, v.enforcement, v.severity, v.stages,
       v.schedule::text AS schedule, v.service_levels::text AS service_levels, v.service_level_days, v.reads, b.models
FROM (SELECT policy_id, array_agg(model_id) AS models FROM policy_bindings WHERE {which} GROUP BY policy_id) b
JOIN policies p ON p.id = b.policy_id AND p.status IN ('PUBLISHED', 'DEPRECATED')
JOIN policy_versions v ON v.id = p.current_version_id
WHERE CAST(:point AS text) = ANY (v.decision_points)
ORDER BY p.key
"""
_WORDINGS_OF = sql(_WORDINGS.format(which="model_id = :model"))
_WORDINGS_OF_ALL = sql(
    _WORDINGS.format(
        which="model_id = ANY (:models) AND (CAST(:policies AS uuid[]) IS NULL OR policy_id = ANY (:policies))"
    )
)

_CARD_OF = text("""
SELECT c.digest, v.model_id, v.author, r.author AS run_author, m.name AS model, v.name AS version
FROM model_cards c JOIN model_versions v ON v.id = c.version_id JOIN models m ON m.id = v.model_id
LEFT JOIN runs r ON r.id = v.run_id
WHERE c.version_id = :version
""")

_VERSIONS_OF_POLICY = text("""
SELECT v.id FROM model_versions v JOIN policy_bindings b ON b.model_id = v.model_id
WHERE b.policy_id = :policy AND v.missing_since IS NULL ORDER BY v.id
""")
_VERSIONS_OF_MODELS = text("""
SELECT v.id FROM model_versions v WHERE v.model_id = ANY (:models) AND v.missing_since IS NULL ORDER BY v.id
""")

# The versions that were made from, or evaluated on, data sets of which something else is said now.
_VERSIONS_OF_DESCRIBED = text("""
SELECT DISTINCT v.id
FROM dataset_descriptions c
JOIN datasets d ON d.namespace = c.namespace AND d.name = c.name
JOIN lineage_edges e ON e.from_id = d.id AND e.from_kind = 'DATASET'
JOIN model_versions v ON v.id = e.to_id OR v.run_id = e.to_id
WHERE c.id = ANY (:descriptions) AND v.missing_since IS NULL
ORDER BY v.id
""")
_VERSIONS_OF_DEPLOYMENTS = text("""
SELECT DISTINCT version_id FROM deployments WHERE id = ANY (:deployments) AND version_id IS NOT NULL ORDER BY version_id
""")


async def hold(tx: Tx, version_ids: Collection[UUID]) -> None:
    """Let only one transaction at a time evaluate a version; in the order of ids, so that none wait in a ring.

    Meanwhile no publication takes a policy away whose answers are being written: that lock is the later one.
    """
    await tx.fetch(_HOLD, {"versions": list(version_ids), "bindings": BINDINGS_LOCK})


async def subjects(tx: Tx, version_ids: Collection[UUID], stage: Stage | None = None) -> list[Subject]:
    """Versions with all that rules may look at for a stage, or each for its own; one that is not there is absent."""
    values: dict[str, Any] = {"stage": None if stage is None else stage.value, "at": tx.at}
    if len(version_ids) == 1:
        (version_id,) = version_ids
        rows = await tx.fetch(_SUBJECT, {**values, "version": version_id})
    else:
        rows = await tx.fetch(_SUBJECTS_ALL, {**values, "versions": list(version_ids)})
    return [
        Subject(row["id"], row["model_id"], row["digest"], Stage(row["stage"]), orjson.loads(row["raw"]))
        for row in rows
    ]


async def wordings(
    tx: Tx, model_ids: Collection[UUID], point: DecisionPoint, *, policies: Collection[UUID] | None = None
) -> list[tuple[Asked, list[UUID]]]:
    """What is asked at a decision point, in the order of the policies' keys, each with the models it applies to."""
    values: dict[str, Any] = {"point": point.value}
    if len(model_ids) == 1 and policies is None:
        (values["model"],) = model_ids
        rows = await tx.fetch(_WORDINGS_OF, values)
    else:
        values |= {"models": list(model_ids), "policies": None if policies is None else list(policies)}
        rows = await tx.fetch(_WORDINGS_OF_ALL, values)
    return [
        (
            _asked(
                row["policy_id"],
                row["policy_version_id"],
                row["rule"],
                row["enforcement"],
                row["severity"],
                tuple(row["stages"]),
                row["schedule"],
                row["service_levels"],
                row["service_level_days"],
                tuple(row["reads"]),
            ),
            row["models"],
        )
        for row in rows
    ]


@lru_cache(WORDINGS_KEPT)
def _asked(
    policy_id: UUID,
    policy_version_id: UUID,
    rule: str,
    enforcement: str,
    severity: str,
    stages: tuple[str, ...],
    schedule: str,
    service_levels: str,
    service_level_days: int,
    reads: tuple[str, ...],
) -> Asked:
    """A wording, made once: what is found out of it lasts for all that is asked of it."""
    return Asked(
        policy_id=policy_id,
        policy_version_id=policy_version_id,
        text=rule,
        enforcement=Enforcement(enforcement),
        severity=Severity(severity),
        stages=frozenset(map(Stage, stages)),
        schedule=orjson.loads(schedule),
        service_levels=orjson.loads(service_levels),
        service_level_days=service_level_days,
        reads=frozenset(reads),
    )


async def versions_of_policy(tx: Tx, policy_id: UUID) -> list[UUID]:
    """Every version that a policy applies to and that its registry still shows."""
    return list((await tx.session.execute(_VERSIONS_OF_POLICY, {"policy": policy_id})).scalars())


async def versions_of_models(tx: Tx, model_ids: Collection[UUID]) -> list[UUID]:
    """Every version of these models that its registry still shows."""
    return list((await tx.session.execute(_VERSIONS_OF_MODELS, {"models": list(model_ids)})).scalars())


async def card(tx: Tx, version_id: UUID) -> Mapping[str, Any] | None:
    """The digest of a version's card, with who made the version and what it is called."""
    row = (await tx.session.execute(_CARD_OF, {"version": version_id})).mappings().first()
    return None if row is None else dict(row)


async def version_of_card(tx: Tx, card_ids: Collection[UUID]) -> list[UUID]:
    """The versions these cards describe."""
    statement = select(ModelCard.version_id).where(col(ModelCard.id).in_(card_ids))
    return list((await tx.session.execute(statement)).scalars())


async def versions_of_described(tx: Tx, description_ids: Collection[UUID]) -> list[UUID]:
    """Every version made from, or evaluated on, a data set that these descriptions are about."""
    values = {"descriptions": list(description_ids)}
    return list((await tx.session.execute(_VERSIONS_OF_DESCRIBED, values)).scalars())


async def versions_of_deployments(tx: Tx, deployment_ids: Collection[UUID]) -> list[UUID]:
    """The versions that these deployments run."""
    values = {"deployments": list(deployment_ids)}
    return list((await tx.session.execute(_VERSIONS_OF_DEPLOYMENTS, values)).scalars())
