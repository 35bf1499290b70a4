"""`hub doctor`: what is set, what is there, what is wrong."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from hub.cli.options import AsJSON, Data

if TYPE_CHECKING:
    from hub.db import Db
    from hub.settings import Settings

HIDDEN = "(hidden)"
LATE_S = 60.0


def doctor(data: Data = None, json: AsJSON = False) -> None:
    """Show settings, database, plugins, clock, queue and registries. Exit code 1 when something is wrong.

    Example: hub doctor --json
    """
    import asyncio

    from hub.cli import place, printing

    chosen = place.chosen(data=data)
    found = asyncio.run(_look(chosen, given=data is not None))
    if json:
        printing.as_json(found)
    else:
        _print(found)
    if found["wrong"]:
        raise typer.Exit(1)


async def _look(chosen: "Settings", *, given: bool) -> dict[str, Any]:
    wrong: list[str] = []
    found: dict[str, Any] = {"settings": settings_told(chosen, given=given), "plugins": _plugins(wrong)}
    found |= await _database(chosen, wrong)
    found["wrong"] = wrong
    return found


def settings_told(chosen: "Settings", *, given: bool = False) -> list[dict[str, str]]:
    """Every setting: its value, where it comes from, what it is for; secrets hidden."""
    from pydantic import SecretStr

    told = []
    for name, field in type(chosen).model_fields.items():
        value = getattr(chosen, name)
        by_hand = given and name == "data"
        source = "command line" if by_hand else "environment" if name in chosen.model_fields_set else "default"
        shown = HIDDEN if isinstance(value, SecretStr) else "-" if value is None else str(value)
        told.append({"name": f"HUB_{name.upper()}", "value": shown, "from": source, "what": field.description or ""})
    return told


def _plugins(wrong: list[str]) -> list[dict[str, Any]]:
    from hub.plugins import CHANNELS, CHECKS, REGISTRIES, found

    told = []
    for group in (REGISTRIES, CHANNELS, CHECKS):
        for plugin in found(group):
            told.append({"group": group, "name": plugin.name, "on": plugin.why is None, "why": plugin.why})
            if plugin.why is not None:
                wrong.append(f"the plugin {plugin.name} is off: {plugin.why}")
    return told


async def _database(chosen: "Settings", wrong: list[str]) -> dict[str, Any]:
    from hub.cli import place, store
    from hub.clock import SystemClock
    from hub.db import Db
    from hub.errors import Refused

    known = place.known_revisions()[-1]
    kind = "named in HUB_DATABASE_URL" if chosen.database_url is not None else f"embedded in {chosen.data}"
    told: dict[str, Any] = {"kind": kind, "reachable": False, "version": None, "revision": None, "wanted": known}
    try:
        url = place.database_url(chosen)
        told["revision"] = await place.revision(url)
        told["reachable"] = True
        await place.check_migrated(url)
    except Refused as refused:
        wrong.append(refused.why)
        return {"database": told}
    db = Db(url, clock=SystemClock(), readers=2, writers=1)
    await db.open()
    try:
        told["version"] = await store.server_version(db.reads)
        return {"database": told} | await _within(db, wrong)
    finally:
        await db.close()


async def _within(db: "Db", wrong: list[str]) -> dict[str, Any]:
    from hub.cli import store
    from hub.events.jobs import Lane
    from hub.ticking import store as ticking

    leader, depth, failed = (
        await ticking.leader(db.reads),
        await ticking.depth(db.reads),
        await ticking.failed(db.reads),
    )
    registries = await store.registries(db.reads)
    now = datetime.now(UTC)
    if leader is None:
        wrong.append("nobody drives the clock, so nothing that falls due is done; run hub up or hub work")
    elif leader.ticked_at is not None and (now - leader.ticked_at).total_seconds() > LATE_S:
        wrong.append(f"the clock at {leader.process} has not ticked since {leader.ticked_at:%H:%M:%S} UTC")
    if failed:
        wrong.append(f"{failed} jobs were given up and are kept in the queue with status failed; see the log")
    for one in registries:
        if one["enabled"] and one["status"] in ("FAILED", "HELD"):
            wrong.append(f"the last sync of {one['key']} is {one['status']}: {one['why'] or 'no word'}")
    clock = None if leader is None else {"process": leader.process, "ticked_at": leader.ticked_at}
    queue = {lane.value: depth.get(lane, 0) for lane in Lane} | {"failed": failed}
    return {"clock": clock, "queue": queue, "registries": registries}


def _print(found: dict[str, Any]) -> None:
    from hub.cli import printing

    printing.line("Settings")
    rows: list[tuple[object, ...]]
    rows = [(one["name"], one["value"], one["from"], one["what"]) for one in found["settings"]]
    printing.table(("NAME", "VALUE", "FROM", "WHAT IT IS FOR"), rows, indent="  ")
    base = found["database"]
    printing.line("\nDatabase")
    reached = (
        f"PostgreSQL {base['version']}" if base["version"] else "reachable" if base["reachable"] else "not reachable"
    )
    printing.line(f"  {base['kind']}: {reached}, revision {base['revision'] or 'none'} of {base['wanted']}")
    printing.line("\nPlugins")
    rows = [(one["group"], one["name"], "on" if one["on"] else f"off: {one['why']}") for one in found["plugins"]]
    printing.table(("GROUP", "NAME", "STATE"), rows, indent="  ")
    if "queue" in found:
        clock = found["clock"]
        printing.line("\nClock")
        at = clock and clock["ticked_at"]
        told = f"driven by {clock['process']}, last tick {at:%H:%M:%S} UTC" if at else "driven by nobody"
        printing.line(f"  {told}")
        printing.line("\nQueue")
        printing.line("  " + ", ".join(f"{lane} {count}" for lane, count in found["queue"].items()))
        printing.line("\nRegistries")
        rows = [
            (one["key"], one["kind"], "on" if one["enabled"] else "off", one["status"], one["ended_at"])
            for one in found["registries"]
        ]
        printing.table(("KEY", "KIND", "STATE", "LAST SYNC", "ENDED"), rows, indent="  ")
    printing.line("\nNothing is wrong." if not found["wrong"] else "\nWrong:")
    for sentence in found["wrong"]:
        printing.line(f"  - {sentence}")
