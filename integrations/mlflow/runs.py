"""A version's run and logged model in the hub's neutral words."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from hub.registries import bounds
from hub.registries.adapter import (
    DatasetRef,
    DatasetUse,
    Document,
    Metric,
    RegistryDataset,
    RegistryRun,
    RegistryVersion,
    UseRole,
    VersionDetails,
)
from hub.registries.times import instant
from integrations.mlflow.records import COMMIT_TAGS, pairs

CONTEXT_TAG = "mlflow.data.context"
DERIVED_TAG = "derived_from"
ROLES: Mapping[str, UseRole] = {
    "source": "SOURCE",
    "eval": "EVALUATION",
    "evaluation": "EVALUATION",
    "test": "EVALUATION",
    "testing": "EVALUATION",
    "validation": "EVALUATION",
}
# What the machine did while training, logged under this prefix, says nothing about the model.
SYSTEM_METRICS = "system/"
USES_MAX = 200
REMEMBERED_MAX = 20_000

Record = Mapping[str, Any]


def details(
    version: RegistryVersion, namespace: str, run: Record | None, logged: Record | None, signature: Document | None
) -> VersionDetails:
    """What the run and the logged model say about a version; either may be gone."""
    notes: list[str] = []
    if version.run_id and run is None:
        notes.append(f"its run {bounds.shown(version.run_id)} is not found or too large to read")
    source = version.source_uri or ""
    if source.startswith("models:/m-") and logged is None:
        notes.append(f"its logged model {bounds.shown(source.removeprefix('models:/'))} is not found")
    neutral, run_tags, run_metrics = _run(run, namespace) if run is not None else (None, {}, {})
    data, info = _part(logged, "data"), _part(logged, "info")
    logged_tags = bounds.params(pairs(info.get("tags")))
    metrics = _merged(_metrics(data.get("metrics")), run_metrics)
    if len(metrics) > bounds.METRICS_MAX:
        notes.append(f"{len(metrics):,} metrics, the first {bounds.METRICS_MAX:,} are kept")
    return VersionDetails(
        version=version,
        run=neutral,
        artifact_uri=bounds.uri(info.get("artifact_uri")) or _resolved(source, run),
        params={**(neutral.params if neutral else {}), **bounds.params(pairs(data.get("params")))},
        metrics=metrics[: bounds.METRICS_MAX],
        signature=signature if signature is not None else _old_signature(run_tags),
        author=version.author or (neutral.author if neutral else None) or _first(logged_tags, "mlflow.user"),
        code_commit=version.code_commit
        or (neutral.code_commit if neutral else None)
        or _first(logged_tags, *COMMIT_TAGS),
        notes=tuple(notes),
    )


def _run(record: Record, namespace: str) -> tuple[RegistryRun, dict[str, str], dict[tuple[str, str], Metric]]:
    info, data = _part(record, "info"), _part(record, "data")
    tags = bounds.params(pairs(data.get("tags")))
    inputs = _part(record, "inputs").get("dataset_inputs")
    run = RegistryRun(
        external_id=bounds.text(info.get("run_id"), bounds.SHORT_MAX),
        name=bounds.text(info.get("run_name"), bounds.NAME_MAX) or _first(tags, "mlflow.runName") or "",
        status=bounds.text(info.get("status"), 100),
        author=_first(tags, "mlflow.user") or bounds.optional(info.get("user_id")),
        code_commit=_first(tags, *COMMIT_TAGS),
        started_at=instant(info.get("start_time")),
        ended_at=instant(info.get("end_time")),
        params=bounds.params(pairs(data.get("params"))),
        uses=tuple(_uses(inputs, namespace)) if isinstance(inputs, list) else (),
    )
    overall = {(metric.name, metric.segment): metric for metric in _metrics(data.get("metrics")).values()}
    return run, tags, overall


def _uses(inputs: list[Any], namespace: str) -> Iterator[DatasetUse]:
    for one in inputs[:USES_MAX]:
        given = _part(one, "dataset") if isinstance(one, dict) else {}
        name = given.get("name")
        if not isinstance(name, str) or not name:
            continue
        tags = bounds.params(pairs(one.get("tags")))
        context = tags.get(CONTEXT_TAG, "")[: bounds.SHORT_MAX]
        yield DatasetUse(
            dataset=RegistryDataset(
                namespace=namespace,
                name=bounds.label(name, bounds.NAME_MAX),
                digest=bounds.text(given.get("digest"), 200),
                source_kind=bounds.optional(given.get("source_type"), 100),
                source=_source(given.get("source")),
                columns=_document(given.get("schema")),
                profile=_document(given.get("profile")),
            ),
            role=ROLES.get(context.lower(), "TRAINING"),
            context=context,
            derived_from=_ref(tags.get(DERIVED_TAG, "")),
        )


def _metrics(listed: object) -> dict[tuple[str, str, DatasetRef | None], Metric]:
    """The latest value of every metric, by name, segment and data set."""
    found: dict[tuple[str, str, DatasetRef | None], Metric] = {}
    order: dict[tuple[str, str, DatasetRef | None], tuple[float, float]] = {}
    if not isinstance(listed, list):
        return found
    for one in listed:
        key = one.get("key") if isinstance(one, dict) else None
        if not isinstance(key, str) or not key or key.startswith(SYSTEM_METRICS):
            continue
        metric = bounds.metric(key, one.get("value"))
        on = one.get("dataset_name")
        if isinstance(on, str) and on:
            digest = bounds.text(one.get("dataset_digest"), 200)
            metric = replace(metric, dataset=DatasetRef(bounds.label(on, bounds.NAME_MAX), digest))
        place = metric.name, metric.segment, metric.dataset
        when = _count(one.get("step")), _count(one.get("timestamp"))
        if place not in found or when >= order[place]:
            found[place], order[place] = metric, when
    return found


def _merged(
    logged: Mapping[tuple[str, str, DatasetRef | None], Metric], of_run: Mapping[tuple[str, str], Metric]
) -> tuple[Metric, ...]:
    """A logged model's metrics, which know their data set, then what only the run has.

    A metric that is not a number reads 0 on the logged model; the run tells the truth of it.
    """
    kept: list[Metric] = []
    for metric in logged.values():
        other = of_run.get((metric.name, metric.segment))
        lost = other is not None and other.value is None and metric.value == 0.0
        kept.append(replace(metric, value=None, text=other.text) if lost and other is not None else metric)
    there = {(metric.name, metric.segment) for metric in kept}
    kept += [metric for place, metric in of_run.items() if place not in there]
    return tuple(kept)


def _resolved(source: str, run: Record | None) -> str | None:
    """Where the artifacts lie when no logged model tells: the source itself, or its place under the run."""
    if not source or source.startswith("models:/"):
        return None
    if not source.startswith("runs:/"):
        return source
    folder = bounds.uri(_part(run, "info").get("artifact_uri"))
    path = source.removeprefix("runs:/").partition("/")[2]
    return f"{folder}/{path}" if folder and path else folder


def _source(value: object) -> str | None:
    """A data set's source as an address when it is one, otherwise MLflow's own JSON about it."""
    read = _document(value)
    if read is not None:
        for key in ("uri", "url", "path"):
            if isinstance(read.get(key), str) and read[key]:
                return bounds.uri(read[key])
    return bounds.uri(value)


def _document(value: object) -> Document | None:
    """A JSON text parsed; versions share their data sets, so the latest texts are remembered."""
    if isinstance(value, str) and len(value) <= REMEMBERED_MAX:
        return _remembered(value)
    return bounds.document(value)


@lru_cache(maxsize=256)
def _remembered(value: str) -> Document | None:
    return bounds.document(value)


def _old_signature(run_tags: Mapping[str, str]) -> Document | None:
    """MLflow 2 wrote the signature into a tag of the run."""
    history = bounds.document(run_tags.get("mlflow.log-model.history"))
    logged = history.get("value") if history else None
    last = logged[-1] if isinstance(logged, list) and logged else None
    signature = last.get("signature") if isinstance(last, dict) else None
    if not isinstance(signature, dict):
        return None
    parts = {part: bounds.document(text) for part, text in signature.items() if part in ("inputs", "outputs", "params")}
    return {part: given.get("value", given) for part, given in parts.items() if given is not None} or None


def _ref(text: str) -> DatasetRef | None:
    name, at, digest = text.rpartition("@")
    return DatasetRef(bounds.label(name, bounds.NAME_MAX), digest[:200]) if at and name else None


def _first(by_key: Mapping[str, str], *keys: str) -> str | None:
    for key in keys:
        if found := bounds.optional(by_key.get(key, "").strip()):
            return found
    return None


def _part(record: Record | None, key: str) -> Record:
    part = record.get(key) if record is not None else None
    return part if isinstance(part, dict) else {}


def _count(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
