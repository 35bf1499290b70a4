"""What was measured of a version, as one value for each metric and segment."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

Number = int | float


def measured(
    rows: Sequence[Sequence[Any]], datasets: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Number], dict[str, dict[str, Number]], dict[str, str]]:
    """One value for each metric and segment, the one on evaluation data first; and why one is not there.

    A metric that was measured on several such data sets with different values has no one value, and is left out.
    """
    evaluation = {dataset["id"] for dataset in datasets if dataset["role"] == "EVALUATION"}
    found: dict[tuple[str, str], list[tuple[int, object, object]]] = {}
    for name, segment, value, text, dataset in rows:
        rank = 1 if dataset is None else 0 if dataset in evaluation else 2
        found.setdefault((name, segment), []).append((rank, value, text))
    metrics: dict[str, Number] = {}
    segments: defaultdict[str, dict[str, Number]] = defaultdict(dict)
    notes: dict[str, str] = {}
    for (name, segment), at in found.items():
        best = min(rank for rank, _, _ in at) if len(at) > 1 else at[0][0]
        values = [value for rank, value, _ in at if rank == best]
        first = values[0]
        if len(values) > 1 and any(value != first for value in values):
            notes[segment or name] = f"was measured on {len(values)} data sets, with different values"
        elif isinstance(first, bool) or not isinstance(first, int | float):
            texts = [text for rank, _, text in at if rank == best]
            notes[segment or name] = f"was measured, but {texts[0] or 'its value'} is no number"
        elif segment:
            segments[name][segment] = whole(first)
        else:
            metrics[name] = whole(first)
    return metrics, dict(segments), notes


def whole(value: Number) -> Number:
    """A number as canonical JSON writes it: 1, not 1.0."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
