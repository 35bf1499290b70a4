"""A server on loopback that answers whatever a test tells it to, and remembers what it was asked."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

Answer = Callable[[Request], Response]


class Hostile:
    """Answers each path from its own list, in order, the last one for ever; an unknown path gets `otherwise`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._news = asyncio.Event()
        self.forget()

    def forget(self) -> None:
        """As new, for the next test."""
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[Any] = []
        self.otherwise: Answer = says({})
        self._answers: dict[str, list[Answer]] = {}

    def on(self, path: str, *answers: Answer) -> None:
        self._answers[path] = list(answers)

    async def was_asked(self, path: str, times: int) -> None:
        """Returns as soon as a path has been asked for so often."""
        async with asyncio.timeout(10):
            while self.times(path) < times:
                self._news.clear()
                await self._news.wait()

    def times(self, path: str) -> int:
        return sum(asked == path for asked, _ in self.asked)

    async def reply(self, request: Request) -> Response:
        path = request.url.path.removeprefix("/api/2.0/mlflow/")
        self.asked.append((path, dict(request.query_params)))
        self._news.set()
        self.headers.append(dict(request.headers))
        body = await request.body()
        self.bodies.append(orjson.loads(body) if body else None)
        waiting = self._answers.get(path, [self.otherwise])
        return (waiting.pop(0) if len(waiting) > 1 else waiting[0])(request)


def says(value: object, status: int = 200, **headers: str) -> Answer:
    """A JSON answer; bytes go out as they are."""
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return lambda request: Response(body, status, named, media_type="application/json")


def html(status: int = 200) -> Answer:
    return lambda request: HTMLResponse("<!doctype html><title>Sign in</title>", status)


def broken_off(value: object) -> Answer:
    """Announces all of the JSON and ends in its middle."""
    whole = orjson.dumps(value)
    headers = {"content-length": str(len(whole)), "content-type": "application/json"}

    async def half() -> AsyncIterator[bytes]:
        yield whole[: len(whole) // 2]

    return lambda request: StreamingResponse(half(), headers=headers)


def endless(chunk: bytes = b" " * 65_536, pause_s: float = 0.0) -> Answer:
    """A body that never ends."""

    async def forever() -> AsyncIterator[bytes]:
        yield b'{"registered_models": ['
        while True:
            yield chunk
            await asyncio.sleep(pause_s)

    return lambda request: StreamingResponse(forever(), media_type="application/json")


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ctrl-C belongs to the test run."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@asynccontextmanager
async def hostile_server() -> AsyncIterator[Hostile]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        hostile = Hostile(f"http://127.0.0.1:{listening.getsockname()[1]}")
        app = Starlette(routes=[Route("/{path:path}", hostile.reply, methods=["GET", "POST"])])
        settings = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        server = _Server(settings)
        serving = asyncio.ensure_future(server.serve([listening]))
        try:
            await server.up.wait()
            yield hostile
        finally:
            server.should_exit = server.force_exit = True
            await serving
