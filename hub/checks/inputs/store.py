"""The SQL of the documents that rules were asked of."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from hub.checks.documents import Written
from hub.db import Tx, new_id
from hub.models.tables import RiskTier, Stage
from hub.policies.tables import DecisionPoint
from hub.statements import sql

# A document asked of before is not stored again; `at` is when it was last asked of.
_INPUTS = sql("""
INSERT INTO check_inputs AS i (id, version_id, model_id, stage, decision_point, tier, digest, document, at)
SELECT n.id, n.version, n.model, n.stage, :point, n.tier, n.digest, n.document, CAST(:at AS timestamptz)
FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS uuid[]), CAST(:models AS uuid[]), CAST(:stages AS text[]),
            CAST(:tiers AS text[]), CAST(:digests AS text[]), CAST(:documents AS text[]))
    AS n (id, version, model, stage, tier, digest, document)
ORDER BY n.version
ON CONFLICT (version_id, stage, decision_point, digest) DO UPDATE SET at = excluded.at
RETURNING i.id, i.version_id
""")

_ASKED_LATELY = sql("""
SELECT version_id, stage, digest FROM check_inputs
WHERE version_id = ANY (:versions) AND decision_point = :point AND at >= :since
""")

# One document for each digest: the same may have been asked of at several decision points.
_DOCUMENTS = sql("""
SELECT DISTINCT ON (i.version_id, i.digest) i.version_id, i.digest, i.document
FROM unnest(CAST(:versions AS uuid[]), CAST(:digests AS text[])) AS n (version, digest)
JOIN check_inputs i ON i.version_id = n.version AND i.digest = n.digest
""")


@dataclass(frozen=True, slots=True)
class Input:
    """A version's document for a stage, to be kept."""

    version_id: UUID
    model_id: UUID
    stage: Stage
    tier: RiskTier
    written: Written


async def asked_lately(
    tx: Tx, inputs: Sequence[Input], point: DecisionPoint, since: datetime
) -> set[tuple[UUID, Stage, str]]:
    """Which documents of these versions were asked of since then: version, stage, digest."""
    if not inputs:
        return set()
    values = {"versions": [one.version_id for one in inputs], "point": point.value, "since": since}
    rows = await tx.fetch(_ASKED_LATELY, values)
    return {(row["version_id"], Stage(row["stage"]), row["digest"]) for row in rows}


async def keep(tx: Tx, inputs: Sequence[Input], point: DecisionPoint) -> dict[UUID, UUID]:
    """Store documents, and when they were asked of; gives their ids by version."""
    if not inputs:
        return {}
    values: dict[str, Any] = {
        "ids": [new_id() for _ in inputs],
        "versions": [one.version_id for one in inputs],
        "models": [one.model_id for one in inputs],
        "stages": [one.stage.value for one in inputs],
        "tiers": [one.tier.value for one in inputs],
        "digests": [one.written.digest for one in inputs],
        "documents": [one.written.text for one in inputs],
        "point": point.value,
        "at": tx.at,
    }
    return {row["version_id"]: row["id"] for row in await tx.fetch(_INPUTS, values)}


async def documents(tx: Tx, asked: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], Mapping[str, Any]]:
    """Documents that were asked of, by version and digest."""
    if not asked:
        return {}
    values = {"versions": [version for version, _ in asked], "digests": [digest for _, digest in asked]}
    rows = await tx.fetch(_DOCUMENTS, values)
    return {(row["version_id"], row["digest"]): orjson.loads(row["document"]) for row in rows}
