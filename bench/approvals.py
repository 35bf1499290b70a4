"""How fast approvals are: a sign-off with all that it triggers, and fifty people at once.

python -m bench.approvals [--quick]
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.client import get, lines, poster
from bench.estate import fill
from bench.gate import inserting, p95
from bench.reads import Side, interleave, once, table
from bench.servers import Served, beside, listen, served
from hub.clock import SystemClock
from hub.db import Db, new_id
from hub.deployments import actions as deployments
from hub.embedded import Embedded
from hub.migrate import migrate
from hub.models.tables import Stage
from hub.people import actions as people
from hub.people import store as people_store
from hub.people.access import Principal, Scope
from hub.people.tables import Discipline, Role

POLICIES = 100
AT_ONCE = 50
WARM = 8
"""Signatures on each connection before any is measured: PostgreSQL plans a statement anew for its first five uses."""

SIGN = """mutation($request: ID!) {
  signApproval(input: {request: $request, decision: APPROVE, comment: "Read all of it."}) {
    __typename ... on ApprovalSigned { signOff { id decision signedAt } } ... on Refusal { code why }
  }
}"""
LOCK = "SELECT 1 FROM approval_requests WHERE id = $1 FOR NO KEY UPDATE"
SETTLE = "UPDATE approval_requests SET status = 'APPROVED', decided_at = now(), next_at = NULL WHERE id = $1"
WAIT = "UPDATE approval_requests SET step = 0, wants = wants WHERE id = $1"
ALLOW = "UPDATE deployment_intents SET status = 'APPROVED', decided_at = now() WHERE id = $1"
TOUCH = """UPDATE compliance SET evaluated_at = now(), decision_point = 'DEPLOY'
WHERE version_id = $1 AND stage = 'PRODUCTION'"""
ASKED_NO_MORE = "DELETE FROM approval_asks WHERE request_id = $1 AND person_id = $2"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A release that waits for people."""

    request: UUID
    intent: UUID
    version: UUID
    model: UUID


async def somebody(db: Db, handle: str, *disciplines: Discipline) -> tuple[Principal, str]:
    """A person who approves for these disciplines, or develops, and the secret of their token."""
    async with db.write(actor=None, operation="bench") as tx:
        made = await people.create_person(tx, None, handle=handle, name=handle.title())
        if not disciplines:
            await people.grant_role(tx, None, person_id=made.id, role=Role.DEVELOPER)
        for one in disciplines:
            await people.grant_role(tx, None, person_id=made.id, role=Role.MODEL_APPROVER, discipline=one)
        scopes = (Scope.READ, Scope.GOVERN)
        _, secret = await people.create_token(tx, None, person_id=made.id, label="bench", scopes=scopes)
        found = await people_store.standing(tx, made.id, scopes)
    assert found is not None
    return found, secret


async def waiting(db: Db, who: Principal, count: int) -> list[Waiting]:
    """So many releases of HIGH models to production that wait for two signatures each."""
    rows = await db.reads.fetch(
        "SELECT v.id FROM model_versions v JOIN models m ON m.id = v.model_id"
        " WHERE m.tier = 'HIGH' AND NOT m.restricted ORDER BY v.name, v.id LIMIT $1",
        count,
    )
    made = []
    for row in rows:
        async with db.write(actor=who.person_id, operation="bench") as tx:
            intent = await deployments.request(tx, who, row["id"], Stage.PRODUCTION, reason="It does better.")
            assert intent.approval_request_id is not None, intent.status_why
            made.append(Waiting(intent.approval_request_id, intent.id, intent.version_id, intent.model_id))
    return made


async def written(db: Db, one: Waiting, since: int) -> dict[str, tuple[list[str], list[list[Any]]]]:
    """What a signature wrote: by table the columns and the rows, without those that were there before."""
    connection = await asyncpg.connect(db.url)
    try:
        found: dict[str, tuple[list[str], list[list[Any]]]] = {}
        for name, where, value in (
            ("sign_offs", "request_id = $1 AND $2::bigint > 0", one.request),
            ("permits", "intent_id = $1 AND $2::bigint > 0", one.intent),
            ("check_inputs", "version_id = $1 AND decision_point = 'DEPLOY' AND $2::bigint > 0", one.version),
            ("events", "scope_id = $1 AND seq > $2", one.model),
        ):
            rows = [dict(r) for r in await connection.fetch(f"SELECT * FROM {name} WHERE {where}", value, since)]
            if rows:
                columns = [column for column in rows[0] if not (name == "events" and column == "seq")]
                found[name] = (columns, [[row[column] for column in columns] for row in rows])
        found["sign_offs"] = (found["sign_offs"][0], found["sign_offs"][1][-1:])
        return found
    finally:
        await connection.close()


async def serve_bare(address: str, told: bytes) -> None:
    """What a careful hand would write: one transaction that locks the request and writes the same rows."""
    plan = orjson.loads(told)
    pool = await asyncpg.create_pool(address, min_size=10, max_size=10, server_settings={"jit": "off"})
    db = Db(address, clock=SystemClock())
    await db.open()
    sample = Waiting(*(UUID(plan["sample"][name]) for name in ("request", "intent", "version", "model")))
    rows = await written(db, sample, plan["since"])
    statements = {name: inserting(name, columns) for name, (columns, _) in rows.items()}
    fresh = {row[0] for _, kept in rows.values() for row in kept if isinstance(row[0], UUID)}
    others = {UUID(one["request"]): one for one in plan["others"]}
    releases = "permits" in rows

    async def sign(request: Request) -> Response:
        id = UUID(request.path_params["request"])
        there = others[id]
        other: dict[Any, Any] = {old: new_id() for old in fresh}
        other |= {getattr(sample, name): UUID(there[name]) for name in ("request", "intent", "version", "model")}
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(LOCK, id)
            for name, (columns, kept) in rows.items():
                renamed = [[other.get(v, v) if isinstance(v, UUID) else v for v in row] for row in kept]
                if name == "sign_offs":
                    renamed[0][columns.index("entry")] = 1
                await connection.executemany(statements[name], renamed)
            await connection.execute(ASKED_NO_MORE, id, UUID(plan["signer"]))
            await connection.execute(SETTLE if releases else WAIT, id)
            if releases:
                await connection.execute(ALLOW, UUID(there["intent"]))
                await connection.execute(TOUCH, UUID(there["version"]))
        return Response(b'{"status":"APPROVED"}', media_type="application/json")

    await listen(Starlette(routes=[Route("/sign/{request}", sign)]))


def bare(address: str, plan: dict[str, Any], folder: Path) -> AbstractAsyncContextManager[Served]:
    """The bare endpoint in a process of its own."""
    told = folder / f"plan-{new_id()}.json"
    told.write_bytes(orjson.dumps(plan))
    return beside("bench.approvals", "--bare", address, str(told))


def plain(one: Waiting) -> dict[str, str]:
    return {name: str(getattr(one, name)) for name in ("request", "intent", "version", "model")}


async def signing(
    hub: Served,
    db: Db,
    folder: Path,
    who: Principal,
    secret: str,
    ours: Sequence[Waiting],
    theirs: Sequence[Waiting],
    rounds: int,
) -> list[list[str]]:
    """The hub and the bare transaction beside each other, for everything that one approver signs."""
    post = poster(secret)
    sample, rest = ours[0], ours[1:]
    since = int(await db.reads.fetchval("SELECT coalesce(max(seq), 0) FROM events")) or 1
    answer = orjson.loads(await once(hub, post(SIGN, {"request": f"ApprovalRequest:{sample.request}"})))
    assert answer["data"]["signApproval"]["__typename"] == "ApprovalSigned", answer
    rows = await written(db, sample, since)
    print("  rows of a signature: " + ", ".join(f"{len(kept)} {name}" for name, (_, kept) in rows.items()), flush=True)
    plan = {
        "sample": plain(sample),
        "since": since,
        "signer": str(who.person_id),
        "others": [plain(one) for one in theirs],
    }
    what = "that releases" if "permits" in rows else "the first of two"
    shown = []
    async with bare(db.url, plan, folder) as other:
        mine = (post(SIGN, {"request": f"ApprovalRequest:{one.request}"}) for one in rest)
        yours = (get(f"/sign/{one.request}") for one in theirs)
        for clients in (1, 8):
            sides = [Side(other, yours), Side(hub, mine)]
            some = rounds if clients == 1 else max(rounds // 4, 2)
            await interleave(sides, clients, 4 * clients, some, warm=WARM * clients)
            low, high = (side.measured.seconds for side in sides)
            shown.append(
                [
                    f"a signature, {what}",
                    str(clients),
                    *(f"{median(one) * 1000:.1f}" for one in (low, high)),
                    f"{median(high) / median(low):.2f}",
                    *(f"{p95(one) * 1000:.1f}" for one in (low, high)),
                    f"{p95(high) / p95(low):.2f}",
                ]
            )
    return shown


async def crowd(hub: Served, db: Db, dev: Principal, rounds: int) -> None:
    """Fifty people sign one request at once, and another one after the other."""
    async with db.write(actor=None, operation="bench") as tx:
        raw = await tx.raw()
        step = {
            "name": "All", "quorum": AT_ONCE, "disciplines": {}, "different": 0, "roles": ["MODEL_APPROVER"],
            "group": "ANYBODY", "team": None,
        }  # fmt: skip
        await raw.execute(
            "INSERT INTO approval_rules (id, subject_kind, tier, stage, steps, term_days, reminders_h, escalation,"
            " at_end, calendar, rationale, set_at) VALUES (gen_random_uuid(), 'version', 'LIMITED', 'DEVELOPMENT',"
            " $1::jsonb, 5, '[]', '[]', 'EXPIRE', 'default', 'All of them.', now())",
            orjson.dumps([step]).decode(),
        )
    secrets = [(await somebody(db, f"voter{n}", Discipline.PRODUCT))[1] for n in range(AT_ONCE)]
    posts = [poster(secret) for secret in secrets]
    rows = await db.reads.fetch(
        "SELECT v.id FROM model_versions v JOIN models m ON m.id = v.model_id"
        " WHERE m.tier = 'LIMITED' AND NOT m.restricted ORDER BY v.id LIMIT $1",
        2 * rounds + 2,
    )
    requests = []
    for row in rows:
        async with db.write(actor=dev.person_id, operation="bench") as tx:
            intent = await deployments.request(tx, dev, row["id"], Stage.DEVELOPMENT, reason="It does better.")
            requests.append(intent.approval_request_id)
    together, apart = await lines(hub.port, AT_ONCE), await lines(hub.port, 1)
    took: dict[str, list[float]] = {"together": [], "apart": []}
    for at, request in enumerate(requests):
        asks = [post(SIGN, {"request": f"ApprovalRequest:{request}"}) for post in posts]
        begin = perf_counter()
        if at % 2:
            answers = await asyncio.gather(*(line.ask(ask) for line, ask in zip(together, asks, strict=True)))
        else:
            answers = [await apart[0].ask(ask) for ask in asks]
        if at >= 2:
            took["together" if at % 2 else "apart"].append(perf_counter() - begin)
        assert all(b"ApprovalSigned" in answer for answer in answers), [a for a in answers if b"Signed" not in a][:2]
        signed = await db.reads.fetchrow(
            "SELECT count(*) AS n, (SELECT status FROM approval_requests WHERE id = $1) AS status"
            " FROM sign_offs WHERE request_id = $1",
            request,
        )
        assert signed is not None and (signed["n"], signed["status"]) == (AT_ONCE, "APPROVED"), signed
    for line in (*together, *apart):
        line.close()
    deadlocks = await db.reads.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    print(f"{AT_ONCE} people sign one request (goal: at once at most 1.5 times one after the other)")
    table(
        ["", "one after the other s", "at once s", "ratio", "answered", "deadlocks"],
        [
            [
                f"{len(took['together'])} requests each",
                f"{median(took['apart']):.2f}",
                f"{median(took['together']):.2f}",
                f"{median(took['together']) / median(took['apart']):.2f}",
                "all",
                str(deadlocks),
            ]
        ],
    )


async def run(quick: bool) -> None:
    rounds = 6 if quick else 20
    count = 2 * (1 + 4 * rounds + WARM + 8 * WARM + 32 * max(rounds // 4, 2) + 4)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))
        database = await stack.enter_async_context(Embedded(folder))
        address = database.dsn()
        await migrate(address)
        connection = await asyncpg.connect(address)
        await fill(connection, models=400, versions=4 * count, policies=POLICIES)
        await connection.close()
        db = Db(address, clock=SystemClock())
        await db.open()
        stack.push_async_callback(db.close)
        dev, _ = await somebody(db, "dev")
        rita, of_rita = await somebody(db, "rita", Discipline.RISK)
        lee, of_lee = await somebody(db, "lee", Discipline.COMPLIANCE)
        begin = perf_counter()
        releases = await waiting(db, dev, count)
        print(f"{len(releases)} releases wait for two signatures, asked in {perf_counter() - begin:.0f} s", flush=True)
        half = len(releases) // 2
        ours, theirs = releases[:half], releases[half:]
        hub = await stack.enter_async_context(served("hub", address))
        shown = await signing(hub, db, folder, rita, of_rita, ours, theirs, rounds)
        shown += await signing(hub, db, folder, lee, of_lee, ours, theirs, rounds)
        print(
            "A signature with all that it triggers, beside a bare transaction that writes the same rows (p95 goal: 3.0)"
        )
        table(["", "clients", "bare ms", "hub ms", "median", "bare p95", "hub p95", "p95"], shown)
        await crowd(hub, db, dev, 3 if quick else 8)


def main() -> int:
    given = argparse.ArgumentParser(prog="python -m bench.approvals", description=__doc__)
    given.add_argument("--quick", action="store_true", help="fewer rounds")
    given.add_argument("--bare", nargs=2, metavar=("ADDRESS", "PLAN"), help=argparse.SUPPRESS)
    asked = given.parse_args()
    if asked.bare:
        address, told = asked.bare
        uvloop.run(serve_bare(address, Path(told).read_bytes()))
    else:
        uvloop.run(run(asked.quick))
    return 0


if __name__ == "__main__":
    os.environ.setdefault("HUB_LOG_LEVEL", "ERROR")
    sys.exit(main())
