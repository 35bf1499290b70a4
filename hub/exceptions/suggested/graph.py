"""Suggested policy changes in the graph, for whoever answers for the policy."""

from datetime import datetime

import strawberry

from hub.exceptions import tables
from hub.exceptions.graph import PolicyException
from hub.exceptions.tables import SuggestionStatus
from hub.graph.declare import Visible, column, extends, many, one, planned, where
from hub.graph.types import JSON, Connection, Node, Query
from hub.people.access import Sight
from hub.people.graph import Person, Team
from hub.policies.changes.graph import PolicyChange
from hub.policies.graph import Policy

strawberry.enum(SuggestionStatus, name="PolicySuggestionStatus", description="What became of a suggestion.")

OWN = "EXISTS (SELECT 1 FROM policies vp WHERE vp.id = {t}.policy_id AND vp.owner_id = {person})"


@strawberry.input(description="Which suggestions.")
class PolicySuggestionFilter:
    status: list[SuggestionStatus] | None = where("{t}.status = ANY({v})", "Of which this became.", cast="text[]")
    policy: strawberry.ID | None = where("{t}.policy_id = {v}", "About this policy.", cast="uuid", node="Policy")


@planned(
    tables.PolicySuggestion,
    visible=Visible({Sight.ALL: "", Sight.MEMBER: OWN}),
    orders={"OPENED_AT": "opened_at"},
    default="-OPENED_AT",
    filter=PolicySuggestionFilter,
)
class PolicySuggestion(Node):
    """That a policy was excepted so often that it had better be changed; seen by its owner, auditors and admins.

    Exceptions of restricted models are not counted.
    """

    status: SuggestionStatus = column("What became of it.")
    facts: JSON = column(
        "What is known of the exceptions: how many, models, tiers, kinds, the controls used most, the mean term in"
        " days, and for how many of the policy's models it is waived."
    )
    opened_at: datetime = column("When it was suggested.")
    settled_at: datetime | None = column("When it was taken up or dismissed.")
    reason: str = column("Why it was dismissed.")
    policy: Policy | None = one("The policy.", by="policy_id", implied=True)
    team: Team | None = one(
        "The team whose models they cover; none for more than one team's.", by="team_id", implied=True
    )
    settled_by: Person | None = one("Who took it up or dismissed it.", by="settled_by", implied=True)
    change: PolicyChange | None = one("The draft that came of it.", by="change_id", implied=True)
    exceptions: Connection[PolicyException] = many(
        "The exceptions that suggest it, as far as you see them.", on="{t}.id = ANY({p}.exception_ids)"
    )


@extends(Query)
class PolicySuggestionsQuery:
    policy_suggestions: Connection[PolicySuggestion] = many("Suggested changes of policies.")
