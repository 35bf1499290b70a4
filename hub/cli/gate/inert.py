"""Texts that others wrote, made harmless for terminals, logs and documents, and laid out by what a terminal shows."""

import re
import unicodedata
from collections.abc import Iterator

LONGEST = 4_000
HASHES = re.compile("#(?=#)")
WHOLE = re.compile(r"\(?(?:[A-Za-z]+:)?(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64})[,.;:)]*")
"""An id or a digest, with the marks around it: broken in the middle it could not be pasted."""
JOINERS = "\u200c\u200d"
"""Without these two, Persian words and some emoji fall apart; they show nothing and move nothing."""


def inert(text: object, most: int = LONGEST) -> str:
    """One line without control characters, terminal escapes or marks that turn the direction of writing.

    White space becomes one space; what cannot be shown becomes its escape, such as \\x1b.
    """
    words = " ".join(str(text).split())
    shown = "".join(letter if _harmless(letter) else _escape(letter) for letter in words)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _harmless(letter: str) -> bool:
    # Cc controls, Cf invisible marks, Cs half pairs, Cn nothing yet (no XML may hold some of them).
    return letter in JOINERS or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Cn")


def _escape(letter: str) -> str:
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def uncommanding(line: str) -> str:
    """A line of a log in which a runner finds no command: `::add-mask::` at its start, `##[…]` anywhere in it."""
    body = line.lstrip()
    if body.startswith("::"):
        line = f"{line[: len(line) - len(body)]}:.{body[2:]}"
    return HASHES.sub("# ", line)


def json_text(value: object) -> str:
    """A value as JSON; one # of two is written as its escape, so that a log with it holds no `##[…]`."""
    import orjson

    text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    return HASHES.sub(r"\\u0023", text) + "\n"


def columns(text: str) -> int:
    """How many columns a terminal gives to a text."""
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.combining(letter) or letter in JOINERS:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def padded(text: str, width: int) -> str:
    """A text with spaces behind it up to a number of columns."""
    return text + " " * (width - columns(text))


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of at most so many columns; a longer word is broken, unless it is an id."""
    lines: list[str] = []
    line = ""
    for word in _pieces(text, max(width, 8)):
        longer = f"{line} {word}" if line else word
        if line and columns(longer) > max(width, 8):
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]


def hanging(first: str, text: str, width: int, *, least: int = 20) -> Iterator[str]:
    """A text behind a label; the lines that follow stand below its first word."""
    indent = columns(first)
    ids = (columns(word) for word in text.split() if WHOLE.fullmatch(word))
    if width - indent < max(least, *ids, 0):
        # Too narrow for a second column: the label has a line of its own.
        yield first
        first, indent = " " * 4, 4
    for place, line in enumerate(wrapped(uncommanding(text), width - indent)):
        yield f"{first if place == 0 else ' ' * indent}{line}"


def _pieces(text: str, width: int) -> Iterator[str]:
    for word in text.split():
        if WHOLE.fullmatch(word):
            yield word
            continue
        piece = ""
        for letter in word:
            if columns(piece + letter) > width:
                yield piece
                piece = ""
            piece += letter
        yield piece
