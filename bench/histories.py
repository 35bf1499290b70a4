"""Two years of exceptions, told event by event among many times as many other events, by SQL."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncpg

DAYS = 730

# One exception for each number: asked for at even distances over the span. What became of it follows from the number.
EXCEPTIONS = """
CREATE TEMP TABLE told AS
SELECT n, md5('exception' || n)::uuid AS id, m.id AS model, m.tier, m.team_id, p.id AS policy,
       (ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'])[n % 4 + 1] AS risk,
       a.at, a.at + (20 + n % 160) * interval '1 day' AS expires,
       a.at + (1 + n % 90) * interval '1 hour' AS decided
FROM generate_series(0, $1::int - 1) n
CROSS JOIN LATERAL (SELECT date_trunc('hour', now()) - $2::int * interval '1 day'
                        + n * ($2::int * interval '1 day' / $1::int) AS at) a
JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS size FROM models) m
    ON m.place = n % m.size
JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS size FROM policies) p
    ON p.place = n / 7 % p.size
"""

EVENTS = """
INSERT INTO events (id, kind, at, subject_kind, subject_id, scope_id, operation, data, body)
SELECT gen_random_uuid(), 'exception.' || e.kind, e.at, 'exception', e.id, e.model, 'bench', jsonb_build_object(
    'policy', e.policy, 'stage', NULL, 'exception_kind', 'WAIVER', 'tier', e.tier, 'team', e.team_id, 'risk', e.risk,
    'expires_at', e.expires), ''
FROM (SELECT t.id, t.model, t.policy, t.team_id, t.risk, v.kind, v.at, v.expires, v.tier
      FROM told t CROSS JOIN LATERAL (VALUES
        ('requested', t.at, t.expires, t.tier, true),
        ('approved', t.decided, t.expires, t.tier, t.n % 20 > 2),
        ('rejected', t.decided, t.expires, t.tier, t.n % 20 < 2),
        ('moved', t.decided + interval '2 days', t.expires, 'MINIMAL', t.n % 20 = 7),
        ('extended', t.decided + interval '9 days', t.expires + interval '30 days', t.tier, t.n % 20 IN (4, 5, 6)),
        ('revoked', t.decided + interval '12 days', t.expires, t.tier, t.n % 20 = 8),
        ('resolved', t.decided + interval '15 days', t.expires, t.tier, t.n % 20 BETWEEN 9 AND 14)
      ) v (kind, at, expires, tier, holds)
      WHERE v.holds AND v.at < now()) e
ORDER BY e.at
"""

OTHERS = """
INSERT INTO events (id, kind, at, subject_kind, subject_id, scope_id, operation, data, body)
SELECT gen_random_uuid(), (ARRAY['version.registered', 'checks.evaluated', 'approval.signed'])[n % 3 + 1],
       now() - $2::int * interval '1 day' + n * ($2::int * interval '1 day' / $1::int), 'version',
       md5('version' || n % 50000)::uuid, m.id, 'bench', '{"found": 3}', ''
FROM generate_series(0, $1::int - 1) n
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS size FROM models) m
    ON m.place = n % m.size
"""


async def fill(connection: "asyncpg.Connection[asyncpg.Record]", *, exceptions: int, events: int) -> int:
    """So many exceptions among so many events in all, over two years up to now; gives how many events are theirs."""
    async with connection.transaction():
        await connection.execute(EXCEPTIONS, exceptions, DAYS)
        await connection.execute(EVENTS)
        theirs = int(await connection.fetchval("SELECT count(*) FROM events WHERE kind LIKE 'exception.%'"))
        await connection.execute(OTHERS, events - theirs, DAYS)
        await connection.execute("DROP TABLE told")
    await connection.execute("ANALYZE")
    return theirs
