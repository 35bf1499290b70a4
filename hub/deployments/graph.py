"""Deployments in the graph."""

from datetime import datetime

import strawberry

from hub.deployments import tables
from hub.deployments.tables import DeploymentStatus
from hub.graph.declare import about, column, extends, many, one, planned, where
from hub.graph.types import Connection, InstantRange, Node, Query
from hub.models.graph import Model, ModelVersion
from hub.models.visible import through_model

strawberry.enum(DeploymentStatus, description="What was last seen of a deployment.")


@strawberry.input(description="Which deployments.")
class DeploymentFilter:
    status: list[DeploymentStatus] | None = where("{t}.status = ANY({v})", "That stand so.", cast="text[]")
    environment: str | None = where("{t}.environment = {v}", "In this environment.")
    model: strawberry.ID | None = where("{t}.model_id = {v}", "Of this model.", cast="uuid", node="Model")
    text: str | None = where("strpos(lower({t}.endpoint), lower({v})) > 0", "Part of the endpoint's name.")
    observed: InstantRange | None = about("{t}.observed_at", "When they were last seen.")


@planned(
    tables.Deployment,
    visible=through_model(),
    orders={"OBSERVED_AT": "observed_at", "ENDPOINT": "endpoint"},
    default="-OBSERVED_AT",
    filter=DeploymentFilter,
)
class Deployment(Node):
    """A version observed at an endpoint."""

    endpoint: str = column("The endpoint's name.")
    environment: str = column("The environment.")
    status: DeploymentStatus = column("What was last seen of it.")
    traffic_percent: float | None = column("The share of requests that it answers.")
    observed_at: datetime = column("When it was last seen.")
    missing_since: datetime | None = column("Since when its registry no longer shows it.")
    model: Model | None = one("The model.", by="model_id", implied=True)
    version: ModelVersion | None = one("The version.", by="version_id", implied=True)


@extends(Model)
class ModelDeployments:
    deployments: Connection[Deployment] = many("Where it runs.", by="model_id", implied=True)


@extends(ModelVersion)
class VersionDeployments:
    deployments: Connection[Deployment] = many("Where it runs.", by="version_id", implied=True)


@extends(Query)
class DeploymentsQuery:
    deployments: Connection[Deployment] = many("Everything that runs.")
