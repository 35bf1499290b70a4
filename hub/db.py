"""The database: one write transaction at a time, a pool that can only read, and the shapes of columns.

`Db.write()` is the only place where a transaction opens and commits.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
from sqlalchemy import Column, DateTime, Enum, MetaData, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

from hub.clock import Clock
from hub.errors import Code, Refused

if TYPE_CHECKING:
    Raw = asyncpg.Connection[asyncpg.Record]
    ReadPool = asyncpg.Pool[asyncpg.Record]

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


@dataclass(frozen=True, slots=True)
class Tx:
    """One write transaction: its session, its instant, who acts, and the operation it belongs to."""

    session: AsyncSession
    at: datetime
    actor: UUID | None
    operation: str

    @asynccontextmanager
    async def part(self) -> AsyncIterator[None]:
        """A part that may fail by itself: when it raises, what it wrote is undone, and what was before it stands."""
        async with self.session.begin_nested():
            yield

    async def raw(self) -> "Raw":
        """The transaction's own asyncpg connection, for bulk work and for jobs."""
        connection = await self.session.connection()
        await connection.execute(text("SELECT 1"))
        raw: Raw | None = (await connection.get_raw_connection()).driver_connection
        assert raw is not None and raw.is_in_transaction()
        return raw


class ReadConnection(asyncpg.Connection):
    """A connection of the read pool: its statements leave nothing behind, so nothing is reset between them."""

    def get_reset_query(self) -> str:
        return ""


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

    async def open(self) -> None:
        self._engine = create_async_engine(
            alchemy_url(self.url),
            pool_size=self._writers,
            max_overflow=0,
            pool_timeout=5,
            pool_pre_ping=True,
            connect_args={
                "server_settings": {"role": APP_ROLE, "timezone": "UTC", "jit": "off", "application_name": "hub"}
            },
        )
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
                "default_transaction_read_only": "on",
                "statement_timeout": "30000",
                "application_name": "hub-read",
            },
        )

    async def close(self) -> None:
        if self._reads is not None:
            await self._reads.close()
        if self._engine is not None:
            await self._engine.dispose()

    @property
    def reads(self) -> "ReadPool":
        assert self._reads is not None, "the database is not open"
        return self._reads

    @asynccontextmanager
    async def write(self, *, actor: UUID | None, operation: str) -> AsyncIterator[Tx]:
        """One transaction: commits when the block ends, rolls back when it raises."""
        assert self._engine is not None, "the database is not open"
        async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
            yield Tx(session=session, at=self.clock.now(), actor=actor, operation=operation)


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
