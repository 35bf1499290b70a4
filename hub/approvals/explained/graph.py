"""Which row of the approval matrix applies, why that one and no other, and who could sign, in the graph."""

import strawberry

from hub.approvals.graph import ApprovalRule
from hub.approvals.steps import Group
from hub.graph.declare import Order, column, extends, many, one, planned
from hub.graph.types import JSON, Connection, Query
from hub.models.graph import ModelVersion
from hub.models.tables import Stage
from hub.models.visible import through_model
from hub.people.graph import Person
from hub.people.tables import Role

# Every version on its way to every stage. Whoever asks names one of each.
CHOICES = """(
    SELECT v.id AS version_id, v.model_id, s.stage, approval_rule('version', m.tier, s.stage, m.id) AS rule_id
    FROM model_versions v JOIN models m ON m.id = v.model_id
    CROSS JOIN unnest(ARRAY['PROPOSAL', 'DEVELOPMENT', 'STAGING', 'PRODUCTION', 'ARCHIVED']) AS s (stage))"""

STEPS = f"""(
    SELECT c.version_id, c.stage, w.place - 1 AS step, w.said
    FROM {CHOICES} c JOIN approval_rules r ON r.id = c.rule_id
    CROSS JOIN LATERAL jsonb_array_elements(r.steps) WITH ORDINALITY AS w (said, place))"""

CONSIDERED = f"""(
    SELECT c.version_id, c.stage, f.id, f.place, f.applies, f.why
    FROM {CHOICES} c CROSS JOIN LATERAL approval_rules_considered(c.version_id, c.stage) f)"""

EXCLUDED = """(
    SELECT v.id AS version_id, f.name, f.person_id, f.why
    FROM model_versions v CROSS JOIN LATERAL version_makers(v.id) f)"""

OF_CHOICE = "{t}.version_id = {p}.version_id AND {t}.stage = {p}.stage"


@planned(
    sql=CONSIDERED,
    key="md5({t}.version_id || {t}.stage || {t}.id)::uuid",
    orders={"PLACE": Order("{t}.place", "int8")},
    default="PLACE",
)
class ApprovalRuleConsidered:
    """A row of the matrix about versions, and whether it applies."""

    applies: bool = column("Whether it is the one that applies.", sql="{t}.applies")
    why: str = column("Why, or why not.", sql="{t}.why")
    rule: ApprovalRule | None = one("The row.", by="id", implied=True)


@planned(
    sql=STEPS,
    key="md5({t}.version_id || {t}.stage || {t}.step)::uuid",
    orders={"STEP": Order("{t}.step", "int8")},
    default="STEP",
)
class ApprovalRuleStep:
    """A step of the row that applies, and who could sign it."""

    step: int = column("Which step, counted from 0.", sql="{t}.step")
    name: str = column("What it is called.", sql="{t}.said ->> 'name'")
    quorum: int = column("How many signatures it needs.", sql="({t}.said ->> 'quorum')::int")
    disciplines: JSON = column(
        "The disciplines that may sign, each with the least number of its signatures; without any, every holder of one"
        " of the roles may.",
        sql="{t}.said -> 'disciplines'",
    )
    different: int = column("The least number of different disciplines.", sql="({t}.said ->> 'different')::int")
    roles: list[Role] = column(
        "The roles that may sign.", sql="ARRAY(SELECT jsonb_array_elements_text({t}.said -> 'roles'))"
    )
    group: Group = column("Among whom they are found.", sql="{t}.said ->> 'group'")
    team: str | None = column("The key of the team, for the group TEAM.", sql="{t}.said ->> 'team'")
    signers: Connection[Person] = many(
        "Who could sign it today, in their own right; whoever asks could not, nor sign two steps.",
        on="{t}.id = ANY (approval_signers({p}.version_id, {p}.said))",
    )


@planned(
    sql=EXCLUDED,
    key="md5({t}.version_id || {t}.name || coalesce({t}.person_id::text, ''))::uuid",
    orders={"NAME": Order("{t}.name", "text")},
    default="NAME",
)
class ApprovalExclusion:
    """Somebody who signs nothing about a version, because it is their work."""

    name: str = column("The name that they made it under.", sql="{t}.name")
    why: str = column("What they made.", sql="{t}.why")
    person: Person | None = one("Who is known here by that name.", by="person_id", implied=True)


@planned(
    sql=CHOICES,
    key="md5({t}.version_id || {t}.stage)::uuid",
    visible=through_model(),
)
class ApprovalRuleChoice:
    """Which row of the approval matrix applies to a version on its way to a stage, and why."""

    stage: Stage = column("The stage.", sql="{t}.stage")
    why: str = column("Why this row, and what a tag would change.", sql="approval_rule_why({t}.version_id, {t}.stage)")
    version: ModelVersion | None = one("The version.", by="version_id", implied=True)
    rule: ApprovalRule | None = one("The row that applies; null where nobody may approve.", by="rule_id", implied=True)
    steps: Connection[ApprovalRuleStep] = many(
        "What it asks, and who could sign today.",
        on=OF_CHOICE,
        implied=True,
    )
    considered: Connection[ApprovalRuleConsidered] = many(
        "Every row about versions, and why it applies or not: the one that does first, then those that fit.",
        on=OF_CHOICE,
        implied=True,
    )
    excluded: Connection[ApprovalExclusion] = many(
        "Whose work the version is, who therefore signs nothing; nor does whoever asks, under any of their names.",
        on="{t}.version_id = {p}.version_id",
        implied=True,
    )


@extends(Query)
class ExplainedQuery:
    approval_rule_for: ApprovalRuleChoice | None = one(
        "Which approval rule applies to a version on its way to a stage, and why.",
        on="{t}.version_id = {version} AND {t}.stage = {stage}",
        args={
            "version": (strawberry.ID, "uuid ModelVersion", "The version."),
            "stage": (Stage, "text", "The stage it is to go to."),
        },
    )
