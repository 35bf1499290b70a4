"""What a rule may look at: the variables, their types and their fields, one list for rules, documents and errors."""

from collections.abc import Mapping

Kind = str
"""A type as CEL writes it."""

VARIABLES: Mapping[str, Kind] = {
    "model": "map<string, dyn>",
    "version": "map<string, dyn>",
    "card": "map<string, string>",
    "metrics": "map<string, double>",
    "segments": "map<string, map<string, double>>",
    "datasets": "list<map<string, dyn>>",
    "lineage": "map<string, int>",
    "stage": "string",
    "decision_point": "string",
}
"""`segments` holds values by metric, then by segment; `stage` is the one that is asked for."""

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
    "lineage": frozenset({"runs", "datasets", "training_datasets", "evaluation_datasets"}),
}
"""The fields that are fixed; what `metrics`, `segments` and tags hold is the registries' own."""
