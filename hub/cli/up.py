"""`hub up`: everything in one process, on one machine."""

import asyncio
import os
import signal
import socket
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli import pasting
from hub.cli.options import Data, Host, Port
from hub.cli.steps import Steps

if TYPE_CHECKING:
    from hub.embedded import Embedded
    from hub.settings import Settings

QUERY = "{ models(first: 5) { totalCount nodes { name tier } } }"


def up(
    data: Data = None,
    port: Port = None,
    host: Host = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Also run an MLflow server with models, and govern them.")
    ] = False,
) -> None:
    """Start PostgreSQL, API, worker and clock in one process. Ctrl-C ends all of it.

    Without HUB_DATABASE_URL the data lies in the data folder; a second start goes on where the first one ended.

    Example: hub up --demo
    """
    from hub.cli import place, running

    steps = Steps()
    chosen = place.chosen(data=data, port=port, host=host)
    alone = _Alone(chosen, steps, demo)
    # The port first: it is the commonest thing to be wrong, and it is known at once.
    running.run(alone.life, alone.force)


class _Alone:
    """The one process, its database included."""

    def __init__(self, chosen: "Settings", steps: Steps, demo: bool) -> None:
        self._chosen = chosen
        self._steps = steps
        self._demo = demo
        self._embedded: Embedded | None = None
        self._development = chosen.development is not False

    async def life(self) -> None:
        """Start everything, say so, and wait for the end."""
        from hub.cli import place, running, web
        from hub.clock import SystemClock

        chosen, steps, clock = self._chosen, self._steps, SystemClock()
        listening = web.listen(chosen.host, chosen.port)
        async with AsyncExitStack() as stack:
            stack.callback(listening.close)
            loading = running.Loading()
            stack.push_async_callback(loading.settled)
            url = await self._database(stack)
            with steps.step("tables"):
                await loading.database.wait()
                await self._migrate(url)
                db = await running.opened(stack, chosen, url, clock)
            with steps.step("code and schema"):
                await loading.done
            running.start_logs(chosen, quiet=True)
            with steps.step("API"):
                from hub.app import application

                address = chosen.public_url or web.address_of(listening, chosen.host)
                app = application(db, clock, development=self._development, public_url=address)
                serving = await start_server(stack, app, listening)
            running.collect_garbage()
            from hub.cli.token_file import local_token

            secret, ends = await local_token(db, clock, chosen.data)
            with steps.step("worker and clock"):
                parts = [serving, *running.start_work(stack, chosen, db, clock)]
            if self._embedded is not None:
                parts.append(running.background(stack, self._embedded.keep(), "PostgreSQL"))
            place.remember(chosen.data, "url", address)
            stack.callback((chosen.data / "url").unlink, missing_ok=True)
            self._tell(address, secret, f"{ends:%Y-%m-%d}")
            if self._demo:
                from hub.cli.demo import play

                playing = play(db, chosen, steps, app.state.hub.engine)
                parts.append(running.background(stack, playing, "demo"))
            await running.until_one_ends(parts)

    def force(self) -> None:
        """End PostgreSQL at once, as a crash would; the next start recovers."""
        if self._embedded is not None:
            with suppress(OSError, ValueError, IndexError):
                pid = int((self._embedded.data / "postmaster.pid").read_text().split()[0])
                os.kill(pid, signal.SIGQUIT)

    async def _database(self, stack: AsyncExitStack) -> str:
        from hub.cli import place

        given = place.named_url(self._chosen)
        if given is not None:
            return given
        from hub.embedded import Embedded

        self._embedded = Embedded(self._chosen.data, say=self._steps.say)
        with self._steps.step("PostgreSQL"):
            stack.push_async_callback(self._embedded.stop)
            return await self._embedded.start()

    async def _migrate(self, url: str) -> None:
        from hub.cli import place

        if await place.revision(url) != place.known_revisions()[-1]:
            from hub.migrate import migrate

            await migrate(url)

    def _tell(self, address: str, secret: str, ends: str) -> None:
        chosen, line = self._chosen, self._steps.line
        line(f"\nThe hub is ready after {self._steps.elapsed_s:.1f} s.\n")
        line(f"  GraphQL    {address}/graphql")
        if self._development:
            line(f"  GraphiQL   {address}/graphiql")
        line(f"  metrics    {address}/metrics")
        line(f"  token      {secret}")
        line(f"             kept in {chosen.data / 'token'}, good until {ends}\n")
        if not self._demo:
            line("Ask it something:\n")
            for words in (pasting.curl(address, secret, QUERY), pasting.query(chosen.data, QUERY)):
                line(f"  {words}\n")
        line("Ctrl-C ends it.\n")


async def start_server(stack: AsyncExitStack, app: Any, listening: socket.socket) -> "asyncio.Task[None]":
    """Serve on a socket; returns when requests are answered, ends with the stack."""
    from hub.cli.web import Server

    server = Server(app)
    serving = asyncio.create_task(server.serve([listening]), name="API")

    async def end() -> None:
        server.should_exit = True
        await asyncio.wait({serving})

    stack.push_async_callback(end)
    ready = asyncio.create_task(server.ready.wait())
    await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
    if serving.done():
        serving.result()
    return serving
