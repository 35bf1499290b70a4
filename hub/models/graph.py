"""Models, versions and cards in the graph."""

from datetime import datetime

import strawberry

from hub.graph.declare import Order, about, column, either, extends, many, neither, one, planned, where
from hub.graph.types import JSON, Connection, InstantRange, Node, Query, TagMatch
from hub.models import tables
from hub.models.tables import RiskTier, Stage
from hub.models.visible import MODEL, through_model, through_version
from hub.people.graph import Person, Team

strawberry.enum(RiskTier, description="How much harm a model could do; UNCLASSIFIED is treated as HIGH.")
strawberry.enum(Stage, description="Where in its life a version stands.")

TIER_RANK = "array_position(ARRAY['PROHIBITED','HIGH','UNCLASSIFIED','LIMITED','MINIMAL'], {t}.tier::text)"


@strawberry.input(description="Which models.")
class ModelFilter:
    text: str | None = where(
        "(strpos(lower({t}.name), lower({v})) > 0 OR strpos(lower({t}.description), lower({v})) > 0)",
        "Part of the name or description.",
    )
    name: str | None = where("{t}.name = {v}", "Of exactly this name.")
    tier: list[RiskTier] | None = where("{t}.tier = ANY({v})", "In one of these risk tiers.", cast="text[]")
    owner: strawberry.ID | None = where("{t}.owner_id = {v}", "Owned by this person.", cast="uuid", node="Person")
    owned: bool | None = where("({t}.owner_id IS NOT NULL) = {v}", "Whether it has an owner.", cast="bool")
    team: strawberry.ID | None = where("{t}.team_id = {v}", "Of this team.", cast="uuid", node="Team")
    registry: strawberry.ID | None = where("{t}.registry_id = {v}", "In this registry.", cast="uuid", node="Registry")
    tag: TagMatch | None = about(
        "{n}",
        "That carry this tag.",
        sql="EXISTS (SELECT 1 FROM model_tags {n} WHERE {n}.model_id = {t}.id AND {inner})",
    )
    stage: list[Stage] | None = where(
        "EXISTS (SELECT 1 FROM model_versions sv WHERE sv.model_id = {t}.id AND sv.stage = ANY({v}))",
        "With a version in one of these stages.",
        cast="text[]",
    )
    missing: bool | None = where(
        "({t}.missing_since IS NOT NULL) = {v}", "Whether its registry no longer shows it.", cast="bool"
    )
    created: InstantRange | None = about("{t}.created_at", "When it was registered.")
    updated: InstantRange | None = about("{t}.updated_at", "When it last changed.")
    any: "list[ModelFilter] | None" = either("At least one of these holds.")
    not_: "ModelFilter | None" = neither("This does not hold.")


@planned(
    tables.Model,
    visible=MODEL,
    orders={
        "NAME": "name",
        "CREATED_AT": "created_at",
        "UPDATED_AT": "updated_at",
        "RISK": Order(TIER_RANK, "int8"),
    },
    default="NAME",
    filter=ModelFilter,
)
class Model(Node):
    """A governed model: one name in a registry, with all its versions."""

    name: str = column("Its name in the registry.")
    description: str = column("What it is for, as its registry says.")
    tier: RiskTier = column("How much harm it could do.")
    tier_why: str = column("Why it is in this tier.")
    owner: Person | None = one("Who answers for it.", by="owner_id")
    owner_hint: str | None = column("Who its registry says answers for it.")
    team: Team | None = one("Which team answers for it.", by="team_id")
    restricted: bool = column("Whether only its team, owner, auditors and admins see it.")
    created_at: datetime = column("When it was registered.")
    updated_at: datetime = column("When it last changed.")
    missing_since: datetime | None = column("Since when its registry no longer shows it.")
    tags: "Connection[Tag]" = many("Its tags.", source="model_tags", on="{t}.model_id = {p}.id", implied=True)
    versions: "Connection[ModelVersion]" = many("Its versions.", by="model_id", implied=True)
    latest_version: "ModelVersion | None" = one(
        "Its newest version.",
        on="{t}.id = (SELECT l.id FROM model_versions l WHERE l.model_id = {p}.id"
        " ORDER BY l.created_at DESC, l.id DESC LIMIT 1)",
        implied=True,
    )
    version: "ModelVersion | None" = one(
        "Its version of this name.",
        on="{t}.id = (SELECT l.id FROM model_versions l WHERE l.model_id = {p}.id AND l.name = {name}"
        " ORDER BY l.created_at DESC, l.id DESC LIMIT 1)",
        implied=True,
        args={"name": (str, "text", "The version's name in the registry.")},
    )
    aliased: "ModelVersion | None" = one(
        "The version that carries this alias.",
        on="{t}.id = (SELECT a.version_id FROM version_aliases a WHERE a.model_id = {p}.id AND a.name = {alias})",
        implied=True,
        args={"alias": (str, "text", "The alias, such as champion.")},
    )


@strawberry.input(description="Which tags.")
class TagFilter:
    key: str | None = where("{t}.key = {v}", "Of this key.")
    text: str | None = where(
        "(strpos(lower({t}.key), lower({v})) > 0 OR strpos(lower({t}.value), lower({v})) > 0)",
        "Part of the key or value.",
    )


@planned(tables.ModelTag, orders={"KEY": "key"}, default="KEY", filter=TagFilter)
class Tag:
    """A word pinned to a model or a version in its registry."""

    key: str = column("The key.")
    value: str = column("The value.")


@strawberry.input(description="Which versions.")
class ModelVersionFilter:
    name: str | None = where("{t}.name = {v}", "Of exactly this name.")
    text: str | None = where(
        "(strpos(lower({t}.name), lower({v})) > 0 OR strpos(lower({t}.description), lower({v})) > 0)",
        "Part of the name or description.",
    )
    model: strawberry.ID | None = where("{t}.model_id = {v}", "Of this model.", cast="uuid", node="Model")
    stage: list[Stage] | None = where("{t}.stage = ANY({v})", "In one of these stages.", cast="text[]")
    tier: list[RiskTier] | None = where(
        "EXISTS (SELECT 1 FROM models tm WHERE tm.id = {t}.model_id AND tm.tier = ANY({v}))",
        "Whose model is in one of these risk tiers.",
        cast="text[]",
    )
    status: list[str] | None = where("{t}.status = ANY({v})", "In one of these registry states.", cast="text[]")
    author: str | None = where("{t}.author = {v}", "Made by this user of the registry.")
    alias: str | None = where(
        "EXISTS (SELECT 1 FROM version_aliases a WHERE a.version_id = {t}.id AND a.name = {v})",
        "That carry this alias.",
    )
    tag: TagMatch | None = about(
        "{n}",
        "That carry this tag.",
        sql="EXISTS (SELECT 1 FROM version_tags {n} WHERE {n}.version_id = {t}.id AND {inner})",
    )
    digest: str | None = where("{t}.digest = {v}", "Of exactly this content.")
    missing: bool | None = where(
        "({t}.missing_since IS NOT NULL) = {v}", "Whether the registry no longer shows it.", cast="bool"
    )
    created: InstantRange | None = about("{t}.created_at", "When it was registered.")
    updated: InstantRange | None = about("{t}.updated_at", "When it last changed.")
    any: "list[ModelVersionFilter] | None" = either("At least one of these holds.")
    not_: "ModelVersionFilter | None" = neither("This does not hold.")


@planned(
    tables.ModelVersion,
    visible=through_model(),
    orders={"CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "NAME": "name"},
    default="-CREATED_AT",
    filter=ModelVersionFilter,
)
class ModelVersion(Node):
    """One immutable version of a model."""

    name: str = column("Its name in the registry, usually a number.")
    stage: Stage = column("Where in its life it stands.")
    status: str = column("Its state in the registry.")
    description: str = column("What its registry says of it.")
    author: str | None = column("Who made it, as its registry says.")
    source_uri: str | None = column("Where the registry took it from.")
    artifact_uri: str | None = column("Where its files are.")
    digest: str = column("SHA-256 of its content; a decision binds to it.")
    signature: JSON | None = column("The shape of its inputs and outputs.")
    params: JSON = column("The parameters it was trained with.")
    created_at: datetime = column("When it was registered.")
    updated_at: datetime = column("When it last changed.")
    missing_since: datetime | None = column("Since when its registry no longer shows it.")
    aliases: list[str] = column(
        "The aliases it carries.",
        sql="ARRAY(SELECT a.name FROM version_aliases a WHERE a.version_id = {t}.id ORDER BY a.name)",
    )
    model: Model | None = one("The model.", by="model_id")
    card: "ModelCard | None" = one("Its model card.", on="{t}.version_id = {p}.id", implied=True)
    tags: Connection[Tag] = many("Its tags.", source="version_tags", on="{t}.version_id = {p}.id", implied=True)
    metrics: "Connection[Metric]" = many("What was measured of it.", by="version_id", implied=True)


@strawberry.input(description="Which metrics.")
class MetricFilter:
    name: str | None = where("{t}.name = {v}", "Of this name.")
    overall: bool | None = where("({t}.segment = '') = {v}", "Over all of the data, or by segment.", cast="bool")


@planned(
    tables.VersionMetric,
    visible=through_version(),
    orders={"NAME": "name", "SEGMENT": "segment"},
    default="NAME,SEGMENT",
    filter=MetricFilter,
)
class Metric:
    """One measured value."""

    name: str = column("What was measured.")
    segment: str = column("The part of the data it was measured on; empty for all of it.")
    value: float | None = column("The value; null when it was no finite number.")
    value_text: str | None = column("What the registry wrote when it was no finite number.")


@planned(tables.ModelCard, visible=through_version(), orders={"UPDATED_AT": "updated_at"}, default="-UPDATED_AT")
class ModelCard(Node):
    """A version's model card, in the nine sections of Mitchell et al. 2019."""

    model_details: str | None = column("Who made it, when, how; its licence; where to ask.")
    intended_use: str | None = column("What it is for, for whom, and what it is not for.")
    factors: str | None = column("Groups, instruments and surroundings that change how well it does.")
    metrics: str | None = column("How its performance is measured, and why so.")
    evaluation_data: str | None = column("What it was evaluated on.")
    training_data: str | None = column("What it was trained on.")
    quantitative_analyses: str | None = column("Results, alone and crossed, by factor.")
    ethical_considerations: str | None = column("Sensitive data, risks and harms, and what was done about them.")
    caveats_and_recommendations: str | None = column("What else somebody must know.")
    digest: str = column("SHA-256 of the nine sections.")
    updated_at: datetime = column("When it last changed.")
    version: ModelVersion | None = one("The version it describes.", by="version_id", implied=True)


@extends(Query)
class ModelsQuery:
    model: Model | None = one(
        "The model of this name; where several registries have one, the one registered first.",
        on="{t}.id = (SELECT n.id FROM models n WHERE n.name = {name} ORDER BY n.created_at, n.id LIMIT 1)",
        args={"name": (str, "text", "Its name in the registry.")},
    )
    models: Connection[Model] = many("Every model.")
    model_versions: Connection[ModelVersion] = many("Every version of every model.")
