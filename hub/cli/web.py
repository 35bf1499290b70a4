"""Listening: the port is taken before anything heavy, so that a wrong one is known at once."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from hub.errors import Code, Refused

if TYPE_CHECKING:
    from starlette.types import ASGIApp

BACKLOG = 2048
END_WITHIN_S = 5


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Refuses a port in use, an address that is not ours, a port that needs more rights."""
    try:
        kind, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        made = socket.socket(kind, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind(address)
            made.listen(BACKLOG)
        except BaseException:
            made.close()
            raise
    except OSError as error:
        raise Refused(Code.SETTING, _why(host, port, error), field="HUB_PORT") from None
    made.setblocking(False)
    return made


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {host} is in use, perhaps by another hub or by a program like it; stop that one"
            f" (to see it: ss -ltnp 'sport = :{port}'), or choose another with --port {port + 1 if port < 65535 else 0}"
        )
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights than this user has; choose one from 1024 on with --port"
    return f"{host} port {port} cannot be listened on ({error.strerror or error}); choose another with --host or --port"


class Server(uvicorn.Server):
    """Uvicorn without signal handling, which is the whole process's affair, and with an event for being ready."""

    def __init__(self, app: "ASGIApp") -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                ws="websockets-sansio",
                loop="none",
                lifespan="on",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=END_WITHIN_S,
            )
        )
        self.ready = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def address_of(listening: socket.socket, host: str) -> str:
    """How a browser on this machine reaches it."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    return (
        f"http://{f'[{shown}]' if ':' in shown and not shown.startswith('[') else shown}:{listening.getsockname()[1]}"
    )


def figures() -> "ASGIApp":
    """What a worker shows of itself: whether it lives, and its figures."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    from hub.telemetry import exposition

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def metrics(_request: Request) -> Response:
        return Response(exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return Starlette(routes=[Route("/healthz", healthz), Route("/metrics", metrics)])
