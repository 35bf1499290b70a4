"""Asking a hub: the version by its names, the deployment, the people who may sign."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hub.cli import named
from hub.cli.gate import queries, reading
from hub.cli.gate.decision import Approver, Intent
from hub.cli.gate.inert import inert
from hub.cli.remote import Remote
from hub.errors import Code, Refused

MOST_CHECKS = 5_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What a pipeline wants, by names."""

    model: str
    version: str
    stage: str
    registry: str | None
    reason: str
    rollback: str | None

    @property
    def told(self) -> str:
        return f"{inert(self.model)} {inert(self.version)} to {self.stage}"


@contextmanager
def answering() -> Iterator[None]:
    """An answer that breaks off halfway is no answer: the hub is taken as unavailable."""
    from http.client import HTTPException

    try:
        yield
    except HTTPException as error:
        raise Refused(Code.UNAVAILABLE, f"the hub's answer broke off ({type(error).__name__}); ask again") from None


def request(hub: Remote, wish: Wish) -> Intent:
    """Ask for the deployment; the hub opens an intent or looks again at the one it has."""
    with answering():
        found = named.found(hub, model=wish.model, version=wish.version, registry=wish.registry, rollback=wish.rollback)
        asked: dict[str, Any] = {"version": found.version, "stage": wish.stage, "reason": wish.reason}
        if found.rollback is not None:
            asked["rollbackVersion"] = found.rollback
        return _whole(hub, hub.change(queries.REQUEST, input=asked)["intent"])


def again(hub: Remote, id: str) -> Intent:
    """The intent as it is now."""
    with answering():
        return _whole(hub, _node(hub.ask(queries.AGAIN, id=id), id))


def look(hub: Remote, id: str) -> dict[str, Any]:
    """The little of an intent that changes while people decide."""
    with answering():
        return _node(hub.ask(queries.LOOK, id=id), id)


def approvers(hub: Remote, intent: Intent) -> tuple[Approver, ...]:
    """Whom the hub asks now for what is still open; whoever is there comes before whoever is away."""
    if intent.approval is None or intent.status != "AWAITING_APPROVAL":
        return ()
    with answering():
        asked = _node(hub.ask(queries.APPROVERS, id=intent.approval.id), intent.approval.id)["asked"]["nodes"]
    return reading.approvers(asked, datetime.now(UTC))


def _whole(hub: Remote, row: dict[str, Any]) -> Intent:
    checks, page = list(row["checks"]["nodes"]), row["checks"]["pageInfo"]
    while page["hasNextPage"] and len(checks) < MOST_CHECKS:
        more = _node(hub.ask(queries.MORE_CHECKS, id=row["id"], after=page["endCursor"]), row["id"])["checks"]
        checks += more["nodes"]
        page = more["pageInfo"]
    return reading.intent(row, checks)


def _node(data: dict[str, Any], id: str) -> dict[str, Any]:
    if data["node"] is None:
        raise Refused(Code.NOT_FOUND, f"the hub no longer shows {inert(id)} to this token; ask the gate again")
    return dict(data["node"])
