"""Brings a database to the tables this hub was written for; of several that start at once, one migrates."""

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine

from hub.db import alchemy_url, plain_url
from hub.errors import Code, Refused

LOCK = 7_201_125_510
"""The advisory lock that whoever migrates holds."""

OLDEST_SERVER = 16


@dataclass(frozen=True, slots=True)
class Migrated:
    """From which revision to which; the same when there was nothing to do."""

    before: str | None
    after: str


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    made.set_main_option("path_separator", "os")
    return made


def newest() -> str:
    found = ScriptDirectory.from_config(config()).get_current_head()
    assert found is not None
    return found


async def migrate(url: str) -> Migrated:
    """Migrate under an advisory lock. Refuses a server that is too old, or a database of a newer hub."""
    engine = create_async_engine(
        alchemy_url(plain_url(url)), connect_args={"server_settings": {"application_name": "hub-migrate"}}
    )
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            return await connection.run_sync(_migrate)
    finally:
        await engine.dispose()


async def revision(url: str) -> str | None:
    """The database's revision; None when nothing was ever migrated."""
    engine = create_async_engine(alchemy_url(plain_url(url)))
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(lambda c: MigrationContext.configure(c).get_current_revision())
    finally:
        await engine.dispose()


def _migrate(connection: Connection) -> Migrated:
    version = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10000
    if version < OLDEST_SERVER:
        raise Refused(Code.SETTING, f"the server is PostgreSQL {version}; the hub needs {OLDEST_SERVER} or newer")
    scripts = ScriptDirectory.from_config(config())
    known = {script.revision for script in scripts.walk_revisions()}
    before = MigrationContext.configure(connection).get_current_revision()
    if before is not None and before not in known:
        raise Refused(
            Code.NEWER_DATA,
            f"the database is at revision {before}, which this hub does not know: it was migrated by a newer hub;"
            " start that one, or use another database",
        )
    made = config()
    made.attributes["connection"] = connection
    try:
        command.upgrade(made, "head")
    except (ProgrammingError, OperationalError) as error:
        if "permission denied" in str(error):
            raise Refused(
                Code.SETTING,
                "the database's user may not create roles and tables; migrate once as a user with CREATEROLE and"
                " CREATE on the database: hub migrate",
            ) from error
        raise
    return Migrated(before, newest())
