"""What a permit says, as an in-toto statement, and what a revocation list says; written and read without I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from hub.deployments.permits.unfit import Fault, Unfit
from hub.events.canonical import canonical

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://governance-hub.dev/attestations/deployment-permit/v1"

LIST_TERM = timedelta(hours=24)
"""How long a revocation list may be relied on."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How one policy stood when the permit was issued."""

    key: str
    number: int
    digest: str
    outcome: str
    enforcement: str
    result: UUID | None = None
    exception: UUID | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """A person's approval that counted when the permit was issued; people appear by id only."""

    request: UUID
    person: UUID
    discipline: str | None
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Bypass:
    """That nobody's approval was waited for: who broke the glass on which request, the digest of why, until when."""

    request: str
    person: str
    reason_digest: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Target:
    """One version by its names and its digest."""

    registry: str
    model: str
    version: str
    digest: str

    @property
    def name(self) -> str:
        return f"{self.registry}/{self.model}/{self.version}"


@dataclass(frozen=True, slots=True)
class Grant:
    """All that a permit says; `remedies` is the intent that was rolled back, when this is what took its place.

    With `bypass` it was issued without the approval that was asked for.
    """

    permit: UUID
    intent: UUID
    target: Target
    stage: str
    tier: str
    issued_at: datetime
    expires_at: datetime
    dossier_digest: str
    dossier: Mapping[str, str]
    policies: Sequence[Judged]
    approvals: Sequence[Signed]
    evidence: Sequence[str]
    rollback: Target | None
    revocations_url: str
    remedies: UUID | None = None
    bypass: Bypass | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A permit's statement as it was read; `digest` is its payload's, `predicate` all that it says."""

    permit: str
    intent: str
    name: str
    version_digest: str
    stage: str
    issued_at: datetime
    expires_at: datetime
    digest: str
    bypass: Bypass | None
    predicate: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Revoked:
    """A permit that counts no more, with the reason in a few words."""

    permit: str
    digest: str
    stage: str
    version_digest: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Revocations:
    """Every revoked permit that has not expired by itself."""

    issued_at: datetime
    next_update: datetime
    revoked: tuple[Revoked, ...]


def written(grant: Grant) -> bytes:
    """The statement's canonical JSON."""
    predicate = {
        "permit": grant.permit,
        "intent": grant.intent,
        "stage": grant.stage,
        "registry": grant.target.registry,
        "model": grant.target.model,
        "version": grant.target.version,
        "tier": grant.tier,
        "issuedAt": grant.issued_at,
        "expiresAt": grant.expires_at,
        "dossierDigest": grant.dossier_digest,
        "dossier": dict(grant.dossier),
        "policies": [_without_none(one) for one in grant.policies],
        "approvals": [_without_none(one) for one in grant.approvals],
        "evidence": sorted(grant.evidence),
        "rollbackTarget": None if grant.rollback is None else _subject(grant.rollback),
        "revocations": grant.revocations_url,
    }
    if grant.remedies is not None:
        predicate["remedies"] = grant.remedies
    if grant.bypass is not None:
        predicate["bypass"] = {
            "request": grant.bypass.request,
            "person": grant.bypass.person,
            "reasonDigest": grant.bypass.reason_digest,
            "expiresAt": grant.bypass.expires_at,
        }
    return canonical(
        {
            "_type": STATEMENT_TYPE,
            "subject": [_subject(grant.target)],
            "predicateType": PREDICATE_TYPE,
            "predicate": predicate,
        }
    )


def read_statement(payload: bytes, digest: str) -> Statement:
    """A permit's statement from its payload. Raises Unfit when it is another kind of statement, or half of one."""
    try:
        found = orjson.loads(payload)
        if (found["_type"], found["predicateType"]) != (STATEMENT_TYPE, PREDICATE_TYPE):
            raise Unfit(Fault.FORM, f"the statement is no deployment permit: its predicateType is not {PREDICATE_TYPE}")
        (subject,) = found["subject"]
        predicate = found["predicate"]
        return Statement(
            permit=_text(predicate["permit"]),
            intent=_text(predicate["intent"]),
            name=_text(subject["name"]),
            version_digest=_text(subject["digest"]["sha256"]),
            stage=_text(predicate["stage"]),
            issued_at=_instant(predicate["issuedAt"]),
            expires_at=_instant(predicate["expiresAt"]),
            digest=digest,
            bypass=_bypass(predicate["bypass"]) if "bypass" in predicate else None,
            predicate=predicate,
        )
    except (ValueError, KeyError, TypeError):
        raise Unfit(
            Fault.FORM, "the statement lacks what a deployment permit says; fetch it from the hub again"
        ) from None


def revocation_list(revoked: Sequence[Revoked], *, at: datetime) -> bytes:
    """The list's canonical JSON."""
    listed = [
        {
            "permit": one.permit,
            "digest": one.digest,
            "stage": one.stage,
            "version": {"sha256": one.version_digest},
            "at": one.at,
            "why": one.why,
        }
        for one in revoked
    ]
    return canonical({"issuedAt": at, "nextUpdate": at + LIST_TERM, "revoked": listed})


def read_revocations(payload: bytes) -> Revocations:
    """A list from its payload. Raises Unfit when it is half of one."""
    try:
        found = orjson.loads(payload)
        revoked = tuple(
            Revoked(
                permit=_text(one["permit"]),
                digest=_text(one["digest"]),
                stage=_text(one["stage"]),
                version_digest=_text(one["version"]["sha256"]),
                at=_instant(one["at"]),
                why=_text(one["why"]),
            )
            for one in found["revoked"]
        )
        return Revocations(_instant(found["issuedAt"]), _instant(found["nextUpdate"]), revoked)
    except (ValueError, KeyError, TypeError):
        raise Unfit(
            Fault.REVOCATIONS,
            "this is no revocation list; fetch it from the hub, at /permits/revocations",
            field="revocations",
        ) from None


def _subject(target: Target) -> dict[str, object]:
    return {"name": target.name, "digest": {"sha256": target.digest}}


def _bypass(found: Mapping[str, object]) -> Bypass:
    return Bypass(
        request=_text(found["request"]),
        person=_text(found["person"]),
        reason_digest=_text(found["reasonDigest"]),
        expires_at=_instant(found["expiresAt"]),
    )


def _without_none(one: Judged | Signed) -> dict[str, object]:
    values = {name: getattr(one, name) for name in one.__slots__}
    return {name: value for name, value in values.items() if value is not None}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _instant(value: object) -> datetime:
    found = datetime.fromisoformat(_text(value))
    if found.tzinfo is None:
        raise ValueError
    return found
