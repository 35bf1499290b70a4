"""What a rule may look at: the variables, their types and their fields, one list for rules, documents and errors."""

from collections.abc import Iterable, Mapping

Kind = str
"""A type as CEL writes it."""

VARIABLES: Mapping[str, Kind] = {
    "model": "map<string, dyn>",
    "version": "map<string, dyn>",
    "card": "map<string, string>",
    "metrics": "map<string, double>",
    "segments": "map<string, map<string, double>>",
    "evidence": "map<string, dyn>",
    "datasets": "list<map<string, dyn>>",
    "lineage": "map<string, int>",
    "deployment": "map<string, dyn>",
    "kpis": "map<string, string>",
    "stage": "string",
    "decision_point": "string",
    "now": "timestamp",
}
"""`segments` holds values by metric, then by segment; `stage` is the one that is asked for; `now` is when."""

FIELDS: Mapping[str, frozenset[str]] = {
    "model": frozenset(
        {"name", "description", "registry", "tier", "classified", "owner", "team", "restricted", "missing", "tags"}
    ),
    "version": frozenset(
        {
            "name",
            "description",
            "stage",
            "status",
            "author",
            "digest",
            "code_commit",
            "artifact_uri",
            "missing",
            "signature",
            "params",
            "tags",
            "aliases",
            "age_days",
        }
    ),
    "card": frozenset(
        {
            "model_details",
            "intended_use",
            "factors",
            "metrics",
            "evaluation_data",
            "training_data",
            "quantitative_analyses",
            "ethical_considerations",
            "caveats_and_recommendations",
        }
    ),
    "evidence": frozenset(
        {
            "performance",
            "segments",
            "fairness",
            "robustness",
            "explainability",
            "data_validation",
            "security",
            "privacy",
            "load",
        }
    ),
    "lineage": frozenset({"runs", "datasets", "training_datasets", "evaluation_datasets", "overlap", "described"}),
    "deployment": frozenset({"stage_before", "approved", "rollback_target", "running", "environments"}),
}
"""The fields that are fixed; what `metrics`, `segments`, `kpis` and tags hold is the registries' own."""

EACH: Mapping[str, frozenset[str]] = {
    "evidence": frozenset(
        {
            "verdict",
            "figures",
            "measured_at",
            "age_days",
            "title",
            "tool",
            "source",
            "code_commit",
            "data_digest",
            "seed",
            "environment",
            "command",
            "reproducible",
            "repeated",
            "disputed",
            "reports",
        }
    ),
    "datasets": frozenset(
        {
            "name",
            "namespace",
            "digest",
            "source_kind",
            "role",
            "categories",
            "legal_basis",
            "consent",
            "licence",
            "source_name",
            "prohibited",
            "described",
        }
    ),
}
"""The fields of each report of evidence and of each data set."""


def touches(reads: Iterable[str], touched: Iterable[str]) -> bool:
    """Whether a change of what is touched may change what is read: `evidence` touches `evidence.fairness`, and back."""
    changed = tuple(touched)
    return any(_within(one, other) or _within(other, one) for one in reads for other in changed)


def _within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(f"{outer}.")
