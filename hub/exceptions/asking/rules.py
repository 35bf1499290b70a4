"""What a request for an exception must keep to, beyond its texts and its term; what it leaves out, filled in."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from urllib.parse import urlsplit
from uuid import UUID

from hub import words
from hub.errors import Code, Refused
from hub.exceptions.rules import Criterion, Deviation, said
from hub.models.rules import treated_as
from hub.models.tables import RiskTier
from hub.people.tables import PersonKind
from hub.policies.tables import PolicyStatus, Severity

RHYTHM_DAYS = {RiskTier.MINIMAL: 90, RiskTier.LIMITED: 60}
"""After how many days an exception is looked at again where its request does not say; every other tier, sooner."""
RHYTHM_OTHERWISE_DAYS = 30
LONGEST_ATTESTATION_DAYS = 365
LONGEST_TICKET = 2_000
IN_FORCE = frozenset({PolicyStatus.PUBLISHED, PolicyStatus.DEPRECATED})


@dataclass(frozen=True, slots=True)
class Tie:
    """A policy that a control or a criterion is tied to: as it stands, and whether it applies to the model."""

    key: str
    status: PolicyStatus
    is_bound: bool


@dataclass(frozen=True, slots=True)
class Attestor:
    """Somebody who is to confirm a control, as they are now."""

    handle: str
    kind: PersonKind
    active: bool


def check_risk(asked: Deviation) -> None:
    """Controls lower a risk, or leave it."""
    before, after = asked.risk_before, asked.risk_after
    if _rank(after) < _rank(before):
        why = f"the risk after the controls is {after}, above {before} without them; lower it, or raise riskBefore"
        raise Refused(Code.BAD_INPUT, why, field="riskAfter")


def ticket(url: str) -> str:
    """The ticket's address tidied, or nothing; refused when no browser would open it, or it holds a password."""
    clean = words.optional(url, "ticketUrl", most=LONGEST_TICKET)
    if not clean:
        return ""
    try:
        parts = urlsplit(clean)
    except ValueError:
        parts = urlsplit("")
    spaced = any(one.isspace() or not one.isprintable() for one in clean)
    if parts.scheme not in ("http", "https") or not parts.hostname or spaced:
        why = "ticketUrl is no http or https address; write it as https://tickets.example/GOV-1, or leave it out"
        raise Refused(Code.BAD_INPUT, why, field="ticketUrl")
    if "@" in parts.netloc:
        why = "ticketUrl holds a user name, which everybody would read; leave out what stands before the @"
        raise Refused(Code.BAD_INPUT, why, field="ticketUrl")
    return clean


def check_controls(asked: Deviation) -> None:
    """What is not to be kept lowers no risk; and who confirms a control does so every so many days."""
    for number, one in enumerate(asked.controls, 1):
        days = one.attest_every_days
        if one.policy_id == asked.policy_id:
            why = f"control {number} is tied to the policy that is not to be kept; tie it to another, or to nothing"
            raise Refused(Code.BAD_INPUT, why, field="controls")
        if days is not None and not 1 <= days <= LONGEST_ATTESTATION_DAYS:
            why = f"control {number}: every {days} days asked; 1 to {LONGEST_ATTESTATION_DAYS} can be kept"
            raise Refused(Code.BAD_INPUT, why, field="controls")
        if one.attestor_id is not None and days is None:
            why = f"control {number} says who confirms it, and not how often; give attestEveryDays as well"
            raise Refused(Code.BAD_INPUT, why, field="controls")


def check_criteria(asked: Deviation, *, at: datetime) -> None:
    """A criterion is due while the exception lasts: after its end nobody looks at it any more."""
    for number, one in enumerate(asked.criteria, 1):
        if one.due_at is None:
            continue
        if one.due_at.tzinfo is None:
            why = f"criterion {number}: dueAt has no time zone; write it as 2026-11-21T12:00:00Z"
            raise Refused(Code.BAD_INPUT, why, field="criteria")
        if not at < one.due_at <= asked.expires_at:
            why = f"criterion {number} is due {said(one.due_at)}, not between now and the end"
            raise Refused(Code.BAD_INPUT, why, field="criteria")


def check_tie(word: str, number: int, tie: Tie | None) -> None:
    """What is tied to a policy can be told only where that policy is asked of the model."""
    field = {"control": "controls", "criterion": "criteria"}[word]
    if tie is None:
        raise Refused(Code.NOT_FOUND, f"{word} {number} names no policy that there is", field=field)
    if tie.status not in IN_FORCE:
        why = f"{word} {number} is tied to {tie.key}, which is {tie.status}; tie it to one in force, or to nothing"
        raise Refused(Code.BAD_INPUT, why, field=field)
    if not tie.is_bound:
        why = f"{word} {number} is tied to {tie.key}, which does not apply to this model; nobody would ever check it"
        raise Refused(Code.BAD_INPUT, why, field=field)


def check_attestor(number: int, found: Attestor | None) -> None:
    """Whoever confirms a control is there, active, and a human being."""
    if found is None:
        raise Refused(Code.NOT_FOUND, f"control {number} names nobody that there is", field="controls")
    if not found.active or found.kind is not PersonKind.HUMAN:
        told = "is not active" if not found.active else "is a service account"
        why = f"control {number}: {found.handle} {told}; name an active person, or nobody for the owner"
        raise Refused(Code.BAD_INPUT, why, field="controls")


def with_criteria(asked: Deviation, policy: str) -> Deviation:
    """The request with something by which it closes: without any criterion, that the policy passes."""
    if asked.criteria:
        return asked
    return replace(asked, criteria=(Criterion(f"{policy} passes", policy_id=asked.policy_id),))


def with_rhythm(asked: Deviation, tier: RiskTier, starts_at: datetime) -> Deviation:
    """The request with its reviews: every so many days, the first after so many; never after the end.

    A review date alone is a single look. Without either, the rhythm is in proportion to the tier.
    """
    days = whole_days(asked.expires_at - starts_at)
    every = asked.review_every_days
    if every is None and asked.review_at is not None:
        return asked
    if every is None:
        every = min(RHYTHM_DAYS.get(treated_as(tier), RHYTHM_OTHERWISE_DAYS), days)
    if not 1 <= every <= days:
        why = f"a review every {every} days was asked; the exception lasts {days} days: choose 1 to {days}"
        raise Refused(Code.BAD_INPUT, why, field="reviewEveryDays")
    first = asked.review_at or min(starts_at + timedelta(days=every), asked.expires_at)
    return replace(asked, review_every_days=every, review_at=first)


def whole_days(length: timedelta) -> int:
    """Days of which each has begun: the way in which terms are counted."""
    return ceil(length / timedelta(days=1))


def tied(asked: Deviation) -> list[tuple[str, int, UUID]]:
    """Every control and criterion that is tied to a policy: its word, its number, the policy."""
    return [
        *(("control", number, one.policy_id) for number, one in enumerate(asked.controls, 1) if one.policy_id),
        *(("criterion", number, one.policy_id) for number, one in enumerate(asked.criteria, 1) if one.policy_id),
    ]


def _rank(risk: Severity) -> int:
    """0 for the worst."""
    return list(Severity).index(risk)
