"""Policy changes in the graph."""

from datetime import datetime

import strawberry

from hub.graph.declare import about, column, either, extends, many, neither, one, planned, where
from hub.graph.types import JSON, Connection, InstantRange, Node, Query
from hub.people.graph import Person
from hub.policies import tables
from hub.policies.graph import Policy, PolicyVersion
from hub.policies.tables import ChangeKind, ChangeStatus

strawberry.enum(ChangeKind, name="PolicyChangeKind", description="What a policy change asks for.")
strawberry.enum(ChangeStatus, name="PolicyChangeStatus", description="What became of a policy change.")


@strawberry.input(description="Which policy changes.")
class PolicyChangeFilter:
    status: list[ChangeStatus] | None = where("{t}.status = ANY({v})", "In one of these states.", cast="text[]")
    kind: list[ChangeKind] | None = where("{t}.kind = ANY({v})", "Of one of these kinds.", cast="text[]")
    policy: strawberry.ID | None = where("{t}.policy_id = {v}", "Of this policy.", cast="uuid", node="Policy")
    author: strawberry.ID | None = where("{t}.author_id = {v}", "Written by this person.", cast="uuid", node="Person")
    bundle: str | None = where("{t}.bundle = {v}", "Opened by this bundle.")
    shadow: bool | None = where("{t}.shadow = {v}", "Whether they run in shadow.", cast="bool")
    text: str | None = where("strpos(lower({t}.summary), lower({v})) > 0", "Part of the summary.")
    created: InstantRange | None = about("{t}.created_at", "When they were opened.")
    any: "list[PolicyChangeFilter] | None" = either("At least one of these holds.")
    not_: "PolicyChangeFilter | None" = neither("This does not hold.")


@planned(
    tables.PolicyChange,
    orders={"CREATED_AT": "created_at"},
    default="-CREATED_AT",
    filter=PolicyChangeFilter,
)
class PolicyChange(Node):
    """A proposed edit of a policy, which a second person decides."""

    kind: ChangeKind = column("What it asks for.")
    status: ChangeStatus = column("What became of it.")
    summary: str = column("What it changes and why, in its author's words.")
    changed: list[str] = column("The names of the fields that differ from what was in force when it was written.")
    wording: JSON | None = column("All that the policy would say; null when its wording stays.")
    digest: str = column("SHA-256 of all that a reviewer decides on; give it when deciding.")
    bundle: str | None = column("The Git bundle it comes from.")
    shadow: bool = column("Whether it is asked beside the wording in force, to be compared.")
    created_at: datetime = column("When it was opened.")
    submitted_at: datetime | None = column("When it was put to review.")
    decided_at: datetime | None = column("When it was decided.")
    decision_note: str = column("What the one who decided wrote.")
    policy: Policy | None = one("The policy.", by="policy_id", implied=True)
    author: Person | None = one("Who wrote it.", by="author_id", implied=True)
    decided_by: Person | None = one("Who decided it.", by="decided_by", implied=True)
    base_version: PolicyVersion | None = one(
        "The wording that was in force when it was written.", by="base_version_id", implied=True
    )
    restores: PolicyVersion | None = one("The older wording that it restores.", by="restores_id", implied=True)
    published_version: PolicyVersion | None = one(
        "The wording that came of it.", by="published_version_id", implied=True
    )


@extends(Policy)
class PolicyChanges:
    changes: Connection[PolicyChange] = many("What was proposed about it.", by="policy_id", implied=True)


@extends(Query)
class PolicyChangesQuery:
    policy_changes: Connection[PolicyChange] = many("Every policy change.")
