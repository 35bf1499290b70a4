"""What followed from an answer: whether the request is decided, who is wanted still, what became of the deployment."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hub.cli.remote import Remote

MOST_NAMED = 5


def of(hub: "Remote", request: dict[str, Any]) -> list[dict[str, Any]]:
    """The deployments that hang on a request once it is decided."""
    from hub.cli.approvals import queries

    if request["status"] == "PENDING" or request["dossier"] is None or request["stage"] is None:
        return []
    asked = {"version": request["dossier"]["version"]["id"], "stage": request["stage"]}
    found = hub.ask(queries.INTENTS, **asked)["deploymentIntents"]["nodes"]
    return [one for one in found if one["approvalRequest"] and one["approvalRequest"]["id"] == request["id"]]


def say(request: dict[str, Any], intents: list[dict[str, Any]], done: str) -> None:
    """Print what was done, and what follows from it."""
    from hub.cli import printing
    from hub.cli.gate.inert import inert

    printing.line(f"{inert(request['title'])}: {inert(done)}")
    printing.line(_standing(request))
    for one in intents:
        why = f": {inert(one['statusWhy'])}" if one["statusWhy"] else ""
        printing.line(f"deployment {inert(one['id'])} is {inert(one['status'])}{why}")
        for permit in one["permits"]["nodes"]:
            until = "revoked" if permit["revokedAt"] else f"good until {inert(permit['expiresAt'][:10])}"
            printing.line(f"permit {inert(permit['id'])}, {until}")


def _standing(request: dict[str, Any]) -> str:
    from hub.cli.approvals import stepping, when
    from hub.cli.approvals.naming import called
    from hub.cli.gate.inert import inert

    if request["status"] != "PENDING":
        why = f": {inert(request['statusWhy'])}" if request["statusWhy"] else ""
        return f"{inert(request['status'])}{why}"
    names = sorted({called(one["person"]) for one in request["asked"]["nodes"]})
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    who = f"; asked are {', '.join(names[:MOST_NAMED])}{more}" if names else "; nobody who may is asked"
    due = when.due(when.of(request["dueAt"]), datetime.now(UTC))
    clock = "its clock stopped" if request["pausedAt"] else f"due {due}"
    return f"PENDING, {clock}: {stepping.name(request)} lacks {stepping.wanted(request)}{who}"
