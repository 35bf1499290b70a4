"""What whoever reads a request can do about it now, as the exact commands."""

import shlex
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from hub.cli.approvals import when
from hub.cli.approvals.naming import bare
from hub.cli.gate.inert import inert

Row = Mapping[str, Any]
ASK_AGAIN = ("CHANGES_REQUESTED", "REJECTED", "EXPIRED", "STALE", "WITHDRAWN")
NOT_OPENED = "EVIDENCE_NOT_OPENED"
REVIEW = "break_glass"


def ways(request: Row, viewer: Row | None, now: datetime) -> Iterator[tuple[str, str]]:
    """Each with what it does; the words in capitals are for a person to replace."""
    me = viewer["id"] if viewer else None
    id = bare(request["id"])
    answered = any(_is(one["person"], me) for one in request["live"]["nodes"])
    made = _is(request["requestedBy"], me)
    review = request["subjectKind"] == REVIEW
    seats = [one for one in request["asked"]["nodes"] if _is_asked(one, me, now)]
    if request["status"] == "PENDING":
        if any(one["kind"] == NOT_OPENED and _is(one["person"], me) for one in request["signals"]["nodes"]):
            yield "read its test reports", f"hub approvals show {id} --evidence"
        for seat in seats:
            yield from _sign(request, id, seat)
        if answered:
            yield "take your answer back", f"hub approvals unsign {id} --comment 'WHY'"
        if made and not review:
            yield "take the question back", f"hub approvals withdraw {id}"
    yield from _talk(request, id, seats=bool(seats), made=made)
    if request["status"] in ASK_AGAIN and request["dossier"] is not None and request["model"] is not None:
        of = f"{_quoted(request['model']['name'])} {_quoted(request['dossier']['version']['name'])}"
        yield "ask anew", f"hub approvals request {of} --to {inert(request['stage'])} --reason 'WHY'"
    if request["dossier"] is not None:
        yield "read the whole dossier in a browser", f"hub approvals show {id} --html dossier.html"


def _sign(request: Row, id: str, seat: Row) -> Iterator[tuple[str, str]]:
    place = f" --as {_quoted(seat['via']['handle'])}" if seat["via"] else ""
    why = " --comment 'WHY'" if needs_comment("APPROVE", request["tier"]) else ""
    told = " in their place" if seat["via"] else ""
    said = f"hub approvals sign {id}{place}"
    yield f"approve it{told}, as you have seen it", f"{said} --approve{why} --digest {inert(request['subjectDigest'])}"
    # What happened cannot be changed any more.
    changes = "" if request["subjectKind"] == REVIEW else "; --changes in place of --reject asks for changes"
    yield f"reject it{told}{changes}", f"{said} --reject --comment 'WHY'"


def _talk(request: Row, id: str, *, seats: bool, made: bool) -> Iterator[tuple[str, str]]:
    if request["status"] == "PENDING" and request["pausedAt"] and made:
        yield "answer what was asked", f"hub approvals answer {id} --text 'ANSWER'"
    elif request["status"] == "PENDING" and request["pausedAt"] and seats:
        yield "let the clock go on without an answer", f"hub approvals resume {id}"
    elif request["status"] == "PENDING" and seats:
        yield "ask something first; the clock stops", f"hub approvals ask {id} --question 'QUESTION'"
    yield "say something to everybody", f"hub approvals comment {id} --text 'WORDS'"


def needs_comment(decision: str, tier: str | None) -> bool:
    """Whether the hub takes this answer only with a comment."""
    from hub.approvals import rules
    from hub.approvals.tables import SignOffDecision
    from hub.models.tables import RiskTier

    return rules.needs_comment(SignOffDecision(decision), RiskTier(tier) if tier else None)


def _is(person: Row | None, me: str | None) -> bool:
    return person is not None and person["id"] == me


def _is_asked(ask: Row, me: str | None, now: datetime) -> bool:
    begins, ends = ask["fromAt"], ask["untilAt"]
    return (
        _is(ask["person"], me) and (begins is None or when.of(begins) <= now) and (ends is None or now < when.of(ends))
    )


def _quoted(text: str) -> str:
    return shlex.quote(inert(text))
