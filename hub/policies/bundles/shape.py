"""Takes typed values out of a mapping that a person wrote; what does not fit is refused by its line and column."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

from hub.policies.bundles.yaml_text import Misread, Path, Tree

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Section:
    """One mapping of a file, with no other keys than those known."""

    tree: Tree
    path: Path
    values: Mapping[str, Any]

    def refused(self, key: str | int, what: str) -> Misread:
        """A refusal at one of the values."""
        return self.tree.refused((*self.path, key), what)

    def text(self, key: str, *, default: str | None = None) -> str:
        """A text; refused when it is not there and nothing stands in for it."""
        value = self._found(key, default)
        if not isinstance(value, str):
            raise self.refused(key, f'{key} is {_kind(value)}; write a text, in quotes if need be: "{_plain(value)}"')
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, which may be empty or not there."""
        return tuple(text.strip() for _, text in self._each(key, str, "a text"))

    def choice(self, key: str, kind: type[Choice], *, default: Choice | None = None) -> Choice:
        """One of an enum's values, in upper or lower case."""
        value = self._found(key, default)
        return self._member(key, value, kind)

    def choices(self, key: str, kind: type[Choice]) -> tuple[Choice, ...]:
        """A list of an enum's values; a single one may stand without a list."""
        value = self.values.get(key)
        given = [value] if isinstance(value, str) else self._list(key)
        return tuple(self._member(key, one, kind) for one in given)

    def whole(self, key: str, *, default: int | None = None) -> int:
        """A whole number."""
        value = self._found(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.refused(key, f"{key} is {_kind(value)}; write a whole number")
        return value

    def truth(self, key: str) -> bool:
        """True or false; false when it is not there."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.refused(key, f"{key} is {_kind(value)}; write true or false")
        return value

    def day(self, key: str) -> date | None:
        """A day, as 2027-03-31, in quotes or not."""
        value = self.values.get(key)
        if value is None:
            return None
        try:
            found = date.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            found = None
        if not isinstance(found, date) or isinstance(found, datetime):
            raise self.refused(key, f"{key} is {_kind(value)}; write a day as 2027-03-31")
        return found

    def instant(self, key: str) -> datetime | None:
        """An instant, as 2027-03-31T12:00:00Z; a day means its noon."""
        value = self.values.get(key)
        if value is None:
            return None
        try:
            found = datetime.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            found = None
        if isinstance(found, date) and not isinstance(found, datetime):
            return datetime(found.year, found.month, found.day, 12, tzinfo=UTC)
        if not isinstance(found, datetime) or found.tzinfo is None:
            raise self.refused(key, f"{key} is {_kind(value)}; write an instant as 2027-03-31T12:00:00Z")
        return found

    def mapping(self, key: str) -> Mapping[str, Any]:
        """A mapping of any keys, which may be empty or not there."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, dict):
            raise self.refused(key, f"{key} is {_kind(value)}; write key: value lines below it")
        return value or {}

    def inner(self, key: str, known: Sequence[str]) -> "Section":
        """A mapping of known keys, which may be empty or not there."""
        return section(self.tree, (*self.path, key), self.mapping(key), known)

    def each(self, key: str, known: Sequence[str]) -> tuple["Section", ...]:
        """A list of mappings of known keys, which may be empty or not there."""
        return tuple(
            section(self.tree, (*self.path, key, at), one, known) for at, one in self._each(key, dict, "key: value")
        )

    def _found(self, key: str, default: Any) -> Any:
        value = self.values.get(key)
        value = default if value is None else value
        if value is None:
            raise self.refused(key, f"{key} is not there; every {self._whole_name()} has one")
        return value

    def _whole_name(self) -> str:
        named = [str(key).rstrip("s") for key in self.path if isinstance(key, str)]
        return named[-1] if named else "policy"

    def _list(self, key: str) -> Sequence[Any]:
        value = self.values.get(key)
        if value is not None and not isinstance(value, list):
            raise self.refused(key, f"{key} is {_kind(value)}; write a list, as [a, b] or in lines that begin with -")
        return value or ()

    def _each(self, key: str, kind: type, wanted: str) -> Iterable[tuple[int, Any]]:
        for at, one in enumerate(self._list(key)):
            if not isinstance(one, kind):
                place = (*self.path, key, at)
                raise self.tree.refused(place, f"{key} holds {_kind(one)}; write {wanted}, in quotes if need be")
            yield at, one

    def _member(self, key: str, value: Any, kind: type[Choice]) -> Choice:
        try:
            return kind(str(value).upper())
        except ValueError:
            raise self.refused(key, f"{key} is {_told(value)}; choose from {', '.join(kind)}") from None


def section(tree: Tree, path: Path, value: Any, known: Sequence[str]) -> Section:
    """A mapping, once each of its keys is known. Refuses others, by the nearest that is known."""
    if not isinstance(value, dict):
        raise tree.refused(path, f"this is {_kind(value)}; write key: value lines, of {', '.join(known)}")
    for key in value:
        if key not in known:
            raise tree.refused_key((*path, key), f"{_told(key)} is no key here; {nearest(key, known)}")
    return Section(tree, path, value)


def nearest(word: str, known: Iterable[str]) -> str:
    """What somebody may have meant by a word, or all there is."""
    every = sorted(known)
    close = get_close_matches(word[:80], every, n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(every)}"


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, date):
        return "an instant" if isinstance(value, datetime) else "a day"
    return _told(value)


def _plain(value: Any) -> str:
    return "..." if isinstance(value, dict | list) else str(value).lower() if isinstance(value, bool) else str(value)


def _told(value: Any) -> str:
    text = str(value)
    return repr(text if len(text) <= 80 else text[:79] + "…")
