"""The SQL of permits and of the keys that sign them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from sqlalchemy import insert, text, update
from sqlmodel import col, select

from hub.db import Tx
from hub.deployments.tables import Permit, SigningKey
from hub.statements import sql

if TYPE_CHECKING:
    from hub.db import ReadPool

KEYS_LOCK = 7_201_125_521
"""The advisory lock that keeps two processes from making a first key each."""

# What a permit names of its version, the rollback target and the evidence: one row.
_NAMED = sql("""
SELECT g.key AS registry, m.name AS model, m.tier, v.name AS version, v.digest,
    w.name AS rollback_version, w.digest AS rollback_digest,
    (SELECT json_agg(n.digest)::text FROM (
        SELECT DISTINCT ON (e.kind) e.digest FROM evidence e WHERE e.version_id = v.id
        ORDER BY e.kind, e.measured_at DESC, e.id DESC) n) AS evidence,
    (SELECT min(least(x.expires_at, x.suspended_from)) FROM policy_exceptions x
     WHERE x.id = ANY (:exceptions)) AS waived_until
FROM model_versions v
JOIN models m ON m.id = v.model_id
JOIN registries g ON g.id = m.registry_id
LEFT JOIN model_versions w ON w.id = :rollback
WHERE v.id = :version
""")

_SIGNED = sql("""
SELECT s.person_id, s.discipline, s.subject_digest, s.signed_at
FROM (SELECT DISTINCT ON (a.person_id) a.* FROM sign_offs a
      WHERE a.request_id = :request AND a.decision = 'APPROVE' AND a.person_id = ANY (:people)
      ORDER BY a.person_id, a.entry DESC) s
ORDER BY s.signed_at, s.id
""")

_NEWEST_KEY = "SELECT key_id FROM signing_keys WHERE retired_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1"
_SIGNING_KEY = sql("SELECT * FROM signing_keys WHERE retired_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1")
_PUBLIC_KEYS = "SELECT key_id, public_key, created_at, retired_at FROM signing_keys ORDER BY created_at, id"

# Permits that nobody has revoked yet and that rest on what has ended, or is suspended, at an instant.
_LAPSED = """
FROM permits p CROSS JOIN LATERAL exceptions_lapsed(p.exception_ids, $1) l
WHERE p.revoked_at IS NULL AND p.exception_ids <> '{}' AND p.expires_at > $1
"""

# How the permits stand that count no more and would still be valid; whatever changes the list changes one of the four.
_REVOKED_SO_FAR = f"""
SELECT count(*) AS revoked, max(revoked_at) AS newest,
    (SELECT string_agg(p.id::text, ',' ORDER BY p.id) {_LAPSED}) AS lapsed, ({_NEWEST_KEY}) AS key_id
FROM permits WHERE revoked_at IS NOT NULL AND expires_at > $1
"""
_REVOKED = f"""
SELECT n.id, n.digest, n.stage, v.digest AS version_digest, n.revoked_at, n.revoked_why
FROM (SELECT p.id, p.digest, p.stage, p.version_id, p.revoked_at, p.revoked_why
      FROM permits p WHERE p.revoked_at IS NOT NULL AND p.expires_at > $1
      UNION ALL
      SELECT p.id, p.digest, p.stage, p.version_id, l.since, l.why {_LAPSED}) n
JOIN model_versions v ON v.id = n.version_id
ORDER BY n.revoked_at, n.id
"""

_IN_FORCE = """
SELECT p.* FROM permits p
WHERE p.intent_id = ANY (:intents) AND p.revoked_at IS NULL AND p.expires_at > :at {lasting}
ORDER BY p.issued_at, p.id
"""
_UNREVOKED = sql(_IN_FORCE.format(lasting=""))
_LASTING = sql(_IN_FORCE.format(lasting="AND NOT EXISTS (SELECT FROM exceptions_lapsed(p.exception_ids, :at))"))


async def newest_key(tx: Tx) -> SigningKey | None:
    """The key that signs now, private part and all."""
    return next(iter(await tx.rows(SigningKey, _SIGNING_KEY, {})), None)


async def hold_keys(tx: Tx) -> None:
    """Let only one transaction at a time make or retire keys."""
    await tx.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": KEYS_LOCK})


async def add_key(tx: Tx, row: SigningKey) -> None:
    """Add a key."""
    await tx.session.execute(insert(SigningKey).values(**row.model_dump()))


async def retire_keys(tx: Tx, but: UUID) -> list[str]:
    """Retire every key but one; gives the ids of those that signed until now."""
    statement = update(SigningKey).where(col(SigningKey.retired_at).is_(None), col(SigningKey.id) != but)
    done = statement.values(retired_at=tx.at).returning(col(SigningKey.key_id))
    return list((await tx.session.execute(done.execution_options(synchronize_session=False))).scalars())


async def named(tx: Tx, version_id: UUID, rollback_id: UUID | None, exceptions: Collection[UUID]) -> Mapping[str, Any]:
    """Names and digests of a version, its rollback target and its evidence, and how long the exceptions hold.

    They hold until the first of them ends, or wants a control attested: by date alone, whoever acts or does not.
    """
    values = {"version": version_id, "rollback": rollback_id, "exceptions": list(exceptions)}
    (row,) = await tx.fetch(_NAMED, values)
    return {**row, "evidence": orjson.loads(row["evidence"] or "[]")}


async def signed(tx: Tx, request_id: UUID, people: Collection[UUID]) -> Sequence[Mapping[str, Any]]:
    """The approvals of these people, oldest first."""
    return [dict(row) for row in await tx.fetch(_SIGNED, {"request": request_id, "people": list(people)})]


async def permit(tx: Tx, permit_id: UUID) -> Permit | None:
    """One permit."""
    statement = select(Permit).where(col(Permit.id) == permit_id).execution_options(populate_existing=True)
    return (await tx.session.execute(statement)).scalar_one_or_none()


async def in_force(tx: Tx, intent_ids: Collection[UUID]) -> dict[UUID, Permit]:
    """The newest permit of each intent that counts; an intent without one is absent."""
    rows = await tx.rows(Permit, _LASTING, {"intents": list(intent_ids), "at": tx.at})
    return {row.intent_id: row for row in rows}


async def unrevoked(tx: Tx, intent_ids: Collection[UUID]) -> dict[UUID, Permit]:
    """The same of those that nobody has taken back, also where what they rest on has ended."""
    rows = await tx.rows(Permit, _UNREVOKED, {"intents": list(intent_ids), "at": tx.at})
    return {row.intent_id: row for row in rows}


async def revoke(tx: Tx, intent_ids: Collection[UUID], whys: Collection[str]) -> list[Permit]:
    """Revoke the permits of these intents, each with its intent's reason; one that expired by itself is left alone."""
    statement = text("""
        UPDATE permits p SET revoked_at = :at, revoked_why = w.why
        FROM unnest(CAST(:intents AS uuid[]), CAST(:whys AS text[])) AS w (intent_id, why)
        WHERE p.intent_id = w.intent_id AND p.revoked_at IS NULL AND p.expires_at > :at
        RETURNING p.id""")
    values = {"at": tx.at, "intents": list(intent_ids), "whys": list(whys)}
    ids = list((await tx.session.execute(statement, values)).scalars())
    if not ids:
        return []
    found = select(Permit).where(col(Permit.id).in_(ids)).order_by(col(Permit.id))
    return list((await tx.session.execute(found.execution_options(populate_existing=True))).scalars())


async def public_keys(reads: "ReadPool") -> list[Mapping[str, Any]]:
    """Every public key there ever was, oldest first."""
    return [dict(row) for row in await reads.fetch(_PUBLIC_KEYS)]


async def revoked_so_far(reads: "ReadPool", at: datetime) -> tuple[object, ...]:
    """What the revocation list depends on: how many permits are revoked, since when, which lapsed, the key."""
    return tuple(await reads.fetchrow(_REVOKED_SO_FAR, at) or ())


async def revoked(reads: "ReadPool", at: datetime) -> list[Mapping[str, Any]]:
    """Every permit that is revoked, or rests on what has ended, and would still be valid, in the order of that."""
    return [dict(row) for row in await reads.fetch(_REVOKED, at)]
