"""A migrated database is exactly what the tables say."""

import asyncpg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from hub.db import APP_ROLE, READ_ROLE, alchemy_url
from hub.migrate import migrate, newest
from hub.tables import metadata


async def test_migrated_database_equals_the_tables(database: str) -> None:
    def compared(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _parents: not (kind == "table" and str(name).startswith("pgqueuer")),
            },
        )
        return list(compare_metadata(context, metadata()))

    engine = create_async_engine(alchemy_url(database))
    async with engine.connect() as connection:
        differences = await connection.run_sync(compared)
    await engine.dispose()
    assert [d for d in differences if "alembic_version" not in str(d)] == []


async def test_migrating_again_does_nothing(database: str) -> None:
    done = await migrate(database)
    assert (done.before, done.after) == (newest(), newest())


async def test_the_trail_is_added_to_and_never_changed(database: str) -> None:
    connection = await asyncpg.connect(database)
    may = {
        verb: await connection.fetchval("SELECT has_table_privilege($1, 'events', $2)", APP_ROLE, verb)
        for verb in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
    }
    await connection.close()
    assert may == {"SELECT": True, "INSERT": True, "UPDATE": False, "DELETE": False, "TRUNCATE": False}


async def test_the_reading_role_writes_nothing_and_sees_no_credential(database: str) -> None:
    connection = await asyncpg.connect(database)
    tables = [row[0] for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    writable = [
        table
        for table in tables
        for verb in ("INSERT", "UPDATE", "DELETE")
        if await connection.fetchval("SELECT has_table_privilege($1, $2, $3)", READ_ROLE, table, verb)
    ]
    secret = await connection.fetchval(
        "SELECT has_column_privilege($1, 'registries', 'credentials', 'SELECT')", READ_ROLE
    )
    await connection.close()
    assert len(tables) > 30
    assert writable == []
    assert secret is False
