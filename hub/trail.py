"""The audit trail in the graph: it speaks of every concept, so it stands above them all."""

from datetime import datetime

import strawberry

from hub.approvals.graph import ApprovalRequest, ApprovalRule
from hub.approvals.matrix.graph import MatrixChange
from hub.approvals.talk.graph import unless_internal
from hub.calendars.graph import Calendar
from hub.deployments.graph import Deployment, DeploymentIntent, Permit
from hub.events import tables
from hub.exceptions.deadlines.telling import NOTICES
from hub.exceptions.graph import PolicyException
from hub.graph.declare import Visible, about, any_of, column, extends, many, one, planned, where
from hub.graph.types import JSON, Connection, InstantRange, Node, Query
from hub.graph.values import ANY_NODE
from hub.lineage.graph import Dataset
from hub.models.graph import Model, ModelVersion
from hub.models.visible import through_model
from hub.people.access import Sight
from hub.people.graph import Person
from hub.policies.graph import Policy
from hub.registries.graph import Registry

SUBJECTS = {
    "model": "Model",
    "version": "ModelVersion",
    "card": "ModelCard",
    "dataset": "Dataset",
    "dataset_description": "DatasetDescription",
    "run": "Run",
    "policy": "Policy",
    "policy_version": "PolicyVersion",
    "policy_change": "PolicyChange",
    "exception": "PolicyException",
    "policy_suggestion": "PolicySuggestion",
    "saved_view": "SavedView",
    "exception_draft": "ExceptionDraft",
    "extension": "ExceptionExtension",
    "approval_request": "ApprovalRequest",
    "approval_rule": "ApprovalRule",
    "matrix_change": "MatrixChange",
    "delegation": "Delegation",
    "absence": "Absence",
    "break_glass": "BreakGlass",
    "check_result": "CheckResult",
    "evidence": "Evidence",
    "backtest": "Backtest",
    "validator_run": "ValidatorRun",
    "deployment": "Deployment",
    "deployment_intent": "DeploymentIntent",
    "permit": "Permit",
    "signing_key": "SigningKey",
    "registry": "Registry",
    "sync_run": "SyncRun",
    "person": "Person",
    "team": "Team",
    "calendar": "Calendar",
    "digest": "Digest",
    "digest_subscription": "DigestSubscription",
}
"""What a subject's kind is called in events, and in the graph; tokens are left out: few may see them."""


def only_whom_it_tells(notice: str, others: Visible) -> Visible:
    """What is told to one person is seen by that person, and by whoever sees every model."""
    member = f"{others.classes[Sight.MEMBER]} AND (NOT {notice} OR {{t}}.subject_id = {{person}})"
    return Visible({**others.classes, Sight.MEMBER: member})


INTERNAL = "({t}.kind = 'approval.commented' AND {t}.data ->> 'internal' = 'true')"
_NOTICE = f"({{t}}.scope_id IS NULL AND {{t}}.kind IN ({', '.join(map(repr, NOTICES))}))"
VISIBLE = only_whom_it_tells(
    _NOTICE, unless_internal(INTERNAL, "{t}.subject_id", through_model("{t}.scope_id", or_none=True))
)
"""The trail keeps to itself what internal notes are kept to themselves for, and notices about several models for whom
they are."""


@strawberry.input(description="Which events.")
class EventFilter:
    kind: list[str] | None = where(
        "{t}.kind = ANY({v})", "Of one of these kinds, such as model.classified.", cast="text[]"
    )
    subject: strawberry.ID | None = where("{t}.subject_id = {v}", "About this.", cast="uuid", node=ANY_NODE)
    model: strawberry.ID | None = where("{t}.scope_id = {v}", "Within this model.", cast="uuid", node="Model")
    actor: strawberry.ID | None = where("{t}.actor_id = {v}", "Done by this person.", cast="uuid", node="Person")
    at: InstantRange | None = about("{t}.at", "When it happened.")


@planned(
    tables.Event,
    visible=VISIBLE,
    orders={"SEQUENCE": "seq"},
    default="-SEQUENCE",
    filter=EventFilter,
)
class Event(Node):
    """One line of the audit trail; lines are added, never changed."""

    kind: str = column("What happened, such as model.classified.")
    at: datetime = column("When it happened.")
    subject_kind: str = column("What sort of thing it happened to.")
    subject_digest: str | None = column("SHA-256 of the subject's content at the time.")
    operation: str = column("The request or job that did it.")
    data: JSON = column("What is worth knowing of it; people appear by id only.")
    actor: Person | None = one("Who did it; null when the hub did.", by="actor_id", implied=True)
    model: Model | None = one("The model within which it happened.", by="scope_id", implied=True)
    subject: Node | None = any_of("What it happened to.", kind="{t}.subject_kind", id="{t}.subject_id", types=SUBJECTS)


@extends(Model)
class ModelEvents:
    events: Connection[Event] = many("All that happened to it and to what hangs on it.", by="scope_id", implied=True)


def _with_events(node: type) -> None:
    # A class for each: what a type inherits from a plain class is no field of it.
    @extends(node)
    class OwnEvents:
        events: Connection[Event] = many("All that happened to it.", by="subject_id")


for _node in (
    ModelVersion,
    Policy,
    PolicyException,
    ApprovalRequest,
    ApprovalRule,
    MatrixChange,
    Registry,
    Dataset,
    Deployment,
    Person,
    Calendar,
    DeploymentIntent,
    Permit,
):
    _with_events(_node)


@extends(ApprovalRequest)
class ApprovalSubject:
    subject: Node | None = any_of("What it is about.", kind="{t}.subject_kind", id="{t}.subject_id", types=SUBJECTS)


@extends(Query)
class EventsQuery:
    events: Connection[Event] = many("The whole audit trail, newest first.")
