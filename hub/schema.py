"""The whole GraphQL schema, put together from every concept's types."""

from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLSchema, lexicographic_sort_schema, print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from hub import trail
from hub.approvals import graph as approvals
from hub.approvals import mutations as approval_mutations
from hub.approvals.bypass import graph as bypass
from hub.approvals.bypass import mutations as bypass_mutations
from hub.approvals.explained import graph as explained
from hub.approvals.matrix import graph as matrix
from hub.approvals.matrix import mutations as matrix_mutations
from hub.approvals.openings import graph as openings
from hub.approvals.openings import mutations as opening_mutations
from hub.approvals.signals import graph as signals
from hub.approvals.standins import graph as standins
from hub.approvals.standins import mutations as standin_mutations
from hub.approvals.talk import graph as talk
from hub.approvals.talk import mutations as talk_mutations
from hub.calendars import graph as calendars
from hub.calendars import mutations as calendar_mutations
from hub.checks import graph as checks
from hub.checks import mutations as check_mutations
from hub.checks.compliance import graph as compliance
from hub.checks.dossiers import graph as dossiers
from hub.checks.evidence import graph as evidence
from hub.checks.evidence import mutations as evidence_mutations
from hub.checks.replays import graph as replays
from hub.checks.replays import mutations as replay_mutations
from hub.checks.validators import graph as validators
from hub.checks.validators import mutations as validator_mutations
from hub.deployments import graph as deployments
from hub.deployments import mutations as deployment_mutations
from hub.deployments.velocity import graph as velocity
from hub.exceptions import graph as exceptions
from hub.exceptions import mutations as exception_mutations
from hub.exceptions.asking import graph as exception_asking
from hub.exceptions.attachments import graph as attachments
from hub.exceptions.attachments import mutations as attachment_mutations
from hub.exceptions.bulk import mutations as exception_bulk_mutations
from hub.exceptions.controls import mutations as control_mutations
from hub.exceptions.deadlines import graph as deadlines
from hub.exceptions.drafts import graph as exception_drafts
from hub.exceptions.drafts import mutations as exception_draft_mutations
from hub.exceptions.exchange import mutations as exception_exchange_mutations
from hub.exceptions.life import graph as exception_life
from hub.exceptions.life import mutations as exception_life_mutations
from hub.exceptions.load import graph as exception_load
from hub.exceptions.precedents import graph as exception_precedents
from hub.exceptions.repeats import graph as exception_repeats
from hub.exceptions.scrutiny import graph as exception_scrutiny
from hub.exceptions.selected import mutations as selected_exception_mutations
from hub.exceptions.suggested import graph as suggested
from hub.exceptions.suggested import mutations as suggested_mutations
from hub.exceptions.views import graph as views
from hub.exceptions.views import mutations as view_mutations
from hub.glossary import explain
from hub.graph.catalog import planned_types, with_lists
from hub.graph.splice import SplicingContext, splice
from hub.graph.types import SCALARS, Mutation, Query, Subscription
from hub.lineage import graph as lineage
from hub.lineage import mutations as lineage_mutations
from hub.models import graph as models
from hub.models import mutations as model_mutations
from hub.people import graph as people
from hub.people import mutations as people_mutations
from hub.people.asking import Asking
from hub.policies import graph as policies
from hub.policies import mutations as policy_mutations
from hub.policies.changes import graph as policy_changes
from hub.policies.changes import mutations as policy_change_mutations
from hub.registries import graph as registries
from hub.registries import mutations as registry_mutations
from hub.summaries.compliance import graph as compliance_days
from hub.summaries.digests import graph as digests
from hub.summaries.digests import mutations as digest_mutations
from hub.summaries.moments import graph as moments
from hub.summaries.trend import graph as trend
from hub.watching import graph as watching

CONCEPTS = (
    people,
    calendars,
    models,
    lineage,
    approvals,
    matrix,
    explained,
    standins,
    bypass,
    talk,
    openings,
    signals,
    policies,
    policy_changes,
    exceptions,
    exception_life,
    exception_asking,
    attachments,
    deadlines,
    exception_load,
    exception_scrutiny,
    exception_precedents,
    exception_repeats,
    suggested,
    views,
    exception_drafts,
    checks,
    compliance,
    dossiers,
    evidence,
    replays,
    validators,
    deployments,
    velocity,
    registries,
    trend,
    digests,
    moments,
    compliance_days,
    trail,
)
MUTATIONS = (
    people_mutations,
    calendar_mutations,
    model_mutations,
    lineage_mutations,
    approval_mutations,
    matrix_mutations,
    standin_mutations,
    bypass_mutations,
    talk_mutations,
    opening_mutations,
    policy_mutations,
    policy_change_mutations,
    exception_mutations,
    exception_draft_mutations,
    selected_exception_mutations,
    exception_life_mutations,
    control_mutations,
    attachment_mutations,
    exception_bulk_mutations,
    exception_exchange_mutations,
    suggested_mutations,
    view_mutations,
    check_mutations,
    evidence_mutations,
    replay_mutations,
    validator_mutations,
    deployment_mutations,
    registry_mutations,
    digest_mutations,
)
SUBSCRIPTIONS = (watching,)
"""Every module that declares types, mutations or subscriptions; importing them is what declares them."""


class HubSchema(strawberry.Schema):
    """Leaves it to the door to read a document, and to log what failed, once and without what must not be shown."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        return

    def _create_execution_context(self, query: str | None, *given: Any, **named: Any) -> ExecutionContext:
        """The context of one operation, with the document as the door read and validated it, once for all requests."""
        made = super()._create_execution_context(query, *given, **named)
        if query is not None and isinstance(made.context, Asking):
            document = made.context.engine.document(query)
            made.graphql_document, made.pre_execution_errors = document.node, document.errors
        return made


@cache
def schema() -> strawberry.Schema:
    """The schema, made once."""
    with_lists(planned_types())
    made = HubSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=planned_types(),
        config=StrawberryConfig(scalar_map=SCALARS),
        execution_context_class=SplicingContext,
    )
    sources = {t.__strawberry_definition__.name for t in planned_types()}  # type: ignore[attr-defined]
    splice(made._schema, sources.__contains__)
    explain(made._schema)
    return made


def graphql_schema() -> GraphQLSchema:
    return schema()._schema


def printed() -> str:
    """The schema as text, sorted, so that a change shows as a change only."""
    return print_schema(lexicographic_sort_schema(graphql_schema())) + "\n"
