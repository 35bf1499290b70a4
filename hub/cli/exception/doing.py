"""What whoever reads an exception can do about it now, as the exact commands."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from hub.cli.approvals import doing as approvals
from hub.cli.approvals import when
from hub.cli.approvals.naming import bare
from hub.cli.exception import parts
from hub.cli.gate.inert import inert

Row = Mapping[str, Any]


def ways(found: Row, viewer: Row | None, now: datetime) -> Iterator[tuple[str, str]]:
    """Each with what it does; the words in capitals are for a person to replace."""
    from hub.exceptions.attachments.rules import attachers
    from hub.exceptions.moves import GRANTED, MOVES, Hat, Verb
    from hub.exceptions.tables import ExceptionStatus

    id, worn, status = bare(found["id"]), _worn(found, viewer), ExceptionStatus(found["status"])
    for question in questions(found):
        yield from _answers(question, viewer, now)
    for file in found["attachments"]["nodes"]:
        yield f"read {inert(file['name'])}", f"hub exception fetch {id} {bare(file['id'])}"
    if not attachers(status).isdisjoint(worn):
        yield "put a file with it", f"hub exception attach {id} FILE"
    may = {verb for verb, move in MOVES.items() if status in move.since and not move.by.isdisjoint(worn)}
    if Verb.WITHDRAW in may:
        yield "take the request back", f"hub exception withdraw {id} --note 'WHY'"
    if Verb.EXTEND in may and found["extensionsUsed"] < found["extensionsAllowed"] and not _waits(found):
        yield "ask that it last longer", f"hub exception extend {id} --until 30d --justification 'WHY'"
    if Verb.REVIEW in may and worn.isdisjoint({Hat.OWNER, Hat.REQUESTER}):
        yield "say that you looked at it again", f"hub exception review {id} --continue --note 'WORDS'"
    if Verb.RESOLVE in may and (found["resolutionSuggestedAt"] or Hat.DECIDER in worn):
        yield "confirm that it is needed no more", f"hub exception resolve {id} --note 'WORDS'"
    if Verb.REVOKE in may:
        yield "take it back at once", f"hub exception revoke {id} --reason 'WHY'"
    if Verb.ASSIGN in may:
        yield "have somebody else answer for it", f"hub exception assign {id} HANDLE"
    if status in GRANTED and viewer is not None:
        yield from parts.ways(found, viewer, worn)


def questions(found: Row) -> Iterator[Row]:
    """The questions to people that are open: about the exception, and about its extension."""
    for asked in (found, *found["extensions"]["nodes"]):
        yield from (one for one in asked["approvals"]["nodes"] if one["status"] == "PENDING")


def _answers(question: Row, viewer: Row | None, now: datetime) -> Iterator[tuple[str, str]]:
    me, id = viewer["id"] if viewer else None, bare(question["id"])
    for ask in question["asked"]["nodes"]:
        if ask["person"] is None or ask["person"]["id"] != me or not _counts(ask, now):
            continue
        place = f" --as {inert(ask['via']['handle'])}" if ask["via"] else ""
        why = " --comment 'WHY'" if approvals.needs_comment("APPROVE", question["tier"]) else ""
        said = f"hub approvals sign {id}{place}"
        yield "grant it, as you have seen it", f"{said} --approve{why} --digest {inert(question['subjectDigest'])}"
        yield "reject it", f"{said} --reject --comment 'WHY'"
        yield "ask something first; the clock stops", f"hub approvals ask {id} --question 'QUESTION'"
    if question["pausedAt"] and question["requestedBy"] and question["requestedBy"]["id"] == me:
        yield "answer what was asked", f"hub approvals answer {id} --text 'ANSWER'"
    yield "read the question with what was said about it", f"hub approvals show {id}"


def _worn(found: Row, viewer: Row | None) -> frozenset[Any]:
    """In what capacities the reader faces it, as their roles say; the hub looks at their token's scopes too."""
    from hub.exceptions.moves import Hat
    from hub.people.access import BY_ROLE, Permission
    from hub.people.tables import Role

    if viewer is None:
        return frozenset()
    roles = {Role(role) for role in viewer["roles"]}
    worn = {
        Hat.REQUESTER: (found["requestedBy"] or {}).get("id") == viewer["id"],
        Hat.OWNER: (found["owner"] or {}).get("id") == viewer["id"],
        Hat.DECIDER: any(Permission.DECIDE_EXCEPTION in BY_ROLE[role] for role in roles),
        Hat.ADMIN: Role.ADMIN in roles,
    }
    return frozenset(hat for hat, is_worn in worn.items() if is_worn)


def _waits(found: Row) -> bool:
    return any(one["state"] == "REQUESTED" for one in found["extensions"]["nodes"])


def _counts(ask: Row, now: datetime) -> bool:
    begins, ends = ask["fromAt"], ask["untilAt"]
    return (begins is None or when.of(begins) <= now) and (ends is None or now < when.of(ends))
