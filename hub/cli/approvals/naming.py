"""Requests, people and words of an enum by what is typed for them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from hub.cli.gate.inert import inert
from hub.cli.named import near
from hub.cli.remote import Remote
from hub.errors import Code, Refused

Word = TypeVar("Word", bound=StrEnum)

PERSON = "query($handle: String!) { person(handle: $handle) { id name handle } }"
PEOPLE = "{ people(first: 100) { nodes { handle } } }"
NO_NAME = "; give a handle, as lists show it in brackets, not a name"


def global_id(text: str, kind: str, *, field: str, see: str) -> str:
    """The global id of what is named by it or by its UUID alone; `see` is the command that lists such ids."""
    name, _, bare = text.strip().rpartition(":")
    try:
        return f"{kind}:{UUID(bare)}" if name in ("", kind) else _wrong(text, field, see)
    except ValueError:
        return _wrong(text, field, see)


def bare(id: str) -> str:
    """A global id as lists show it: without its kind."""
    return inert(id.rpartition(":")[2])


def node(hub: Remote, document: str, id: str, *, field: str, see: str, **variables: Any) -> dict[str, Any]:
    """All data of a document whose `node` is this; refused where there is none that this token may see."""
    data = hub.ask(document, id=id, **variables)
    # What is of another kind comes without any of the fields that were asked for.
    if not (data["node"] or {}).get("id"):
        raise Refused(
            Code.NOT_FOUND, f"there is no {field} {inert(id, 100)} that this token may see; see {see}", field=field
        )
    return data


def person(hub: Remote, handle: str, *, field: str) -> dict[str, Any]:
    """Somebody by their handle."""
    found = hub.ask(PERSON, handle=handle.removeprefix("@"))["person"]
    if found is None:
        there = [one["handle"] for one in hub.ask(PEOPLE)["people"]["nodes"]]
        raise Refused(
            Code.NOT_FOUND,
            f"nobody has the handle {inert(handle, 100)}{near(handle.lower(), there) or NO_NAME}",
            field=field,
        )
    return dict(found)


def word(text: str, words: type[Word], *, option: str) -> Word:
    """A word of an enum, in either case and with either dash."""
    clean = text.strip().upper().replace("-", "_")
    if clean not in words.__members__:
        told = ", ".join(words)
        raise Refused(Code.BAD_INPUT, f"{option} {inert(text, 80)}: there are {told}", field=option.lstrip("-"))
    return words[clean]


def called(person: Mapping[str, Any] | None) -> str:
    """A person as people know them."""
    return f"{inert(person['name'])} ({inert(person['handle'])})" if person else "somebody"


def _wrong(text: str, field: str, see: str) -> str:
    one = f"an {field}" if field[0] in "aeiou" else f"a {field}"
    raise Refused(Code.BAD_INPUT, f"{inert(text, 100)!r} is no id of {one}; take one from {see}", field=field)
