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
    (SELECT min(x.expires_at) FROM policy_exceptions x WHERE x.id = ANY (:exceptions)) AS waived_until
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

# How the revoked permits stand that would still be valid; whatever changes the list changes one of the three.
_REVOKED_SO_FAR = f"""
SELECT count(*) AS revoked, max(revoked_at) AS newest, ({_NEWEST_KEY}) AS key_id
FROM permits WHERE revoked_at IS NOT NULL AND expires_at > $1
"""
_REVOKED = """
SELECT p.id, p.digest, p.stage, v.digest AS version_digest, p.revoked_at, p.revoked_why
FROM permits p JOIN model_versions v ON v.id = p.version_id
WHERE p.revoked_at IS NOT NULL AND p.expires_at > $1
ORDER BY p.revoked_at, p.id
"""


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
    """Names and digests of a version, its rollback target and its evidence, and when the first exception ends."""
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
    """The newest permit of each intent that is neither revoked nor expired; an intent without one is absent."""
    statement = (
        select(Permit)
        .where(col(Permit.intent_id).in_(intent_ids), col(Permit.revoked_at).is_(None), col(Permit.expires_at) > tx.at)
        .order_by(col(Permit.issued_at), col(Permit.id))
        .execution_options(populate_existing=True)
    )
    return {row.intent_id: row for row in (await tx.session.execute(statement)).scalars()}


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
    """What the revocation list depends on: how many permits are revoked, since when, and the key that signs."""
    return tuple(await reads.fetchrow(_REVOKED_SO_FAR, at) or ())


async def revoked(reads: "ReadPool", at: datetime) -> list[Mapping[str, Any]]:
    """Every revoked permit that would still be valid, in the order of revocation."""
    return [dict(row) for row in await reads.fetch(_REVOKED, at)]
