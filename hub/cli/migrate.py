"""`hub migrate`: the tables, and nothing else."""

from typing import TYPE_CHECKING

from hub.cli.options import AsJSON, Data

if TYPE_CHECKING:
    from hub.migrate import Migrated


def migrate(data: Data = None, json: AsJSON = False) -> None:
    """Bring the database to this hub's tables. Of several that start at once, one does it.

    It needs a user who may create roles and tables; `hub serve` and `hub work` do not.

    Example: HUB_DATABASE_URL=postgresql://owner@db:5432/hub hub migrate
    """
    import asyncio

    from hub.cli import place, printing

    chosen = place.chosen(data=data)

    async def act() -> "Migrated":
        from hub.embedded import Embedded
        from hub.migrate import migrate

        url = place.named_url(chosen) or Embedded.running(chosen.data.resolve())
        if url is not None:
            await place.revision(url)  # says what is wrong with an address in a sentence
            return await migrate(url)
        async with Embedded(chosen.data, say=printing.line) as embedded:
            return await migrate(embedded.dsn())

    done = asyncio.run(act())
    if json:
        printing.as_json({"before": done.before, "after": done.after})
    elif done.before == done.after:
        printing.line(f"nothing to do: the database is at revision {done.after}")
    else:
        printing.line(f"migrated from {done.before or 'nothing'} to {done.after}")
