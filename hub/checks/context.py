"""The document that rules look at for one version, made from what one statement brought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.checks.measured import measured, whole
from hub.models.rules import treated_as
from hub.models.tables import RiskTier, Stage
from hub.policies.tables import DecisionPoint

KPI = "kpi."
"""How tags begin that say by what a model's use is measured."""

_DAY_S = 86_400
_MAPS = ("model", "version", "card", "metrics", "segments", "evidence", "lineage", "deployment", "kpis")
_EMPTY: Mapping[str, Any] = {**{name: {} for name in _MAPS}, "datasets": []}
_TEXTS = ("title", "tool", "source", "code_commit", "data_digest", "seed", "environment", "command")
_REPRODUCES = ("code_commit", "data_digest", "seed", "environment", "command")
_SAID = ("legal_basis", "consent", "licence", "source_name")


@dataclass(frozen=True, slots=True)
class Subject:
    """One version as the database has it, with all that hangs on it."""

    version_id: UUID
    model_id: UUID
    digest: str
    stage: Stage
    raw: Mapping[str, Any]

    @property
    def tier(self) -> RiskTier:
        return RiskTier(self.raw["model"]["tier"])


@dataclass(frozen=True, slots=True)
class Context:
    """A version's document, and why something is not in it, by the name that a rule would miss."""

    values: Mapping[str, object]
    notes: Mapping[str, str] = field(default_factory=dict)


def context(subject: Subject) -> Context:
    """What is known of a version; what is not known is left out, so that a rule that needs it cannot be told.

    What follows from when and for what it is asked is added by `activated`.
    """
    raw = subject.raw
    datasets: Sequence[Mapping[str, Any]] = raw["datasets"] or ()
    metrics, segments, notes = measured(raw["metrics"] or (), datasets)
    model, version = raw["model"], raw["version"]
    tags = {"model": model["tags"] or {}, "version": version["tags"] or {}}
    values = {
        "model": {
            **model,
            "tier": treated_as(subject.tier).value,
            "classified": subject.tier is not RiskTier.UNCLASSIFIED,
            "tags": tags["model"],
        },
        "version": {
            key: value
            for key, value in {**version, "tags": tags["version"], "aliases": version["aliases"] or []}.items()
            # Asked with has(): a version without a signature has no such key.
            if key != "signature" or value is not None
        },
        "card": {section: text for section, text in (raw["card"] or {}).items() if text},
        "metrics": metrics,
        "segments": segments,
        "evidence": {kind: _report(one) for kind, one in (raw["evidence"] or {}).items()},
        "datasets": [_dataset(one) for one in datasets],
        "lineage": _lineage(raw["runs"], datasets),
        "deployment": _deployment(version["stage"], raw["deployment"]),
        "kpis": {
            key.removeprefix(KPI): value
            for of in (tags["model"], tags["version"])
            for key, value in of.items()
            if key.startswith(KPI) and len(key) > len(KPI)
        },
    }
    return Context(values, notes)


def activated(
    values: Mapping[str, Any], *, stage: Stage, decision_point: DecisionPoint, now: datetime
) -> dict[str, Any]:
    """A stored document as rules see it at an instant: with stage, decision point, now, ages, and numbers as doubles.

    Canonical JSON writes 1.0 as 1; rules know metrics and figures as doubles only.
    """
    made: dict[str, Any] = {**_EMPTY, **values}
    made["metrics"] = _doubles(made["metrics"])
    made["segments"] = {metric: _doubles(of) for metric, of in made["segments"].items()}
    made["evidence"] = {kind: _aged_report(one, now) for kind, one in made["evidence"].items()}
    version = made["version"]
    if version.get("created_at") is not None:
        made["version"] = {**version, "age_days": _age_days(version["created_at"], now)}
    made["stage"] = stage.value
    made["decision_point"] = decision_point.value
    made["now"] = now
    return made


def _doubles(of: Mapping[str, Any]) -> dict[str, Any]:
    return {name: float(value) if type(value) is int else value for name, value in of.items()}


def _aged_report(one: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    made = dict(one)
    if "figures" in one:
        made["figures"] = _doubles(one["figures"])
    if one.get("measured_at") is not None:
        made["age_days"] = _age_days(one["measured_at"], now)
    return made


def _age_days(since: str, now: datetime) -> int:
    """Whole days from then to now."""
    return int((now - datetime.fromisoformat(since)).total_seconds() // _DAY_S)


def _report(one: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: one[name] or "" for name in _TEXTS}
    figures = {name: whole(v) for name, v in one["figures"].items() if isinstance(v, int | float)}
    return {**one, **said, "figures": figures, "reproducible": all(said[name] for name in _REPRODUCES)}


def _dataset(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{key: value for key, value in one.items() if key != "id"},
        **{name: one[name] or "" for name in _SAID},
        "categories": [word.upper() for word in one["categories"] or ()],
        "prohibited": bool(one["prohibited"]),
    }


def _lineage(runs: int, datasets: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    roles = [dataset["role"] for dataset in datasets]
    used = {
        role: {dataset["digest"] or dataset["id"] for dataset in datasets if dataset["role"] == role}
        for role in ("TRAINING", "EVALUATION")
    }
    return {
        "runs": runs,
        "datasets": len({dataset["id"] for dataset in datasets}),
        "training_datasets": roles.count("TRAINING"),
        "evaluation_datasets": roles.count("EVALUATION"),
        "overlap": len(used["TRAINING"] & used["EVALUATION"]),
        "described": len({dataset["id"] for dataset in datasets if dataset["described"]}),
    }


def _deployment(stage: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    target = raw["rollback_target"]
    known = {} if target is None else {"rollback_target": target}
    return {
        "stage_before": stage,
        "approved": raw["approved"],
        "running": raw["running"],
        "environments": raw["environments"] or [],
        **known,
    }
