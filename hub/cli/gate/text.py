"""The report for people: the decision first, then what to do about it, then what is well."""

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TextIO

from hub.cli.gate.decision import Approval, Check, Decision, Intent, Report, days_until
from hub.cli.gate.inert import columns, hanging, padded, uncommanding
from hub.cli.gate.way_out import ways_out

WIDTH = 100
NARROWEST, WIDEST = 40, 140
COMMANDS = 3
COLOURS = {
    "DENIED": "31;1", "FAIL": "31;1", "ERROR": "35;1", "UNDECIDED": "35;1", "WAITING": "33;1", "WARN": "33",
    "WAIVED": "36", "ALLOWED": "32;1", "PASS": "32", "SKIP": "2",
}  # fmt: skip


def written(report: Report, *, width: int = WIDTH, colours: bool = False, verbose: bool = False) -> str:
    """The whole report. Colours go to words that say the same without them."""
    lines = [uncommanding(line) for line in _lines(report, max(NARROWEST, min(width, WIDEST)), verbose)]
    if colours:
        lines = [_painted(line) for line in lines]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def width_of(out: TextIO) -> int:
    """How wide the terminal is; elsewhere a width that logs show well, unless COLUMNS says another."""
    try:
        return os.get_terminal_size(out.fileno()).columns
    except (OSError, ValueError):
        told = os.environ.get("COLUMNS", "")
        return int(told) if told.isdecimal() and int(told) > 0 else WIDTH


def may_colour(out: TextIO) -> bool:
    """Only on a terminal that understands it, and where nobody set NO_COLOR."""
    return out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _lines(report: Report, width: int, verbose: bool) -> Iterator[str]:
    yield from hanging(f"{report.decision}  ", report.why, width)
    intent = report.intent
    if intent is None:
        return
    bad = [one for one in intent.checks if one.is_bad]
    for title, checks in (
        ("What closes the gate", [one for one in bad if one.blocking]),
        ("What does not close it", [one for one in bad if not one.blocking]),
        ("Waived", [one for one in intent.checks if one.outcome == "WAIVED"]),
    ):
        if checks:
            yield from ("", title)
        for check in checks:
            yield from _check(check, width, report.now)
    yield from _people(report, width)
    yield from _exceptions(report, width)
    yield from _well(intent, width, verbose)
    yield from _end(report, intent, width)


def _check(check: Check, width: int, now: datetime) -> Iterator[str]:
    title = f"{check.key}: {check.title}" if check.title else check.key
    yield from hanging(f"  {check.outcome:<6}  {check.severity:<8}  {check.enforcement:<8}  ", title, width, least=28)
    facts = []
    if check.waiver is not None:
        until = _until(check.waiver.expires_at, now)
        facts.append(("waived", f"by {check.waiver.kind} {check.waiver.id} until {until}"))
    if check.explanation:
        facts.append(("why", check.explanation))
    if check.is_bad and check.remediation:
        facts.append(("mend", check.remediation))
    if check.is_bad and check.due_at is not None:
        facts.append(("term", f"until {_until(check.due_at, now)}"))
    for label, text in facts:
        yield from hanging(f"          {label:<6}  ", text, width)


def _people(report: Report, width: int) -> Iterator[str]:
    intent = report.intent
    approval = intent.approval if intent else None
    if intent is None or approval is None:
        return
    yield ""
    yield "Approval"
    yield from hanging("  ", _standing(approval, report.now), width)
    for one in approval.signatures:
        field = f" for {one.discipline}" if one.discipline else ""
        said = f": {one.comment}" if one.comment else ""
        text = f"{one.decision.replace('_', ' ')} by {one.person.called}{field}, {one.signed_at:%Y-%m-%d %H:%M}{said}"
        yield from hanging("  ", text, width)
    if intent.status != "AWAITING_APPROVAL":
        return
    rows = [(field, [who for who in report.approvers if field in who.disciplines]) for field in approval.open]
    if not approval.disciplines:
        rows = [("any", list(report.approvers))]
    if rows:
        yield from hanging("  ", "Who can sign; never whoever asked or made it", width)
        first = max(columns(field) for field, _ in rows)
        for field, people in rows:
            names = ", ".join(who.person.called for who in people) or "nobody who may: give somebody MODEL_APPROVER"
            yield from hanging(f"    {padded(field, first)}  ", names, width)
    yield from hanging("  ", f"They read it, with the digest {approval.digest[:16]}…, and answer it by", width)
    # Not wrapped: it is to be pasted, by its bare id to fit in sixty columns.
    yield f"    hub approvals show {approval.id.rpartition(':')[2]}"


def _standing(approval: Approval, now: datetime) -> str:
    count = f"{len(approval.approvals)} of {approval.quorum} signed"
    wanted = f"; open: {', '.join(approval.open)}" if approval.open else ""
    due = f"; due {_until(approval.due_at, now)}" if approval.status == "PENDING" else ""
    return f"{approval.status}: {count}{wanted}{due}"


def _exceptions(report: Report, width: int) -> Iterator[str]:
    intent = report.intent
    blocking = [one for one in intent.checks if one.blocking] if intent else []
    if not blocking:
        return
    ways = ways_out(report)
    without = [one.key for one in blocking if one.longest_exception_days < 1]
    yield ""
    if not ways:
        yield from hanging("", f"No exception can be asked for: {', '.join(without)} allows none.", width)
        return
    yield from hanging("", "To ask for an exception (replace the words in capitals; another person decides)", width)
    for way in ways[:COMMANDS]:
        owner = f"; its owner is {way.check.owner.called}" if way.check.owner else ""
        yield from hanging(
            "  ", f"from {way.check.key}, for at most {way.check.longest_exception_days} days{owner}", width
        )
        # Not wrapped: it is to be pasted.
        yield f"    {way.command}"
    if more := ", ".join(way.check.key for way in ways[COMMANDS:]):
        yield from hanging("  ", f"likewise, with another --policy, from {more}", width)
    if without:
        yield from hanging("  ", f"none from {', '.join(without)}", width)


def _well(intent: Intent, width: int, verbose: bool) -> Iterator[str]:
    counts = Counter(one.outcome for one in intent.checks)
    told = ", ".join(
        f"{counts[outcome]} {word}"
        for outcome, word in (("PASS", "kept"), ("WAIVED", "waived"), ("SKIP", "skipped"))
        if counts[outcome]
    )
    stands = intent.standing
    if stands.waived:
        told += f"; {stands.true:.0%} of what was asked is kept, {stands.reported:.0%} with what is waived"
    well = [one for one in intent.checks if one.outcome in ("PASS", "SKIP")]
    yield ""
    more = "" if verbose or not well else "; -v lists them"
    yield from hanging("", f"Policies: {len(intent.checks)} apply{f', {told}' if told else ''}{more}", width)
    if verbose and well:
        first = max(columns(one.key) for one in well)
        for one in well:
            yield from hanging(f"  {one.outcome:<4}  {padded(one.key, first)}  ", one.title, width)


def _end(report: Report, intent: Intent, width: int) -> Iterator[str]:
    rows = [("intent", f"{intent.id}, {intent.status}")]
    rows.append(("version", f"{intent.model} {intent.version} in {intent.registry}, digest {intent.version_digest}"))
    rows.append(("back to", intent.rollback or "no rollback target is named; name one with --rollback VERSION"))
    if intent.permit is not None:
        until = f"until {_until(intent.permit.expires_at, report.now)}, key {intent.permit.key_id}"
        why = f": {intent.permit.revoked_why}" if intent.permit.revoked_why else ""
        state = f"revoked {intent.permit.revoked_at:%Y-%m-%d %H:%M}{why}" if intent.permit.revoked_at else until
        rows.append(("permit", f"{intent.permit.id}, {state}"))
    if report.decision is Decision.WAITING:
        rows.append(("go on", "ask the same again, or add --wait"))
    for label, text in rows:
        yield from hanging(f"{label:<7}  ", text, width)


def _until(at: datetime, now: datetime) -> str:
    days = days_until(at, now)
    left = "today" if days == 0 else f"{days} days left" if days > 1 else "1 day left" if days == 1 else "past"
    return f"{at.astimezone(UTC):%Y-%m-%d} ({left})"


def _painted(line: str) -> str:
    word = line.split(maxsplit=1)[0] if line.strip() else ""
    code = COLOURS.get(word)
    if code is None:
        return line
    at = line.index(word)
    return f"{line[:at]}\x1b[{code}m{word}\x1b[0m{line[at + len(word) :]}"
