"""Which of a registry's metrics make which test report.

A metric named `fairness.gap`, `fairness/gap` or `fairness_gap` is the figure `gap` of a fairness report, and so for the
other kinds that have a name of their own. What is left is performance, or, by segment, the segments' report. The
options of a registry may say more, under `evidence`: `{"bias.": "FAIRNESS", "load_": null}`; null: no prefix after all.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.checks.evidence import rules
from hub.checks.evidence.rules import Report
from hub.checks.tables import EvidenceKind, EvidenceSource, Verdict
from hub.errors import Refused
from hub.events.canonical import digest_of

Kind = EvidenceKind
PREFIXED = (
    Kind.FAIRNESS, Kind.ROBUSTNESS, Kind.EXPLAINABILITY, Kind.DATA_VALIDATION, Kind.SECURITY, Kind.PRIVACY, Kind.LOAD
)  # fmt: skip
PREFIXES: Mapping[str, EvidenceKind | None] = {
    f"{kind.lower()}{after}": kind for kind in PREFIXED for after in (".", "/", "_")
}

MOST_PREFIXES = 100
MOST_NOTES = 20
SEEDS = ("seed", "random_state")
ENVIRONMENTS = (
    "evidence.environment", "environment", "mlflow.docker.image.uri", "mlflow.docker.image.id", "python_version"
)  # fmt: skip
COMMANDS = ("evidence.command", "mlflow.source.name")
TAGS = (*ENVIRONMENTS, *COMMANDS)
"""Tags that are looked at; besides, `evidence.KIND.verdict`."""

RUNNING = frozenset({"RUNNING", "SCHEDULED"})


@dataclass(slots=True)
class _Notes:
    """What a person should know of how a report came about."""

    told: list[str] = field(default_factory=list)

    def add(self, note: str) -> None:
        if note not in self.told and len(self.told) < MOST_NOTES:
            self.told.append(note)


@dataclass(frozen=True, slots=True)
class _Metric:
    full_name: str
    segment: str
    value: float


def reports(row: Mapping[str, Any], now: datetime) -> list[Report]:
    """The reports that one version's metrics make (a row of store.measured), in the order of kinds, all fit to keep."""
    notes = _Notes()
    prefixes = prefixes_of(row["prefixes"], notes)
    figures: defaultdict[EvidenceKind, dict[str, float]] = defaultdict(dict)
    left_out: defaultdict[EvidenceKind, int] = defaultdict(int)
    for metric in _metrics(row["metrics"] or (), frozenset(row["datasets"] or ())):
        kind, name = _place(metric, prefixes)
        if not name or len(name) > rules.LONGEST_FIGURE_NAME or len(figures[kind]) == rules.MOST_FIGURES:
            left_out[kind] += 1
        else:
            figures[kind][name] = metric.value
    known = _reproduced_by(row, notes)
    at = _measured_at(row, now, notes)
    return [
        report
        for kind in EvidenceKind
        if figures[kind] and (report := _report(kind, figures[kind], left_out[kind], row, known, at, notes, now))
    ]


def prefixes_of(told: object, notes: _Notes | None = None) -> Mapping[str, EvidenceKind | None]:
    """The prefixes of one registry; what is wrong in its options is left out, with a note."""
    found = dict(PREFIXES)
    notes = notes if notes is not None else _Notes()
    if told is None:
        return found
    if not isinstance(told, Mapping):
        notes.add("the registry's option evidence is ignored: it is no mapping of prefixes to kinds")
        return found
    for prefix, kind in list(told.items())[:MOST_PREFIXES]:
        if not prefix or len(prefix) > rules.LONGEST_FIGURE_NAME:
            notes.add("a prefix in the registry's option evidence is ignored: it is empty or too long")
        elif kind is None:
            found[prefix] = None
        elif isinstance(kind, str) and kind in EvidenceKind.__members__:
            found[prefix] = EvidenceKind(kind)
        else:
            notes.add(f"the prefix {prefix} in the registry's option evidence is ignored: {str(kind)[:80]} is no kind")
    if len(told) > MOST_PREFIXES:
        notes.add(f"the registry's option evidence has {len(told)} prefixes; the first {MOST_PREFIXES} count")
    return found


def _metrics(rows: Sequence[Sequence[Any]], evaluation: frozenset[str]) -> Iterator[_Metric]:
    """One value for each metric and segment, the one on evaluation data first; none where such values differ."""
    found: defaultdict[tuple[str, str], list[tuple[int, float | None]]] = defaultdict(list)
    for name, segment, value, dataset in rows:
        rank = 0 if dataset in evaluation else 1 if dataset is None else 2
        found[name, segment].append((rank, value))
    for (name, segment), values in found.items():
        best = min(rank for rank, _ in values)
        first, *others = (value for rank, value in values if rank == best)
        if first is not None and all(value == first for value in others):
            yield _Metric(f"{name}/{segment}" if segment else name, segment, float(first))


def _place(metric: _Metric, prefixes: Mapping[str, EvidenceKind | None]) -> tuple[EvidenceKind, str]:
    """The kind of report that a metric belongs to, and its figure's name there; the longest prefix counts."""
    fitting = [prefix for prefix in prefixes if metric.full_name.startswith(prefix)]
    longest = max(fitting, key=len, default="")
    kind = prefixes.get(longest)
    if kind is not None:
        return kind, metric.full_name.removeprefix(longest)
    return (EvidenceKind.SEGMENTS if metric.segment else EvidenceKind.PERFORMANCE), metric.full_name


def _reproduced_by(row: Mapping[str, Any], notes: _Notes) -> dict[str, str]:
    params, tags = row["params"] or {}, row["tags"] or {}
    digests = sorted({digest for digest in (row["datasets"] or {}).values() if digest})
    told = {
        "code_commit": row["code_commit"],
        "data_digest": digests[0] if len(digests) == 1 else digest_of(digests) if digests else None,
        "seed": _first(params, SEEDS),
        "environment": _first(tags, ENVIRONMENTS),
        "command": _first(tags, COMMANDS),
    }
    if str(row["status"] or "").upper() in RUNNING and row["ended_at"] is None and told["command"]:
        # Its figures may still change: were it an experiment, the later ones would look like a dispute.
        told["command"] = None
        notes.add("the run had not ended when it was read; its command is left out")
    kept = {}
    for name, text in told.items():
        if text and len(text) > rules.LONGEST[name]:
            notes.add(f"{name} has {len(text)} characters; at most {rules.LONGEST[name]} are kept, it is left out")
        elif text:
            kept[name] = str(text)
    return kept


def _first(told: Mapping[str, Any], names: Sequence[str]) -> str | None:
    return next((str(told[name]).strip() for name in names if told.get(name) is not None), None)


def _measured_at(row: Mapping[str, Any], now: datetime, notes: _Notes) -> datetime | None:
    """The end of the run, else its start, else the version's registration; None when no clock of these can be right."""
    oldest = now - timedelta(days=rules.OLDEST_YEARS * 365)
    for name in ("ended_at", "started_at", "created_at"):
        at: datetime | None = row[name]
        if at is not None and oldest <= at <= now + rules.LEEWAY:
            return at
        if at is not None:
            notes.add(f"{name} {at:%Y-%m-%d} is not used: it cannot be when this was measured")
    return None


def _report(
    kind: EvidenceKind,
    figures: Mapping[str, float],
    left_out: int,
    row: Mapping[str, Any],
    known: Mapping[str, str],
    at: datetime | None,
    notes: _Notes,
    now: datetime,
) -> Report | None:
    verdict, wrong = _verdict(kind, row["tags"] or {})
    told = [*notes.told, *wrong]
    if left_out:
        told.append(f"{left_out} metrics are left out: no name, a name too long, or more than {rules.MOST_FIGURES}")
    report = Report(
        kind=kind,
        verdict=verdict,
        title=(row["run"] or "")[: rules.LONGEST["title"]],
        tool=str(row["registry"]),
        figures=figures,
        details={"notes": told} if told else {},
        measured_at=at,
        source=EvidenceSource.REGISTRY,
        **known,
    )
    try:
        return rules.checked(report, now)
    except Refused:  # a registry's word must never stop its sync
        return None


def _verdict(kind: EvidenceKind, tags: Mapping[str, Any]) -> tuple[Verdict, list[str]]:
    key = f"evidence.{kind.lower()}.verdict"
    told = tags.get(key)
    if told is None:
        return Verdict.NONE, []
    clean = str(told).strip().upper()
    if clean in Verdict.__members__:
        return Verdict(clean), []
    return Verdict.NONE, [f"the tag {key} is ignored: it is neither PASS nor FAIL"]
