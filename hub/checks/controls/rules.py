"""When a policy confirms what hangs on it, and what follows when that changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hub.checks.asking import Told
from hub.checks.tables import Outcome
from hub.models.tables import Stage


class Kind(StrEnum):
    """What hangs on a policy: a control or criterion tied to it, or the exception from it."""

    CONTROL = "CONTROL"
    CRITERION = "CRITERION"
    EXCEPTION = "EXCEPTION"


@dataclass(frozen=True, slots=True)
class Hanging:
    """Something that hangs on a policy, and the worst that the policy says of what the exception covers.

    `since` is when a control became red, a criterion was met, or the exception was first not needed any more. Without
    an outcome the policy was asked of nothing that the exception covers, or does not apply any more.
    """

    kind: Kind
    id: UUID
    exception_id: UUID
    policy_id: UUID
    key: str
    since: datetime | None
    red_why: str | None
    outcome: Outcome | None = None
    version_id: UUID | None = None
    version: str = ""
    stage: Stage | None = None

    @property
    def confirmed(self) -> bool:
        """Whether the policy passes for all of which it is asked; one that is waived, or skipped, confirms nothing."""
        return self.outcome is Outcome.PASS

    @property
    def turned(self) -> bool:
        """Whether it is otherwise than is written down."""
        return self.confirmed is (self.since is not None if self.kind is Kind.CONTROL else self.since is None)

    @property
    def restated(self) -> bool:
        """Whether a control is red as before, for another reason."""
        red = self.kind is Kind.CONTROL and self.since is not None and not self.confirmed
        return red and self.red_why != self.said()

    def said(self) -> str:
        """What the policy says, in words."""
        if self.outcome is None:
            return f"{self.key} was asked of nothing that the exception covers"
        return f"{self.key} is {self.outcome} for version {self.version} in {self.stage}"

    def why(self) -> dict[str, object]:
        """What the policy says, as it is told in events."""
        return {"policy": self.policy_id, "outcome": self.outcome, "version": self.version_id, "stage": self.stage}


def crossed(told: Iterable[Told]) -> list[Told]:
    """What came to pass, or passes no more: whatever hangs on policies can only have changed by these."""
    return [
        one
        for one in told
        if one.before is None or (one.before.outcome is Outcome.PASS) is not (one.finding.outcome is Outcome.PASS)
    ]
