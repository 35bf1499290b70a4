"""An HTTP/1.1 client that costs little: keep-alive, one request at a time on each connection, answers by length."""

import asyncio
import json
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import cast


class Line(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._chunks: list[bytes] = []
        self._missing = 0
        self._done: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(exc or ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._chunks.append(data)
        if self._missing:
            self._missing -= len(data)
        else:
            whole = b"".join(self._chunks)
            self._chunks = [whole]
            end = whole.find(b"\r\n\r\n")
            if end < 0:
                return
            head = whole[:end].lower()
            at = head.index(b"content-length:") + 15
            length = int(head[at : head.find(b"\r\n", at) if b"\r\n" in head[at:] else None])
            self._missing = end + 4 + length - len(whole)
        if not self._missing and self._done is not None:
            answer, self._chunks = b"".join(self._chunks), []
            self._done.set_result(answer)

    async def ask(self, request: bytes) -> bytes:
        """The whole answer to one request, head and body."""
        assert self._transport is not None
        self._done = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._done

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def lines(port: int, count: int) -> list[Line]:
    loop = asyncio.get_running_loop()
    return [(await loop.create_connection(Line, "127.0.0.1", port))[1] for _ in range(count)]


async def batch(open_lines: list[Line], requests: Iterator[bytes], count: int) -> tuple[list[float], float]:
    """Send `count` requests over all lines at once; the seconds of each, and of all together."""
    took: list[float] = []
    left = count

    async def run(line: Line) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            request = next(requests)
            begin = perf_counter()
            answer = await line.ask(request)
            took.append(perf_counter() - begin)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(answer[:500].decode("latin-1"))

    begin = perf_counter()
    await asyncio.gather(*(run(line) for line in open_lines))
    return took, perf_counter() - begin


def body_of(answer: bytes) -> bytes:
    return answer[answer.index(b"\r\n\r\n") + 4 :]


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n".encode()


def poster(token: str) -> Callable[[str, dict[str, object] | None], bytes]:
    """Makes GraphQL requests with this token."""

    def post(document: str, variables: dict[str, object] | None = None) -> bytes:
        asked: dict[str, object] = {"query": document}
        if variables:
            asked["variables"] = variables
        body = json.dumps(asked).encode()
        head = (
            "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    return post
