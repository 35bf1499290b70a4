"""Takes in a page of deployments."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.db import Tx, new_id
from hub.events.record import Entry, Subject, record_all
from hub.registries.adapter import RegistryDeployment, Rejected
from hub.registries.listed import store
from hub.registries.rules import VERSION_ID_MAX, Claim, Taken, deployment_status
from hub.registries.store import note

UNLISTED = "its model is not among those listed"


async def take(tx: Tx, claim: Claim, listed: Sequence[RegistryDeployment]) -> Taken:
    """Note every deployment of a page; write those that are new, changed or back, with their events."""
    shown = {one.external_id: one for one in listed if len(one.external_id) <= VERSION_ID_MAX}
    await note(tx, claim.run_id, "deployed", list(shown), [""] * len(shown))
    known = await store.models_known(tx, claim.registry_id, sorted({one.model_id for one in shown.values()}))
    kept = [one for one in shown.values() if one.model_id in known]
    rejected = tuple(Rejected(one.external_id, UNLISTED) for one in shown.values() if one.model_id not in known)
    written = await store.set_deployments(tx, claim.registry_id, [_row(one) for one in kept]) if kept else []
    for kind, rows in (
        ("deployment.observed", [row for row in written if row["was_missing"] is None]),
        ("deployment.returned", [row for row in written if row["was_missing"]]),
        ("deployment.changed", [row for row in written if row["was_missing"] is False]),
    ):
        await record_all(tx, kind, [_entry(claim, row) for row in rows])
    return Taken(0, rejected=rejected)


def _row(one: RegistryDeployment) -> tuple[object, ...]:
    return (
        new_id(),
        one.external_id,
        one.model_id,
        one.number,
        one.endpoint[:500],
        one.environment[:200],
        deployment_status(one.status).value,
        one.traffic_percent,
    )


def _entry(claim: Claim, row: Mapping[str, Any]) -> Entry:
    data = {
        "version": row["version_id"],
        "status": row["status"],
        "traffic_percent": row["traffic_percent"],
        "sync": claim.run_id,
    }
    return Entry(Subject("deployment", row["id"]), data, row["model_id"])
