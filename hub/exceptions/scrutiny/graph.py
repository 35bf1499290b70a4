"""Which row of the approval matrix an exception is asked under, why, and who could sign, in the graph."""

import strawberry

from hub.approvals.graph import ApprovalRule
from hub.exceptions.graph import PolicyException
from hub.exceptions.tables import RiskTreatment
from hub.graph.declare import Order, column, extends, many, one, planned
from hub.graph.types import JSON, Connection, Query
from hub.models.graph import Model
from hub.models.tables import Stage
from hub.models.visible import through_model
from hub.people.graph import Person
from hub.people.tables import Role
from hub.policies.tables import Severity

# Every model at every stage, with all that may ask for more. Whoever asks names one of each.
CHOICES = """(
    SELECT m.id AS model_id, m.tier, s.stage, x.tags, exception_rule(m.id, m.tier, s.stage, x.tags) AS rule_id
    FROM models m
    CROSS JOIN unnest(ARRAY[NULL, 'PROPOSAL', 'DEVELOPMENT', 'STAGING', 'PRODUCTION', 'ARCHIVED']) AS s (stage)
    CROSS JOIN (VALUES (ARRAY[]::text[]), (ARRAY['risk:high']), (ARRAY['term:long']), (ARRAY['risk:high', 'term:long']))
        AS x (tags))"""

STEPS = f"""(
    SELECT c.model_id, c.stage, c.tags, w.place - 1 AS step, w.said
    FROM {CHOICES} c JOIN approval_rules r ON r.id = c.rule_id
    CROSS JOIN LATERAL jsonb_array_elements(r.steps) WITH ORDINALITY AS w (said, place))"""

DAYS = "ceil(extract(epoch FROM {t}.expires_at - {t}.starts_at) / 86400)::int"


@planned(
    sql=STEPS,
    key="md5(concat_ws(' ', {t}.model_id, {t}.stage, {t}.tags::text, {t}.step))::uuid",
    orders={"STEP": Order("{t}.step", "int8")},
    default="STEP",
)
class ExceptionRuleStep:
    """A step of the row under which an exception is asked, and who could sign it."""

    step: int = column("Which step, counted from 0.", sql="{t}.step")
    name: str = column("What it is called.", sql="{t}.said ->> 'name'")
    quorum: int = column("How many signatures it needs.", sql="({t}.said ->> 'quorum')::int")
    disciplines: JSON = column(
        "The disciplines that may sign, each with the least number of its signatures.", sql="{t}.said -> 'disciplines'"
    )
    roles: list[Role] = column(
        "The roles that may sign.", sql="ARRAY(SELECT jsonb_array_elements_text({t}.said -> 'roles'))"
    )
    signers: Connection[Person] = many(
        "Who could sign it today and made no version of the model; whoever asks, and whoever is to own it, could not.",
        on="{t}.id = ANY (exception_signers({p}.model_id, {p}.said))",
    )


@planned(
    sql=CHOICES,
    key="md5(concat_ws(' ', {t}.model_id, {t}.stage, {t}.tags::text))::uuid",
    visible=through_model(),
)
class ExceptionRuleChoice:
    """Which row of the approval matrix an exception is asked under, and why."""

    tags: list[str] = column("What about it asks for more: risk:high, term:long.", sql="{t}.tags")
    why: str = column("Why this row, and how many signatures it needs.", sql="exception_rule_why({t}.rule_id)")
    model: Model | None = one("The model.", by="model_id", implied=True)
    rule: ApprovalRule | None = one("The row; null where nobody may grant it.", by="rule_id", implied=True)
    steps: Connection[ExceptionRuleStep] = many(
        "What it asks, and who could sign today.",
        on="{t}.model_id = {p}.model_id AND {t}.stage IS NOT DISTINCT FROM {p}.stage AND {t}.tags = {p}.tags",
        implied=True,
    )


@extends(PolicyException)
class ExceptionScrutiny:
    asks_for_more: list[str] = column(
        "What about it asks for more than the usual scrutiny: risk:high, term:long.",
        sql=f"exception_tags({DAYS}, {{t}}.risk_after, {{t}}.recommended_treatment, {{t}}.tier)",
    )


@extends(Query)
class ExceptionScrutinyQuery:
    approval_rule_for_exception: ExceptionRuleChoice | None = one(
        "Which approval rule an exception would be asked under, and why.",
        on="{t}.model_id = {model} AND {t}.stage IS NOT DISTINCT FROM {stage}"
        " AND {t}.tags = exception_tags({days}, {risk_after}, {treatment}, {t}.tier)",
        args={
            "model": (strawberry.ID, "uuid Model", "The model."),
            "stage": (Stage | None, "text", "The stage it is for; null for every stage."),
            "days": (int, "int4", "For how many days, a part of one counted whole."),
            "risk_after": (Severity, "text", "How bad it is with the controls."),
            "treatment": (RiskTreatment, "text", "What is recommended to do about the risk."),
        },
    )
