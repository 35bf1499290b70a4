"""The SQL of who is asked: a row for each person and pending request, so that an inbox is one range of an index."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text

from hub.approvals.counting.store import ANSWERING
from hub.db import Tx
from hub.statements import Write, running, sql

# Whom pending requests ask now: who holds a seat that is open, sees the model, had no hand in it and has not answered;
# and those to whom such people gave their say, for as long as they did.
_REFRESH = sql("""
WITH open AS (
    SELECT r.* FROM approval_requests r
    WHERE r.status = 'PENDING' AND (CAST(:requests AS uuid[]) IS NULL OR r.id = ANY (:requests))
),
concerned AS (
    SELECT unnest(CAST(:people AS uuid[])) AS id
    UNION
    SELECT d.from_id FROM delegations d WHERE d.to_id = ANY (:people) AND d.revoked_at IS NULL AND d.ends_at > :at
),
seated AS (
    SELECT DISTINCT o.id AS request_id, p.id AS person_id, g.discipline
    FROM open o
    CROSS JOIN LATERAL jsonb_array_elements_text(o.wants -> 'roles') AS w (role)
    JOIN role_grants g ON g.role = w.role
        AND (o.wants -> 'disciplines' = '[]' OR o.wants -> 'disciplines' ? g.discipline)
    JOIN people p ON p.id = g.person_id AND p.active AND p.kind = 'HUMAN'
    LEFT JOIN models m ON m.id = o.scope_id
    WHERE (CAST(:people AS uuid[]) IS NULL OR p.id IN (SELECT c.id FROM concerned c))
      AND CASE o.wants ->> 'group'
          WHEN 'OWNERS' THEN m.owner_id = p.id
          WHEN 'TEAM' THEN EXISTS (SELECT FROM team_members t JOIN teams x ON x.id = t.team_id
                                   WHERE t.person_id = p.id AND x.key = o.wants ->> 'team')
          ELSE true END
      AND may_be_asked(o.id, o.requested_by, o.authors, m.id, p.id)
),
wanted AS (
    SELECT s.request_id, s.person_id, min(s.discipline) AS discipline, NULL::uuid AS via_id,
           NULL::uuid AS delegation_id, NULL::timestamptz AS from_at, NULL::timestamptz AS until_at
    FROM seated s
    WHERE EXISTS (SELECT FROM role_grants g WHERE g.person_id = s.person_id AND g.role = ANY (:answering))
    GROUP BY 1, 2
    UNION ALL
    (SELECT DISTINCT ON (s.request_id, d.to_id, s.person_id)
           s.request_id, d.to_id, s.discipline, s.person_id, d.id, d.starts_at, d.ends_at
    FROM seated s
    JOIN open o ON o.id = s.request_id
    JOIN delegations d ON d.from_id = s.person_id AND d.revoked_at IS NULL AND d.ends_at > :at
        AND (d.scope_id IS NULL OR d.scope_id = o.scope_id)
        AND (d.stages = '[]' OR d.stages ? o.stage)
        AND (d.disciplines = '[]' OR d.disciplines ? s.discipline)
    JOIN people p ON p.id = d.to_id AND p.active AND p.kind = 'HUMAN'
    WHERE may_be_asked(o.id, o.requested_by, o.authors, o.scope_id, d.to_id)
      AND EXISTS (SELECT FROM role_grants g WHERE g.person_id = d.to_id AND g.role = ANY (:answering))
    ORDER BY s.request_id, d.to_id, s.person_id, d.starts_at, d.id, s.discipline)
),
gone AS (
    DELETE FROM approval_asks a
    WHERE (CAST(:requests AS uuid[]) IS NULL OR a.request_id = ANY (:requests))
      AND (CAST(:people AS uuid[]) IS NULL OR COALESCE(a.via_id, a.person_id) IN (SELECT c.id FROM concerned c))
      AND NOT EXISTS (
        SELECT FROM wanted w
        WHERE w.request_id = a.request_id AND w.person_id = a.person_id AND w.via_id IS NOT DISTINCT FROM a.via_id)
)
INSERT INTO approval_asks
    (id, request_id, person_id, discipline, via_id, delegation_id, from_at, until_at, asked_at, due_at)
SELECT gen_random_uuid(), w.request_id, w.person_id, w.discipline, w.via_id, w.delegation_id, w.from_at, w.until_at,
       :at, o.due_at
FROM wanted w JOIN open o ON o.id = w.request_id
ON CONFLICT (request_id, person_id, via_id) DO UPDATE
SET discipline = EXCLUDED.discipline, delegation_id = EXCLUDED.delegation_id, from_at = EXCLUDED.from_at,
    until_at = EXCLUDED.until_at, due_at = EXCLUDED.due_at
WHERE (approval_asks.discipline, approval_asks.delegation_id, approval_asks.due_at)
    IS DISTINCT FROM (EXCLUDED.discipline, EXCLUDED.delegation_id, EXCLUDED.due_at)
""")

_NOBODY = sql("DELETE FROM approval_asks WHERE request_id = ANY (:requests)")
_NOT_THESE = sql("""
DELETE FROM approval_asks WHERE request_id = :request AND (person_id = ANY (:people) OR via_id = ANY (:people))
""")

# Open disciplines of requests ('' where none are told apart) for which everybody who is asked is away, without a
# delegate who is there.
_ALL_AWAY = text("""
SELECT a.request_id, COALESCE(a.discipline, '') AS discipline
FROM approval_asks a
WHERE a.request_id = ANY (:requests)
GROUP BY 1, 2
HAVING bool_and(
    CASE WHEN a.delegation_id IS NOT NULL THEN a.from_at > :at OR a.until_at <= :at ELSE false END
    OR EXISTS (SELECT FROM absences b WHERE b.person_id = a.person_id AND b.cancelled_at IS NULL
                 AND b.starts_at <= :at AND b.ends_at > :at))
ORDER BY 1, 2
""")

# An outside name turned out to be somebody's: they, and whoever has a name of theirs, had a hand in what it made.
_FOUND_OUT = text("""
UPDATE approval_requests r SET authors = jsonb_set(r.authors, '{people}', (
    SELECT jsonb_agg(one ORDER BY one) FROM (
        SELECT jsonb_array_elements_text(r.authors -> 'people') AS one UNION SELECT unnest(CAST(:people AS text[]))) u))
WHERE r.status = 'PENDING' AND NOT r.authors -> 'people' ?& CAST(:people AS text[])
  AND (r.requested_by = ANY (CAST(:people AS uuid[])) OR r.authors -> 'people' ?| CAST(:people AS text[])
       OR EXISTS (SELECT FROM jsonb_array_elements_text(r.authors -> 'names') AS n (name)
                  WHERE lower(btrim(n.name)) = ANY (:names)))
RETURNING r.id
""")

_ASKED = text("""
SELECT DISTINCT a.person_id FROM approval_asks a
WHERE a.request_id = :request AND (a.from_at IS NULL OR a.from_at <= :at) AND (a.until_at IS NULL OR a.until_at > :at)
  AND NOT EXISTS (SELECT FROM absences b WHERE b.person_id = a.person_id AND b.cancelled_at IS NULL
                    AND b.starts_at <= :at AND b.ends_at > :at)
ORDER BY 1 LIMIT :most
""")

MOST_TOLD = 100
"""People named in one event, at most."""


async def refresh(tx: Tx, *, requests: Collection[UUID] | None = None, people: Collection[UUID] | None = None) -> None:
    """Have these requests, or all that may concern these people, ask whom they ought to now: one statement.

    People are concerned, too, by what becomes of those who stand in for them.
    """
    values = {
        "requests": None if requests is None else list(requests),
        "people": None if people is None else list(people),
        "at": tx.at,
        "answering": ANSWERING,
    }
    await tx.fetch(_REFRESH, values)


def nobody(requests: Collection[UUID]) -> Write:
    """That requests which are decided ask nobody any more."""
    return running(_NOBODY, {"requests": list(requests)})


def not_these(request_id: UUID, people: Collection[UUID]) -> Write:
    """That a request asks these people no more, nor anybody in their place: they have answered."""
    return running(_NOT_THESE, {"request": request_id, "people": list(people)})


async def found_out(tx: Tx, people: Collection[UUID], names: Collection[str]) -> list[UUID]:
    """Count people who are known by these names among the makers of what any of them made; gives those requests."""
    values = {"people": sorted(str(one) for one in people), "names": sorted(names)}
    return list((await tx.session.execute(_FOUND_OUT, values)).scalars())


async def all_away(tx: Tx, requests: Collection[UUID]) -> dict[UUID, list[str]]:
    """For which disciplines everybody is away who could answer these requests; '' stands for any discipline."""
    found: dict[UUID, list[str]] = {}
    for row in await tx.session.execute(_ALL_AWAY, {"requests": list(requests), "at": tx.at}):
        found.setdefault(row.request_id, []).append(row.discipline)
    return found


async def there(tx: Tx, request_id: UUID) -> list[UUID]:
    """Whom a request asks and who is there today; of very many the first hundred."""
    rows = await tx.session.execute(_ASKED, {"request": request_id, "at": tx.at, "most": MOST_TOLD})
    return list(rows.scalars())
