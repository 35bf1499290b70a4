"""Which exceptions are meant, by the options that lists, kept views and bulk actions share."""

import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Any

from hub.cli import named
from hub.cli.approvals import when
from hub.cli.approvals.naming import person, word
from hub.cli.exception import queries
from hub.cli.gate.inert import inert
from hub.cli.remote import Remote
from hub.errors import Code, Refused

DAYS = re.compile(r"(\d{1,4})d")


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What was given; nothing of it means all that have not ended."""

    status: Sequence[str] | None = None
    model: str | None = None
    registry: str | None = None
    policy: str | None = None
    owner: str | None = None
    mine: bool = False
    tier: Sequence[str] | None = None
    expires_within: str | None = None
    overdue: bool = False
    orphaned: bool = False

    @property
    def says_something(self) -> bool:
        """Whether any of the options was given."""
        return any(astuple(self))

    def filter(self, hub: Remote) -> dict[str, Any]:
        """The same as the graph takes it; refused where something is named that there is not."""
        from hub.exceptions.tables import ExceptionStatus
        from hub.models.tables import RiskTier

        found: dict[str, Any] = {"status": [word(one, ExceptionStatus, option="--status") for one in self.status or ()]}
        if self.expires_within is not None:
            found |= _ending(self.expires_within, found["status"])
        if not found["status"]:
            found = {name: value for name, value in found.items() if name != "status"} | {"open": True}
        if self.model is not None:
            found["model"] = named.found(hub, model=self.model, version=None, registry=self.registry).model
        if self.policy is not None:
            found["policy"] = policy_id(hub, self.policy)
        if self.owner is not None:
            found["owner"] = person(hub, self.owner, field="owner")["id"]
        if self.mine:
            found["owner"] = _me(hub)
        if self.tier:
            found["tier"] = [word(one, RiskTier, option="--tier") for one in self.tier]
        if self.overdue:
            found["reviewOverdue"] = True
        if self.orphaned:
            found["controlOrphaned"] = True
        return found


def policy_id(hub: Remote, key: str) -> str:
    """A policy by its key."""
    found = hub.ask(queries.POLICY, key=key)["policy"]
    if found is None:
        raise Refused(Code.NOT_FOUND, f"there is no policy {inert(key, 100)}; see hub policy list", field="policy")
    return str(found["id"])


def _ending(text: str, asked: list[str]) -> dict[str, Any]:
    """Those that end from now on within a span; a request that nobody has granted ends by no date."""
    from hub.exceptions.moves import GRANTED
    from hub.exceptions.tables import ExceptionStatus

    if days := DAYS.fullmatch(text.strip().lower()):
        # Counted by the hub, so that a kept view means the days from whenever it is used.
        return {"withinDays": int(days[1])}
    now = datetime.now(UTC)
    until = when.instant(text, option="--expires-within", since=now, ends=True)
    granted = [one for one in ExceptionStatus if one in GRANTED and (not asked or one in asked)]
    return {"status": granted or asked, "expires": {"since": now.isoformat(), "before": until.isoformat()}}


def _me(hub: Remote) -> str:
    viewer = hub.ask(queries.VIEWER)["viewer"]
    if viewer is None:
        raise Refused(Code.UNAUTHENTICATED, "nobody is known by this token; give one with --token")
    return str(viewer["id"])
