"""The database: one write transaction at a time, a pool that can only read, and the shapes of columns.

`Db.write()` is the only place where a transaction opens and commits.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
from sqlalchemy import Column, DateTime, Enum, MetaData, String, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    AsyncSessionTransaction,
    create_async_engine,
)
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

from hub.clock import Clock
from hub.errors import Code, Refused
from hub.statements import STATEMENTS_KEPT, Row, Sql, Write, joined, row_of

if TYPE_CHECKING:
    Raw = asyncpg.Connection[asyncpg.Record]
    ReadPool = asyncpg.Pool[asyncpg.Record]

ASKED_AFTER_S = 1.0
"""A connection that nobody used for so long is asked whether it is alive: that takes three ways to the server."""

APP_ROLE = "hub_app"
READ_ROLE = "hub_read"

# Rows are not validated, and few are ever dumped: each table's validator is built when one is, not at every start.
SQLModel.model_config["defer_build"] = True
SQLModel.metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def new_id() -> UUID:
    """A version 7 UUID: unique, and in the order of its making."""
    return uuid7()


def id_field() -> Any:
    return Field(default_factory=new_id, primary_key=True)


def instant(*, nullable: bool = False, index: bool = False, server_now: bool = False) -> Any:
    """A UTC instant."""
    default = text("now()") if server_now else None
    column = Column(DateTime(timezone=True), nullable=nullable, index=index, server_default=default)
    return Field(default=None, sa_column=column) if nullable else Field(sa_column=column)


def name_field(longest: int, *, unique: bool = False) -> Any:
    """A text that lists are ordered by: compared by code point, the same on every server."""
    return Field(sa_column=Column(String(longest, collation="C"), nullable=False, unique=unique))


def choice(
    of: type[StrEnum], *, default: Any = ..., nullable: bool = False, index: bool = False, rule: str | None = None
) -> Any:
    """One word of an enum, held as text under a CHECK constraint; `rule` names it where two columns share an enum."""
    kind = Enum(of, native_enum=False, create_constraint=True, length=40, name=rule or of.__name__.lower())
    return Field(default=default, sa_column=Column(kind, nullable=nullable, index=index))


def document(*, nullable: bool = False) -> Any:
    """A JSON document that the database can look into."""
    column = Column(JSONB, nullable=nullable)
    return Field(default=None, sa_column=column) if nullable else Field(default_factory=dict, sa_column=column)


_SESSION = "session"


@dataclass(frozen=True, slots=True)
class Tx:
    """One write transaction: its connection, its instant, who acts, and the operation it belongs to.

    `notes` are what is remembered until it ends.
    """

    at: datetime
    actor: UUID | None
    operation: str
    connection: "Raw"
    notes: dict[str, Any]
    _alchemy: AsyncConnection

    @property
    def session(self) -> AsyncSession:
        """SQLAlchemy's session on this connection, made when it is first asked for: many transactions need none."""
        made: AsyncSession | None = self.notes.get(_SESSION)
        if made is None:
            made = self.notes[_SESSION] = AsyncSession(self._alchemy, expire_on_commit=False)
        return made

    @asynccontextmanager
    async def part(self) -> AsyncIterator[None]:
        """A part that may fail by itself: when it raises, what it wrote is undone, and what was before it stands."""
        async with self._savepoint():
            yield

    @asynccontextmanager
    async def trial(self) -> AsyncIterator[None]:
        """A part that is only tried: however it ends, all that it wrote is undone, and what was before it stands."""
        async with self._savepoint() as tried:
            yield
            await tried.rollback()

    @asynccontextmanager
    async def _savepoint(self) -> AsyncIterator[AsyncSessionTransaction]:
        async with self.session.begin_nested() as nested:
            # SQLAlchemy sends SAVEPOINT with its own first statement, and what went past it before would not be undone.
            await self.session.connection()
            yield nested

    async def raw(self) -> "Raw":
        """The transaction's own asyncpg connection, for bulk work and for jobs."""
        return self.connection

    async def fetch(self, statement: Sql, values: Mapping[str, Any]) -> "list[asyncpg.Record]":
        """The rows of a statement, past SQLAlchemy, whose way takes as long as a small statement itself."""
        return await self.connection.fetch(statement.text, *(values[name] for name in statement.names))

    async def rows(self, kind: type[Row], statement: Sql, values: Mapping[str, Any]) -> list[Row]:
        """The same as rows of a table, as of now: what is set on them is not written."""
        return [row_of(kind, one) for one in await self.fetch(statement, values)]

    async def send(self, *writes: Write) -> None:
        """Make changes in one statement, by one way to the server: none of them sees what another wrote.

        So each must be of another table, or at least of other rows.
        """
        values = [value for write in writes for value in write.values]
        await self.connection.execute(joined(tuple(write.text for write in writes)), *values)


def _put_back(_connection: Any, record: Any) -> None:
    record.info["since"] = monotonic()


def _look_at(connection: Any, record: Any, _proxy: Any) -> None:
    """Have a dead connection of the pool replaced: one that lay there for long may be dead and not know it."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError
    if monotonic() - record.info.get("since", monotonic()) > ASKED_AFTER_S:
        try:
            connection.ping()
        except Exception as error:
            raise DisconnectionError from error


class ReadConnection(asyncpg.Connection):
    """A connection of the read pool: its statements leave nothing behind, so nothing is reset between them."""

    def get_reset_query(self) -> str:
        return ""


@dataclass(slots=True)
class Kept:
    """A connection to write on, and since when nobody did."""

    alchemy: AsyncConnection
    connection: "Raw"
    since: float = 0.0

    async def is_alive(self) -> bool:
        """Whether it can still be used; the server is asked where nobody used it for long."""
        if self.connection.is_closed():
            return False
        if monotonic() - self.since > ASKED_AFTER_S:
            try:
                await self.connection.execute("SELECT 1")
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                return False
        return True


class Db:
    """The write engine and the read pool of one database."""

    def __init__(
        self, url: str, *, clock: Clock, read_url: str | None = None, writers: int = 10, readers: int = 10
    ) -> None:
        self.url = plain_url(url)
        self.read_url = plain_url(read_url or url)
        self.clock = clock
        self._writers = writers
        self._readers = readers
        self._engine: AsyncEngine | None = None
        self._reads: ReadPool | None = None
        self._kept: list[Kept] = []
        self._waiting = 0

    async def open(self) -> None:
        self._engine = create_async_engine(
            alchemy_url(self.url),
            pool_size=self._writers,
            max_overflow=0,
            pool_timeout=5,
            isolation_level="AUTOCOMMIT",
            connect_args={
                "server_settings": {"role": APP_ROLE, "timezone": "UTC", "jit": "off", "application_name": "hub"},
                "prepared_statement_cache_size": STATEMENTS_KEPT,
                "statement_cache_size": STATEMENTS_KEPT,
                "max_cached_statement_lifetime": 0,
            },
        )
        event.listen(self._engine.sync_engine, "checkin", _put_back)
        event.listen(self._engine.sync_engine, "checkout", _look_at)
        self._reads = await asyncpg.create_pool(
            self.read_url,
            min_size=min(2, self._readers),
            max_size=self._readers,
            connection_class=ReadConnection,
            statement_cache_size=512,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=200_000,
            max_inactive_connection_lifetime=0,
            server_settings={
                "role": READ_ROLE,
                "timezone": "UTC",
                "jit": "off",
                "plan_cache_mode": "force_generic_plan",
                # To start workers takes longer than most reads, and many readers ask at once.
                "max_parallel_workers_per_gather": "0",
                "default_transaction_read_only": "on",
                "statement_timeout": "30000",
                "application_name": "hub-read",
            },
        )

    async def close(self) -> None:
        if self._reads is not None:
            await self._reads.close()
        while self._kept:
            await self._kept.pop().alchemy.close()
        if self._engine is not None:
            await self._engine.dispose()

    @property
    def reads(self) -> "ReadPool":
        assert self._reads is not None, "the database is not open"
        return self._reads

    @asynccontextmanager
    async def write(self, *, actor: UUID | None, operation: str) -> AsyncIterator[Tx]:
        """One transaction: commits when the block ends, rolls back when it raises."""
        notes: dict[str, Any] = {}
        line = await self._take()
        is_clean = False
        try:
            # Begun and ended here, and not by SQLAlchemy, which would send another statement to begin with.
            async with line.connection.transaction():
                yield Tx(self.clock.now(), actor, operation, line.connection, notes, line.alchemy)
                if _SESSION in notes:
                    await notes[_SESSION].flush()
            is_clean = _SESSION not in notes
        finally:
            if _SESSION in notes:
                await notes[_SESSION].close()
            if is_clean and not self._waiting:
                line.since = monotonic()
                self._kept.append(line)
            else:
                await line.alchemy.close()

    async def _take(self) -> Kept:
        """A connection to write on: the one that was used last, where SQLAlchemy had no part in that.

        Its pool takes longer to give one out than the server takes to begin and to commit.
        """
        assert self._engine is not None, "the database is not open"
        while self._kept:
            line, alive = self._kept.pop(), False
            try:
                alive = await line.is_alive()
            finally:
                if not alive:
                    await line.alchemy.invalidate()
                    await line.alchemy.close()
            if alive:
                return line
        self._waiting += 1
        try:
            alchemy = await self._engine.connect()
        finally:
            self._waiting -= 1
        try:
            connection: Raw | None = (await alchemy.get_raw_connection()).driver_connection
        except BaseException:
            await alchemy.close()
            raise
        assert connection is not None
        return Kept(alchemy, connection)


def plain_url(url: str) -> str:
    """The URL as asyncpg takes it; refuses what is not a PostgreSQL address."""
    try:
        parsed = make_url(url)
    except Exception as error:
        raise Refused(Code.SETTING, "HUB_DATABASE_URL is not a URL; write postgresql://user@host:5432/name") from error
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise Refused(
            Code.SETTING,
            f"HUB_DATABASE_URL speaks {parsed.get_backend_name()}; the hub needs postgresql://user@host:5432/name",
        )
    return parsed.set(drivername="postgresql").render_as_string(hide_password=False)


def alchemy_url(url: str) -> str:
    return make_url(url).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)
