"""What a decision about a version binds to: a digest over all that a reviewer looks at, part by part.

Results enter by what they say, not by when they were made: a check that is asked again and finds the same leaves the
dossier as it was.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from hub.approvals import actions as approvals
from hub.approvals import store as approval_store
from hub.approvals import subjects
from hub.approvals.rules import ApprovalSubject, changed
from hub.approvals.tables import ApprovalRequest, SubjectKind
from hub.checks.dossiers.bound import store
from hub.db import Tx
from hub.events.canonical import digest_of
from hub.models.tables import RiskTier, Stage

KIND = SubjectKind.VERSION


@dataclass(frozen=True, slots=True)
class Dossier:
    """The digests of one version's dossier for one stage, and whose work it is: outside names, and people."""

    version_id: UUID
    model_id: UUID
    tier: RiskTier
    stage: Stage
    parts: Mapping[str, str]
    authors: tuple[str, ...]
    author_ids: tuple[UUID, ...]
    title: str

    @property
    def digest(self) -> str:
        return digest_of(self.parts)

    def subject(self) -> ApprovalSubject:
        """The dossier as approvals know it."""
        return ApprovalSubject(
            KIND,
            self.version_id,
            self.digest,
            self.model_id,
            parts=self.parts,
            authors=self.authors,
            author_ids=self.author_ids,
            title=self.title,
        )


async def dossiers(tx: Tx, wanted: Collection[tuple[UUID, Stage]]) -> dict[tuple[UUID, Stage], Dossier]:
    """Dossiers by version and stage, from one statement for any number."""
    if not wanted:
        return {}
    made = (_dossier(row) for row in await store.bound(tx, wanted))
    return {(one.version_id, one.stage): one for one in made}


async def dossier(tx: Tx, version_id: UUID, stage: Stage) -> Dossier:
    """The dossier of a version that is there."""
    return (await dossiers(tx, [(version_id, stage)]))[version_id, stage]


async def dossier_digest(tx: Tx, version_id: UUID, stage: Stage) -> str:
    """The digest of a version's dossier for a stage, as of now."""
    return (await dossier(tx, version_id, stage)).digest


async def refresh(tx: Tx, model_ids: Collection[UUID] | None = None) -> None:
    """Make pending requests stale whose dossier is another by now; in these models, or in any."""
    asked = await approval_store.pending(tx, KIND, scope_ids=model_ids)
    now = await dossiers(tx, {(one.subject_id, one.stage) for one in asked if one.stage is not None})
    found: dict[UUID, tuple[ApprovalRequest, list[str]]] = {}
    for one in asked:
        assert one.stage is not None
        parts = now[one.subject_id, one.stage].parts
        if names := changed(one.parts or {}, parts):
            found[one.id] = (one, names)
    await approvals.void(tx, found)


@subjects.subject(KIND)
async def subject_now(tx: Tx, version_id: UUID, stage: Stage | None) -> Dossier | None:
    """A version's dossier as of now."""
    assert stage is not None
    return (await dossiers(tx, [(version_id, stage)])).get((version_id, stage))


def _dossier(row: Mapping[str, Any]) -> Dossier:
    return Dossier(
        row["version_id"],
        row["model_id"],
        RiskTier(row["tier"]),
        Stage(row["stage"]),
        orjson.loads(row["parts"]),
        tuple(sorted(row["authors"])),
        tuple(sorted(row["contributors"])),
        f"{row['model']} {row['version']} to {row['stage']}",
    )
