"""Asking a hub: the version by its names, the deployment, the people who may sign."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from hub.cli.gate import queries, reading
from hub.cli.gate.decision import Approver, Intent
from hub.cli.gate.inert import inert
from hub.cli.remote import Remote
from hub.errors import Code, Refused

MOST_CHECKS = 5_000
NEAR = 5


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
        version, rollback = _found(hub, wish)
        asked: dict[str, Any] = {"version": version, "stage": wish.stage, "reason": wish.reason}
        if rollback is not None:
            asked["rollbackVersion"] = rollback
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
    """Who may sign what is still open: whoever asked may not, nor whoever signed."""
    if intent.approval is None or intent.status != "AWAITING_APPROVAL":
        return ()
    with answering():
        found = reading.approvers(hub.ask(queries.APPROVERS)["people"]["nodes"])
    out = {one.person.id for one in intent.approval.signatures}
    if intent.requested_by is not None:
        out.add(intent.requested_by.id)
    fields, wanted = intent.approval.disciplines, set(intent.approval.open)
    return tuple(one for one in found if one.person.id not in out and (not fields or wanted & set(one.disciplines)))


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


def _found(hub: Remote, wish: Wish) -> tuple[str, str | None]:
    """The global ids of the version and of the one to go back to."""
    variables = {"model": wish.model, "version": wish.version, "rollback": wish.rollback or ""}
    model = _one(hub, wish, hub.ask(queries.FIND, **variables)["models"]["nodes"])
    if model["version"] is None:
        raise Refused(Code.NOT_FOUND, _no_version(hub, model, wish.version, model["aliased"]), field="version")
    if wish.rollback is None:
        return str(model["version"]["id"]), None
    if model["rollback"] is None:
        raise Refused(Code.NOT_FOUND, _no_version(hub, model, wish.rollback), field="rollback")
    return str(model["version"]["id"]), str(model["rollback"]["id"])


def _one(hub: Remote, wish: Wish, nodes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    keys = sorted({_registry(node) for node in nodes})
    fitting = [node for node in nodes if wish.registry in (None, _registry(node))]
    if len(fitting) == 1:
        return fitting[0]
    name = inert(wish.model, 200)
    if fitting:
        raise Refused(
            Code.CONFLICT,
            f"{name} is a model in {len(keys)} registries: {', '.join(keys)}; choose with --registry {keys[0]}",
            field="registry",
        )
    if nodes:
        asked = inert(wish.registry or "", 200)
        raise Refused(
            Code.NOT_FOUND, f"{name} is not in the registry {asked}, but in {', '.join(keys)}", field="registry"
        )
    words = (word for word in re.split(r"[\W_]+", wish.model) if len(word) > 2)
    parts = [{"text": word} for word in dict.fromkeys((wish.model, *words))][:10]
    there = {node["name"] for found in hub.ask(queries.LIKE_MODEL, any=parts).values() for node in found["nodes"]}
    near = _near(wish.model, there)
    raise Refused(Code.NOT_FOUND, f"there is no model {name} that this token may see{near}", field="model")


def _no_version(hub: Remote, model: dict[str, Any], version: str, aliased: dict[str, Any] | None = None) -> str:
    name, asked = inert(model["name"]), inert(version, 200)
    if aliased is not None:
        return f"{name} has no version {asked}, which is an alias; today it means --version {inert(aliased['name'])}"
    there = [node["name"] for node in hub.ask(queries.VERSIONS, model=model["id"])["modelVersions"]["nodes"]]
    if not there:
        return f"{name} has no version yet; register one, then sync its registry"
    near = _near(version, there) or f"; the newest are {', '.join(map(inert, there[:NEAR]))}"
    return f"{name} has no version {asked}{near}"


def _near(asked: str, there: Sequence[str] | set[str]) -> str:
    near = get_close_matches(asked, sorted(there), n=NEAR, cutoff=0.5)
    return f"; near it are {', '.join(map(inert, near))}" if near else ""


def _registry(node: dict[str, Any]) -> str:
    return inert((node["registry"] or {}).get("key") or "?")
