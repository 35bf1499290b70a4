"""Heavy checks in the graph."""

from datetime import datetime

import strawberry

from hub.checks import tables
from hub.checks.tables import RunStatus
from hub.graph.declare import about, column, extends, many, one, planned, where
from hub.graph.types import Connection, InstantRange, Node, Query
from hub.models.graph import Model, ModelVersion
from hub.models.visible import through_model

strawberry.enum(RunStatus, name="ValidatorRunStatus", description="How far a validator is with a version.")


@strawberry.input(description="Which runs of validators.")
class ValidatorRunFilter:
    name: str | None = where("{t}.name = {v}", "By this validator.")
    status: list[RunStatus] | None = where("{t}.status = ANY({v})", "That stand so.", cast="text[]")
    model: strawberry.ID | None = where("{t}.model_id = {v}", "Of this model.", cast="uuid", node="Model")
    version: strawberry.ID | None = where("{t}.version_id = {v}", "Of this version.", cast="uuid", node="ModelVersion")
    queued: InstantRange | None = about("{t}.queued_at", "When they were ordered.")


@planned(
    tables.ValidatorRun,
    visible=through_model(),
    orders={"QUEUED_AT": "queued_at"},
    default="-QUEUED_AT",
    filter=ValidatorRunFilter,
)
class ValidatorRun(Node):
    """A heavy check of one version; what it found is evidence."""

    name: str = column("The validator.")
    status: RunStatus = column("How it stands.")
    tries: int = column("How often it was tried.")
    why: str | None = column("Why the last try found nothing.")
    subject_digest: str = column("SHA-256 of all that the validator is given of the version.")
    queued_at: datetime = column("When it was ordered.")
    started_at: datetime | None = column("When the last try began.")
    ended_at: datetime | None = column("When it ended for good.")
    version: ModelVersion | None = one("The version.", by="version_id", implied=True)
    model: Model | None = one("The model.", by="model_id", implied=True)


@extends(ModelVersion)
class VersionValidators:
    validator_runs: Connection[ValidatorRun] = many("Heavy checks of it.", by="version_id", implied=True)


@extends(Query)
class ValidatorsQuery:
    validator_runs: Connection[ValidatorRun] = many("Every heavy check.")
