"""What makes a test report fit to be kept, the digest of what it says, and whether a re-run says the same."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from hub import words
from hub.checks.tables import Evidence, EvidenceKind, EvidenceSource, Verdict
from hub.errors import Code, Refused
from hub.events.canonical import digest_of

MOST_FIGURES = 500
LONGEST_FIGURE_NAME = 200
MOST_DETAILS_BYTES = 64 * 1024
DEEPEST_DETAILS = 20
LEEWAY = timedelta(minutes=5)
OLDEST_YEARS = 20
SAME_WITHIN = 1e-9

LONGEST = {
    "title": 300, "tool": 300, "code_commit": 200, "data_digest": 200, "seed": 100, "environment": 4_000,
    "command": 4_000, "version_digest": 64,
}  # fmt: skip
"""Characters that a text of a report may have."""

SENDABLE = frozenset({EvidenceSource.SENT, EvidenceSource.JUNIT, EvidenceSource.SARIF})
"""What somebody may say of where a report comes from; the hub itself says the rest."""


@dataclass(frozen=True, slots=True)
class Report:
    """A test report. Without `measured_at` it counts from when it is added; `version_digest` is what was tested."""

    kind: EvidenceKind
    verdict: Verdict = Verdict.NONE
    title: str = ""
    tool: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    version_digest: str | None = None
    measured_at: datetime | None = None
    code_commit: str | None = None
    data_digest: str | None = None
    seed: str | None = None
    environment: str | None = None
    command: str | None = None
    source: EvidenceSource = EvidenceSource.SENT


def checked(report: Report, now: datetime) -> Report:
    """The report with its texts tidied; refused, with the field and the numbers, when it is not fit to be kept."""
    return dated(bounded(report), now)


def bounded(report: Report) -> Report:
    """As `checked`, but for when it was measured."""
    figures = _figures(report.figures)
    if report.verdict is Verdict.NONE and not figures:
        raise Refused(
            Code.BAD_INPUT, "the report has neither a verdict nor figures; give at least one of them", field="figures"
        )
    return replace(
        report,
        title=_text(report.title, "title"),
        tool=_text(report.tool, "tool"),
        version_digest=_text(report.version_digest, "version_digest") or None,
        code_commit=_text(report.code_commit, "code_commit") or None,
        data_digest=_text(report.data_digest, "data_digest") or None,
        seed=_text(report.seed, "seed") or None,
        environment=_text(report.environment, "environment") or None,
        command=_text(report.command, "command") or None,
        figures=figures,
        details=_details(report.details),
    )


def dated(report: Report, now: datetime) -> Report:
    """The report, unless it was measured in the future, at no certain time, or too long ago."""
    at = report.measured_at
    if at is None:
        return report
    if at.tzinfo is None:
        raise Refused(
            Code.BAD_INPUT, "measuredAt has no time zone; write it as 2026-11-21T12:00:00Z", field="measuredAt"
        )
    if at > now + LEEWAY:
        raise Refused(
            Code.BAD_INPUT,
            f"measuredAt {_said(at)} is after now, {_said(now)}; at most {LEEWAY.seconds // 60} minutes ahead are"
            " taken: set the clock of the machine that measured",
            field="measuredAt",
        )
    if at < now - timedelta(days=OLDEST_YEARS * 365.25):
        raise Refused(
            Code.BAD_INPUT,
            f"measuredAt {_said(at)} is more than {OLDEST_YEARS} years before now, {_said(now)}; measure again",
            field="measuredAt",
        )
    return report


def check_source(source: EvidenceSource) -> None:
    """Refuse what only the hub itself may say: that it read the report in a registry, or that a validator made it."""
    if source not in SENDABLE:
        raise Refused(
            Code.BAD_INPUT, f"source {source} is the hub's own to say; send SENT, JUNIT or SARIF", field="source"
        )


def check_subject(report: Report, digest: str) -> None:
    """Refuse a report that was made of other content than the version has now."""
    if report.version_digest is not None and report.version_digest != digest:
        raise Refused(
            Code.STALE,
            f"the report is about digest {report.version_digest}, the version has {digest} now; test it again, or name"
            " the version that was tested",
            field="versionDigest",
        )


def digest(report: Report) -> str:
    """SHA-256 over all that a report says."""
    return digest_of({one.name: getattr(report, one.name) for one in fields(report)})


def experiment(report: Report) -> str | None:
    """SHA-256 over what reproduces a report; None without commit, data and command, for then nothing does."""
    if not (report.code_commit and report.data_digest and report.command):
        return None
    said = [report.kind, report.code_commit, report.data_digest, report.seed, report.environment, report.command]
    return digest_of(said)


def links(row: Evidence, first: Evidence | None) -> tuple[UUID | None, UUID | None]:
    """Which report a later one of the same experiment repeats, and which it disagrees with.

    What was measured at the same instant is no re-run: it is the same run told again. It repeats nothing, and
    disagrees only when it contradicts what was told first, not when it says more.
    """
    if first is None:
        return None, None
    told_again = row.measured_at == first.measured_at
    if told_again and _holds_all(row, first):
        return None, None
    if row.verdict == first.verdict and row.figures.keys() == first.figures.keys() and _near(row, first):
        return first.id, None
    return None, first.id


def _holds_all(row: Evidence, first: Evidence) -> bool:
    same_verdict = first.verdict in (row.verdict, Verdict.NONE)
    return same_verdict and first.figures.keys() <= row.figures.keys() and _near(row, first)


def _near(row: Evidence, first: Evidence) -> bool:
    """Whether every figure of the first has about the same value in the row; all of them are there."""
    return all(
        math.isclose(row.figures[name], value, rel_tol=SAME_WITHIN, abs_tol=0.0)
        for name, value in first.figures.items()
    )


def _text(text: str | None, name: str) -> str:
    return words.optional(text or "", _camel(name), most=LONGEST[name])


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(map(str.title, rest))


def _figures(given: Mapping[str, float]) -> dict[str, float]:
    if len(given) > MOST_FIGURES:
        raise Refused(Code.BAD_INPUT, f"{len(given)} figures given; at most {MOST_FIGURES} are kept", field="figures")
    figures: dict[str, float] = {}
    for told, value in given.items():
        name = words.wanted(told, "figures", most=LONGEST_FIGURE_NAME)
        if name in figures:
            raise Refused(Code.BAD_INPUT, f"figure {name} is given twice; give it once", field="figures")
        figures[name] = _figure(name, value)
    return figures


def _figure(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(Code.BAD_INPUT, f"figure {name} is {str(value)[:80]!r}, which is no number", field="figures")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        told = "NaN" if math.isnan(found) else "Infinity" if found > 0 else "-Infinity"
        raise Refused(
            Code.BAD_INPUT, f"figure {name} is {told}; give a finite number, or leave the figure out", field="figures"
        )
    return found


def _details(given: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise Refused(Code.BAD_INPUT, 'details is no JSON object; give one, such as {"rows": 569}', field="details")
    _check_json(given)
    try:
        size = len(orjson.dumps(given))
    except (TypeError, ValueError):  # such as an integer of more than 64 bits
        raise Refused(
            Code.BAD_INPUT, "details holds a value that is no JSON; give texts, numbers and lists", field="details"
        ) from None
    if size > MOST_DETAILS_BYTES:
        raise Refused(
            Code.BAD_INPUT, f"details has {size} bytes as JSON; at most {MOST_DETAILS_BYTES} are kept", field="details"
        )
    return dict(given)


def _check_json(given: object) -> None:
    """Refuse details that are too deep, or hold what a JSON column cannot; never by running out of stack."""
    waiting: list[tuple[object, int]] = [(given, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, Mapping | list):
            if depth > DEEPEST_DETAILS:
                raise Refused(
                    Code.BAD_INPUT, f"details is nested more than {DEEPEST_DETAILS} deep; flatten it", field="details"
                )
            inside = value if isinstance(value, list) else [*value, *value.values()]
            waiting.extend((one, depth + 1) for one in inside)
        elif isinstance(value, str):
            words.optional(value, "details", most=len(value))
        elif isinstance(value, float) and not math.isfinite(value):
            raise Refused(Code.BAD_INPUT, f"details holds {value}; give finite numbers or texts", field="details")


def _said(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC") if at.utcoffset() == timedelta() else at.isoformat(timespec="minutes")
