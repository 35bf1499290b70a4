"""The discussion of requests in the graph."""

from datetime import datetime

import strawberry

from hub.approvals import tables
from hub.approvals.graph import THROUGH_REQUEST, ApprovalRequest
from hub.approvals.tables import CommentKind
from hub.approvals.talk.rules import INSIDERS
from hub.graph.declare import Visible, about, column, extends, many, one, planned, where
from hub.graph.types import Connection, InstantRange, Node, Query
from hub.people.access import Sight
from hub.people.graph import Person

strawberry.enum(CommentKind, description="What a comment does to the clock of its request.")


def insiders(request_id: str) -> Visible:
    """Those who review a request: nobody who has a hand in it, whatever else they may see."""
    no_hand = (
        f"NOT EXISTS (SELECT 1 FROM approval_requests hr WHERE hr.id = {request_id}"
        " AND has_hand(hr.requested_by, hr.authors, {person}))"
    )
    roles = ", ".join(f"'{role}'" for role in INSIDERS)
    insider = f"EXISTS (SELECT 1 FROM role_grants hg WHERE hg.person_id = {{person}} AND hg.role IN ({roles}))"
    return Visible({Sight.ALL: no_hand, Sight.MEMBER: f"({insider} AND {no_hand})"})


def unless_internal(internal: str, request_id: str, others: Visible) -> Visible:
    """Whoever sees it by `others`, and of what is internal only those who review."""
    read_by = insiders(request_id)
    return Visible(
        {
            sight: " AND ".join(part for part in (others.classes[sight], f"(NOT {internal} OR {inside})") if part)
            for sight, inside in read_by.classes.items()
        }
    )


COMMENT = unless_internal("{t}.internal", "{t}.request_id", THROUGH_REQUEST)


def _of_comment(predicate: str) -> str:
    """A mention is seen with the comment it stands in."""
    inside = predicate.replace("{t}", "mc")
    return f"EXISTS (SELECT 1 FROM approval_comments mc WHERE mc.id = {{t}}.comment_id AND {inside})"


@strawberry.input(description="Which comments.")
class ApprovalCommentFilter:
    kind: list[CommentKind] | None = where("{t}.kind = ANY({v})", "Of one of these kinds.", cast="text[]")
    internal: bool | None = where("{t}.internal = {v}", "Whether they are for reviewers only.", cast="bool")
    person: strawberry.ID | None = where("{t}.person_id = {v}", "By this person.", cast="uuid", node="Person")
    at: InstantRange | None = about("{t}.at", "When they were written.")


@planned(
    tables.ApprovalComment,
    visible=COMMENT,
    orders={"AT": "at"},
    default="AT",
    filter=ApprovalCommentFilter,
)
class ApprovalComment(Node):
    """One entry of the discussion of a request, which everybody shares who sees the request."""

    kind: CommentKind = column("What it does.")
    internal: bool = column("Whether it is for those who review only, never for whoever is reviewed.")
    body: str = column("What it says.")
    at: datetime = column("When it was written.")
    after_decision: bool = column(
        "Whether the request was decided before.",
        sql="EXISTS (SELECT 1 FROM approval_requests dr WHERE dr.id = {t}.request_id AND dr.decided_at < {t}.at)",
    )
    person: Person | None = one("Who wrote it.", by="person_id", implied=True)
    request: ApprovalRequest | None = one("What it is about.", by="request_id", implied=True)
    mentioned: Connection[Person] = many(
        "Whom it calls by their handle.",
        on="EXISTS (SELECT 1 FROM approval_mentions am WHERE am.comment_id = {p}.id AND am.person_id = {t}.id)",
    )


@planned(
    tables.ApprovalMention,
    visible=Visible({sight: _of_comment(predicate) for sight, predicate in COMMENT.classes.items()}),
    orders={"AT": "at"},
    default="-AT",
)
class ApprovalMention(Node):
    """That a comment calls somebody."""

    at: datetime = column("When.")
    person: Person | None = one("Whom.", by="person_id", implied=True)
    comment: ApprovalComment | None = one("The comment.", by="comment_id", implied=True)


@extends(ApprovalRequest)
class RequestComments:
    comments: Connection[ApprovalComment] = many("Its discussion, oldest first.", by="request_id")


@extends(Person)
class PersonMentions:
    mentions: Connection[ApprovalMention] = many("Where a discussion calls them.", by="person_id")


@extends(Query)
class TalkQuery:
    mentions: Connection[ApprovalMention] = many(
        "Where a discussion calls you, newest first.", on="{t}.person_id = {person}"
    )
