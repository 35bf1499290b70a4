r"""A control or a criterion on one line: its words, then its ties, such as `Read twice. | every 14 | by olaf`.

A bar within the words is written `\|`, a line break `\¶`, a carriage return `\␍`; a backslash is one everywhere else,
and before one of these it is doubled. So what is written is read as it was, and paths of Windows are left alone.
"""

import re
from collections.abc import Iterable

_WRITTEN = {"|": "\\|", "\n": "\\¶", "\r": "\\␍"}
_MEANT = {"|": "|", "¶": "\n", "␍": "\r"}
_TO_WRITE = re.compile(r"(\\*)([|¶␍\n\r])")
_TO_READ = re.compile(r"(\\*)([|¶␍])")


def written(words: str, ties: Iterable[tuple[str, object]] = ()) -> str:
    """A line of it; a tie is a word and its value, and is left out where it has none."""
    held = (f"{word} {_escaped(str(value))}" for word, value in ties if value is not None)
    return " | ".join((_escaped(words), *held))


def read(line: str) -> tuple[str, list[tuple[str, str]]]:
    """Its words, and its ties as they are written: the word in small letters, and the value."""
    parts, at = [""], 0
    for found in _TO_READ.finditer(line):
        slashes, sign = found.groups()
        parts[-1] += line[at : found.start()] + "\\" * (len(slashes) // 2)
        at = found.end()
        if len(slashes) % 2:
            parts[-1] += _MEANT[sign]
        elif sign == "|":
            parts.append("")
        else:
            parts[-1] += sign
    parts[-1] += line[at:]
    first, *rest = (part.strip() for part in parts)
    words = (part.partition(" ") for part in rest)
    return first, [(word.lower(), value.strip()) for word, _, value in words]


def lines(cell: str) -> list[str]:
    """What stands in one cell, each on a line of its own."""
    return [one for line in re.split(r"\r\n|\r|\n", cell) if (one := line.strip())]


def _escaped(text: str) -> str:
    return _TO_WRITE.sub(lambda found: found[1] * 2 + _WRITTEN.get(found[2], found[2]), text)
