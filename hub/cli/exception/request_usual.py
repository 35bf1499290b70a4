"""What usually goes with such a request: as its template says, else as exceptions like it said before."""

from dataclasses import dataclass
from typing import Any

from hub.cli.exception import request_queries as queries
from hub.cli.gate.inert import inert
from hub.cli.remote import Remote
from hub.exceptions.exchange import parts

USUAL_DAYS = 30
MOST_OFFERED = 3


@dataclass(frozen=True, slots=True)
class Usual:
    """What stands in for what a person leaves out; `before` tells what became of exceptions like it."""

    term_days: int
    controls: tuple[str, ...]
    criteria: tuple[str, ...]
    before: tuple[str, ...]


def usual(hub: Remote, template: dict[str, Any] | None, *, policy: str, model: str, kind: str) -> Usual:
    """What is usual for a kind of request about a policy and a model."""
    found = hub.ask(queries.SUGGEST, policy=policy, model=model, kind=kind)["exceptionSuggestion"] or {}
    said = template or {"controls": found.get("controls"), "criteria": found.get("criteria")}
    days = template["termDays"] if template else found.get("termDays")
    return Usual(
        int(days or USUAL_DAYS),
        tuple(_control(one) for one in _offered(said["controls"])),
        tuple(parts.written(one["description"]) for one in _offered(said["criteria"])),
        tuple(_before(found)),
    )


def _before(found: dict[str, Any]) -> list[str]:
    if not found.get("granted") and not found.get("rejected"):
        return []
    lasted = f", usually for {found['termDays']} days" if found["termDays"] is not None else ""
    lines = [f"before, {found['granted']} like it were granted{lasted}, and {found['rejected']} rejected"]
    return lines + [f"rejected: {inert(one['decisionNote'], 200)}" for one in found["rejections"]["nodes"]]


def _offered(them: dict[str, Any] | None) -> list[dict[str, Any]]:
    return them["nodes"][:MOST_OFFERED] if them else []


def _control(one: dict[str, Any]) -> str:
    return parts.written(one["description"], (("every", one["attestEveryDays"]),))
