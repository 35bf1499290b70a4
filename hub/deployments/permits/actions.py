"""Issuing permits and taking them back."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import orjson

from hub.approvals.steps import Given
from hub.approvals.tables import ApprovalRequest, BreakGlass
from hub.checks.dossier import Dossier
from hub.checks.store import Standing
from hub.db import Tx, new_id
from hub.deployments import rules
from hub.deployments.permits import keys, store
from hub.deployments.permits.envelope import STATEMENT_PAYLOAD, digest, sealed, unchecked
from hub.deployments.permits.statement import Bypass, Grant, Judged, Signed, Target, written
from hub.deployments.tables import DeploymentIntent, Permit
from hub.events.canonical import digest_of_text
from hub.events.record import Entry, Subject, record, record_all
from hub.settings import settings
from hub.statements import adding, fresh

REVOCATIONS = "/permits/revocations"


async def issue(
    tx: Tx,
    intent: DeploymentIntent,
    dossier: Dossier,
    standings: Sequence[Standing],
    request: ApprovalRequest | None,
    given: Sequence[Given],
    *,
    remedies: UUID | None = None,
    bypass: BreakGlass | None = None,
) -> Permit:
    """Sign that an intent was allowed, with everything that the decision looked at; never for longer than a bypass."""
    exceptions = {one.exception_id for one in standings if one.exception_id is not None}
    named = await store.named(tx, intent.version_id, intent.rollback_version_id, exceptions)
    target = Target(named["registry"], named["model"], named["version"], named["digest"])
    usual = rules.ends_at(dossier.tier, tx.at, named["waived_until"])
    grant = Grant(
        permit=new_id(),
        intent=intent.id,
        target=target,
        stage=intent.stage.value,
        tier=named["tier"],
        issued_at=tx.at,
        expires_at=usual if bypass is None else min(usual, bypass.expires_at),
        dossier_digest=dossier.digest,
        dossier=dossier.parts,
        policies=[_judged(one) for one in standings],
        approvals=await _signed(tx, request, given),
        evidence=named["evidence"],
        rollback=None
        if named["rollback_digest"] is None
        else Target(named["registry"], named["model"], named["rollback_version"], named["rollback_digest"]),
        revocations_url=_address() + REVOCATIONS,
        remedies=remedies,
        bypass=None if bypass is None else _bypass(bypass),
    )
    signer = await keys.signer(tx)
    payload = written(grant)
    made = fresh(
        Permit,
        id=grant.permit,
        intent_id=intent.id,
        version_id=intent.version_id,
        model_id=intent.model_id,
        stage=intent.stage,
        key_id=signer.key_id,
        envelope=sealed(STATEMENT_PAYLOAD, payload, by=signer.key_id, sign=signer.sign),
        digest=digest(payload),
        break_glass_id=None if bypass is None else bypass.id,
        exception_ids=sorted(exceptions),
        issued_at=tx.at,
        expires_at=grant.expires_at,
        revoked_at=None,
        revoked_why=None,
    )
    told = {
        "intent": intent.id,
        "version": intent.version_id,
        "stage": intent.stage,
        "expires_at": made.expires_at,
        "break_glass": made.break_glass_id,
    }
    await record(tx, "permit.issued", _subject(made), told, scope_id=made.model_id, besides=[adding(made)])
    return made


async def revoke(tx: Tx, whys: Mapping[UUID, str]) -> list[Permit]:
    """Take back the permits of these intents, each with its reason: what stands before a colon is for everybody."""
    gone = await store.revoke(tx, list(whys), list(whys.values())) if whys else []
    entries = [
        Entry(
            _subject(one),
            {"intent": one.intent_id, "version": one.version_id, "why": rules.in_public(whys[one.intent_id])},
            one.model_id,
        )
        for one in gone
    ]
    await record_all(tx, "permit.revoked", entries)
    return gone


def parts(permit: Permit) -> dict[str, str]:
    """The digests that a permit's dossier was made of, by name."""
    return dict(orjson.loads(unchecked(permit.envelope))["predicate"]["dossier"])


def version_digest(envelope: str) -> str:
    """The digest of the version that a permit was for."""
    return str(orjson.loads(unchecked(envelope))["subject"][0]["digest"]["sha256"])


async def _signed(tx: Tx, request: ApprovalRequest | None, given: Sequence[Given]) -> list[Signed]:
    if request is None:
        return []
    rows = await store.signed(tx, request.id, [one.person_id for one in given])
    return [
        Signed(request.id, row["person_id"], row["discipline"], row["subject_digest"], row["signed_at"]) for row in rows
    ]


def _bypass(one: BreakGlass) -> Bypass:
    return Bypass(str(one.request_id), str(one.person_id), digest_of_text(one.reason), one.expires_at)


def _judged(one: Standing) -> Judged:
    return Judged(
        key=one.key,
        number=one.number,
        digest=one.digest,
        outcome=one.outcome.value,
        enforcement=one.enforcement.value,
        result=one.result_id,
        exception=one.exception_id,
    )


def _address() -> str:
    chosen = settings()
    return (chosen.public_url or f"http://{chosen.host}:{chosen.port}").rstrip("/")


def _subject(one: Permit) -> Subject:
    return Subject("permit", one.id, one.digest)
