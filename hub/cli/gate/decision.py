"""What the hub answered a pipeline, and what follows from it for the pipeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from hub.cli.gate.inert import inert
from hub.summaries.facts import Standing, standing


class Decision(StrEnum):
    """What a pipeline does next."""

    ALLOWED = "ALLOWED"
    DENIED = "DENIED"
    WAITING = "WAITING"
    UNDECIDED = "UNDECIDED"


EXIT = {Decision.ALLOWED: 0, Decision.DENIED: 1, Decision.WAITING: 2, Decision.UNDECIDED: 3}


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person, as they are spoken of."""

    id: str
    name: str
    handle: str

    @property
    def called(self) -> str:
        return f"{self.name} ({self.handle})"


@dataclass(frozen=True, slots=True)
class Waiver:
    """An exception that covers a check for a while."""

    id: str
    kind: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Check:
    """How one policy stands for the version at the stage."""

    key: str
    title: str
    number: int | None
    policy_id: str
    result_id: str | None
    outcome: str
    enforcement: str
    severity: str
    explanation: str
    remediation: str
    blocking: bool
    decision_point: str
    due_at: datetime | None
    longest_exception_days: int
    owner: Somebody | None
    waiver: Waiver | None
    suspension: str | None = None
    """Which exception would waive it, and which of its controls does not hold."""

    @property
    def is_bad(self) -> bool:
        """Whether somebody has to do something."""
        return self.outcome in ("FAIL", "ERROR", "WARN")


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's answer."""

    person: Somebody
    discipline: str | None
    decision: str
    comment: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Approval:
    """The question put to people; `open` are the disciplines still wanted."""

    id: str
    status: str
    digest: str
    quorum: int
    disciplines: tuple[str, ...]
    due_at: datetime
    signatures: tuple[Signature, ...]
    open: tuple[str, ...] = ()

    @property
    def approvals(self) -> tuple[Signature, ...]:
        return tuple(one for one in self.signatures if one.decision == "APPROVE")


@dataclass(frozen=True, slots=True)
class Approver:
    """Somebody who may sign, and for what."""

    person: Somebody
    disciplines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Issued:
    """A permit; `envelope` is byte for byte what was signed."""

    id: str
    envelope: str
    digest: str
    key_id: str
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    revoked_why: str | None

    def in_force(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Intent:
    """The wish to deploy, as the hub has it now."""

    id: str
    status: str
    why: str
    reason: str
    stage: str
    digest: str
    model_id: str
    model: str
    registry: str
    tier: str
    version_id: str
    version: str
    version_digest: str
    requested_by: Somebody | None
    owner: Somebody | None
    rollback: str | None
    requested_at: datetime
    expires_at: datetime | None
    approval: Approval | None
    permit: Issued | None
    checks: tuple[Check, ...]

    @property
    def standing(self) -> Standing:
        """How many policies are kept, with and without what is waived."""
        return standing(one.outcome for one in self.checks)


@dataclass(frozen=True, slots=True)
class Report:
    """The decision with all that is told of it; without `intent` the hub could not be asked."""

    decision: Decision
    why: str
    now: datetime
    asked: str
    intent: Intent | None = None
    approvers: tuple[Approver, ...] = ()

    @property
    def exit_code(self) -> int:
        return EXIT[self.decision]


def decided(intent: Intent) -> tuple[Decision, str]:
    """What a pipeline does about an intent, and why, in a sentence.

    A blocking FAIL denies. Where nothing but ERRORs block, nobody knows: that is no denial, and never a yes.
    """
    subject = f"{intent.model} {intent.version}"
    told = f": {intent.why}" if intent.why else ""
    match intent.status:
        case "APPROVED":
            return Decision.ALLOWED, f"{subject} may go to {intent.stage}{told}"
        case "DEPLOYED":
            return Decision.ALLOWED, f"{subject} may be at {intent.stage}, where it is already{told}"
        case "AWAITING_APPROVAL":
            why = intent.why or "people must approve it first"
            return Decision.WAITING, f"{subject} may not go to {intent.stage} yet: {why}"
        case "CHECKING":
            return Decision.UNDECIDED, f"the checks of {subject} have not ended{told}; ask again, or wait with --wait"
        case "BLOCKED":
            return _blocked(intent, subject, told)
        case "STALE":
            ended = "what was looked at has changed since it was asked; ask again"
        case "EXPIRED":
            ended = "its term ran out; ask again"
        case "REJECTED" | "WITHDRAWN" | "HALTED" | "ROLLED_BACK":
            ended = f"it was {intent.status.replace('_', ' ').lower()}"
        case _:
            return Decision.UNDECIDED, f"the hub says {intent.status}, which this command does not know; take its own"
    return Decision.DENIED, f"{subject} may not go to {intent.stage}, {ended}{told}"


def _blocked(intent: Intent, subject: str, told: str) -> tuple[Decision, str]:
    blocking = [one for one in intent.checks if one.blocking]
    errors = [one for one in blocking if one.outcome == "ERROR"]
    if blocking and len(errors) == len(blocking):
        return Decision.UNDECIDED, f"whether {subject} may go to {intent.stage} cannot be told: {_keys(errors)}"
    failed = [one for one in blocking if one.outcome != "ERROR"]
    suspended = [one.suspension for one in failed if one.suspension is not None]
    because = f": {'; '.join([_keys(failed), *suspended])}" if failed else told
    return Decision.DENIED, f"{subject} may not go to {intent.stage}{because}"


def _keys(checks: Sequence[Check], most: int = 5) -> str:
    keys = ", ".join(one.key for one in checks[:most])
    more = f" and {len(checks) - most} more" if len(checks) > most else ""
    verb = "cannot be evaluated" if checks[0].outcome == "ERROR" else "not kept" if len(checks) > 1 else "is not kept"
    return f"{keys}{more} {verb}"


def days_until(at: datetime, now: datetime) -> int:
    """Whole days until an instant's day; 0 on the day itself, negative after. As `PolicyException.daysLeft` counts."""
    return (at.astimezone(UTC).date() - now.astimezone(UTC).date()).days


def undecided(why: str, asked: str, now: datetime) -> Report:
    """What is told when the hub could not be asked or gave no answer that decides."""
    return Report(Decision.UNDECIDED, inert(why), now, asked)
