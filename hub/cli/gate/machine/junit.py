"""The report as JUnit XML: a test case for the decision and one for each policy.

What closes the gate is a failure, or an error where it could not be told; what is bad and does not close it, and what
is waived, is skipped with its message, since the format has no warning and nothing bad may count as passed.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from hub.cli.gate.decision import Check, Decision, Intent, Report
from hub.cli.gate.inert import HASHES


def written(report: Report) -> str:
    """The document, as Jenkins, GitLab and others read it."""
    suite = Element("testsuite", name="hub gate", timestamp=f"{report.now:%Y-%m-%dT%H:%M:%S}", time="0")
    properties = SubElement(suite, "properties")
    intent = report.intent
    for name, value in (
        ("decision", report.decision.value),
        ("asked", report.asked),
        ("intent", intent.id if intent else ""),
        ("permit", intent.permit.id if intent and intent.permit else ""),
        *_counts(intent),
    ):
        SubElement(properties, "property", name=name, value=value)
    _decision(suite, report)
    for check in intent.checks if intent else ():
        _check(suite, check)
    counts = {kind: str(len(suite.findall(f"testcase/{kind}"))) for kind in ("failure", "error", "skipped")}
    totals: dict[str, str] = {
        "tests": str(len(suite.findall("testcase"))),
        "failures": counts["failure"],
        "errors": counts["error"],
        "skipped": counts["skipped"],
    }
    for name, value in totals.items():
        suite.set(name, value)
    whole = Element("testsuites", {"name": "hub gate", "time": "0"} | totals)
    whole.append(suite)
    indent(whole)
    text = HASHES.sub("&#35;", tostring(whole, encoding="unicode"))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _counts(intent: Intent | None) -> Iterator[tuple[str, str]]:
    """Both counts, since the format itself tells skipped ones apart by their words only."""
    if intent is not None:
        found = intent.standing
        for name, count in (("asked", found.asked), ("kept", found.kept), ("waived", found.waived)):
            yield f"policies.{name}", str(count)


def _decision(suite: Element, report: Report) -> None:
    case = SubElement(suite, "testcase", classname="hub.gate", name=f"decision: {report.asked}", time="0")
    match report.decision:
        case Decision.DENIED:
            SubElement(case, "failure", type="DENIED", message=report.why)
        case Decision.WAITING:
            SubElement(case, "skipped", message=report.why)
        case Decision.UNDECIDED:
            SubElement(case, "error", type="UNDECIDED", message=report.why)
        case Decision.ALLOWED:
            pass


def _check(suite: Element, check: Check) -> None:
    case = SubElement(suite, "testcase", classname="hub.policies", name=_name(check), time="0")
    if check.outcome == "PASS":
        return
    message = check.explanation or check.outcome
    if check.blocking:
        kind = "error" if check.outcome == "ERROR" else "failure"
        below = SubElement(case, kind, type=f"{check.severity} {check.outcome}", message=message)
        below.text = _body(check)
        return
    if check.waiver is not None:
        message = f"waived by {check.waiver.id} until {check.waiver.expires_at:%Y-%m-%d}: {message}"
    below = SubElement(case, "skipped", message=f"{check.outcome}, closes nothing: {message}")
    if check.is_bad:
        below.text = _body(check)


def _name(check: Check) -> str:
    return f"{check.key}: {check.title}" if check.title else check.key


def _body(check: Check) -> str:
    rows = [f"why: {check.explanation}", f"mend: {check.remediation}"]
    if check.due_at is not None:
        rows.append(f"term: {check.due_at:%Y-%m-%d}")
    if check.result_id is not None:
        rows.append(f"result: {check.result_id}")
    return "\n".join(rows)
