"""A request as people read it who decide: what is asked, by which rule, who is asked, what was said, the dossier."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from hub.cli.approvals import doing, dossier, stepping, when
from hub.cli.approvals.naming import called
from hub.cli.gate.inert import columns, hanging, inert, padded, uncommanding

Row = Mapping[str, Any]
MOST_ASKED = 12


def lines(request: Row, viewer: Row | None, now: datetime, width: int, *, evidence: bool = False) -> Iterator[str]:
    """The whole sheet; with the figures of test reports, where `evidence` is asked for."""
    for line in _lines(request, viewer, now, width, evidence):
        yield uncommanding(line).rstrip()


def _lines(request: Row, viewer: Row | None, now: datetime, width: int, evidence: bool) -> Iterator[str]:
    yield from heading(request, now, width)
    yield ""
    yield "Steps"
    yield from table(stepping.lines(request, request["live"]["nodes"]), width)
    yield from _asked(request, now, width)
    yield from _answers(request, width)
    yield from _discussion(request, width)
    yield from dossier.lines(request, now, width, evidence=evidence)
    yield ""
    if request["status"] == "PENDING":
        yield "What you declare when you approve"
        yield from declaration(request, width)
        yield from signals(request, viewer, width)
    else:
        yield f"digest {inert(request['subjectDigest'])}"
    yield ""
    yield "What can be done"
    for what, command in doing.ways(request, viewer, now):
        yield from hanging("  ", what, width)
        # Not wrapped: it is to be pasted.
        yield f"    {command}"


def heading(request: Row, now: datetime, width: int) -> Iterator[str]:
    """What is asked, how it stands, by whom and why."""
    yield from hanging("", inert(request["title"]), width)
    about = [inert(word) for word in (request["tier"], request["stage"]) if word]
    yield from hanging("  ", ", ".join([_standing(request, now), *about]), width)
    asked = f"asked by {called(request['requestedBy'])} on {when.said(when.of(request['requestedAt']))}"
    yield from hanging("  ", f"{asked}: {inert(request['reason'])}", width)


def declaration(request: Row, width: int, text: str | None = None) -> Iterator[str]:
    """What is declared by whoever signs, and the digest that it speaks of, whole."""
    yield from hanging("  ", inert(text or request["acknowledgement"]), width)
    yield f"  digest {inert(request['subjectDigest'])}"


def signals(request: Row, viewer: Row | None, width: int) -> Iterator[str]:
    """What stands out about the reader's own answer, or about the request; it proves nothing and counts for nothing."""
    me = viewer["id"] if viewer else None
    mine = [one for one in request["signals"]["nodes"] if one["person"] is None or one["person"]["id"] == me]
    if not mine:
        return
    yield ""
    yield "Before you answer"
    for one in mine:
        yield from hanging("  ", inert(one["words"]), width)


def _standing(request: Row, now: datetime) -> str:
    status = inert(request["status"])
    if request["status"] == "PENDING":
        at = when.of(request["dueAt"])
        if request["pausedAt"]:
            since = when.span(now - when.of(request["pausedAt"]))
            return f"{status}, its clock stopped {since} ago by a question"
        return f"{status}, due {when.due(at, now)} ({when.said(at)})"
    why = f": {inert(request['statusWhy'])}" if request["statusWhy"] else ""
    since = f" on {when.said(when.of(request['decidedAt']))}" if request["decidedAt"] else ""
    return f"{status}{since}{' (late)' if request['late'] else ''}{why}"


def _asked(request: Row, now: datetime, width: int) -> Iterator[str]:
    asks = request["asked"]["nodes"]
    if request["status"] != "PENDING":
        return
    yield ""
    yield "Who is asked"
    if not asks:
        yield from hanging("  ", "nobody who may sign: somebody must be given the role that the step asks", width)
    yield from table(((called(one["person"]), _as(one, now)) for one in asks[:MOST_ASKED]), width)
    if request["asked"]["totalCount"] > MOST_ASKED:
        yield f"  and {request['asked']['totalCount'] - MOST_ASKED} more"


def _as(ask: Row, now: datetime) -> str:
    """In which capacity somebody is asked, and whether they are there."""
    words = [inert(ask["discipline"] or "any discipline")]
    if ask["via"]:
        begins = when.of(ask["fromAt"]) if ask["fromAt"] else now
        span = f" from {when.said(begins)}" if begins > now else ""
        words.append(f"in the place of {called(ask['via'])}{span}")
    if ask["awayUntil"]:
        words.append(f"away until {when.said(when.of(ask['awayUntil']))}")
    return ", ".join(words)


def _answers(request: Row, width: int) -> Iterator[str]:
    answers = request["signOffs"]["nodes"]
    if not answers:
        return
    yield ""
    yield "Answers"
    rows = []
    for one in answers:
        field = f" for {inert(one['discipline'])}" if one["discipline"] else ""
        place = f" in the place of {called(one['onBehalfOf'])}" if one["onBehalfOf"] else ""
        said = f": {inert(one['comment'])}" if one["comment"] else ""
        who = f"{inert(one['decision']).replace('_', ' ')} by {called(one['person'])}{field}{place}{said}"
        rows.append((when.said(when.of(one["signedAt"])), who))
    yield from table(rows, width)


def _discussion(request: Row, width: int) -> Iterator[str]:
    said = request["comments"]["nodes"]
    if not said:
        return
    yield ""
    yield "Discussion"
    if request["comments"]["totalCount"] > len(said):
        yield f"  the last {len(said)} of {request['comments']['totalCount']}"
    rows = []
    for one in said:
        kind = "" if one["kind"] == "NOTE" else f"{inert(one['kind']).lower()}, "
        marks = f"{kind}{'for reviewers, ' if one['internal'] else ''}{'afterwards, ' if one['afterDecision'] else ''}"
        words = f"{called(one['person'])}: {inert(one['body'])}"
        rows.append((when.said(when.of(one["at"])), f"{marks}{words}"))
    yield from table(rows, width)


def table(rows: "Iterator[tuple[str, str]] | list[tuple[str, str]]", width: int) -> Iterator[str]:
    """Labels and texts in two columns, the second one wrapped."""
    listed = list(rows)
    first = max((columns(label) for label, _ in listed), default=0)
    for label, text in listed:
        yield from hanging(f"  {padded(label, first)}  ", text, width)
