"""What the gate says, for how long a permit counts, and what follows when a release breaks its rules later."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hub.approvals.bypass.rules import said
from hub.approvals.tables import ApprovalStatus
from hub.checks.store import Standing
from hub.checks.tables import Outcome
from hub.deployments.tables import IntentStatus
from hub.errors import Code, Refused
from hub.models.rules import treated_as
from hub.models.tables import RiskTier, Stage
from hub.policies.tables import DecisionPoint, Enforcement

DEPLOYABLE = (Stage.DEVELOPMENT, Stage.STAGING, Stage.PRODUCTION)
SETTLED = (IntentStatus.APPROVED, IntentStatus.DEPLOYED)
"""The gate was opened: such an intent has had a permit."""

BEFORE = frozenset({DecisionPoint.REGISTER, DecisionPoint.PROMOTE})
"""What is asked at these counts before people are asked, wherever it was asked last."""

WITHDRAWABLE = (
    IntentStatus.CHECKING,
    IntentStatus.BLOCKED,
    IntentStatus.AWAITING_APPROVAL,
    IntentStatus.APPROVED,
)

PERMIT_DAYS = {RiskTier.HIGH: 7}
USUAL_PERMIT_DAYS = 30
LEAST_LEFT = 0.1
"""The share of its life from which on a permit that is asked for again is replaced by a fresh one."""

CLOSING = frozenset({Outcome.FAIL, Outcome.ERROR})
MOST_NAMED = 10
MOST_WORDS = 2_000

ENDS = {
    ApprovalStatus.REJECTED: (IntentStatus.REJECTED, "an approver said no"),
    ApprovalStatus.CHANGES_REQUESTED: (IntentStatus.REJECTED, "an approver asks for changes first"),
    ApprovalStatus.WITHDRAWN: (IntentStatus.WITHDRAWN, "its approval request was taken back"),
    ApprovalStatus.EXPIRED: (IntentStatus.EXPIRED, "its approval request ran out of time"),
    ApprovalStatus.STALE: (IntentStatus.STALE, "what was to be approved has changed since"),
}
"""How an intent ends that waits for an approval request which ends so."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Where an intent stands, and why."""

    status: IntentStatus
    why: str


def check_askable(tier: RiskTier, stage: Stage, *, missing: bool) -> None:
    """Refuse what no gate may open: a prohibited model, a stage that nothing is deployed to, a version that is gone."""
    if tier is RiskTier.PROHIBITED:
        raise Refused(
            Code.FORBIDDEN,
            "this model is PROHIBITED: it is deployed nowhere, and nobody can approve it; classify it anew if that is"
            " wrong",
            field="version",
        )
    if stage not in DEPLOYABLE:
        raise Refused(
            Code.BAD_INPUT, f"nothing is deployed to {stage}; choose from {', '.join(DEPLOYABLE)}", field="stage"
        )
    if missing:
        raise Refused(
            Code.WRONG_STATE,
            "its registry no longer shows this version; register it again, then sync the registry",
            field="version",
        )


def check_rollback(version_id: UUID, model_id: UUID, target_id: UUID, target_model_id: UUID, *, missing: bool) -> None:
    """One goes back to another version of the same model, which is still there."""
    if target_id == version_id:
        raise Refused(
            Code.BAD_INPUT, "a version cannot be rolled back to itself; name the one before it", field="rollbackVersion"
        )
    if target_model_id != model_id:
        raise Refused(
            Code.BAD_INPUT,
            "the rollback version is another model's; name a version of the same model",
            field="rollbackVersion",
        )
    if missing:
        raise Refused(
            Code.WRONG_STATE,
            "its registry no longer shows the rollback version; name one that is still there",
            field="rollbackVersion",
        )


def closing(standings: Sequence[Standing]) -> list[Standing]:
    """What keeps the gate shut: blocking policies that are not kept, or of which it cannot be told."""
    return [one for one in standings if one.enforcement is Enforcement.BLOCKING and one.outcome in CLOSING]


def answered(standings: Sequence[Standing]) -> list[Standing]:
    """What policies said; one that was published since and not asked yet is no violation."""
    return [one for one in standings if one.result_id is not None]


def before_deployment(standings: Sequence[Standing]) -> list[Standing]:
    """What counts before people are asked: what is asked about the deployment itself comes after them."""
    return [one for one in standings if one.decision_points & BEFORE]


def gate(standings: Sequence[Standing], outstanding: Collection[str]) -> Answer | None:
    """Why the gate stays shut whatever people say; None when it is for them to open it."""
    if shut := closing(standings):
        return Answer(IntentStatus.BLOCKED, _cut(f"blocked by {_each(shut)}"))
    if outstanding:
        return Answer(IntentStatus.CHECKING, _cut(f"waits for {', '.join(sorted(outstanding))}"))
    return None


def ends_at(tier: RiskTier, at: datetime, waived_until: datetime | None) -> datetime:
    """When a permit ends: 7 days on for HIGH, 30 for the others, and never after an exception that it rests on."""
    usual = at + timedelta(days=PERMIT_DAYS.get(treated_as(tier), USUAL_PERMIT_DAYS))
    return usual if waived_until is None else min(usual, waived_until)


def is_fresh(issued_at: datetime, expires_at: datetime, at: datetime) -> bool:
    """Whether a permit has more than a tenth of its life before it."""
    return expires_at - at > (expires_at - issued_at) * LEAST_LEFT


def halted(failing: Sequence[Standing], rollback: str | None) -> str:
    """Why a release is halted: each policy with its explanation, and what to go back to."""
    said = "; ".join(f"{one.key}: {one.explanation}" for one in failing[:MOST_NAMED])
    way_out = f"roll back to version {rollback}" if rollback else "no rollback target is known; take it out of use"
    room = MOST_WORDS - len(way_out) - 3
    return f"{_cut(said, room)}; {way_out}"


def unwaited(until: datetime) -> str:
    """What is said of a release that people were not waited for."""
    return f"allowed by break-glass until {said(until)}, without the approval that was asked for"


def asked_beside(until: datetime, request_id: UUID) -> str:
    """The same, once people are asked whether it may stay."""
    return f"{unwaited(until)}; to stay longer it waits for approval in request {request_id}"


def lapsed(at: datetime, rollback: str | None) -> str:
    """Why a release is halted whose break-glass is over, and the ways out."""
    return f"its break-glass ended on {said(at)} and nobody has approved it; {_way_out(rollback)}"


def unjustified(note: str, rollback: str | None) -> str:
    """Why a release is halted whose break-glass was not justified, and the ways out."""
    return _cut(f"its break-glass was not justified: {note}; {_way_out(rollback)}")


def mends_itself(failing: Sequence[Standing], tier: RiskTier, rollback: str | None) -> bool:
    """Whether the hub may roll back by itself: every policy calls that safe, and little harm can be done."""
    return (
        bool(failing)
        and rollback is not None
        and treated_as(tier) in (RiskTier.LIMITED, RiskTier.MINIMAL)
        and all(one.safe_rollback for one in failing)
    )


def is_for(environment: str, stage: Stage) -> bool:
    """Whether a deployment in this environment is one to this stage; an environment that does not say is for any."""
    said = environment.lower()
    if "stag" in said or "preprod" in said or "pre-prod" in said:
        return stage is Stage.STAGING
    return stage is Stage.PRODUCTION if "prod" in said else True


def in_public(why: str) -> str:
    """The part of a reason that everybody may read: what stands before the colon names no model's figures."""
    return why.partition(":")[0]


def changed(before: dict[str, str], now: dict[str, str]) -> str:
    """The names of the parts that differ."""
    names = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    return ", ".join(names) or "content"


def _way_out(rollback: str | None) -> str:
    back = f"roll back to version {rollback}" if rollback else "take it out of use"
    return f"{back}, or ask for its deployment again and have it approved"


def _each(shut: Sequence[Standing]) -> str:
    named = ", ".join(f"{one.key} ({one.outcome})" for one in shut[:MOST_NAMED])
    more = len(shut) - MOST_NAMED
    told = f"{named} and {more} more" if more > 0 else named
    return "; ".join([told, *(one.suspended for one in shut[:MOST_NAMED] if one.suspended is not None)])


def _cut(text: str, most: int = MOST_WORDS) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
