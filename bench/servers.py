"""The two servers that are compared: the hub's application, and a bare endpoint with a fixed statement for each read.

    python -m bench.servers hub|bare ADDRESS

Either prints its port and serves until its standard input ends.
"""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

import hub.wiring  # noqa: F401
from hub.app import application
from hub.cli.running import collect_garbage
from hub.clock import SystemClock
from hub.db import Db, ReadConnection
from hub.people import actions
from hub.people.access import Scope
from hub.people.tables import Role
from hub.telemetry import start_logging

POOL = 10
TEAMS = ("team-0", "team-3")
"""The reader's: of every ten models one is restricted, and half of those are the first team's."""

TINY = """
SELECT convert_to(concat('{"data":{"node":{"id":"Model:', id, '","name":', to_json(name), ',"tier":"', tier,
  '"}},"extensions":{"cost":1}}'), 'UTF8')
FROM models WHERE id = $1"""

MIDDLE = """
SELECT convert_to(concat('{"data":{"models":{"nodes":[', string_agg(concat('{"id":"Model:', id, '","name":',
  to_json(name), ',"tier":"', tier, '","createdAt":', to_json(created_at), ',"description":', to_json(description),
  '}'), ','), ']}},"extensions":{"cost":51}}'), 'UTF8')
FROM (SELECT * FROM models WHERE {seen} ORDER BY name, id LIMIT 50) m"""

HEAVY = """
SELECT convert_to(concat('{"data":{"models":{"pageInfo":{"hasNextPage":', CASE WHEN count(*) > 50 THEN 'true' ELSE
  'false' END, ',"endCursor":"', max(translate(encode(convert_to(json_build_array('NAME', m.name, m.id)::text, 'UTF8'),
  'base64'), E'+/=\\n', '-_')) FILTER (WHERE m.place = 50), '"},"nodes":[', string_agg(concat('{"id":"Model:', m.id,
  '","name":', to_json(m.name), ',"tier":"', m.tier, '","description":', to_json(m.description), ',"createdAt":',
  to_json(m.created_at), ',"owner":', coalesce((
    SELECT concat('{"id":"Person:', o.id, '","name":', to_json(o.name), ',"handle":', to_json(o.handle), '}')
    FROM people o WHERE o.id = m.owner_id), 'null'),
  ',"versions":{"nodes":[', (
    SELECT string_agg(concat('{"id":"ModelVersion:', v.id, '","name":', to_json(v.name), ',"stage":"', v.stage,
      '","status":', to_json(v.status), ',"digest":', to_json(v.digest), ',"createdAt":', to_json(v.created_at),
      ',"author":', coalesce(to_json(v.author), 'null'), ',"datasets":{"nodes":[', (
        SELECT string_agg(concat('{"id":"Dataset:', d.id, '","name":', to_json(d.name), ',"namespace":',
          to_json(d.namespace), ',"digest":', to_json(d.digest), ',"sourceKind":',
          coalesce(to_json(d.source_kind), 'null'), '}'), ',')
        FROM (SELECT * FROM datasets d WHERE d.id IN (
          SELECT e.from_id FROM lineage_edges e
          WHERE e.from_kind = 'DATASET' AND (e.to_id = v.id OR e.to_id = v.run_id)) ORDER BY name, id LIMIT 3) d),
      ']}}'), ',')
    FROM (SELECT * FROM model_versions WHERE model_id = m.id ORDER BY created_at DESC, id DESC LIMIT 5) v),
  ']},"policies":{"nodes":[', (
    SELECT string_agg(concat('{"why":', to_json(b.why), ',"policy":', (
      SELECT concat('{"id":"Policy:', p.id, '","key":', to_json(p.key), ',"title":', to_json(p.title),
        ',"severity":"', p.severity, '","enforcement":"', p.enforcement, '"}')
      FROM policies p WHERE p.id = b.policy_id), '}'), ',')
    FROM (SELECT * FROM policy_bindings WHERE model_id = m.id ORDER BY bound_at DESC, id DESC LIMIT 4) b),
  ']},"exceptions":{"nodes":[', (
    SELECT string_agg(concat('{"id":"PolicyException:', x.id, '","kind":"', x.kind, '","status":"',
      exception_status(x.state, x.starts_at, x.expires_at, x.suspended_from, now()),
      '","justification":', to_json(x.justification), ',"expiresAt":', to_json(x.expires_at), ',"policy":', (
      SELECT concat('{"key":', to_json(p.key), '}') FROM policies p WHERE p.id = x.policy_id), '}'), ',')
    FROM (SELECT * FROM policy_exceptions WHERE model_id = m.id ORDER BY requested_at DESC, id DESC LIMIT 2) x),
  ']},"approvals":{"nodes":[', (
    SELECT string_agg(concat('{"id":"ApprovalRequest:', a.id, '","status":"', a.status, '","stage":"', a.stage,
      '","requestedAt":', to_json(a.requested_at), ',"dueAt":', to_json(a.due_at), ',"requestedBy":', (
      SELECT concat('{"name":', to_json(p.name), '}') FROM people p WHERE p.id = a.requested_by), '}'), ',')
    FROM (SELECT * FROM approval_requests WHERE scope_id = m.id ORDER BY requested_at DESC, id DESC LIMIT 3) a),
  ']}}'), ',') FILTER (WHERE m.place <= 50), ']}},"extensions":{"cost":{cost}}}'), 'UTF8')
FROM (SELECT *, row_number() OVER () AS place FROM (
  SELECT * FROM models WHERE {seen} ORDER BY name, id LIMIT 51) m) m"""

COUNTS = """
SELECT convert_to(concat('{"data":{"complianceCounts":{"nodes":[', string_agg(concat('{"tier":"', c.tier, '","stage":"',
  c.stage, '","outcome":"', c.outcome, '","enforcement":"', c.enforcement, '","count":', c.n, ',"policy":{"key":',
  to_json(p.key), '}}'), ',' ORDER BY c.n DESC), ']}},"extensions":{"cost":{cost}}}'), 'UTF8')
FROM (SELECT l.policy_id, l.stage, l.tier, l.outcome, l.enforcement, sum(l.n) AS n
      FROM (SELECT * FROM compliance_counts WHERE restricted_model_id IS NULL UNION ALL
            SELECT c.* FROM models m JOIN compliance_counts c ON c.restricted_model_id = m.id
            WHERE m.restricted AND m.team_id IN ({mine})) l
      GROUP BY 1, 2, 3, 4, 5 HAVING sum(l.n) > 0
      ORDER BY sum(l.n) DESC LIMIT 100) c
JOIN policies p ON p.id = c.policy_id"""


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: where it listens, and its process."""

    port: int
    pid: int


@asynccontextmanager
async def beside(module: str, *words: str) -> AsyncIterator[Served]:
    """A server in a process of its own: a module of the benches that listens when it is given these words."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *words),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        said = await process.stdout.readline()
        if not said:
            raise RuntimeError(f"the server {words[0]} of {module} did not start; it ended with {await process.wait()}")
        yield Served(int(said), process.pid)
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


def served(kind: str, address: str, *more: str) -> AbstractAsyncContextManager[Served]:
    """One of the two servers of this module in a process of its own."""
    return beside("bench.servers", kind, address, *more)


async def token(address: str) -> str:
    """The secret of a new member's token: an owner of models, in two teams, who sees all but some restricted models."""
    db = Db(address, clock=SystemClock())
    await db.open()
    try:
        async with db.write(actor=None, operation="bench") as tx:
            person = await actions.create_person(tx, None, handle="bench", name="Bench")
            await actions.grant_role(tx, None, person_id=person.id, role=Role.MODEL_OWNER)
            for team in await db.reads.fetch("SELECT id FROM teams WHERE key = ANY($1)", TEAMS):
                await actions.add_member(tx, None, team_id=team["id"], person_id=person.id)
            scopes = [Scope.READ, Scope.GOVERN]
            _, secret = await actions.create_token(tx, None, person_id=person.id, label="bench", scopes=scopes)
        return secret
    finally:
        await db.close()


async def bare(address: str, cost: str) -> ASGIApp:
    """What a careful hand would write for these three reads and this one reader, and nothing else."""
    pool = await asyncpg.create_pool(
        address,
        min_size=POOL,
        max_size=POOL,
        connection_class=ReadConnection,
        max_inactive_connection_lifetime=0,
        server_settings={"timezone": "UTC", "jit": "off", "plan_cache_mode": "force_generic_plan"},
    )
    teams = await pool.fetch("SELECT id FROM teams WHERE key = ANY($1)", TEAMS)
    mine = ", ".join(f"'{team['id']}'" for team in teams)
    seen = f"(NOT restricted OR team_id IN ({mine}))"
    middle = MIDDLE.replace("{seen}", seen)
    heavy = HEAVY.replace("{seen}", seen).replace("{cost}", cost)
    counts = COUNTS.replace("{mine}", mine or "NULL").replace("{cost}", cost)

    async def answer_tiny(request: Request) -> Response:
        return Response(await pool.fetchval(TINY, UUID(request.path_params["id"])), media_type="application/json")

    async def answer_middle(_request: Request) -> Response:
        return Response(await pool.fetchval(middle), media_type="application/json")

    async def answer_counts(_request: Request) -> Response:
        return Response(await pool.fetchval(counts), media_type="application/json")

    async def answer_heavy(_request: Request) -> Response:
        return Response(await pool.fetchval(heavy), media_type="application/json")

    return Starlette(
        routes=[
            Route("/tiny/{id}", answer_tiny),
            Route("/middle", answer_middle),
            Route("/heavy", answer_heavy),
            Route("/counts", answer_counts),
        ]
    )


async def serve(kind: str, address: str, *more: str) -> None:
    if kind == "hub":
        start_logging(json=True, level="INFO")
        db = Db(address, clock=SystemClock(), readers=POOL)
        await db.open()
        app: ASGIApp = application(db, db.clock, development=False)
        collect_garbage()
    else:
        app = await bare(address, *more)
    await listen(app)


async def listen(app: ASGIApp) -> None:
    """Serve until standard input ends; the port is the first line that is printed."""
    door = socket.create_server(("127.0.0.1", 0), backlog=256)
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", access_log=False, log_level="warning", timeout_keep_alive=120
    )
    server = uvicorn.Server(config)
    print(door.getsockname()[1], flush=True)
    serving = asyncio.create_task(server.serve(sockets=[door]))
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    uvloop.run(serve(*sys.argv[1:]))
