"""Data sets, runs and lineage in the graph."""

from datetime import datetime

import strawberry

from hub.graph.declare import Order, Visible, about, any_of, column, either, extends, many, neither, one, planned, where
from hub.graph.types import JSON, Connection, InstantRange, Node, Query
from hub.lineage import tables
from hub.lineage.tables import LineageKind, LineageRole
from hub.models.graph import ModelVersion
from hub.models.visible import HIDDEN_UNLESS
from hub.people.access import Sight
from hub.people.graph import Person

strawberry.enum(LineageKind, description="What stands at an end of a lineage edge.")
strawberry.enum(
    LineageRole, description="Data that trained, data that evaluated, data made from data, or a run's product."
)

SEEN = HIDDEN_UNLESS.replace("{t}", "vm")
STEP_VISIBLE = Visible(
    {
        Sight.ALL: "",
        Sight.MEMBER: "({t}.kind <> 'VERSION' OR EXISTS (SELECT 1 FROM model_versions vv JOIN models vm"
        f" ON vm.id = vv.model_id WHERE vv.id = {{t}}.id AND ({SEEN})))",
    }
)
RUN_VISIBLE = Visible(
    {
        Sight.ALL: "",
        Sight.MEMBER: "NOT EXISTS (SELECT 1 FROM model_versions vv JOIN models vm ON vm.id = vv.model_id"
        f" WHERE vv.run_id = {{t}}.id AND NOT coalesce({SEEN}, false))",
    }
)
DEPTH = {"depth": (int | None, "int8", "How many edges far at most; without it, to any depth.")}
UPSTREAM = "lineage_walk({p}.id, true, {depth}::int)"
DOWNSTREAM = "lineage_walk({p}.id, false, {depth}::int)"


@strawberry.input(description="Which steps of a walk.")
class LineageStepFilter:
    kind: list[LineageKind] | None = where("{t}.kind = ANY({v})", "Of one of these kinds.", cast="text[]")
    depth: int | None = where("{t}.depth = {v}", "Exactly so many edges away.", cast="int8")


@planned(
    sql="lineage_walk(NULL, true, 0)",
    visible=STEP_VISIBLE,
    orders={"DEPTH": Order("{t}.depth", "int8"), "KIND": Order("{t}.kind", "text")},
    default="DEPTH",
    filter=LineageStepFilter,
)
class LineageStep:
    """Something reached by walking lineage edges, and how far away it is by the shortest way; cycles end."""

    depth: int = column("How many edges away.", sql="{t}.depth")
    kind: LineageKind = column("What it is.", sql="{t}.kind")
    role: LineageRole = column("What the last edge of the way says.", sql="{t}.role")
    node: Node | None = any_of(
        "What stands here.",
        kind="{t}.kind",
        id="{t}.id",
        types={"DATASET": "Dataset", "RUN": "Run", "VERSION": "ModelVersion"},
    )


@strawberry.input(description="Which data sets.")
class DatasetFilter:
    text: str | None = where(
        "(strpos(lower({t}.name), lower({v})) > 0 OR strpos(lower({t}.namespace), lower({v})) > 0)",
        "Part of the name or namespace.",
    )
    name: str | None = where("{t}.name = {v}", "Of exactly this name.")
    digest: str | None = where("{t}.digest = {v}", "Of exactly this content.")
    category: str | None = where(
        "EXISTS (SELECT 1 FROM dataset_descriptions dd WHERE dd.namespace = {t}.namespace AND dd.name = {t}.name"
        " AND upper({v}) = ANY (dd.categories))",
        "Described as holding data of this category.",
    )
    described: bool | None = where(
        "EXISTS (SELECT 1 FROM dataset_descriptions dd WHERE dd.namespace = {t}.namespace AND dd.name = {t}.name)"
        " = {v}",
        "Whether somebody has said what it holds.",
        cast="bool",
    )
    created: InstantRange | None = about("{t}.created_at", "When the hub first saw it.")
    any: "list[DatasetFilter] | None" = either("At least one of these holds.")
    not_: "DatasetFilter | None" = neither("This does not hold.")


@planned(
    tables.Dataset,
    orders={"NAME": "name", "CREATED_AT": "created_at"},
    default="NAME",
    filter=DatasetFilter,
)
class Dataset(Node):
    """A data set with one content: another digest is another data set."""

    namespace: str = column("Where its name counts: the registry or the store it lives in.")
    name: str = column("Its name.")
    digest: str = column("Its content's digest, as whoever logged it computed it.")
    source_kind: str | None = column("What kind of source it comes from.")
    source: str | None = column("Where it comes from.")
    columns: JSON | None = column("Its columns and their types.")
    profile: JSON | None = column("Its size and other figures.")
    created_at: datetime = column("When the hub first saw it.")
    description: "DatasetDescription | None" = one(
        "What is said of it.", on="{t}.namespace = {p}.namespace AND {t}.name = {p}.name", implied=True
    )
    upstream: Connection[LineageStep] = many("What it was made from.", source=UPSTREAM, args=DEPTH)
    downstream: Connection[LineageStep] = many("What was made from it.", source=DOWNSTREAM, args=DEPTH)


@strawberry.input(description="Which descriptions of data sets.")
class DatasetDescriptionFilter:
    text: str | None = where(
        "(strpos(lower({t}.name), lower({v})) > 0 OR strpos(lower({t}.namespace), lower({v})) > 0)",
        "Part of the data set's name or namespace.",
    )
    category: str | None = where("upper({v}) = ANY ({t}.categories)", "Of data of this category.")
    prohibited: bool | None = where("{t}.prohibited = {v}", "Whether it must not be used.", cast="bool")


@planned(
    tables.DatasetDescription,
    orders={"NAME": "name", "DESCRIBED_AT": "described_at"},
    default="NAME",
    filter=DatasetDescriptionFilter,
)
class DatasetDescription(Node):
    """What a data steward says of a data set, whatever its digest."""

    namespace: str = column("The data set's namespace.")
    name: str = column("The data set's name.")
    categories: list[str] = column("What it holds, such as PERSONAL or PUBLIC.")
    source_name: str = column("Where it comes from.")
    legal_basis: str = column("On what legal basis it is used.")
    consent: str = column("What those whom it is about agreed to.")
    licence: str = column("Under what licence it is used.")
    prohibited: bool = column("Whether it must not be used.")
    note: str = column("What else is to be known of it.")
    described_at: datetime = column("When this was said.")
    described_by: Person | None = one("Who said it.", by="described_by", implied=True)
    datasets: Connection[Dataset] = many(
        "The data sets, one for each content.",
        on="{t}.namespace = {p}.namespace AND {t}.name = {p}.name",
        implied=True,
    )


@strawberry.input(description="Which runs.")
class RunFilter:
    text: str | None = where("strpos(lower({t}.name), lower({v})) > 0", "Part of the name.")
    status: list[str] | None = where("{t}.status = ANY({v})", "In one of these states.", cast="text[]")
    author: str | None = where("{t}.author = {v}", "Started by this user.")
    code_commit: str | None = where("{t}.code_commit = {v}", "Of exactly this commit.")
    started: InstantRange | None = about("{t}.started_at", "When it began.")
    any: "list[RunFilter] | None" = either("At least one of these holds.")
    not_: "RunFilter | None" = neither("This does not hold.")


@planned(
    tables.Run,
    visible=RUN_VISIBLE,
    orders={"STARTED_AT": "started_at"},
    default="-STARTED_AT",
    filter=RunFilter,
)
class Run(Node):
    """One execution of training or evaluation code."""

    external_id: str = column("Its id in the registry.")
    name: str = column("Its name.")
    status: str = column("Its state in the registry.")
    author: str | None = column("Who started it.")
    code_commit: str | None = column("The commit of the code it ran.")
    params: JSON = column("Its parameters.")
    started_at: datetime = column("When it began.")
    ended_at: datetime | None = column("When it ended.")
    inputs: "Connection[Dataset]" = many(
        "The data sets it read.",
        on="EXISTS (SELECT 1 FROM lineage_edges e WHERE e.from_id = {t}.id AND e.to_id = {p}.id)",
    )
    versions: Connection[ModelVersion] = many("The versions it produced.", by="run_id")
    upstream: Connection[LineageStep] = many("What it was made from.", source=UPSTREAM, args=DEPTH)
    downstream: Connection[LineageStep] = many("What was made from it.", source=DOWNSTREAM, args=DEPTH)


@extends(ModelVersion)
class VersionLineage:
    run: Run | None = one("The run that produced it.", by="run_id")
    datasets: Connection[Dataset] = many(
        "The data sets it was trained or evaluated on.",
        on="{t}.id IN (SELECT e.from_id FROM lineage_edges e WHERE e.from_kind = 'DATASET'"
        " AND (e.to_id = {p}.id OR e.to_id = {p}.run_id))",
    )
    upstream: Connection[LineageStep] = many("What it was made from.", source=UPSTREAM, args=DEPTH)
    downstream: Connection[LineageStep] = many("What was made from it.", source=DOWNSTREAM, args=DEPTH)


@extends(Query)
class LineageQuery:
    datasets: Connection[Dataset] = many("Every data set.")
    dataset_descriptions: Connection[DatasetDescription] = many("All that is said of data sets.")
    runs: Connection[Run] = many("Every run.")
