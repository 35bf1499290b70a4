"""Statements as transactions send them, through SQLAlchemy and past it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import Engine

_FRAME = ("BEGIN", "COMMIT", "ROLLBACK")


def watch(note: Callable[[str], None]) -> Callable[[], None]:
    """Have every statement noted before it is sent, BEGIN and COMMIT too; call what is given back to end that."""

    def heard(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        note(statement)

    def noting(send: Callable[..., Any]) -> Callable[..., Any]:
        def sending(connection: object, statement: str, *values: Any, **more: Any) -> Any:
            if type(connection) is asyncpg.Connection:
                note(statement)
            return send(connection, statement, *values, **more)

        return sending

    ways = {name: getattr(asyncpg.Connection, name) for name in ("execute", "executemany", "fetch")}
    for name, send in ways.items():
        setattr(asyncpg.Connection, name, noting(send))
    event.listen(Engine, "before_cursor_execute", heard)

    def end() -> None:
        event.remove(Engine, "before_cursor_execute", heard)
        for name, send in ways.items():
            setattr(asyncpg.Connection, name, send)

    return end


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement of a write transaction that is sent while the block runs, but those of the queue."""
    sent: list[str] = []

    def note(statement: str) -> None:
        if not statement.startswith(_FRAME) and "pgqueuer" not in statement:
            sent.append(statement)

    end = watch(note)
    try:
        yield sent
    finally:
        end()
