"""Test reports from SARIF 2.1.0, the form in which scanners tell their findings."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.checks.evidence import rules
from hub.checks.evidence.files.properties import cut, fields_of, figures_of, instant, kept
from hub.checks.evidence.rules import Report
from hub.checks.tables import EvidenceKind, EvidenceSource, Verdict
from hub.errors import Code, Refused

VERSION = "2.1.0"
LEVELS = {"error": "errors", "warning": "warnings", "note": "notes", "none": "others"}


def is_sarif(found: object) -> bool:
    """Whether what a JSON file holds means to be SARIF."""
    return isinstance(found, Mapping) and ("runs" in found or "sarif" in str(found.get("$schema", "")).lower())


def read(found: Mapping[str, Any], *, name: str, kind: EvidenceKind | None) -> Report:
    """A report of all runs in a file: it fails on an error that nobody suppressed, and passes only complete scans."""
    if found.get("version") != VERSION:
        raise _bad(f"{name} is SARIF of version {str(found.get('version'))[:40]!r}; {VERSION} is read")
    runs = _objects(found.get("runs"), "runs", name)
    told = [one for run in runs for one in _results(run, name)]
    figures: dict[str, float] = dict.fromkeys([*LEVELS.values(), "suppressed"], 0.0)
    for level, _, suppressed in told:
        figures["suppressed" if suppressed else LEVELS[level]] += 1
    properties = [pair for run in runs for pair in _object(run.get("properties"), "properties", name).items()]
    complete = bool(runs) and all(_complete(run, name) for run in runs)
    listed = kept((finding for _, finding, suppressed in told if not suppressed), "results")
    return rules.bounded(
        Report(
            kind=kind or EvidenceKind.SECURITY,
            verdict=Verdict.FAIL if figures["errors"] else Verdict.PASS if complete else Verdict.NONE,
            title=_tools(runs, name, with_version=False),
            tool=_tools(runs, name, with_version=True),
            figures={**figures, **figures_of(properties, name)},
            details=listed if complete else {**listed, "incomplete": True},
            measured_at=_ended(runs, name),
            source=EvidenceSource.SARIF,
            **{**_origin(runs, name), **fields_of(properties)},
        )
    )


def _results(run: Mapping[str, Any], name: str) -> Iterator[tuple[str, Mapping[str, str], bool]]:
    """Level, words, and whether it is suppressed, of each result that is still there."""
    rules_of = _objects(_driver(run, name).get("rules"), "rules", name)
    by_id = {str(rule.get("id")): rule for rule in rules_of}
    for result in _objects(run.get("results"), "results", name):
        if result.get("baselineState") == "absent":
            continue
        rule_of = _object(result.get("rule"), "rule", name)
        rule_id = result.get("ruleId", rule_of.get("id"))
        at = result.get("ruleIndex", rule_of.get("index"))
        known = rules_of[at] if isinstance(at, int) and 0 <= at < len(rules_of) else by_id.get(str(rule_id), {})
        message = _object(result.get("message"), "message", name)
        level = _level(result, known, name)
        words = {
            "ruleId": cut(str(rule_id if rule_id is not None else known.get("id", "")), 200),
            "level": level,
            "message": cut(str(message.get("text", message.get("markdown", "")))),
            "location": cut(_location(result, name), 300),
        }
        yield level, words, _suppressed(result, name)


def _level(result: Mapping[str, Any], rule: Mapping[str, Any], name: str) -> str:
    """SARIF 2.1.0, 3.27.10: the result's own, none for what did not fail, else its rule's, else warning."""
    told = result.get("level")
    if told is None and result.get("kind", "fail") != "fail":
        return "none"
    if told is None:
        told = _object(rule.get("defaultConfiguration"), "defaultConfiguration", name).get("level", "warning")
    if told not in LEVELS:
        raise _bad(f"{name}: a result has the level {str(told)[:40]!r}; there are {', '.join(LEVELS)}")
    return str(told)


def _suppressed(result: Mapping[str, Any], name: str) -> bool:
    """Whether every suppression of a result was accepted; one that waits or was rejected suppresses nothing."""
    found = _objects(result.get("suppressions"), "suppressions", name)
    return bool(found) and all(one.get("status", "accepted") == "accepted" for one in found)


def _location(result: Mapping[str, Any], name: str) -> str:
    for location in _objects(result.get("locations"), "locations", name):
        place = _object(location.get("physicalLocation"), "physicalLocation", name)
        address = _object(place.get("artifactLocation"), "artifactLocation", name).get("uri", "")
        line = _object(place.get("region"), "region", name).get("startLine")
        return f"{address}:{line}" if line is not None else str(address)
    return ""


def _complete(run: Mapping[str, Any], name: str) -> bool:
    """Whether a run came to its end: one that broke off has found nothing, which is not that there is nothing."""
    invocations = _objects(run.get("invocations"), "invocations", name)
    return run.get("results") is not None and all(one.get("executionSuccessful") is not False for one in invocations)


def _tools(runs: Sequence[Mapping[str, Any]], name: str, *, with_version: bool) -> str:
    found: dict[str, None] = {}
    for driver in (_driver(run, name) for run in runs):
        version = driver.get("semanticVersion", driver.get("version", "")) if with_version else ""
        found[f"{driver.get('name', '')} {version}".strip()] = None
    return cut(", ".join(filter(None, found)), rules.LONGEST["tool"])


def _driver(run: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return _object(_object(run.get("tool"), "tool", name).get("driver"), "driver", name)


def _origin(runs: Sequence[Mapping[str, Any]], name: str) -> dict[str, str]:
    """The commit that was scanned, and the command that scanned it; the first of each."""
    made: dict[str, str] = {}
    for run in runs:
        for source in _objects(run.get("versionControlProvenance"), "versionControlProvenance", name):
            if source.get("revisionId"):
                made.setdefault("code_commit", str(source["revisionId"]))
        for invocation in _objects(run.get("invocations"), "invocations", name):
            if invocation.get("commandLine"):
                made.setdefault("command", str(invocation["commandLine"]))
    return made


def _ended(runs: Sequence[Mapping[str, Any]], name: str) -> datetime | None:
    times = [
        instant(invocation["endTimeUtc"], "endTimeUtc", name)
        for run in runs
        for invocation in _objects(run.get("invocations"), "invocations", name)
        if invocation.get("endTimeUtc")
    ]
    return max(times) if times else None


def _object(value: object, what: str, name: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _bad(f"{name}: {what} is no object, as SARIF {VERSION} has it")
    return value


def _objects(value: object, what: str, name: str) -> list[Mapping[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise _bad(f"{name}: {what} is no list, as SARIF {VERSION} has it")
    return [_object(one, what, name) for one in value]


def _bad(why: str) -> Refused:
    return Refused(Code.BAD_INPUT, why, field="file")
