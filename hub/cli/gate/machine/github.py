"""The report as GitHub reads it: annotations in the log, a summary in Markdown, outputs for later steps."""

import re
from collections.abc import Iterator

from hub.cli.gate.decision import Check, Decision, Report
from hub.cli.gate.inert import HASHES

SHOWN = 10
"""GitHub shows so many annotations of each level from one step."""
ROWS = 200


def written(report: Report) -> str:
    """Workflow commands, one on each line: the decision first, what closes the gate next."""
    return "".join(f"{line}\n" for line in _commands(report))


def _commands(report: Report) -> Iterator[str]:
    levels = {Decision.ALLOWED: "notice", Decision.WAITING: "warning"}
    told: dict[str, int] = {}
    level = levels.get(report.decision, "error")
    yield _command(level, f"{report.decision}: {report.asked}", report.why)
    told[level] = 1
    checks = [one for one in report.intent.checks if one.is_bad or one.outcome == "WAIVED"] if report.intent else []
    hidden: list[Check] = []
    for check in checks:
        level = "error" if check.blocking else "notice" if check.outcome == "WAIVED" else "warning"
        # One place of each level is kept for saying how many are not shown.
        if told.get(level, 0) >= SHOWN - 1:
            hidden.append(check)
            continue
        told[level] = told.get(level, 0) + 1
        yield _command(level, f"{check.outcome} {check.severity}: {check.title or check.key}", _message(check))
    if hidden:
        worst = "error" if any(one.blocking for one in hidden) else "warning"
        yield _command(worst, f"{len(hidden)} more", f"Also: {', '.join(one.key for one in hidden[:50])}")


def _message(check: Check) -> str:
    lines = [f"{check.key}: {check.explanation or check.outcome}"]
    if check.waiver is not None:
        lines.append(f"Waived by {check.waiver.id} until {check.waiver.expires_at:%Y-%m-%d}.")
    if check.is_bad and check.remediation:
        lines.append(f"To mend it: {check.remediation}")
    if check.is_bad and check.due_at is not None:
        lines.append(f"Until {check.due_at:%Y-%m-%d}.")
    return "\n".join(lines)


def _command(level: str, title: str, message: str) -> str:
    return f"::{level} title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    return HASHES.sub("# ", text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def outputs(report: Report) -> str:
    """What later steps read, for the file that GITHUB_OUTPUT names; every value is one line by then."""
    intent = report.intent
    values = {
        "decision": report.decision.value,
        "exit_code": str(report.exit_code),
        "intent": intent.id if intent else "",
        "permit": intent.permit.id if intent and intent.permit else "",
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def summary(report: Report) -> str:
    """The report in Markdown, for the file that GITHUB_STEP_SUMMARY names."""
    return "".join(f"{line}\n" for line in _summary(report))


def _summary(report: Report) -> Iterator[str]:
    yield f"## {report.decision}: {_plain(report.asked)}"
    yield ""
    yield _plain(report.why)
    yield ""
    intent = report.intent
    if intent is None:
        return
    checks = [one for one in intent.checks if one.outcome != "PASS"][:ROWS]
    if checks:
        yield "| outcome | closes | severity | policy | why | to mend it | term |"
        yield "|---|---|---|---|---|---|---|"
        for one in checks:
            term = one.due_at if one.waiver is None else one.waiver.expires_at
            cells = (
                one.outcome, "yes" if one.blocking else "no", one.severity, f"{one.key}: {one.title}",
                one.explanation, one.remediation if one.is_bad else "", f"{term:%Y-%m-%d}" if term else "",
            )  # fmt: skip
            yield f"| {' | '.join(map(_plain, cells))} |"
        yield ""
    stands = intent.standing
    waived = f", {stands.waived} more waived" if stands.waived else ""
    yield f"{stands.kept} of {len(intent.checks)} policies are kept{waived}."
    if intent.approval is not None and intent.approval.open:
        who = ", ".join(one.person.called for one in report.approvers) or "nobody"
        yield ""
        yield f"Open: {_plain(', '.join(intent.approval.open))}. Who can sign: {_plain(who)}."
    yield ""
    yield f"Intent `{re.sub(r'[^A-Za-z0-9:-]', '', intent.id)}`"


def _plain(text: str) -> str:
    """Words that Markdown takes as words: no link, no image, no HTML, no cell of their own making."""
    # An address alone becomes a link without any mark; a full stop behind the mark cannot stop that, an entity can.
    shown = re.sub(r"([\\`*_{}\[\]()#+\-!|~$^=])", r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;"))
    return shown.replace(">", "&gt;").replace("@", "&#64;").replace("://", ":&#47;/").replace("www.", "www&#46;")
