"""Signals in the graph: for the reviewer first, and never as a ranking of people.

Members see what is about themselves: before they sign, and afterwards about what they signed. Auditors and admins see
what is about every signature. What a rule lacks is about nobody, and seen by whoever sees the request.
"""

from enum import StrEnum

import strawberry

from hub.approvals.graph import ApprovalRequest
from hub.graph.declare import Order, Visible, column, extends, many, one, planned, where
from hub.graph.types import Connection
from hub.people.access import Sight
from hub.people.graph import Person
from hub.people.tables import Discipline


class SignalKind(StrEnum):
    """What may stand out about an answer, or a request."""

    FASTER_THAN_READABLE = "FASTER_THAN_READABLE"
    EVIDENCE_NOT_OPENED = "EVIDENCE_NOT_OPENED"
    NEVER_REJECTS = "NEVER_REJECTS"
    LOOP = "LOOP"
    MISSING_DISCIPLINE = "MISSING_DISCIPLINE"


strawberry.enum(SignalKind, description="What may stand out about an answer, or a request.")


@strawberry.input(description="Which signals.")
class ApprovalSignalFilter:
    kind: list[SignalKind] | None = where("{t}.kind = ANY({v})", "Of one of these kinds.", cast="text[]")
    person: strawberry.ID | None = where("{t}.person_id = {v}", "About this person.", cast="uuid", node="Person")


@planned(
    sql="approval_signals(NULL, NULL, NULL)",
    visible=Visible({Sight.ALL: "", Sight.MEMBER: "({t}.person_id IS NULL OR {t}.person_id = {person})"}),
    orders={"KIND": Order("{t}.kind", "text")},
    default="KIND",
    filter=ApprovalSignalFilter,
)
class ApprovalSignal:
    """Something to think about before one signs, or when one looks back; it proves nothing and counts for nothing."""

    kind: SignalKind = column("What stands out.", sql="{t}.kind")
    words: str = column("The same in words, with the numbers.", sql="{t}.words")
    value: int | None = column("The number found; null where there is none.", sql="{t}.value")
    beside: int | None = column(
        "The number it stands beside: what was there, or the least that counts.", sql="{t}.beside"
    )
    discipline: Discipline | None = column("The field that nobody can sign for.", sql="{t}.discipline")
    person: Person | None = one("Whom it is about; null where it is about the request.", by="person_id", implied=True)


@extends(ApprovalRequest)
class RequestSignals:
    reading_s: int = column(
        "About how many seconds it takes to read what was put before reviewers.",
        sql="reading_s(words_to_read({t}.id))",
    )
    signals: Connection[ApprovalSignal] = many(
        "What stands out about your answer; for auditors and admins, about everybody's.",
        source="approval_signals({p}.id, {person}, {now})",
    )
