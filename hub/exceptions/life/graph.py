"""What became of an exception, in the graph: extensions, recurring looks, and those that follow it."""

from datetime import datetime

import strawberry

from hub.approvals.graph import ApprovalRequest
from hub.exceptions import tables
from hub.exceptions.graph import THROUGH_EXCEPTION, PolicyException
from hub.exceptions.tables import ExtensionState, ReviewVerdict
from hub.graph.declare import about, column, extends, many, one, planned, where
from hub.graph.types import Connection, InstantRange, Node
from hub.people.graph import Person

strawberry.enum(ExtensionState, description="What became of the wish to extend an exception.")
strawberry.enum(ReviewVerdict, description="What a recurring look at an exception comes to.")


@strawberry.input(description="Which extensions.")
class ExceptionExtensionFilter:
    state: list[ExtensionState] | None = where("{t}.state = ANY({v})", "Of which one of these became.", cast="text[]")


@planned(
    tables.ExceptionExtension,
    visible=THROUGH_EXCEPTION,
    orders={"REQUESTED_AT": "requested_at"},
    default="-REQUESTED_AT",
    filter=ExceptionExtensionFilter,
)
class ExceptionExtension(Node):
    """That an exception is to last longer, and what became of it."""

    was_expires_at: datetime = column("The exception's end when this was asked.")
    until: datetime = column("Until when it is to cover instead.")
    justification: str = column("Why the policy cannot be kept by its end.")
    requested_at: datetime = column("When it was asked for.")
    state: ExtensionState = column("What became of it.")
    decided_at: datetime | None = column("When it was decided, taken back, or lapsed.")
    note: str = column("What was said with it; for one that lapsed, why.")
    exception: PolicyException | None = one("The exception.", by="exception_id", implied=True)
    requested_by: Person | None = one("Who asked for it.", by="requested_by", implied=True)
    decided_by: Person | None = one("Who decided it, or took it back.", by="decided_by", implied=True)
    approvals: Connection[ApprovalRequest] = many("The question put to people.", by="subject_id", implied=True)


@strawberry.input(description="Which looks at exceptions.")
class ExceptionReviewFilter:
    verdict: list[ReviewVerdict] | None = where("{t}.verdict = ANY({v})", "That came to one of these.", cast="text[]")
    at: InstantRange | None = about("{t}.at", "When it was looked at.")


@planned(
    tables.ExceptionReview,
    visible=THROUGH_EXCEPTION,
    orders={"AT": "at"},
    default="-AT",
    filter=ExceptionReviewFilter,
)
class ExceptionReview(Node):
    """One recurring look at an exception."""

    due_at: datetime | None = column("When it was to be looked at; none for a look that nothing asked for.")
    at: datetime = column("When it was looked at.")
    verdict: ReviewVerdict = column("What it came to.")
    note: str = column("What was found.")
    exception: PolicyException | None = one("The exception.", by="exception_id", implied=True)
    reviewed_by: Person | None = one("Who looked.", by="reviewed_by", implied=True)


@extends(PolicyException)
class LifeOfException:
    approvals: Connection[ApprovalRequest] = many("The question put to people.", by="subject_id", implied=True)
    extensions: Connection[ExceptionExtension] = many(
        "Wishes that it last longer, newest first.", by="exception_id", implied=True
    )
    reviews: Connection[ExceptionReview] = many("Recurring looks at it, newest first.", by="exception_id", implied=True)
    renewals: Connection[PolicyException] = many(
        "Those that were asked for to follow it.", by="renewed_from_id", implied=True
    )
