"""The report as SARIF 2.1.0: policies are rules, what is not kept are results, exceptions are suppressions."""

from hashlib import sha256
from typing import Any
from urllib.parse import quote

from hub.cli.gate.decision import Check, Decision, Intent, Report
from hub.cli.gate.inert import json_text
from hub.cli.gate.machine.json_document import standing

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"BLOCKING": "error", "WARNING": "warning", "ADVISORY": "note"}
SCORES = {"CRITICAL": "9.5", "HIGH": "8.0", "MEDIUM": "5.0", "LOW": "2.0", "INFO": "0.0"}
"""What GitHub's code scanning calls a security-severity, by which it sorts."""


def written(report: Report) -> str:
    """The log file with its one run."""
    return json_text(document(report))


def document(report: Report) -> dict[str, Any]:
    """The log file as plain values."""
    checks = report.intent.checks if report.intent else ()
    results = [
        _result(check, place, report.intent)
        for place, check in enumerate(checks)
        if report.intent is not None and (check.is_bad or check.outcome == "WAIVED")
    ]
    invocation: dict[str, Any] = {
        "executionSuccessful": report.decision is not Decision.UNDECIDED,
        "exitCode": report.exit_code,
        "exitCodeDescription": report.decision.value,
        "endTimeUtc": f"{report.now:%Y-%m-%dT%H:%M:%SZ}",
    }
    if report.decision is Decision.UNDECIDED:
        invocation["toolExecutionNotifications"] = [{"level": "error", "message": {"text": report.why}}]
    run = {
        "tool": {"driver": {"name": "hub gate", "rules": [_rule(check) for check in checks]}},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {
            "decision": report.decision.value,
            "why": report.why,
            "asked": report.asked,
            "intent": report.intent.id if report.intent else None,
            "standing": standing(report.intent) if report.intent else None,
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(check: Check) -> dict[str, Any]:
    title = check.title or check.key
    help = check.remediation or "The policy names no remediation."
    return {
        "id": check.key,
        "shortDescription": {"text": title},
        "fullDescription": {"text": title},
        "help": {"text": help},
        "defaultConfiguration": {"level": LEVELS.get(check.enforcement, "warning")},
        "properties": {
            "tags": ["governance", check.severity, check.enforcement],
            "security-severity": SCORES.get(check.severity, "0.0"),
        },
    }


def _result(check: Check, place: int, intent: Intent) -> dict[str, Any]:
    whole = f"{intent.registry}/{intent.model}/{intent.version}"
    text = check.explanation or f"{check.key}: {check.outcome}"
    due = f" (to be mended until {check.due_at:%Y-%m-%d})" if check.due_at is not None and check.is_bad else ""
    suppressions = []
    if check.waiver is not None:
        until = f"{check.waiver.kind} {check.waiver.id}, until {check.waiver.expires_at:%Y-%m-%d}"
        suppressions.append({"kind": "external", "status": "accepted", "justification": until})
    return {
        "ruleId": check.key,
        "ruleIndex": place,
        "kind": "fail",
        "level": _level(check),
        "message": {"text": f"{check.outcome}: {text}{due}"},
        # There is no file; GitHub's code scanning takes no result without one, so the version's name stands in.
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": f"models/{quote(whole, safe='/')}"},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [{"name": intent.version, "fullyQualifiedName": whole, "kind": "module"}],
            }
        ],
        "partialFingerprints": {"hubPolicy/v1": sha256(f"{check.key}\n{whole}\n{intent.stage}".encode()).hexdigest()},
        # On every result or on none, as the specification asks.
        "suppressions": suppressions,
        "properties": {
            "outcome": check.outcome,
            "blocking": check.blocking,
            "severity": check.severity,
            "stage": intent.stage,
            "result": check.result_id,
        },
    }


def _level(check: Check) -> str:
    if check.blocking:
        return "error"
    return "note" if check.enforcement == "ADVISORY" or not check.is_bad else "warning"
