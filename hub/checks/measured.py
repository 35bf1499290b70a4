"""What was measured of a version, as one value for each metric and segment."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

Number = int | float


def measured(
    rows: Sequence[Sequence[Any]], datasets: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Number], dict[str, dict[str, Number]], dict[str, str]]:
    """One value for each metric and segment, the one on evaluation data first; and why one is not there.

    A metric that was measured on several such data sets with different values has no one value, and is left out.
    """
    evaluation = {dataset["id"] for dataset in datasets if dataset["role"] == "EVALUATION"}
    found: dict[tuple[str, str], list[Sequence[Any]]] = {}
    for row in rows:
        found.setdefault((row[0], row[1]), []).append(row)
    metrics: dict[str, Number] = {}
    segments: defaultdict[str, dict[str, Number]] = defaultdict(dict)
    notes: dict[str, str] = {}
    for (name, segment), at in found.items():
        best = at if len(at) == 1 else _best(at, evaluation)
        _, _, first, text, _ = best[0]
        if len(best) > 1 and any(row[2] != first for row in best):
            notes[segment or name] = f"was measured on {len(best)} data sets, with different values"
        elif type(first) is not float and type(first) is not int:
            notes[segment or name] = f"was measured, but {text or 'its value'} is no number"
        elif segment:
            segments[name][segment] = whole(first)
        else:
            metrics[name] = whole(first)
    return metrics, dict(segments), notes


def _best(at: list[Sequence[Any]], evaluation: Collection[Any]) -> list[Sequence[Any]]:
    """What was measured on evaluation data, else on data that nobody named, else on any."""
    ranks = [1 if row[4] is None else 0 if row[4] in evaluation else 2 for row in at]
    least = min(ranks)
    return [row for row, rank in zip(at, ranks, strict=True) if rank == least]


def whole(value: Number) -> Number:
    """A number as canonical JSON writes it: 1, not 1.0."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
