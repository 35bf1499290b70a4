"""Registries and their syncs in the graph."""

from datetime import datetime

import strawberry

from hub.graph.declare import about, column, extends, many, one, planned, where
from hub.graph.types import Connection, InstantRange, Node, Query
from hub.models.graph import Model
from hub.people.access import Permission
from hub.people.graph import Person
from hub.registries import tables
from hub.registries.tables import SyncStatus, SyncTrigger

strawberry.enum(SyncStatus, description="How a sync stands; HELD waits for a person.")
strawberry.enum(SyncTrigger, description="What started a sync.")


@strawberry.input(description="Which sync runs.")
class SyncRunFilter:
    registry: strawberry.ID | None = where("{t}.registry_id = {v}", "Of this registry.", cast="uuid", node="Registry")
    status: list[SyncStatus] | None = where("{t}.status = ANY({v})", "In one of these states.", cast="text[]")
    queued: InstantRange | None = about("{t}.queued_at", "When it was asked for.")


@planned(tables.SyncRun, orders={"QUEUED_AT": "queued_at"}, default="-QUEUED_AT", filter=SyncRunFilter)
class SyncRun(Node):
    """One sweep of a registry: how far it came, what it found, how it ended."""

    number: int = column("Counts the registry's syncs.")
    trigger: SyncTrigger = column("What started it.")
    status: SyncStatus = column("How it stands.")
    step: str = column("What it is doing, in words.")
    models_seen: int = column("Models seen so far.")
    versions_seen: int = column("Versions seen so far.")
    versions_expected: int | None = column("How many versions there will be, when that is known.")
    created: int = column("Versions that were new.")
    changed: int = column("Versions whose content or surroundings had changed.")
    missing: int = column("What the registry no longer shows, in this sweep and the one before.")
    rejected: int = column("What could not be taken in, and why it says.")
    details_pending: int = column("Versions whose runs, data sets and metrics are still to be read.")
    why: str | None = column("Why it failed or is held, and the way out.")
    queued_at: datetime = column("When it was asked for.")
    started_at: datetime | None = column("When it began.")
    ended_at: datetime | None = column("When it ended.")
    registry: "Registry | None" = one("The registry.", by="registry_id")
    requested_by: Person | None = one("Who asked for it.", by="requested_by")


@strawberry.input(description="Which registries.")
class RegistryFilter:
    text: str | None = where("strpos(lower({t}.name), lower({v})) > 0", "Part of the name.")
    kind: str | None = where("{t}.kind = {v}", "Of this kind, such as mlflow.")
    enabled: bool | None = where("{t}.enabled = {v}", "Whether they are synced.", cast="bool")


@planned(
    tables.Registry,
    orders={"NAME": "name", "CREATED_AT": "created_at"},
    default="NAME",
    filter=RegistryFilter,
)
class Registry(Node):
    """An external model registry that the hub syncs with."""

    key: str = column("The short name.")
    kind: str = column("Which adapter speaks with it.")
    name: str = column("The full name.")
    base_url: str = column("Where it is.", needs=Permission.SEE_REGISTRY_SETTINGS)
    enabled: bool = column("Whether it is synced.")
    every_s: int = column("Seconds between scheduled syncs.")
    next_sync_at: datetime | None = column("When the next scheduled sync is due.")
    created_at: datetime = column("Since when it is known.")
    last_sync: SyncRun | None = one(
        "The newest sync.",
        on="{t}.id = (SELECT s.id FROM sync_runs s WHERE s.registry_id = {p}.id ORDER BY s.number DESC LIMIT 1)",
    )
    sync_runs: Connection[SyncRun] = many("Its syncs.", by="registry_id")
    models: Connection[Model] = many("Its models.", by="registry_id")


@extends(Model)
class ModelRegistry:
    registry: Registry | None = one("Where it is registered.", by="registry_id")


@extends(Query)
class RegistriesQuery:
    registry: Registry | None = one(
        "The registry of this key.", on="{t}.key = {key}", args={"key": (str, "text", "The short name.")}
    )
    registries: Connection[Registry] = many("Every registry.")
    sync_runs: Connection[SyncRun] = many("Every sync.")
