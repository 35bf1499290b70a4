"""YAML as people mean it: data only, each value's line and column kept, and no text that two readers read differently.

PyYAML takes the text apart; what a plain word means is decided here. YAML 1.1 reads `no` as false and `010` as eight,
YAML 1.2 does not: such words are refused until they are quoted or spelled out.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import yaml

from hub.errors import Code, Refused

MOST_BYTES = 1_000_000
DEEPEST = 30
MOST_NODES = 100_000
LONGEST_NUMBER = 40

Path = tuple[str | int, ...]
"""Where a value stands: keys and positions from the top."""

# libyaml, where PyYAML was built with it, is some twenty times as fast and gives the same events.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = yaml.reader.Reader.NON_PRINTABLE
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?")
_EXPONENT = re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file, both from 1."""

    line: int
    column: int


class Misread(Refused):
    """A file that says what cannot be taken; the words begin with the place, as compilers and editors write it."""

    def __init__(self, name: str, place: Place, what: str) -> None:
        super().__init__(Code.BAD_INPUT, f"{name}:{place.line}:{place.column}: {what}")
        self.name = name
        self.place = place
        self.what = what


@dataclass(frozen=True, slots=True)
class Tree:
    """What a file says and where it says it; `lines` tells where the lines of a text begin, if they can be told."""

    name: str
    value: Any
    places: Mapping[Path, Place]
    keys: Mapping[Path, Place]
    lines: Mapping[Path, Place]

    def at(self, path: Path) -> Place:
        """Where a value stands; of one that is not there, what it would stand in."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(1, 1))

    def within(self, path: Path, line: int, column: int) -> Place:
        """Where a line and column of a text stand in the file; the text's own place when that cannot be told."""
        begin = self.lines.get(path)
        return self.at(path) if begin is None else Place(begin.line + line - 1, begin.column + column - 1)

    def refused(self, path: Path, what: str) -> Misread:
        """A refusal that names the place of a value."""
        return Misread(self.name, self.at(path), what)

    def refused_key(self, path: Path, what: str) -> Misread:
        """A refusal that names the place of a key."""
        return Misread(self.name, self.keys.get(path, self.at(path)), what)


def decoded(raw: bytes, *, name: str) -> str:
    """A file's bytes as text. Refuses what is too long or is not UTF-8."""
    if len(raw) > MOST_BYTES:
        raise _too_long(name)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        place = Place(before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1)
        raise Misread(name, place, f"byte {raw[error.start]:#04x} is not UTF-8; save the file as UTF-8 text") from None


def load(text: str, *, name: str) -> Any:
    """What a YAML text says: mappings, lists, texts, numbers, true, false, null, dates and instants."""
    return tree(text, name=name).value


def tree(text: str, *, name: str) -> Tree:
    """What a YAML text says, with the place of every value. Refuses, by line and column, what is more than data."""
    if len(text) > MOST_BYTES or len(text.encode(errors="replace")) > MOST_BYTES:
        raise _too_long(name)
    bad = _UNPRINTABLE.search(text)
    if bad is not None:
        before = text[: bad.start()]
        place = Place(before.count("\n") + 1, bad.start() - (before.rfind("\n") + 1) + 1)
        told = "NUL" if bad.group() == "\x00" else f"the control character U+{ord(bad.group()):04X}"
        raise Misread(name, place, f"{told} is no text; leave it out")
    return _Reading(text, name).tree()


class _Reading:
    """One walk over the parser's events, which never holds more than what was asked for."""

    def __init__(self, text: str, name: str) -> None:
        self._loader = _LOADER(text)
        self._rows = text.splitlines()
        self._name = name
        self._places: dict[Path, Place] = {}
        self._keys: dict[Path, Place] = {}
        self._lines: dict[Path, Place] = {}
        self._nodes = 0

    def tree(self) -> Tree:
        try:
            self._next(yaml.StreamStartEvent)
            if self._loader.check_event(yaml.StreamEndEvent):
                raise Misread(self._name, Place(1, 1), "the file is empty; write key: value lines")
            self._next(yaml.DocumentStartEvent)
            value = self._value(self._loader.get_event(), ())
            self._next(yaml.DocumentEndEvent)
            if not self._loader.check_event(yaml.StreamEndEvent):
                second = _place(self._loader.get_event())
                raise Misread(self._name, second, "a second document begins here; write one document in each file")
        except yaml.MarkedYAMLError as error:
            raise self._unread(error) from None
        finally:
            self._loader.dispose()
        return Tree(self._name, value, self._places, self._keys, self._lines)

    def _next(self, kind: type[yaml.Event]) -> None:
        event = self._loader.get_event()
        assert isinstance(event, kind)

    def _unread(self, error: yaml.MarkedYAMLError) -> Misread:
        mark = error.problem_mark or error.context_mark
        place = Place(1, 1) if mark is None else Place(mark.line + 1, mark.column + 1)
        row = self._rows[place.line - 1] if place.line <= len(self._rows) else ""
        if row[place.column - 1 : place.column] == "\t" or row[: len(row) - len(row.lstrip())].count("\t"):
            return Misread(self._name, place, "a tab stands where YAML takes spaces; indent with spaces")
        told = ", ".join(filter(None, (error.context, error.problem)))
        return Misread(self._name, place, f"this is no YAML: {told}; quote texts that hold : # [ or {{")

    def _value(self, event: Any, path: Path) -> Any:
        place = self._places[path] = _place(event)
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise Misread(self._name, place, f"more than {MOST_NODES} values; at most that many are read")
        if isinstance(event, yaml.AliasEvent):
            raise Misread(self._name, place, f"*{str(event.anchor)[:80]} is an alias; write the value out in its place")
        if event.anchor is not None:
            raise Misread(
                self._name,
                place,
                f"&{event.anchor[:80]} is an anchor; leave it out and write the value out where it is wanted",
            )
        if event.tag is not None:
            raise Misread(self._name, place, f"{event.tag[:80]} is a tag; leave it out, only plain data is read")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path, place)
        if len(path) >= DEEPEST:
            raise Misread(self._name, place, f"values stand more than {DEEPEST} deep; at most that many are read")
        return self._list(path) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(path)

    def _list(self, path: Path) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := self._loader.get_event(), yaml.SequenceEndEvent):
            found.append(self._value(event, (*path, len(found))))
        return found

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        keys: dict[str, Place] = {}
        while not isinstance(event := self._loader.get_event(), yaml.MappingEndEvent):
            place = _place(event)
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag or event.value == "<<":
                raise Misread(self._name, place, "a key must be a plain word, such as title")
            key = self._text(event.value, place)
            if key in keys:
                first = keys[key].line
                raise Misread(self._name, place, f"{key[:80]} is written twice, first in line {first}; keep one")
            keys[key] = self._keys[*path, key] = place
            found[key] = self._value(self._loader.get_event(), (*path, key))
            if found[key] is None:  # nothing stands there, so that its key is the place to look at
                self._places[*path, key] = place
        return found

    def _scalar(self, event: Any, path: Path, place: Place) -> Any:
        text = self._text(event.value, place)
        if event.style in ("|", ">", "'", '"') or not event.implicit[0]:
            self._begin(event, path, place)
            return text
        meant = self._meant(text, place)
        if meant is text:
            self._begin(event, path, place)
        return meant

    def _text(self, text: str, place: Place) -> str:
        if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise Misread(self._name, place, "an escape gives a character that is no text; leave it out")
        return text

    def _begin(self, event: Any, path: Path, place: Place) -> None:
        """Keep where the text's own first line begins, for the styles that keep lines as they are written."""
        if event.style == "|":
            rows = self._rows[place.line : event.end_mark.line + 1]
            indents = [len(row) - len(row.lstrip(" ")) for row in rows if row.strip()]
            head = re.search(r"[1-9]", self._rows[place.line - 1][place.column - 1 :].partition("#")[0])
            if indents and head is None:
                self._lines[path] = Place(place.line + 1, indents[0] + 1)
        elif event.style != ">" and event.start_mark.line == event.end_mark.line:
            quoted = event.style in ("'", '"')
            if not quoted or event.end_mark.column - event.start_mark.column == len(event.value) + 2:
                self._lines[path] = Place(place.line, place.column + quoted)

    def _meant(self, text: str, place: Place) -> Any:
        """What a plain word means; refused when readers of YAML 1.1 and of 1.2 disagree on it."""
        tag = str(self._loader.resolve(yaml.ScalarNode, text, (True, False))).rpartition(":")[2]
        if tag == "null":
            return None
        if tag == "bool" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        if tag == "bool":
            said = "true" if text.lower() in ("yes", "on") else "false"
            raise Misread(self._name, place, f'{text} is {said} to some readers of YAML; write {said}, or "{text}"')
        if len(text) <= LONGEST_NUMBER and _INT.fullmatch(text):
            return int(text)
        if len(text) <= LONGEST_NUMBER and _FLOAT.fullmatch(text) and math.isfinite(float(text)):
            return float(text)
        if tag in ("int", "float") or _EXPONENT.fullmatch(text) or _FLOAT.fullmatch(text):
            why = f'{text[:80]} is read as different numbers; write it in decimals, as 0.5, or as a text, "{text[:80]}"'
            raise Misread(self._name, place, why)
        return self._instant(text, place) if tag == "timestamp" else text

    def _instant(self, text: str, place: Place) -> date | datetime:
        try:
            return date.fromisoformat(text) if _DATE.fullmatch(text) else datetime.fromisoformat(text)
        except ValueError:
            why = f'{text[:80]} is no day; write one as 2027-03-31, an instant as 2027-03-31T12:00:00Z, a text in "..."'
            raise Misread(self._name, place, why) from None


def _place(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _too_long(name: str) -> Misread:
    return Misread(name, Place(1, 1), f"more than {MOST_BYTES} bytes; at most that many are read")
