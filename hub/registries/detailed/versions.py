"""Takes in the details of versions: what they were made from, by which run, and how well they do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from hub.db import Tx, new_id
from hub.events.record import Entry, Subject, record_all
from hub.lineage.tables import LineageKind, LineageRole
from hub.registries.adapter import DatasetRef, Document, RegistryDataset, RegistryRun, RegistryVersion, VersionDetails
from hub.registries.detailed import store

Key = tuple[str, str, str]
ROLES = {"TRAINING": LineageRole.TRAINING, "EVALUATION": LineageRole.EVALUATION}
TEXT_MAX = 100


@dataclass(frozen=True, slots=True)
class Detailed:
    """Details beside the version they are for."""

    id: UUID
    details: VersionDetails


def asked(row: Mapping[str, Any]) -> RegistryVersion:
    """A version as the adapter is asked for its details."""
    return RegistryVersion(
        model_id=row["model"],
        external_id=row["external_id"],
        number=row["name"],
        created_at=row["created_at"],
        updated_at=None,
        description="",
        stage=None,
        status=row["status"],
        author=row["author"],
        code_commit=row["code_commit"],
        source_uri=row["source_uri"],
        run_id=row["run_id"],
    )


async def take(tx: Tx, registry_id: UUID, namespace: str, page: Sequence[Detailed]) -> int:
    """Write the details of some versions, again if need be; each is told as a change of its version."""
    if not page:
        return 0
    runs = await store.put_runs(tx, registry_id, list(_runs(page)))
    datasets, written = await store.put_datasets(tx, list(_datasets(page, namespace)))
    known = _Known(namespace, runs, datasets)
    rows = await store.put_versions(tx, [_version(one, known) for one in page])
    kept = {row["id"] for row in rows}
    there = [one for one in page if one.id in kept]
    await store.put_edges(tx, [(new_id(), *edge) for edge in dict.fromkeys(_edges(there, known))])
    await store.put_metrics(tx, list(kept), list(_metrics(there, known)))
    told = [Entry(Subject("dataset", id), {"registry": registry_id}) for id in sorted(written)]
    await record_all(tx, "dataset.registered", told)
    changed = [
        Entry(Subject("version", row["id"], row["digest"]), {"parts": ["details"]}, row["model_id"]) for row in rows
    ]
    await record_all(tx, "version.changed", changed)
    return len(rows)


@dataclass(frozen=True, slots=True)
class _Known:
    namespace: str
    runs: Mapping[str, UUID]
    datasets: Mapping[Key, UUID]

    def run(self, run: RegistryRun | None) -> UUID | None:
        return self.runs.get(run.external_id) if run is not None else None

    def dataset(self, ref: DatasetRef | None, namespace: str | None = None) -> UUID | None:
        return self.datasets.get((namespace or self.namespace, ref.name, ref.digest)) if ref is not None else None


def _runs(page: Sequence[Detailed]) -> Iterator[tuple[object, ...]]:
    found = {run.external_id: (run, one) for one in page if (run := one.details.run) is not None and run.external_id}
    for run, one in found.values():
        yield (
            new_id(),
            run.external_id,
            run.name,
            run.status,
            run.author,
            run.code_commit[:200] if run.code_commit else None,
            _json(run.params),
            run.started_at or one.details.version.created_at,
            run.ended_at,
        )


def _datasets(page: Sequence[Detailed], namespace: str) -> Iterator[tuple[object, ...]]:
    """Every data set that is named, in full where a run tells more than its name."""
    found: dict[Key, RegistryDataset | None] = {}
    for one in page:
        details = one.details
        for use in details.run.uses if details.run is not None else ():
            used = use.dataset
            found[used.namespace, used.name, used.digest] = used
            if use.derived_from is not None:
                found.setdefault((used.namespace, use.derived_from.name, use.derived_from.digest), None)
        for metric in details.metrics:
            if metric.dataset is not None:
                found.setdefault((namespace, metric.dataset.name, metric.dataset.digest), None)
    for key, dataset in found.items():
        if dataset is None:
            yield (new_id(), *key, None, None, None, None)
        else:
            columns, profile = _document(dataset.columns), _document(dataset.profile)
            yield (new_id(), *key, dataset.source_kind, dataset.source, columns, profile)


def _edges(page: Sequence[Detailed], known: _Known) -> Iterator[tuple[str, UUID, str, UUID, str]]:
    dataset, run_kind, version = LineageKind.DATASET.value, LineageKind.RUN.value, LineageKind.VERSION.value
    for one in page:
        run = one.details.run
        run_id = known.run(run)
        used: set[UUID] = set()
        for use in run.uses if run is not None else ():
            id = known.dataset(use.dataset.ref, use.dataset.namespace)
            above = known.dataset(use.derived_from, use.dataset.namespace)
            if id is None or run_id is None:
                continue
            used.add(id)
            if use.role in ROLES:
                yield dataset, id, run_kind, run_id, ROLES[use.role].value
            if above is not None and above != id:
                yield dataset, above, dataset, id, LineageRole.DERIVED.value
        if run_id is not None:
            yield run_kind, run_id, version, one.id, LineageRole.PRODUCED.value
        # What only a metric names was measured on, whether or not the run says that it read it.
        for metric in one.details.metrics:
            id = known.dataset(metric.dataset)
            if id is not None and id not in used:
                to = (run_kind, run_id) if run_id is not None else (version, one.id)
                yield dataset, id, *to, LineageRole.EVALUATION.value


def _metrics(page: Sequence[Detailed], known: _Known) -> Iterator[tuple[object, ...]]:
    for one in page:
        found = {(metric.name, metric.segment, known.dataset(metric.dataset)): metric for metric in one.details.metrics}
        for (name, segment, dataset_id), metric in found.items():
            text = metric.text[:TEXT_MAX] if metric.text is not None else None
            yield new_id(), one.id, name, segment, metric.value, text, dataset_id


def _version(one: Detailed, known: _Known) -> tuple[object, ...]:
    details = one.details
    notes = orjson.dumps(details.notes).decode() if details.notes else None
    return (
        one.id,
        known.run(details.run),
        details.artifact_uri,
        _json(details.params),
        _document(details.signature),
        details.author,
        notes,
    )


def _document(value: Document | None) -> str | None:
    return None if value is None else _json(value)


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(dict(value)).decode()
