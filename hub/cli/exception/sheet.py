"""An exception as people read it: what it lets pass and why, until when, what holds, and what can be done."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from hub.cli.approvals import when
from hub.cli.approvals.naming import bare, called
from hub.cli.approvals.sheet import table
from hub.cli.exception import doing
from hub.cli.gate.inert import hanging, inert, uncommanding

Row = Mapping[str, Any]
Pairs = Iterator[tuple[str, str]]


def lines(found: Row, viewer: Row | None, now: datetime, width: int) -> Iterator[str]:
    """The whole sheet."""
    for line in _lines(found, viewer, now, width):
        yield uncommanding(line).rstrip()


def scope(found: Row) -> str:
    """What it covers, such as `scans 3, PRODUCTION`."""
    version = f" {inert(found['version']['name'], 60)}" if found["version"] else ""
    stage = f", {inert(found['stage'])}" if found["stage"] else ""
    return f"{inert(found['model']['name'], 60)}{version}{stage}"


def _lines(found: Row, viewer: Row | None, now: datetime, width: int) -> Iterator[str]:
    kind = inert(found["kind"]).replace("_", " ").lower()
    yield from hanging("", f"{kind} of {scope(found)} from {inert(found['policy']['key'])}", width)
    yield from hanging("  ", _standing(found), width)
    asked = f"asked by {called(found['requestedBy'])} on {_at(found['requestedAt'])}"
    yield from hanging("  ", f"{asked}: {inert(found['justification'])}", width)
    for title, rows in (
        ("What it says", _said(found)),
        ("When", _dates(found)),
        ("Controls", _controls(found)),
        ("To be true for it to be closed", _criteria(found)),
        ("Who is asked", _asked(found, now)),
        ("Attachments", _attachments(found)),
        ("Extensions", _extensions(found)),
        ("Looked at", _reviews(found)),
        ("Before and after it", _kin(found)),
        ("History", _history(found)),
    ):
        listed = list(rows)
        if listed:
            yield ""
            yield title
            yield from table(listed, width)
    yield ""
    yield "What can be done"
    ways = list(doing.ways(found, viewer, now))
    if not ways:
        yield "  nothing, by you"
    for what, command in ways:
        yield from hanging("  ", what, width)
        # Not wrapped: it is to be pasted.
        yield f"    {command}"


def _standing(found: Row) -> str:
    status = inert(found["status"])
    if found["endedAt"]:
        why = f": {inert(found['endNote'])}" if found["endNote"] else ""
        return f"{status} on {_at(found['endedAt'])} by {called(found['endedBy'])}{why}"
    if found["decidedAt"]:
        why = f": {inert(found['decisionNote'])}" if found["decisionNote"] else ""
        decided = "rejected" if status == "REJECTED" else "granted"
        return f"{status}; {decided} on {_at(found['decidedAt'])} by {called(found['decidedBy'])}{why}"
    return status


def _said(found: Row) -> Pairs:
    yield "policy", f"{inert(found['policy']['key'])}: {inert(found['policy']['title'])}"
    yield "owner", called(found["owner"])
    yield (
        "risk",
        f"{inert(found['riskBefore'])}, with its controls {inert(found['riskAfter'])}; tier {inert(found['tier'])}",
    )
    decided = f"; decided {inert(found['decidedTreatment'])}" if found["decidedTreatment"] else ""
    yield "treatment", f"recommended {inert(found['recommendedTreatment'])}{decided}"
    if found["template"]:
        yield "template", inert(found["template"])
    if found["ticketUrl"]:
        yield "ticket", inert(found["ticketUrl"])


def _dates(found: Row) -> Pairs:
    yield "from", _at(found["startsAt"])
    left = found["daysLeft"]
    yield (
        "until",
        f"{_at(found['expiresAt'])}, {left} days left" if left >= 0 else f"{_at(found['expiresAt'])}, {-left} days ago",
    )
    yield "extended", f"{found['extensionsUsed']} of {found['extensionsAllowed']} times"
    if found["suspendedFrom"]:
        yield "suspended", f"since {_at(found['suspendedFrom'])}: a control does not hold"
    if found["reviewAt"]:
        rhythm = f", every {found['reviewEveryDays']} days" if found["reviewEveryDays"] else ""
        yield "next look", f"{_at(found['reviewAt'])}{rhythm}"
    if found["resolutionSuggestedAt"]:
        yield "suggested", f"to be resolved, since {_at(found['resolutionSuggestedAt'])}: the policy is kept"


def _controls(found: Row) -> Pairs:
    for one in found["controls"]["nodes"]:
        ties = []
        if one["policy"]:
            ties.append(f"by policy {inert(one['policy']['key'])}")
        if one["attestEveryDays"]:
            who = f" by {called(one['attestor'])}" if one["attestor"] else ""
            due = f", due {_at(one['attestationDueAt'])}" if one["attestationDueAt"] else ""
            ties.append(f"attested every {one['attestEveryDays']} days{who}{due}")
        if one["orphanedWhy"]:
            ties.append(f"nobody can confirm it: {inert(one['orphanedWhy'])}; hand it on")
        if one["redSince"]:
            ties.append(f"red since {_at(one['redSince'])}")
        ties.append(f"control {bare(one['id'])}")
        yield "holds" if one["holds"] else "FAILS", f"{inert(one['description'])} ({'; '.join(ties)})"


def _criteria(found: Row) -> Pairs:
    for one in found["criteria"]["nodes"]:
        tie = f"by policy {inert(one['policy']['key'])}; " if one["policy"] else ""
        due = f", by {_at(one['dueAt'])}" if one["dueAt"] and not one["metAt"] else ""
        note = f": {inert(one['metNote'])}" if one["metNote"] else ""
        evidence = f" {inert(one['evidenceUrl'])}" if one["evidenceUrl"] else ""
        met = f"met {_at(one['metAt'])}" if one["metAt"] else "open"
        id = f" ({tie}criterion {bare(one['id'])})"
        yield met, f"{inert(one['description'])}{id}{due}{note}{evidence}"


def _asked(found: Row, now: datetime) -> Pairs:
    for question in doing.questions(found):
        names = sorted({called(one["person"]) for one in question["asked"]["nodes"]})
        more = question["asked"]["totalCount"] - len(question["asked"]["nodes"])
        who = f"{', '.join(names)}{f' and {more} more' if more > 0 else ''}" if names else "nobody who may sign"
        clock = (
            "its clock stopped by a question"
            if question["pausedAt"]
            else f"due {when.due(when.of(question['dueAt']), now)}"
        )
        yield inert(question["subjectKind"]), f"{who}; {clock}, in request {bare(question['id'])}"


def _attachments(found: Row) -> Pairs:
    for one in found["attachments"]["nodes"]:
        size, by = f"{one['size']:,} bytes", f"by {called(one['addedBy'])} on {_at(one['addedAt'])}"
        yield inert(one["name"]), f"{size} {by}, {inert(one['mediaType'])}, {bare(one['id'])}"


def _extensions(found: Row) -> Pairs:
    for one in found["extensions"]["nodes"]:
        note = f"; {inert(one['note'])}" if one["note"] else ""
        said = f"until {_at(one['until'])}, by {called(one['requestedBy'])}: {inert(one['justification'])}"
        yield inert(one["state"]), f"{said}{note}"


def _reviews(found: Row) -> Pairs:
    for one in found["reviews"]["nodes"]:
        due = f" (due {_at(one['dueAt'])})" if one["dueAt"] else ""
        yield _at(one["at"]), f"{inert(one['verdict'])} by {called(one['reviewedBy'])}{due}: {inert(one['note'])}"


def _kin(found: Row) -> Pairs:
    if found["renewedFrom"]:
        yield "it follows", bare(found["renewedFrom"]["id"])
    for one in found["renewals"]["nodes"]:
        yield "followed by", f"{bare(one['id'])}, {inert(one['status'])}"


def _history(found: Row) -> Pairs:
    events = found["events"]
    if events["totalCount"] > len(events["nodes"]):
        yield "…", f"the last {len(events['nodes'])} of {events['totalCount']}"
    for one in reversed(events["nodes"]):
        by = f" by {called(one['actor'])}" if one["actor"] else ""
        yield _at(one["at"]), f"{inert(one['kind']).removeprefix('exception.').replace('_', ' ')}{by}"


def _at(text: str) -> str:
    return when.said(when.of(text))
