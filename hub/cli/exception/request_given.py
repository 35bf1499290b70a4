"""What is said of an exception on the command line, and how a control, a criterion and an answer are written."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.cli import named
from hub.cli.approvals import naming
from hub.cli.exception import request_queries as queries
from hub.cli.gate.inert import inert
from hub.cli.remote import Remote
from hub.errors import Code, Refused
from hub.exceptions.exchange import parts

CONTROL = "write WHAT IS DONE | every 14 | by HANDLE | policy KEY, of which all but the first may be left out"
CRITERION = "write WHAT MUST BE TRUE | policy KEY | due 2027-01-31, of which all but the first may be left out"
DAYS = re.compile(r"(\d{1,9})d?")


@dataclass(frozen=True, slots=True)
class Given:
    """What was typed behind the options; none for what was not."""

    policy: str | None
    model: str | None
    version: str | None
    to: str | None
    registry: str | None
    kind: str | None
    template: str | None
    justification: str | None
    answers: tuple[str, ...]
    controls: tuple[str, ...]
    criteria: tuple[str, ...]
    expires: str | None
    starts: str | None
    review_every: int | None
    risk_before: str | None
    risk_after: str | None
    treatment: str | None
    owner: str | None
    ticket: str | None

    def lacking(self, *, draft: bool = False) -> list[str]:
        """The options without which nothing can be asked, or drafted, where nobody answers questions."""
        said = {
            "--policy": self.policy,
            "--model": self.model,
            "--expires": self.expires,
            "--justification, --justification-file or --answer": self.justification or self.answers,
        }
        needed = ("--policy", "--model") if draft else tuple(said)
        return [name for name in needed if not said[name]]


def control(hub: Remote, text: str, *, option: str = "--control") -> dict[str, Any]:
    """A control as the graph takes it."""
    field = option.lstrip("-")
    first, rest = parts.read(text)
    made: dict[str, Any] = {"description": first}
    for word, value in rest:
        match word:
            case "every" if days := DAYS.fullmatch(value):
                made["attestEveryDays"] = int(days[1])
            case "by" if value:
                made["attestor"] = naming.person(hub, value, field=field)["id"]
            case "policy" if value:
                made["policy"] = policy(hub, value, field=field)["id"]
            case _:
                raise Refused(Code.BAD_INPUT, f"{option} {inert(text, 80)}: {CONTROL}", field=field)
    return made


def criterion(hub: Remote, text: str, due: Callable[[str], datetime], *, option: str = "--criterion") -> dict[str, Any]:
    """A criterion as the graph takes it; `due` reads its date."""
    field = option.lstrip("-")
    first, rest = parts.read(text)
    made: dict[str, Any] = {"description": first}
    for word, value in rest:
        match word:
            case "policy" if value:
                made["policy"] = policy(hub, value, field=field)["id"]
            case "due" if value:
                made["dueAt"] = due(value).isoformat()
            case _:
                raise Refused(Code.BAD_INPUT, f"{option} {inert(text, 80)}: {CRITERION}", field=field)
    return made


def answer(text: str) -> dict[str, Any]:
    """An answer to a section of the template."""
    section, equals, said = text.partition("=")
    if not equals or not section.strip():
        raise Refused(
            Code.BAD_INPUT, f"--answer {inert(text, 80)}: write SECTION=TEXT, such as reason='…'", field="answer"
        )
    return {"section": section.strip(), "text": said}


def policy(hub: Remote, key: str, *, field: str = "policy") -> dict[str, Any]:
    """A policy by its key; refused, with what is near, where there is none that is in force."""
    found = hub.ask(queries.POLICY, key=key.strip())["policy"]
    if found is None:
        there = [one["key"] for one in hub.ask(queries.POLICIES)["policies"]["nodes"]]
        near = named.near(key.strip(), there) or "; see them with: hub policy list"
        raise Refused(Code.NOT_FOUND, f"there is no policy {inert(key, 100)}{near}", field=field)
    if found["currentVersion"] is None:
        why = f"{inert(key, 100)} is not published yet; there is nothing to deviate from"
        raise Refused(Code.BAD_INPUT, why, field=field)
    return dict(found)


def template(hub: Remote, slug: str) -> dict[str, Any] | None:
    """A template by its name; none for no name."""
    if not slug.strip():
        return None
    found = hub.ask(queries.TEMPLATE, slug=slug.strip())["exceptionTemplate"]
    if found is None:
        there = ", ".join(one["slug"] for one in hub.ask(queries.TEMPLATES)["exceptionTemplates"]["nodes"])
        raise Refused(Code.BAD_INPUT, f"there is no template {inert(slug, 100)}; there are {there}", field="template")
    return dict(found)
