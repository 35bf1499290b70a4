"""Statements that go to the server past SQLAlchemy, and rows that come or go with them.

For what every request sends, or many rows come of: SQLAlchemy's way takes as long as a small statement itself.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import Enum, inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import configure_mappers
from sqlmodel import SQLModel

if TYPE_CHECKING:
    import asyncpg

STATEMENTS_KEPT = 512
"""Prepared statements that each connection for writing keeps."""


@dataclass(frozen=True, slots=True)
class Sql:
    """A statement that goes to the server as it stands: `:name` became the number of its value."""

    text: str
    names: tuple[str, ...]


_NAME = re.compile(r"(?<![:\w]):(\w+)(?!:)")


def sql(text: str) -> Sql:
    """A statement for `Tx.fetch`, with `:name` for each value: for what every request sends, or many rows come of."""
    names = tuple(dict.fromkeys(_NAME.findall(text)))
    return Sql(_NAME.sub(lambda found: f"${names.index(found[1]) + 1}", text), names)


@dataclass(frozen=True, slots=True)
class Write:
    """A change that gives nothing back, for `Tx.send`: its statement, and a value for each `$number` in it."""

    text: str
    values: tuple[Any, ...]


def adding(row: SQLModel) -> Write:
    """That one row is added, with a value of its own in each column."""
    kind, values = type(row), row.__dict__
    given = (_written(values[name]) if is_document else values[name] for name, is_document in _documents(kind).items())
    return Write(_adding(kind), tuple(given))


def changing(kind: type[SQLModel], id: UUID, values: Mapping[str, Any]) -> Write:
    """That columns of one row are written."""
    documents = _documents(kind)
    given = (_written(value) if documents[name] else value for name, value in values.items())
    return Write(_changing(kind, tuple(values)), (id, *given))


def running(statement: Sql, values: Mapping[str, Any]) -> Write:
    """That a statement of one's own runs; it gives nothing back and must not begin with WITH."""
    return Write(statement.text, tuple(values[name] for name in statement.names))


Row = TypeVar("Row", bound=SQLModel)


def row_of(kind: type[Row], record: "asyncpg.Record") -> Row:
    """A row of a table from a record that holds its columns."""
    make, words = _maker(kind)
    row: Row = make()
    values = row.__dict__
    for name, word in words.items():
        value = record[name]
        values[name] = value if word is None or value is None else word(value)
    return row


@cache
def _maker(kind: type[SQLModel]) -> tuple[Callable[[], Any], Mapping[str, Callable[[str], Any] | None]]:
    """What makes an empty row, as SQLAlchemy does; and the columns, each with the enum whose words it holds, if any."""
    # SQLAlchemy finishes its classes with the first statement of its own; there may not have been one.
    configure_mappers()
    columns = SQLModel.metadata.tables[str(kind.__tablename__)].columns
    words = {column.name: column.type.enum_class if isinstance(column.type, Enum) else None for column in columns}
    return inspect(kind).class_manager.new_instance, words


def fresh(kind: type[Row], **values: Any) -> Row:
    """A new row, past SQLModel's own way, which takes as long as a small statement; every column is to be given."""
    make, words = _maker(kind)
    assert values.keys() == words.keys(), f"of {kind.__tablename__} differ {values.keys() ^ words.keys()}"
    row: Row = make()
    row.__dict__.update(values)
    return row


@cache
def _adding(kind: type[SQLModel]) -> str:
    names = _documents(kind)
    places = ", ".join(f"${number}" for number, _ in enumerate(names, 1))
    return f"INSERT INTO {kind.__tablename__} ({', '.join(names)}) VALUES ({places})"


@cache
def _changing(kind: type[SQLModel], names: tuple[str, ...]) -> str:
    said = ", ".join(f"{name} = ${number}" for number, name in enumerate(names, 2))
    return f"UPDATE {kind.__tablename__} SET {said} WHERE id = $1"


_PLACE = re.compile(r"\$(\d+)")


@lru_cache(STATEMENTS_KEPT)
def joined(texts: tuple[str, ...]) -> str:
    """Statements as one, their values numbered through; the last stands by itself, since one must."""
    numbered, before = [], 0
    for one in texts:
        parts = _PLACE.split(one)
        parts[1::2] = [f"${int(number) + before}" for number in parts[1::2]]
        numbered.append("".join(parts))
        before += max((int(number) for number in _PLACE.findall(one)), default=0)
    *others, last = numbered
    named = ", ".join(f"w{at} AS ({one})" for at, one in enumerate(others))
    return f"WITH {named} {last}" if named else last


@cache
def _documents(kind: type[SQLModel]) -> Mapping[str, bool]:
    """The columns of a table, each with whether it holds a JSON document."""
    columns = SQLModel.metadata.tables[str(kind.__tablename__)].columns
    return {column.name: isinstance(column.type, JSONB) for column in columns}


def _written(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()
