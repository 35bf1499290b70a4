"""Pieces of JSON text as SQL expressions, and how they are joined."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST_ARGUMENTS = 90
"""PostgreSQL takes 100 arguments in one call."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of JSON text: literal, an expression whose null is no text, or one whose null makes all of it null.

    An `aggregate` stands over the rows of a list. A part that reads a list tells what is inside its SELECT and its
    FROM, so that a statement of nothing else need not copy the text once more.
    """

    sql: str
    literal: bool = False
    strict: bool = False
    aggregate: bool = False
    inside: "tuple[Part, ...]" = ()
    rows: str = ""


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def literal(text: str) -> Part:
    return Part(text, literal=True)


def statement(parts: Sequence[Part]) -> str:
    """The statement that returns all the parts as one text's bytes."""
    read = [part for part in parts if not part.literal]
    if len(read) == 1 and read[0].inside:
        at = parts.index(read[0])
        parts = [*parts[:at], *read[0].inside, *parts[at + 1 :]]
        return f"SELECT convert_to({joined(parts)}, 'UTF8') {read[0].rows}"
    return f"SELECT convert_to({joined(parts)}, 'UTF8')"


def joined(parts: Sequence[Part]) -> str:
    """One text expression of all the parts."""
    groups: list[list[Part]] = [[]]
    strict: list[bool] = [False]
    for part in parts:
        if part.strict != strict[-1]:
            groups.append([])
            strict.append(part.strict)
        if part.literal and groups[-1] and groups[-1][-1].literal:
            groups[-1][-1] = literal(groups[-1][-1].sql + part.sql)
        else:
            groups[-1].append(part)
    made = []
    for group, is_strict in zip(groups, strict, strict=True):
        if group:
            made.append(" || ".join(p.sql for p in group) if is_strict else _concat(group))
    return " || ".join(made) or "''"


def _concat(parts: list[Part]) -> str:
    texts = [quoted(p.sql) if p.literal else p.sql for p in parts]
    if len(texts) == 1 and parts[0].literal:
        return texts[0]
    while len(texts) > MOST_ARGUMENTS:
        texts = [f"concat({', '.join(texts[i : i + MOST_ARGUMENTS])})" for i in range(0, len(texts), MOST_ARGUMENTS)]
    return f"concat({', '.join(texts)})"
