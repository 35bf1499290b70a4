"""Drafts in the graph: each reader's own."""

from datetime import datetime

import strawberry

from hub.exceptions import tables
from hub.exceptions.graph import PolicyException
from hub.exceptions.tables import ExceptionStatus
from hub.graph.declare import Visible, column, extends, many, one, planned, where
from hub.graph.types import JSON, Connection, Node, Query
from hub.models.graph import Model
from hub.people.access import Sight
from hub.policies.graph import Policy

ITS_AUTHORS = Visible(dict.fromkeys((Sight.ALL, Sight.MEMBER), "{t}.author_id = {person}"))


@strawberry.input(description="Which drafts.")
class ExceptionDraftFilter:
    state: list[ExceptionStatus] | None = where("{t}.state = ANY({v})", "DRAFT, SUBMITTED or WITHDRAWN.", cast="text[]")
    model: strawberry.ID | None = where("{t}.model_id = {v}", "About this model.", cast="uuid", node="Model")


@planned(
    tables.ExceptionDraft,
    visible=ITS_AUTHORS,
    orders={"UPDATED_AT": "updated_at"},
    default="-UPDATED_AT",
    filter=ExceptionDraftFilter,
)
class ExceptionDraft(Node):
    """A request for an exception that you are writing; nobody else sees it, and nobody is asked."""

    state: ExceptionStatus = column("DRAFT while it is written; SUBMITTED or WITHDRAWN after that.")
    says: JSON = column("What is written so far, by the names of the input, written_so.")
    created_at: datetime = column("When it was begun.")
    updated_at: datetime = column("When it was changed last.")
    policy: Policy | None = one("The policy it is to deviate from.", by="policy_id", implied=True)
    model: Model | None = one("The model.", by="model_id")
    exception: PolicyException | None = one("What came of it.", by="exception_id")


@extends(Query)
class ExceptionDraftsQuery:
    exception_drafts: Connection[ExceptionDraft] = many("Your drafts of requests, the last changed first.")
