"""Whether a version says what it takes in, and whether it was trained on that."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.checks.validators.port import Finding, Kind

MOST_NAMED = 50
LISTS = ("mlflow_colspec", "columns", "fields")
"""Where a data set's columns stand: MLflow's schema of a table, and the words that others use."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Compares the input columns of a version's signature with the columns of its training data."""

    name: str = "signature"
    title: str = "Signature against training data"
    kind: Kind = "DATA_VALIDATION"
    timeout_s: float = 30.0

    def validate(self, document: Mapping[str, Any]) -> Finding:
        """FAIL without inputs, or when one is in no training data; NONE where the training data's columns are unknown.

        Figures: input columns, those that are missing from the training data, those that only the training data has.
        """
        inputs = list(dict.fromkeys(_named((document["version"].get("signature") or {}).get("inputs"))))
        if not inputs:
            return Finding("FAIL", {"columns": 0.0}, {}, "no signature that names its input columns")
        trained = {name for dataset in document["datasets"] for name in _columns(dataset)}
        if not trained:
            why = "no training data set whose columns are known"
            return Finding("NONE", {"columns": float(len(inputs))}, {"inputs": inputs[:MOST_NAMED]}, why)
        missing = [name for name in inputs if name not in trained]
        extra = sorted(trained.difference(inputs))
        figures = {"columns": len(inputs), "missing": len(missing), "extra": len(extra)}
        return Finding(
            "FAIL" if missing else "PASS",
            {name: float(value) for name, value in figures.items()},
            {"missing": missing[:MOST_NAMED], "extra": extra[:MOST_NAMED]},
            f"{len(missing)} of {len(inputs)} input columns are in no training data" if missing else self.title,
        )


def _columns(dataset: Mapping[str, Any]) -> Iterator[str]:
    """The columns of a data set that was trained on, as far as they are known."""
    schema = dataset.get("columns")
    if dataset.get("role") == "TRAINING" and isinstance(schema, Mapping):
        for place in LISTS:
            yield from _named(schema.get(place))


def _named(listed: object) -> Iterator[str]:
    """The names in a list of columns; one that is a text is its own name."""
    for one in listed if isinstance(listed, list) else ():
        name = one.get("name") if isinstance(one, Mapping) else one
        if isinstance(name, str) and name:
            yield name


signature = Signature()
"""The entry point."""
