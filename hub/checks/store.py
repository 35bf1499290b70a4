"""The SQL of checks: all that rules look at, results, and what a dossier is made of."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import insert, text
from sqlmodel import col, select

from hub.checks.context import Subject
from hub.checks.tables import CheckResult
from hub.db import Tx
from hub.models.tables import ModelCard, ModelVersion, Stage
from hub.policies.document import FIELDS
from hub.policies.tables import DecisionPoint, Enforcement

_CARD = ", ".join(f"'{section}', c.{section}" for section in sorted(FIELDS["card"]))

# Versions with all that hangs on them, each as one JSON text: one statement for any number of versions.
_SUBJECTS = text(f"""
SELECT v.id, v.model_id, v.digest, v.stage, json_build_object(
    'model', json_build_object(
        'name', m.name, 'description', m.description, 'registry', g.key, 'tier', m.tier, 'owner', o.handle,
        'team', t.key, 'restricted', m.restricted, 'missing', m.missing_since IS NOT NULL,
        'tags', (SELECT json_object_agg(k.key, k.value ORDER BY k.key) FROM model_tags k WHERE k.model_id = m.id)),
    'version', json_build_object(
        'name', v.name, 'description', v.description, 'stage', v.stage, 'status', v.status,
        'author', coalesce(v.author, r.author), 'digest', v.digest, 'code_commit', r.code_commit,
        'artifact_uri', v.artifact_uri, 'missing', v.missing_since IS NOT NULL, 'signature', v.signature,
        'params', v.params,
        'tags', (SELECT json_object_agg(k.key, k.value ORDER BY k.key) FROM version_tags k WHERE k.version_id = v.id),
        'aliases', (SELECT json_agg(a.name ORDER BY a.name) FROM version_aliases a WHERE a.version_id = v.id)),
    'card', (SELECT json_build_object({_CARD}) FROM model_cards c WHERE c.version_id = v.id),
    'metrics', (SELECT json_agg(json_build_array(x.name, x.segment, x.value, x.value_text, x.dataset_id) ORDER BY x.id)
                FROM version_metrics x WHERE x.version_id = v.id),
    'datasets', (SELECT json_agg(json_build_object('id', d.id, 'name', d.name, 'namespace', d.namespace,
                        'digest', d.digest, 'source_kind', d.source_kind, 'role', e.role) ORDER BY d.name, d.id, e.role)
                 FROM lineage_edges e JOIN datasets d ON d.id = e.from_id
                 WHERE e.to_id IN (v.id, v.run_id) AND e.from_kind = 'DATASET'),
    'runs', (SELECT count(*) FROM runs n WHERE n.id = v.run_id)
)::text AS raw
FROM model_versions v
JOIN models m ON m.id = v.model_id
JOIN registries g ON g.id = m.registry_id
LEFT JOIN people o ON o.id = m.owner_id
LEFT JOIN teams t ON t.id = m.team_id
LEFT JOIN runs r ON r.id = v.run_id
WHERE v.id = ANY (:versions)
ORDER BY v.id
""")

# The published wordings that apply to these models at this decision point.
_WORDINGS = text("""
SELECT b.model_id, p.id AS policy_id, v.id AS policy_version_id, v.rule, v.enforcement, v.stages
FROM policy_bindings b
JOIN policies p ON p.id = b.policy_id AND p.status = 'PUBLISHED'
JOIN policy_versions v ON v.id = p.current_version_id
WHERE b.model_id = ANY (:models) AND CAST(:point AS text) = ANY (v.decision_points)
ORDER BY p.key
""")

# The newest result of each policy for these versions at this decision point, stage by stage.
_NEWEST = text("""
SELECT DISTINCT ON (version_id, policy_id, stage)
       version_id, policy_version_id, stage, outcome, exception_id, subject_digest, inputs::text AS inputs, evaluated_at
FROM check_results
WHERE version_id = ANY (:versions) AND decision_point = :point
ORDER BY version_id, policy_id, stage, evaluated_at DESC, id DESC
""")

# What a reviewer looks at for each version and stage: one statement for any number of dossiers.
_DOSSIERS = text("""
SELECT v.id AS version_id, a.stage, v.model_id, m.tier, v.digest, v.missing_since IS NOT NULL AS missing,
    c.digest AS card_digest, v.author, r.author AS run_author,
    (SELECT json_agg(p.current_version_id ORDER BY p.id)::text
     FROM policy_bindings b
     JOIN policies p ON p.id = b.policy_id AND p.status = 'PUBLISHED'
     JOIN policy_versions w ON w.id = p.current_version_id
     WHERE b.model_id = v.model_id AND (cardinality(w.stages) = 0 OR a.stage = ANY (w.stages))) AS policies,
    (SELECT json_agg(json_build_array(n.policy_version_id, n.outcome, n.exception_id, n.explanation, n.inputs)
                     ORDER BY n.policy_id)::text
     FROM (SELECT DISTINCT ON (k.policy_id) k.* FROM check_results k
           WHERE k.version_id = v.id AND k.stage = a.stage
           ORDER BY k.policy_id, k.evaluated_at DESC, k.id DESC) n) AS checks,
    (SELECT json_build_object('tier', u.tier, 'quorum', u.quorum, 'disciplines', u.disciplines)::text
     FROM approval_rules u
     WHERE u.stage = a.stage AND u.tier = CASE m.tier WHEN 'UNCLASSIFIED' THEN 'HIGH' ELSE m.tier END) AS rule
FROM unnest(CAST(:versions AS uuid[]), CAST(:stages AS text[])) AS a (version_id, stage)
JOIN model_versions v ON v.id = a.version_id
JOIN models m ON m.id = v.model_id
LEFT JOIN model_cards c ON c.version_id = v.id
LEFT JOIN runs r ON r.id = v.run_id
""")

_VERSIONS_OF_POLICY = text("""
SELECT v.id FROM model_versions v JOIN policy_bindings b ON b.model_id = v.model_id
WHERE b.policy_id = :policy AND v.missing_since IS NULL ORDER BY v.id
""")
_VERSIONS_OF_MODELS = text("""
SELECT v.id FROM model_versions v WHERE v.model_id = ANY (:models) AND v.missing_since IS NULL ORDER BY v.id
""")

# Where a policy was asked of what an exception is about: version, decision point and stage.
_ASKED = text("""
SELECT DISTINCT k.version_id, k.decision_point, k.stage
FROM policy_exceptions e
JOIN check_results k ON k.policy_id = e.policy_id AND k.model_id = e.model_id
    AND (e.version_id IS NULL OR k.version_id = e.version_id) AND (e.stage IS NULL OR k.stage = e.stage)
WHERE e.id = :exception
ORDER BY k.decision_point, k.stage, k.version_id
""")


@dataclass(frozen=True, slots=True)
class Wording:
    """One policy's rule as it is asked now."""

    policy_id: UUID
    policy_version_id: UUID
    rule: str
    enforcement: Enforcement
    stages: frozenset[Stage]


async def hold(tx: Tx, version_ids: Collection[UUID]) -> None:
    """Let only one transaction at a time evaluate a version; in the order of ids, so that none wait in a ring."""
    statement = select(ModelVersion.id).where(col(ModelVersion.id).in_(version_ids)).order_by(col(ModelVersion.id))
    await tx.session.execute(statement.with_for_update(key_share=True))


async def subjects(tx: Tx, version_ids: Collection[UUID]) -> list[Subject]:
    """Versions with all that rules may look at; one that is not there is absent."""
    rows = await tx.session.execute(_SUBJECTS, {"versions": list(version_ids)})
    return [Subject(row.id, row.model_id, row.digest, Stage(row.stage), orjson.loads(row.raw)) for row in rows]


async def wordings(tx: Tx, model_ids: Collection[UUID], point: DecisionPoint) -> dict[UUID, list[Wording]]:
    """What is asked of each model at a decision point, in the order of the policies' keys."""
    found: dict[UUID, list[Wording]] = {}
    for row in await tx.session.execute(_WORDINGS, {"models": list(model_ids), "point": point.value}):
        stages = frozenset(Stage(stage) for stage in row.stages)
        wording = Wording(row.policy_id, row.policy_version_id, row.rule, Enforcement(row.enforcement), stages)
        found.setdefault(row.model_id, []).append(wording)
    return found


async def newest(
    tx: Tx, version_ids: Collection[UUID], point: DecisionPoint
) -> dict[tuple[UUID, UUID, Stage], Mapping[str, Any]]:
    """The newest results by version, policy version and stage."""
    rows = await tx.session.execute(_NEWEST, {"versions": list(version_ids), "point": point.value})
    return {
        (row.version_id, row.policy_version_id, Stage(row.stage)): {**row._mapping, "inputs": orjson.loads(row.inputs)}
        for row in rows
    }


async def add(tx: Tx, results: Sequence[CheckResult]) -> None:
    """Add results."""
    if results:
        await tx.session.execute(insert(CheckResult), [result.model_dump() for result in results])


async def dossiers(tx: Tx, wanted: Collection[tuple[UUID, Stage]]) -> list[Mapping[str, Any]]:
    """What dossiers are made of, in columns; a version that is not there is absent."""
    versions = [version_id for version_id, _ in wanted]
    stages = [stage.value for _, stage in wanted]
    found = await tx.session.execute(_DOSSIERS, {"versions": versions, "stages": stages})
    return [dict(row) for row in found.mappings()]


async def versions_of_policy(tx: Tx, policy_id: UUID) -> list[UUID]:
    """Every version that a policy applies to and that its registry still shows."""
    return list((await tx.session.execute(_VERSIONS_OF_POLICY, {"policy": policy_id})).scalars())


async def versions_of_models(tx: Tx, model_ids: Collection[UUID]) -> list[UUID]:
    """Every version of these models that its registry still shows."""
    return list((await tx.session.execute(_VERSIONS_OF_MODELS, {"models": list(model_ids)})).scalars())


async def version_of_card(tx: Tx, card_ids: Collection[UUID]) -> list[UUID]:
    """The versions these cards describe."""
    statement = select(ModelCard.version_id).where(col(ModelCard.id).in_(card_ids))
    return list((await tx.session.execute(statement)).scalars())


async def asked_about(tx: Tx, exception_id: UUID) -> dict[tuple[DecisionPoint, Stage], list[UUID]]:
    """The versions of which an exception's policy was asked, by decision point and stage."""
    found: dict[tuple[DecisionPoint, Stage], list[UUID]] = {}
    for row in await tx.session.execute(_ASKED, {"exception": exception_id}):
        found.setdefault((DecisionPoint(row.decision_point), Stage(row.stage)), []).append(row.version_id)
    return found
