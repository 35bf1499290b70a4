"""Changes of the approval matrix in the graph."""

from datetime import datetime

import strawberry

from hub.approvals import tables
from hub.approvals.graph import ApprovalRequest, ApprovalRule
from hub.approvals.tables import MatrixChangeStatus
from hub.graph.declare import about, column, extends, many, one, planned, where
from hub.graph.types import JSON, Connection, InstantRange, Node, Query
from hub.models.tables import RiskTier, Stage
from hub.people.graph import Person

strawberry.enum(MatrixChangeStatus, description="What became of a change of the approval matrix.")


@strawberry.input(description="Which changes of the approval matrix.")
class MatrixChangeFilter:
    status: list[MatrixChangeStatus] | None = where("{t}.status = ANY({v})", "In one of these states.", cast="text[]")
    kind: list[str] | None = where("{t}.subject_kind = ANY({v})", "Of rows about one of these kinds.", cast="text[]")
    tier: list[RiskTier] | None = where("{t}.tier = ANY({v})", "Of rows for one of these risk tiers.", cast="text[]")
    stage: list[Stage] | None = where("{t}.stage = ANY({v})", "Of rows for one of these stages.", cast="text[]")
    tag: str | None = where("{t}.tag = {v}", "Of rows for this tag.")
    author: strawberry.ID | None = where("{t}.author_id = {v}", "Proposed by this person.", cast="uuid", node="Person")
    created: InstantRange | None = about("{t}.created_at", "When they were proposed.")


@planned(
    tables.MatrixChange,
    orders={"CREATED_AT": "created_at"},
    default="-CREATED_AT",
    filter=MatrixChangeFilter,
)
class MatrixChange(Node):
    """A proposed row of the approval matrix, or that one is to go; decided under the row in force."""

    subject_kind: str = column("About which kind of subject the row is.")
    tier: RiskTier | None = column("For models of this risk tier; null means any.")
    stage: Stage | None = column("For this target stage; null means any.")
    tag: str | None = column("For models that carry this tag, as key or key=value; null means any.")
    before: JSON | None = column("What the row said when this was proposed; null where there was none.")
    proposed: JSON | None = column("What it is to say; null where it is to go.")
    status: MatrixChangeStatus = column("What became of it.")
    summary: str = column("What it changes and why, in its author's words.")
    digest: str = column("SHA-256 of all that those who are asked decide on.")
    created_at: datetime = column("When it was proposed.")
    decided_at: datetime | None = column("When it was over.")
    author: Person | None = one("Who proposed it.", by="author_id", implied=True)
    request: ApprovalRequest | None = one(
        "The question put to those whom the row in force asks; its rule is that row.",
        on="{t}.id = (SELECT q.id FROM approval_requests q WHERE q.subject_kind = 'matrix_change'"
        " AND q.subject_id = {p}.id ORDER BY q.requested_at DESC, q.id DESC LIMIT 1)",
        implied=True,
    )


@extends(ApprovalRule)
class RuleChanges:
    changes: Connection[MatrixChange] = many(
        "What was proposed about it.",
        on="{t}.subject_kind = {p}.subject_kind AND {t}.tier IS NOT DISTINCT FROM {p}.tier"
        " AND {t}.stage IS NOT DISTINCT FROM {p}.stage AND {t}.tag IS NOT DISTINCT FROM {p}.tag",
        implied=True,
    )


@extends(Query)
class MatrixQuery:
    matrix_changes: Connection[MatrixChange] = many("Every proposed change of the approval matrix.")
