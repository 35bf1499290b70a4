"""GraphQL over WebSocket, subprotocol graphql-transport-ws, beside GraphQL over HTTP and under the same rules.

Strawberry's handler keeps the protocol; who may connect, what may be asked and what is shown of errors is decided here.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from starlette.datastructures import Headers as SeenHeaders
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.types.unset import UNSET

from hub.graph.front import Front, Headers
from hub.graph.negotiate import BODY_BYTES, NotUnderstood, asked_by
from hub.people.access import Principal
from hub.telemetry import Telemetry
from hub.watching.graph import Watching

PROTOCOL: Final = "graphql-transport-ws"
MOST_OPERATIONS: Final = 50
INIT_S: Final = 5.0
CHECK_S: Final = 5.0
"""Seconds between two looks at whether a socket's token still opens what it opened."""
LONGEST_ID: Final = 200

Open = Callable[[Headers], Awaitable[Watching]]


class Sockets:
    """An ASGI application that answers GraphQL over WebSocket."""

    def __init__(self, front: Front, open_socket: Open, telemetry: Telemetry, public_url: str | None) -> None:
        self.front = front
        self.open = open_socket
        self.telemetry = telemetry
        self.public_url = public_url
        self.init_s = INIT_S
        self.check_s = CHECK_S

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        if not may_connect(SeenHeaders(scope=scope).getlist("origin"), self.public_url):
            await socket.close()  # Before it was accepted: the server answers 403.
            return
        if PROTOCOL not in scope["subprotocols"]:
            await socket.accept()
            await socket.close(4406, f"The subprotocol is {PROTOCOL}")
            return
        await socket.accept(PROTOCOL)
        await Talk(self, Wire(socket)).handle()


def may_connect(origins: list[str], public_url: str | None) -> bool:
    """Whether a page of this origin may open a socket: one at our own address, or on this machine when that is ours.

    Programs send no origin. The Host header is not asked: whoever sends the request chooses it.
    """
    if not origins:
        return True
    found = _origin(origins[0])
    if len(origins) > 1 or found is None:
        return False
    own = _origin(public_url) if public_url else None
    return found == own or (_is_loopback(found[1]) and (own is None or _is_loopback(own[1])))


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Wire:
    """One accepted socket as the protocol's handler uses it: JSON objects in and out."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket

    async def iter_json(self) -> AsyncGenerator[object, None]:
        while not self._closed:
            try:
                text = await self.socket.receive_text()
            except KeyError:
                raise NonTextMessageReceived from None
            except (WebSocketDisconnect, RuntimeError):
                return
            if len(text) > BODY_BYTES or len(text.encode(errors="replace")) > BODY_BYTES:
                await self.close(1009, f"A message has at most {BODY_BYTES:,} bytes")
                return
            try:
                yield orjson.loads(text)
            except orjson.JSONDecodeError:
                raise NonJsonMessageReceived from None

    async def send_json(self, message: Mapping[str, object]) -> None:
        if self._closed:
            raise WebSocketDisconnected
        try:
            await self.socket.send_text(orjson.dumps(message).decode())
        except (WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        if not self._closed:
            with suppress(WebSocketDisconnect, RuntimeError):
                await self.socket.close(code, reason)

    @property
    def _closed(self) -> bool:
        return WebSocketState.DISCONNECTED in (self.socket.application_state, self.socket.client_state)


class Door:
    """What the handler asks when a client introduces itself; remembers with what it came."""

    def __init__(self, sockets: Sockets, wire: Wire) -> None:
        self._sockets = sockets
        self._wire = wire
        self.connection_params: dict[str, Any] = {}
        self._headers = dict(wire.socket.scope["headers"])
        self._who: Principal | None = None

    async def on_ws_connect(self, _context: object) -> object:
        given = self.connection_params.get("authorization", self.connection_params.get("Authorization"))
        if isinstance(given, str):
            self._headers[b"authorization"] = given.encode("latin-1", "replace")
        try:
            self._who = (await self._sockets.open(self._headers)).who
        except NotUnderstood:
            raise ConnectionRejectionError from None
        except Exception as error:
            await self._wire.close(1013, self._sockets.front.unexpected(error).why)
            raise WebSocketDisconnected from error
        return UNSET

    async def session(self) -> Watching | None:
        """The session for one operation; None when the token opens nothing any more, or something else."""
        try:
            made = await self._sockets.open(self._headers)
        except NotUnderstood:
            return None
        return made if made.who == self._who else None


class Talk(BaseGraphQLTransportWSHandler[Any, None]):
    """One connection."""

    def __init__(self, sockets: Sockets, wire: Wire) -> None:
        self._sockets = sockets
        self._door = Door(sockets, wire)
        self._checker: asyncio.Task[None] | None = None
        view: Any = self._door
        socket: Any = wire
        unused: Any = None
        wait = timedelta(seconds=sockets.init_s)
        super().__init__(view, socket, self._door, None, unused, wait)

    async def handle_message(self, message: Any) -> None:
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            return await self.handle_invalid_message("A message is a JSON object with a type")
        named = message["type"] in ("subscribe", "complete")
        if named and not (isinstance(message.get("id"), str) and 0 < len(message["id"]) <= LONGEST_ID):
            return await self.handle_invalid_message(f"An id is a text of 1 to {LONGEST_ID} characters")
        known: Any = message
        return await super().handle_message(known)

    async def handle_connection_init(self, message: Any) -> None:
        await super().handle_connection_init(message)
        if self.connection_acknowledged and self._checker is None:
            self._checker = asyncio.create_task(self._check())
            self._checker.add_done_callback(self._task_done)

    async def handle_subscribe(self, message: Any) -> None:
        payload = message.get("payload")
        if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
            return await self.handle_invalid_message("The payload of subscribe holds a query")
        full = self.connection_acknowledged and len(self.operations) >= MOST_OPERATIONS
        if full and message["id"] not in self.operations:
            why = f"{MOST_OPERATIONS} operations run on this socket, which is the most; complete one first"
            errors = [{"message": why, "extensions": {"code": "TOO_COSTLY", "allowed": MOST_OPERATIONS}}]
            refused: Any = {"id": message["id"], "type": "error", "payload": errors}
            return await self.send_message(refused)
        return await super().handle_subscribe(message)

    async def run_operation(self, operation: Operation[Any, None]) -> None:
        sent = {"query": operation.query, "variables": operation.variables, "operationName": operation.operation_name}
        try:
            asked = asked_by(sent, None)
            session = await self._door.session()
            if session is None:
                return await self._leave()
            async with aclosing(self._sockets.front.stream(asked, session)) as bodies:
                async for body in bodies:
                    payload: Any = orjson.Fragment(body)
                    await operation.send_operation_message({"id": operation.id, "type": "next", "payload": payload})
            await operation.send_operation_message({"id": operation.id, "type": "complete"})
        except WebSocketDisconnected:
            return None
        except NotUnderstood as refused:
            await self._end(operation, refused)
        except Exception as error:
            await self._end(operation, self._sockets.front.unexpected(error))

    async def shutdown(self) -> None:
        if self._checker is not None:
            self._checker.cancel()
        await super().shutdown()

    async def _end(self, operation: Operation[Any, None], refused: NotUnderstood) -> None:
        errors = orjson.loads(refused.body())["errors"]
        with suppress(WebSocketDisconnected):
            await operation.send_operation_message({"id": operation.id, "type": "error", "payload": errors})

    async def _check(self) -> None:
        """End the socket when its token ends or its bearer's standing is another."""
        while True:
            await asyncio.sleep(self._sockets.check_s)
            try:
                if await self._door.session() is None:
                    return await self._leave()
            except Exception as error:
                # Whatever cannot be asked just now cannot be read either.
                self._sockets.telemetry.failed(error)

    async def _leave(self) -> None:
        await self.websocket.close(4403, "This token no longer opens what it did; connect again")
        for task in [operation.task for operation in self.operations.values()]:
            if task is not None and task is not asyncio.current_task():
                task.cancel()
