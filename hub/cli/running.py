"""One process's life: its parts start in order, run until a signal, and end in the opposite order."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hub.clock import Clock
    from hub.db import Db
    from hub.events.jobs import Lane
    from hub.settings import Settings

FORCED = 130


def run(life: Callable[[], Coroutine[Any, Any, None]], force: Callable[[], None] = lambda: None) -> None:
    """Run until it ends by itself, or Ctrl-C or SIGTERM ends it cleanly; a second one calls `force` and ends it."""
    import uvloop

    # Imports make nearly no garbage; each life turns the collector on when everything is there.
    gc.disable()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_signal(life, force))


async def _until_signal(life: Callable[[], Coroutine[Any, Any, None]], force: Callable[[], None]) -> None:
    task = asyncio.create_task(life())
    asked = False

    def end() -> None:
        nonlocal asked
        if asked:
            force()
            os._exit(FORCED)
        asked = True
        print("\n  stopping; once more to force it", file=sys.stderr, flush=True)  # noqa: T201
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end)
    try:
        await task
    except asyncio.CancelledError:
        if not asked:
            raise


def collect_garbage() -> None:
    """Turn the collector on again, for what comes: what is there now stays for good, and need not be walked."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


class Loading:
    """Imports what a serving process needs and builds the schema: most of a start's time, so it goes in a thread.

    What speaks with the database comes first, so that connections are made in the meantime.
    """

    def __init__(self) -> None:
        self.database = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.done = asyncio.create_task(asyncio.to_thread(self._load))

    def _load(self) -> None:
        try:
            with _without_rich():
                import structlog  # noqa: F401
            import hub.db
        finally:
            self._loop.call_soon_threadsafe(self.database.set)

        import hub.app
        import hub.wiring  # noqa: F401
        from hub.schema import schema

        schema()

    async def settled(self) -> None:
        """Wait for the thread, which cannot be stopped; what it raised was told elsewhere."""
        await asyncio.wait({self.done})
        if not self.done.cancelled():
            self.done.exception()


@contextmanager
def _without_rich() -> Iterator[None]:
    """Keep structlog from importing rich, which it would use for coloured stacks alone, and which costs 40 ms."""
    if "rich" in sys.modules:
        yield
        return
    sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["rich"]


def start_logs(chosen: "Settings", *, quiet: bool) -> None:
    """Send log lines to standard error; `quiet`, where a person watches, leaves out what is no warning."""
    from hub.cli.logs import bridge
    from hub.telemetry import start_logging

    told = chosen.model_fields_set
    level = "WARNING" if quiet and "log_level" not in told else chosen.log_level
    plain = quiet and "log" not in told and sys.stderr.isatty()
    start_logging(json=chosen.log == "json" and not plain, level=level)
    bridge()


async def opened(stack: AsyncExitStack, chosen: "Settings", url: str, clock: "Clock") -> "Db":
    """The database, open until the stack ends."""
    from hub.db import Db, plain_url

    read_url = chosen.read_database_url
    db = Db(
        url,
        clock=clock,
        read_url=None if read_url is None else plain_url(read_url.get_secret_value()),
        readers=chosen.readers,
        writers=chosen.writers,
    )
    await db.open()
    stack.push_async_callback(db.close)
    return db


def start_work(
    stack: AsyncExitStack, chosen: "Settings", db: "Db", clock: "Clock", lanes: "Sequence[Lane] | None" = None
) -> list[asyncio.Task[None]]:
    """The worker and the clock, both stopped when the stack ends."""
    import hub.wiring  # noqa: F401
    from hub.cli.duties import duties
    from hub.events.jobs import Lane
    from hub.ticking import Ticker
    from hub.worker import Worker

    worker, ticker = Worker(db, lanes or tuple(Lane)), Ticker(db, clock, tick_s=chosen.tick_s, asks=duties())
    tasks = [asyncio.create_task(worker.run(), name="worker"), asyncio.create_task(ticker.run(), name="clock")]

    async def end() -> None:
        ticker.stop()
        await worker.stop()
        await asyncio.wait(tasks, timeout=5)

    stack.push_async_callback(end)
    return tasks


async def measure(chosen: "Settings", db: "Db") -> None:
    """Keep the queue's figures fresh in a process that does not drive the clock."""
    from hub.ticking.ticker import measure_queue

    while True:
        await measure_queue(db)
        await asyncio.sleep(chosen.tick_s)


def background(stack: AsyncExitStack, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
    """Something that goes on until the stack ends."""
    task = asyncio.create_task(work, name=name)

    async def end() -> None:
        task.cancel()
        await asyncio.wait({task})

    stack.push_async_callback(end)
    return task


async def until_one_ends(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Wait for ever; when a part ends by itself, raise what it ended with."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
        raise RuntimeError(f"the {task.get_name()} ended by itself")
