"""Adding test reports; nobody changes or removes one, so that what was once shown stays to be seen."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from hub.checks.evidence import rules, store
from hub.checks.evidence.rules import Report
from hub.checks.evidence.store import Held
from hub.checks.tables import Evidence
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.record import Entry, Subject, record_all
from hub.models import actions as models
from hub.people.access import Permission, Principal
from hub.people.acting import acting


async def add(tx: Tx, who: Principal | None, version_id: UUID, report: Report) -> Evidence:
    """Keep a report about a version; the same one again gives the first, and writes nothing.

    Without a person it is the hub itself that reports: a validator, a registry's metrics.
    """
    if who is not None:
        acting(tx, who, Permission.ADD_EVIDENCE)
        rules.check_source(report.source)
    clean = rules.checked(report, tx.at)
    if who is not None:
        await models.visible_version(tx, who, version_id)
    # Held before anything is looked up: the same report sent twice at once is one report.
    held = await store.hold(tx, [version_id])
    if version_id not in held:
        raise Refused(Code.NOT_FOUND, "there is no such version", field="version")
    rules.check_subject(clean, held[version_id].digest)
    (kept,) = await _keep(tx, who, [(version_id, held[version_id], clean)])
    return kept


async def add_all(tx: Tx, reports: Sequence[tuple[UUID, Report]]) -> None:
    """Keep what the hub itself found of any number of versions, in a fixed number of statements.

    The reports are fit (rules.checked) and about the versions as they are now; those that are kept already are left.
    """
    if not reports:
        return
    held = await store.hold(tx, {version_id for version_id, _ in reports})
    await _keep(tx, None, [(id, held[id], report) for id, report in reports if id in held])


async def _keep(tx: Tx, who: Principal | None, reports: Sequence[tuple[UUID, Held, Report]]) -> list[Evidence]:
    """The rows of these reports, each as it was first added, in their order; their versions are held."""
    rows = [_row(tx, who, id, held, report) for id, held, report in reports]
    known = await store.known(tx, [(row.version_id, row.digest) for row in rows])
    new = [row for row in rows if (row.version_id, row.digest) not in known]
    if new:
        firsts = await store.firsts(
            tx, [(row.version_id, row.kind, row.experiment) for row in new if row.experiment is not None]
        )
        for row in new:
            first = firsts.get((row.version_id, row.experiment)) if row.experiment is not None else None
            row.repeats_id, row.disagrees_with_id = rules.links(row, first)
        added = await store.add(tx, new)
        await record_all(tx, "evidence.added", [_entry(row) for row in new if row.id in added])
    return [known.get((row.version_id, row.digest), row) for row in rows]


def _row(tx: Tx, who: Principal | None, version_id: UUID, held: Held, report: Report) -> Evidence:
    # The digest of what was tested is part of what is said: the same figures of other content are another report.
    said = replace(report, version_digest=held.digest)
    return Evidence(
        id=new_id(),
        version_id=version_id,
        model_id=held.model_id,
        kind=said.kind,
        verdict=said.verdict,
        source=said.source,
        title=said.title,
        tool=said.tool,
        figures=dict(said.figures),
        details=dict(said.details),
        version_digest=held.digest,
        code_commit=said.code_commit,
        data_digest=said.data_digest,
        seed=said.seed,
        environment=said.environment,
        command=said.command,
        digest=rules.digest(said),
        experiment=rules.experiment(said),
        added_by=None if who is None else who.person_id,
        measured_at=said.measured_at or tx.at,
        added_at=tx.at,
    )


def _entry(row: Evidence) -> Entry:
    told = {
        "version": row.version_id,
        "kind": row.kind,
        "verdict": row.verdict,
        "source": row.source,
        "digest": row.digest,
        "disagrees": row.disagrees_with_id is not None,
    }
    return Entry(Subject("evidence", row.id, row.digest), told, row.model_id)
