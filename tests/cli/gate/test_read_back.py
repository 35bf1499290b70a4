"""What the gate writes is read again by others: our own readers of evidence, and SARIF's own rules of form."""

from typing import Any

import orjson
import pytest

from hub.checks.evidence.files.opening import opened
from hub.checks.tables import EvidenceKind
from hub.cli.gate.machine import junit, sarif
from tests.cli.gate.test_formats import REPORTS, hostile


def test_junit_is_read_as_evidence_with_the_same_counts() -> None:
    report = opened(junit.written(REPORTS["denied"]).encode(), name="gate.xml", kind=EvidenceKind.SECURITY)
    assert report.verdict == "FAIL"
    counted = {name: report.figures[name] for name in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": 7, "failures": 2, "errors": 1, "skipped": 3}


def test_sarif_is_read_as_evidence_and_a_waiver_counts_as_suppressed() -> None:
    report = opened(sarif.written(REPORTS["denied"]).encode(), name="gate.sarif", kind=None)
    assert report.verdict == "FAIL"
    assert {name: report.figures[name] for name in ("errors", "warnings", "notes", "suppressed")} == {
        "errors": 2, "warnings": 1, "notes": 0, "suppressed": 1,
    }  # fmt: skip


def test_an_undecided_gate_is_no_evidence_that_all_is_well() -> None:
    report = opened(sarif.written(REPORTS["undecided"]).encode(), name="gate.sarif", kind=None)
    assert report.verdict == "NONE"


TEXT = ({"text"}, {"text", "markdown", "id", "arguments", "properties"})
FORMS: dict[str, tuple[set[str], set[str]]] = {
    "": ({"version", "runs"}, {"$schema", "version", "runs", "inlineExternalProperties", "properties"}),
    "runs": ({"tool"}, {"tool", "invocations", "columnKind", "results", "properties"}),
    "runs.tool": ({"driver"}, {"driver", "extensions", "properties"}),
    "runs.tool.driver": ({"name"}, {"name", "rules", "version", "informationUri", "properties"}),
    "runs.tool.driver.rules": (
        {"id"},
        {"id", "name", "shortDescription", "fullDescription", "help", "helpUri", "defaultConfiguration", "properties"},
    ),
    "runs.tool.driver.rules.shortDescription": TEXT,
    "runs.tool.driver.rules.fullDescription": TEXT,
    "runs.tool.driver.rules.help": TEXT,
    "runs.tool.driver.rules.defaultConfiguration": (set(), {"enabled", "level", "rank", "parameters", "properties"}),
    "runs.invocations": (
        {"executionSuccessful"},
        {"executionSuccessful", "exitCode", "exitCodeDescription", "endTimeUtc", "toolExecutionNotifications"},
    ),
    "runs.invocations.toolExecutionNotifications": ({"message"}, {"message", "level", "descriptor", "timeUtc"}),
    "runs.invocations.toolExecutionNotifications.message": TEXT,
    "runs.results": (
        {"message"},
        {
            "ruleId", "ruleIndex", "kind", "level", "message", "locations", "partialFingerprints", "suppressions",
            "properties",
        },
    ),
    "runs.results.message": TEXT,
    "runs.results.locations": (set(), {"id", "physicalLocation", "logicalLocations", "message", "properties"}),
    "runs.results.locations.physicalLocation": (set(), {"artifactLocation", "region", "contextRegion", "properties"}),
    "runs.results.locations.physicalLocation.artifactLocation": (set(), {"uri", "uriBaseId", "index", "properties"}),
    "runs.results.locations.physicalLocation.region": (set(), {"startLine", "startColumn", "endLine", "properties"}),
    "runs.results.locations.logicalLocations": (
        set(),
        {"name", "fullyQualifiedName", "decoratedName", "kind", "parentIndex", "index", "properties"},
    ),
    "runs.results.suppressions": ({"kind"}, {"kind", "status", "justification", "guid", "location", "properties"}),
}  # fmt: skip
"""What each object of SARIF 2.1.0 must and may have, of its schema as much as the gate writes."""
CHOICES = {
    "runs.columnKind": {"utf16CodeUnits", "unicodeCodePoints"},
    "runs.results.kind": {"notApplicable", "pass", "fail", "review", "open", "informational"},
    "runs.results.level": {"none", "note", "warning", "error"},
    "runs.tool.driver.rules.defaultConfiguration.level": {"none", "note", "warning", "error"},
    "runs.results.suppressions.kind": {"inSource", "external"},
    "runs.results.suppressions.status": {"accepted", "underReview", "rejected"},
}


def check_form(value: Any, path: str = "") -> None:
    if isinstance(value, list):
        for one in value:
            check_form(one, path)
    elif isinstance(value, dict):
        must, may = FORMS[path]
        assert must <= set(value) <= may, path
        for name, below in value.items():
            if name not in ("properties", "partialFingerprints"):
                check_form(below, f"{path}.{name}".lstrip("."))
    elif path in CHOICES:
        assert value in CHOICES[path], path


@pytest.mark.parametrize("name", [*REPORTS, "hostile"])
def test_sarif_has_the_form_that_its_schema_asks(name: str) -> None:
    written = orjson.loads(sarif.written(hostile() if name == "hostile" else REPORTS[name]))
    check_form(written)
    for rule in written["runs"][0]["tool"]["driver"]["rules"]:
        tags = rule["properties"]["tags"]
        assert len(set(tags)) == len(tags)
    for result in written["runs"][0]["results"]:
        (uri,) = [one["physicalLocation"]["artifactLocation"]["uri"] for one in result["locations"]]
        assert uri.isascii()
        assert set(uri) & set(' "<>\\^`{|}') == set()
