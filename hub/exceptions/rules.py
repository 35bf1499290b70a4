"""What makes a request for an exception fit to be put to people, and fit to be granted."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from uuid import UUID

from hub import words
from hub.errors import Code, Refused
from hub.exceptions.tables import ExceptionKind, ExceptionStatus, RiskTreatment
from hub.models.tables import RiskTier, Stage
from hub.policies.tables import Severity

MOST_CONTROLS = 20
MOST_CRITERIA = 20
DECIDABLE = frozenset({ExceptionStatus.SUBMITTED, ExceptionStatus.UNDER_REVIEW, ExceptionStatus.INFO_REQUESTED})
EXTENSIONS = {RiskTier.MINIMAL: 3, RiskTier.LIMITED: 2}
"""How often an exception may be extended, by its model's risk tier; once in every other."""

_HEAD_START_DAYS = {Severity.CRITICAL: 180, Severity.HIGH: 90, Severity.MEDIUM: 30, Severity.LOW: 10, Severity.INFO: 0}
_TIER_HALVES = {RiskTier.MINIMAL: 1, RiskTier.LIMITED: 2}


@dataclass(frozen=True, slots=True)
class Control:
    """What lowers the risk meanwhile: tied to a policy that must pass, or to a person's word every so many days."""

    description: str
    policy_id: UUID | None = None
    attest_every_days: int | None = None
    attestor_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    """What must be true for an exception to be closed: that a policy passes, or what a person confirms."""

    description: str
    policy_id: UUID | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deviation:
    """What is asked for. Without a version it is for every version, without a stage for every stage; starts now."""

    policy_id: UUID
    model_id: UUID
    kind: ExceptionKind
    recommended_treatment: RiskTreatment
    justification: str
    controls: tuple[Control, ...]
    expires_at: datetime
    owner_id: UUID
    version_id: UUID | None = None
    stage: Stage | None = None
    criteria: tuple[Criterion, ...] = ()
    risk_before: Severity = Severity.MEDIUM
    risk_after: Severity = Severity.MEDIUM
    starts_at: datetime | None = None
    review_at: datetime | None = None
    review_every_days: int | None = None
    template: str = ""
    ticket_url: str = ""
    renewed_from_id: UUID | None = None
    batch_id: UUID | None = None
    policy_version_id: UUID | None = None
    """The wording that was read; without one, whichever is in force."""
    upload_ids: tuple[UUID, ...] = ()
    """Files of the requester that wait, to be put with it."""


def checked(asked: Deviation) -> Deviation:
    """The request with its texts tidied; refused, with the field, when one is wanting."""
    if not asked.controls and asked.kind is not ExceptionKind.FALSE_POSITIVE:
        raise Refused(
            Code.BAD_INPUT, "controls is empty; say what lowers the risk while the exception lasts", field="controls"
        )
    if len(asked.controls) > MOST_CONTROLS:
        raise Refused(
            Code.BAD_INPUT, f"{len(asked.controls)} controls asked; at most {MOST_CONTROLS} are kept", field="controls"
        )
    if len(asked.criteria) > MOST_CRITERIA:
        raise Refused(
            Code.BAD_INPUT, f"{len(asked.criteria)} criteria asked; at most {MOST_CRITERIA} are kept", field="criteria"
        )
    for field, at in (("startsAt", asked.starts_at), ("expiresAt", asked.expires_at), ("reviewAt", asked.review_at)):
        if at is not None and at.tzinfo is None:
            raise Refused(Code.BAD_INPUT, f"{field} has no time zone; write it as 2026-11-21T12:00:00Z", field=field)
    return replace(
        asked,
        justification=words.wanted(asked.justification, "justification"),
        controls=tuple(replace(one, description=_line(one.description, "controls")) for one in asked.controls),
        criteria=tuple(replace(one, description=_line(one.description, "criteria")) for one in asked.criteria),
    )


def check_term(starts_at: datetime, expires_at: datetime, *, at: datetime, longest_days: int, policy: str) -> None:
    """Refuse an end that is past, before the start, or beyond the policy's longest term, with the numbers."""
    if longest_days == 0:
        raise Refused(Code.TERM_TOO_LONG, f"{policy} allows no exceptions; meet it instead", field="expiresAt")
    if expires_at <= at:
        raise Refused(
            Code.TERM_IN_PAST,
            f"{said(expires_at)} is not after now, {said(at)}; choose a later end",
            field="expiresAt",
        )
    if expires_at <= starts_at:
        raise Refused(
            Code.TERM_IN_PAST,
            f"the end {said(expires_at)} is not after the start {said(starts_at)}",
            field="expiresAt",
        )
    asked_days = ceil((expires_at - starts_at) / timedelta(days=1))
    if asked_days > longest_days:
        raise Refused(
            Code.TERM_TOO_LONG,
            f"{asked_days} days asked, {longest_days} allowed by {policy}; ask for a renewal instead",
            field="expiresAt",
        )


def check_dates(asked: Deviation, *, at: datetime) -> None:
    """Refuse a start in the past, and a review outside the term."""
    if asked.starts_at is not None and asked.starts_at < at:
        raise Refused(
            Code.TERM_IN_PAST,
            f"the start {said(asked.starts_at)} is before now, {said(at)}; leave it out to start now",
            field="startsAt",
        )
    if asked.review_at is not None and not at < asked.review_at <= asked.expires_at:
        raise Refused(
            Code.BAD_INPUT, f"the review {said(asked.review_at)} is not between now and the end", field="reviewAt"
        )


def check_decider(
    accounts: Collection[UUID], *, is_service: bool, requested_by: UUID, owner_id: UUID, authors: AbstractSet[UUID]
) -> None:
    """Nobody, under any account of theirs, decides on what they asked for, answer for, or made; nor does a machine."""
    if is_service:
        raise _own("a service account decides nothing")
    if requested_by in accounts:
        raise _own("you asked for this exception")
    if owner_id in accounts:
        raise _own("you own this exception")
    if not authors.isdisjoint(accounts):
        raise _own("you made a version it covers")


def extensions(tier: RiskTier) -> int:
    """How often an exception of a model in this tier may be extended."""
    return EXTENSIONS.get(tier, 1)


def weighted_since(requested_at: datetime, risk: Severity, tier: RiskTier) -> datetime:
    """When it counts as asked for, earlier by a head start for its risk: the database's exception_head_start."""
    return requested_at - timedelta(days=_HEAD_START_DAYS[risk] * _TIER_HALVES.get(tier, 4) // 2)


def check_decidable(state: ExceptionStatus) -> None:
    """A decision is made once."""
    if state not in DECIDABLE:
        raise Refused(
            Code.WRONG_STATE, f"this exception is {state}; only SUBMITTED ones are decided", field="exception"
        )


def _own(why: str) -> Refused:
    return Refused(Code.SAME_PERSON, f"{why}; ask another approver or policy owner to decide", field="exception")


def _line(written: str, field: str) -> str:
    return words.wanted(written, field, most=2_000)


def said(at: datetime) -> str:
    """An instant in words."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
