"""How fast a page of the backlog is: among 100,000 exceptions, beside its statement alone, and the hundredth page.

python -m bench.backlog [--quick]
"""

import argparse
import os
import re
import sys
import tempfile
from base64 import urlsafe_b64decode
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from itertools import repeat
from pathlib import Path
from urllib.parse import quote

import asyncpg
import orjson
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import hub.wiring  # noqa: F401
from bench.client import get, poster
from bench.estate import fill
from bench.reads import Side, interleave, once, ratio, table
from bench.servers import POOL, Served, beside, listen, served, token
from hub.clock import SystemClock
from hub.db import ReadConnection
from hub.embedded import Embedded
from hub.migrate import migrate

EXCEPTIONS = 100_000
PAGES = 100
PAGE = """query Page($after: String) {
  exceptions(first: 50, after: $after, filter: {open: true}, orderBy: [{by: WEIGHTED_AGE}]) {
    pageInfo { endCursor }
    nodes {
      id status riskAfter weightedAgeDays expiresAt justification
      policy { key title } model { name tier } owner { name } controls(first: 5) { nodes { description holds } }
    }
  }
}"""
BARE = """
SELECT convert_to(concat('{"data":{"exceptions":{"pageInfo":{"endCursor":', CASE WHEN count(*) = 0 THEN 'null' ELSE
  concat('"', translate(encode(convert_to(json_build_array('WEIGHTED_AGE', (array_agg(e.weighted_since))[count(*)],
    (array_agg(e.id))[count(*)])::text, 'UTF8'), 'base64'), E'+/=\\n', '-_'), '"') END, '},"nodes":[',
  string_agg(concat('{"id":"PolicyException:', e.id, '","status":"',
    exception_status(e.state, e.starts_at, e.expires_at, e.suspended_from, $1), '","riskAfter":"', e.risk_after,
    '","weightedAgeDays":', floor(extract(epoch FROM $1 - e.weighted_since) / 86400)::int,
    ',"expiresAt":', to_json(e.expires_at), ',"justification":', to_json(e.justification),
    ',"policy":', (SELECT concat('{"key":', to_json(p.key), ',"title":', to_json(p.title), '}')
                   FROM policies p WHERE p.id = e.policy_id),
    ',"model":', (SELECT concat('{"name":', to_json(m.name), ',"tier":"', m.tier, '"}')
                  FROM models m WHERE m.id = e.model_id),
    ',"owner":', (SELECT concat('{"name":', to_json(o.name), '}') FROM people o WHERE o.id = e.owner_id),
    ',"controls":{"nodes":[', (
      SELECT string_agg(concat('{"description":', to_json(k.description), ',"holds":',
        to_json(coalesce(least(k.red_since, k.attestation_due_at) > $1, true)), '}'), ',')
      FROM (SELECT * FROM compensating_controls WHERE exception_id = e.id ORDER BY id LIMIT 5) k), ']}}'), ','),
  ']}},"extensions":{"cost":{cost}}}'), 'UTF8')
FROM (SELECT * FROM policy_exceptions e
      WHERE e.state IN ('SUBMITTED', 'UNDER_REVIEW', 'INFO_REQUESTED', 'APPROVED') AND e.expiry_noted_at IS NULL
        AND (e.state <> 'APPROVED' OR e.expires_at > $1) AND (e.weighted_since, e.id) > ($2, $3)
        AND EXISTS (SELECT 1 FROM models v WHERE v.id = e.model_id AND NOT v.restricted)
      ORDER BY e.weighted_since, e.id LIMIT 50) e"""
FIRST = ("-infinity", "00000000-0000-0000-0000-000000000000")

# Two years of them: three in ten are open, of which a fifth waits for a decision; the rest is over, half of it by date.
FILL = """
INSERT INTO policy_exceptions (id, policy_id, model_id, kind, state, recommended_treatment, justification, template,
                               risk_before, risk_after, ticket_url, tier, extensions_allowed, extensions_used, end_note,
                               owner_id, requested_by, requested_at, weighted_since, starts_at, expires_at,
                               expiry_noted_at, decision_note)
SELECT gen_random_uuid(), x.policy_id, x.model_id, 'WAIVER', x.state, 'MITIGATE', 'The new data arrives next quarter.',
       '', x.risk, x.risk, '', x.tier, 1, 0, '', x.owner_id, x.owner_id, x.at,
       x.at - exception_head_start(x.risk, x.tier), x.at, x.ends,
       CASE WHEN x.state = 'APPROVED' AND x.ends <= now() THEN x.ends END, ''
FROM (SELECT (SELECT array_agg(id ORDER BY id) FROM policies) p, (SELECT array_agg(id ORDER BY id) FROM people) o) k
CROSS JOIN LATERAL (
    SELECT k.p[n % cardinality(k.p) + 1] AS policy_id, k.o[n % cardinality(k.o) + 1] AS owner_id,
           m.id AS model_id, m.tier, (ARRAY['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFO'])[n % 5 + 1] AS risk,
           now() - interval '24 months' * n / $1::int AS at,
           (ARRAY['APPROVED', 'APPROVED', 'SUBMITTED', 'APPROVED', 'RESOLVED', 'REJECTED'])[
               CASE n % 10 WHEN 0 THEN 3 WHEN 1 THEN 1 WHEN 2 THEN 2 ELSE n % 3 + 4 END] AS state,
           CASE WHEN n % 10 IN (1, 2) THEN now() + interval '1 day' * (n % 90 + 1)
                ELSE now() - interval '1 hour' * (n % 9000 + 1) END AS ends
    FROM generate_series(1, $1::int) n
    JOIN (SELECT id, tier, row_number() OVER (ORDER BY id) - 1 AS place FROM models) m ON m.place = n % $2::int) x
"""
CONTROLS = """
INSERT INTO compensating_controls (id, exception_id, description, attestation_note)
SELECT gen_random_uuid(), e.id, 'A person looks at each case.', '' FROM policy_exceptions e, generate_series(1, 2)
"""


async def serve_bare(address: str, cost: str) -> None:
    """The page's statement alone, behind the same kind of server."""
    pool = await asyncpg.create_pool(
        address,
        min_size=POOL,
        max_size=POOL,
        connection_class=ReadConnection,
        max_inactive_connection_lifetime=0,
        server_settings={"timezone": "UTC", "jit": "off", "plan_cache_mode": "force_generic_plan"},
    )
    clock, statement = SystemClock(), BARE.replace("{cost}", cost).replace("$2", "$2::text::timestamptz")

    async def page(request: Request) -> Response:
        since, id = request.query_params["since"], request.query_params["id"]
        return Response(await pool.fetchval(statement, clock.now(), since, id), media_type="application/json")

    await listen(Starlette(routes=[Route("/page", page)]))


def bare(address: str, cost: str) -> AbstractAsyncContextManager[Served]:
    """The bare endpoint in a process of its own."""
    return beside("bench.backlog", "--bare", address, cost)


async def build(address: str) -> None:
    """An estate with a hundred thousand exceptions of two years."""
    await migrate(address)
    connection = await asyncpg.connect(address)
    await fill(connection, models=2_000, versions=2_000, policies=20)
    await connection.execute(FILL, EXCEPTIONS, 2_000)
    await connection.execute(CONTROLS)
    await connection.execute("VACUUM ANALYZE")
    still = await connection.fetchval(
        "SELECT count(*) FROM policy_exceptions WHERE state = 'SUBMITTED' OR state = 'APPROVED' AND expires_at > now()"
    )
    await connection.close()
    print(f"  {EXCEPTIONS:,} exceptions, {still:,} of them open", flush=True)


def place(cursor: str) -> tuple[str, str]:
    """Where a cursor stands, for the bare statement."""
    _, since, id = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return since, id


async def run(quick: bool) -> None:
    rounds = 6 if quick else 20
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))
        address = (await stack.enter_async_context(Embedded(folder))).dsn()
        await build(address)
        post = poster(await token(address))
        hub = await stack.enter_async_context(served("hub", address))
        answer = await once(hub, post(PAGE, {"after": None}))
        cost = re.search(rb'"cost":(\d+)', answer)
        assert cost is not None, answer[:500]
        other = await stack.enter_async_context(bare(address, cost[1].decode()))
        after = None
        for _ in range(PAGES - 1):
            after = orjson.loads(await once(hub, post(PAGE, {"after": after})))["data"]["exceptions"]["pageInfo"][
                "endCursor"
            ]
        rows, of_hub = [], []
        for name, cursor in (("the first page", None), (f"page {PAGES}", after)):
            since, id = place(cursor) if cursor else FIRST
            ours, theirs = post(PAGE, {"after": cursor}), get(f"/page?since={quote(since)}&id={id}")
            assert len(await once(hub, ours)) == len(await once(other, theirs)), "the two servers answer differently"
            sides = [Side(other, repeat(theirs)), Side(hub, repeat(ours))]
            await interleave(sides, 1, 40, rounds)
            low, high = (side.measured for side in sides)
            of_hub.append(high.medians)
            rows.append([name, f"{low.ms:.2f}", f"{high.ms:.2f}", f"{ratio(high.medians, low.medians):.2f}"])
        print("\nThe backlog, 50 a page, heaviest first (goal: at most 1.3 times its statement alone)")
        table(["", "statement ms", "hub ms", "ratio"], rows)
        print(f"  page {PAGES}: {ratio(of_hub[1], of_hub[0]):.2f} times the first (goal: at most 1.2)", flush=True)


def main() -> int:
    given = argparse.ArgumentParser(prog="python -m bench.backlog", description=__doc__)
    given.add_argument("--quick", action="store_true", help="fewer rounds")
    given.add_argument("--bare", nargs=2, metavar=("ADDRESS", "COST"), help=argparse.SUPPRESS)
    asked = given.parse_args()
    uvloop.run(serve_bare(*asked.bare) if asked.bare else run(asked.quick))
    return 0


if __name__ == "__main__":
    os.environ.setdefault("HUB_LOG_LEVEL", "ERROR")
    sys.exit(main())
