"""What applying a bundle would change, told like a diff."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import Any

import orjson

SIGNS = {"ADD": "+", "CHANGE": "~", "TAKE_OVER": "~", "RETIRE": "-", "WITHDRAW": "-", "UNCHANGED": "="}
LONG = ("rule", "rationale", "remediation")
"""Texts of several lines, shown line by line."""


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one policy: what the hub would do, and the wording before and after as data."""

    key: str
    action: str
    changed: Sequence[str] = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    change: str | None = None

    @property
    def title(self) -> str:
        return str(self.after.get("title") or self.before.get("title") or "")


def lines(steps: Sequence[Step]) -> Iterator[str]:
    """The plan, for people."""
    unchanged = 0
    for step in sorted(steps, key=lambda step: step.key):
        if step.action == "UNCHANGED":
            unchanged += 1
            continue
        yield "  ".join(part for part in (f"{SIGNS[step.action]} {step.key}", step.title, _note(step)) if part)
        if step.action in ("CHANGE", "TAKE_OVER"):
            for name in step.changed:
                yield from (f"    {line}" for line in difference(name, step.before.get(name), step.after.get(name)))
    yield f"= {unchanged} unchanged"


def changes(steps: Sequence[Step]) -> bool:
    """Whether anything is to be done."""
    return any(step.action != "UNCHANGED" for step in steps)


def difference(name: str, before: Any, after: Any) -> Iterator[str]:
    """One field before and after; long texts as a unified diff."""
    if name in LONG and isinstance(before, str) and isinstance(after, str):
        yield f"{name}:"
        for line in list(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]:
            yield f"  {line}"
    elif isinstance(before, list) and isinstance(after, list):
        yield f"{name}:"
        yield from (f"  - {shown(one)}" for one in before if one not in after)
        yield from (f"  + {shown(one)}" for one in after if one not in before)
    else:
        yield f"{name}: {shown(before)} -> {shown(after)}"


def shown(value: Any) -> str:
    """A value in one line."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and all(isinstance(inner, str | int | None) for inner in value.values()):
        said = {name: inner for name, inner in value.items() if inner not in ("", None, [])}
        return ", ".join(f"{name} {inner}" for name, inner in said.items()) or "nothing"
    return "nothing" if value in (None, [], {}) else orjson.dumps(value).decode()


def _note(step: Step) -> str:
    if step.action == "TAKE_OVER":
        return "(taken over from hand or another bundle)"
    if step.action == "RETIRE":
        return "(to be retired: the bundle no longer has it)"
    if step.action != "WITHDRAW":
        return ""
    why = "what is in force says what the bundle says" if "rule" in step.after else "the bundle no longer has it"
    return f"(its open change is withdrawn: {why})"
