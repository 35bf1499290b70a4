"""The document that rules look at for one version, made from what one statement brought."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hub.models.rules import treated_as
from hub.models.tables import RiskTier, Stage
from hub.policies.tables import DecisionPoint


@dataclass(frozen=True, slots=True)
class Subject:
    """One version as the database has it, with all that hangs on it."""

    version_id: UUID
    model_id: UUID
    digest: str
    stage: Stage
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Context:
    """A version's document, and why something is not in it, by the name that a rule would miss."""

    values: Mapping[str, object]
    notes: Mapping[str, str] = field(default_factory=dict)


def context(subject: Subject, *, stage: Stage, decision_point: DecisionPoint) -> Context:
    """What a rule may look at; what is not known is left out, so that a rule that needs it cannot be told."""
    raw = subject.raw
    datasets: Sequence[Mapping[str, Any]] = raw["datasets"] or ()
    metrics, segments, notes = _metrics(raw["metrics"] or (), datasets)
    tier = RiskTier(raw["model"]["tier"])
    roles = [dataset["role"] for dataset in datasets]
    version = {**raw["version"], "tags": raw["version"]["tags"] or {}, "aliases": raw["version"]["aliases"] or []}
    values = {
        "model": {
            **raw["model"],
            "tier": treated_as(tier).value,
            "classified": tier is not RiskTier.UNCLASSIFIED,
            "tags": raw["model"]["tags"] or {},
        },
        # Asked with has(): a version without a signature has no such key.
        "version": {key: value for key, value in version.items() if key != "signature" or value is not None},
        "card": {section: text for section, text in (raw["card"] or {}).items() if text},
        "metrics": metrics,
        "segments": segments,
        "datasets": [{key: value for key, value in dataset.items() if key != "id"} for dataset in datasets],
        "lineage": {
            "runs": raw["runs"],
            "datasets": len({dataset["id"] for dataset in datasets}),
            "training_datasets": roles.count("TRAINING"),
            "evaluation_datasets": roles.count("EVALUATION"),
        },
        "stage": stage.value,
        "decision_point": decision_point.value,
    }
    return Context(values, notes)


def _metrics(
    rows: Sequence[Sequence[Any]], datasets: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, float], dict[str, dict[str, float]], dict[str, str]]:
    """One value for each metric and segment, the one on evaluation data first.

    A metric that was measured on several such data sets with different values has no one value, and is left out.
    """
    evaluation = {dataset["id"] for dataset in datasets if dataset["role"] == "EVALUATION"}
    found: defaultdict[tuple[str, str], list[tuple[int, object, object]]] = defaultdict(list)
    for name, segment, value, text, dataset in rows:
        rank = 0 if dataset in evaluation else 1 if dataset is None else 2
        found[name, segment].append((rank, value, text))
    metrics: dict[str, float] = {}
    segments: defaultdict[str, dict[str, float]] = defaultdict(dict)
    notes: dict[str, str] = {}
    for (name, segment), measured in found.items():
        best = min(rank for rank, _, _ in measured)
        values = [value for rank, value, _ in measured if rank == best]
        first = values[0]
        if any(value != first for value in values):
            notes[segment or name] = f"was measured on {len(values)} data sets, with different values"
        elif isinstance(first, bool) or not isinstance(first, int | float):
            texts = [text for rank, _, text in measured if rank == best]
            notes[segment or name] = f"was measured, but {texts[0] or 'its value'} is no number"
        elif segment:
            segments[name][segment] = float(first)
        else:
            metrics[name] = float(first)
    return metrics, dict(segments), notes
