"""Commands that do one thing with the database and end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from hub.clock import Clock
    from hub.db import Db
    from hub.settings import Settings

Result = TypeVar("Result")


def with_database(chosen: "Settings", act: "Callable[[Db, Clock], Awaitable[Result]]") -> Result:
    """Do it over the hub's database, which must be there and have this hub's tables."""
    from hub.cli import place
    from hub.clock import SystemClock

    async def main() -> Result:
        from hub.db import Db

        url = place.database_url(chosen)
        await place.check_migrated(url)
        clock = SystemClock()
        db = Db(url, clock=clock, readers=2, writers=2)
        await db.open()
        try:
            return await act(db, clock)
        finally:
            await db.close()

    return asyncio.run(main())
