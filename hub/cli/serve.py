"""`hub serve` and `hub work`: processes that keep nothing, in any number, over one database."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.options import Data, Host, Port

if TYPE_CHECKING:
    from hub.events.jobs import Lane


def serve(data: Data = None, port: Port = None, host: Host = None) -> None:
    """Serve the API alone. The database is that of HUB_DATABASE_URL, or of the hub that runs in the data folder.

    Example: HUB_DATABASE_URL=postgresql://hub@db:5432/hub hub serve --host 0.0.0.0 --port 8080
    """
    from hub.cli import place, running, web
    from hub.cli.steps import Steps
    from hub.cli.up import start_server

    chosen, steps = place.chosen(data=data, port=port, host=host), Steps()

    async def life() -> None:
        from hub.clock import SystemClock

        clock, listening = SystemClock(), web.listen(chosen.host, chosen.port)
        async with AsyncExitStack() as stack:
            stack.callback(listening.close)
            loading = running.Loading()
            stack.push_async_callback(loading.settled)
            url = place.database_url(chosen)
            await place.check_migrated(url)
            with steps.step("code and schema"):
                await loading.done
            running.start_logs(chosen, quiet=False)
            from hub.app import application

            db = await running.opened(stack, chosen, url, clock)
            address = chosen.public_url or web.address_of(listening, chosen.host)
            app = application(db, clock, development=bool(chosen.development), public_url=address)
            serving = await start_server(stack, app, listening)
            running.collect_garbage()
            steps.line(f"serving {address}/graphql after {steps.elapsed_s:.1f} s; Ctrl-C ends it")
            measuring = running.background(stack, running.measure(chosen, db), "queue's figures")
            await running.until_one_ends([serving, measuring])

    running.run(life)


def work(
    data: Data = None,
    lane: Annotated[
        list[str] | None, typer.Option("--lane", help="Only this lane: urgent, normal or bulk. May be repeated.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Also answer /healthz and /metrics on this port.")
    ] = None,
    host: Host = None,
) -> None:
    """Do queued work alone. The database is that of HUB_DATABASE_URL, or of the hub that runs in the data folder.

    One of all such processes drives the clock; when it ends, another takes over.

    Example: HUB_DATABASE_URL=postgresql://hub@db:5432/hub hub work --lane urgent --lane normal
    """
    from hub.cli import place, running, web
    from hub.cli.steps import Steps

    chosen, steps = place.chosen(data=data, host=host), Steps()

    async def life() -> None:
        from hub.cli.up import start_server
        from hub.clock import SystemClock

        clock = SystemClock()
        async with AsyncExitStack() as stack:
            listening = None if port is None else web.listen(chosen.host, port)
            url = place.database_url(chosen)
            lanes = _lanes(lane)
            await place.check_migrated(url)
            running.start_logs(chosen, quiet=False)
            db = await running.opened(stack, chosen, url, clock)
            running.collect_garbage()
            parts = running.start_work(stack, chosen, db, clock, lanes)
            parts.append(running.background(stack, running.measure(chosen, db), "queue's figures"))
            if listening is not None:
                serving = await start_server(stack, web.figures(), listening)
                parts.append(serving)
            steps.line(f"working on {', '.join(lanes)} after {steps.elapsed_s:.1f} s; Ctrl-C ends it")
            await running.until_one_ends(parts)

    running.run(life)


def _lanes(given: list[str] | None) -> "list[Lane]":
    from hub.errors import Code, Refused
    from hub.events.jobs import Lane

    wrong = sorted(set(given or ()) - set(Lane))
    if wrong:
        raise Refused(Code.BAD_INPUT, f"there is no lane {wrong[0]!r}; there are {', '.join(Lane)}", field="lane")
    return [Lane(name) for name in dict.fromkeys(given)] if given else list(Lane)
