"""The door for GraphQL over HTTP.

An operation whose root fields are all planned reads takes the short way: cached document, one statement, its bytes.
Everything else (mutations, introspection) is executed by Strawberry. Both answer alike.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from time import perf_counter
from typing import Any, Protocol

import orjson
import strawberry
from graphql import GraphQLError, OperationType
from starlette.types import Message, Receive, Scope, Send
from strawberry.types import ExecutionResult

from hub.errors import Code, Refused
from hub.graph import negotiate
from hub.graph.execute import Engine, Operation
from hub.graph.negotiate import Asked, Media, NotUnderstood
from hub.graph.values import Reader

Headers = dict[bytes, bytes]


class Session(Protocol):
    """One request's reader, and what Strawberry's resolvers get as context."""

    @property
    def reader(self) -> Reader: ...


class Watcher(Protocol):
    """Hears of every operation; gives an id to what must not be shown."""

    def done(self, kind: str, name: str | None, seconds: float, cost: int, errors: int) -> None: ...

    def failed(self, error: BaseException) -> str: ...


Open = Callable[[Scope, Headers], Awaitable[Session]]


class Front:
    """An ASGI application that answers GraphQL over HTTP.

    With `compiled` false nothing takes the short way: for tests that hold one way against the other.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        engine: Engine,
        open_session: Open,
        watcher: Watcher,
        *,
        compiled: bool = True,
    ) -> None:
        self._schema = schema
        self._engine = engine
        self._open = open_session
        self._watcher = watcher
        self._compiled = compiled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: Headers = dict(scope["headers"])
        try:
            media = negotiate.media_for(_text(headers.get(b"accept")))
            session = await self._open(scope, headers)
            asked = await self._asked(scope, headers, receive)
            status, body = await self.answer(asked, scope["method"], session, media)
            await _respond(send, status, body, negotiate.content_type(media, status))
        except NotUnderstood as error:
            await _refuse(send, error)
        except Exception as error:
            await _refuse(send, self.unexpected(error))

    async def answer(self, asked: Asked, method: str, session: Session, media: Media) -> tuple[int, bytes]:
        """The status and the body for one request. Raises NotUnderstood, also for what failed here."""
        began = perf_counter()
        operation: Operation | None = None
        cost = 0
        try:
            operation, variables, cost = self._understand(asked)
            negotiate.check_method(method, operation.kind)
            if operation.compiles and self._compiled:
                data = await self._engine.read(operation, variables, session.reader)
                self._watcher.done("query", asked.operation_name, perf_counter() - began, cost, 0)
                return 200, b'{"data":%b,"extensions":{"cost":%d}}' % (data, cost)
            result = await self._schema.execute(
                asked.query,
                variable_values=asked.variables,
                context_value=session,
                operation_name=asked.operation_name,
            )
        except GraphQLError as error:
            kind = operation.kind.value if operation else "unread"
            self._watcher.done(kind, asked.operation_name, perf_counter() - began, cost, 1)
            return 400, orjson.dumps({"errors": [self._shown(error)]})
        except NotUnderstood:
            raise
        except Exception as error:
            raise self.unexpected(error) from error
        errors = result.errors or []
        self._watcher.done(operation.kind.value, asked.operation_name, perf_counter() - began, cost, len(errors))
        passing = next((e.original_error for e in errors if e.original_error and may_pass(e.original_error)), None)
        if passing is not None and result.data is None:
            raise self.unexpected(passing)
        return negotiate.status_of(data=True, errors=bool(errors), media=media), self._body(result, cost)

    async def stream(self, asked: Asked, session: Session) -> AsyncGenerator[bytes, None]:
        """The body for each event of a subscription, the one body of anything else.

        Raises NotUnderstood, with the errors as its body.
        """
        began = perf_counter()
        try:
            operation, _, cost = self._understand(asked)
        except GraphQLError as error:
            self._watcher.done("unread", asked.operation_name, perf_counter() - began, 0, 1)
            raise Unanswered(orjson.dumps({"errors": [self._shown(error)]})) from error
        if operation.kind is not OperationType.SUBSCRIPTION:
            status, body = await self.answer(asked, "POST", session, Media.GRAPHQL)
            if status == 400:
                raise Unanswered(body)
            yield body
            return
        results = await self._schema.subscribe(
            asked.query,
            variable_values=asked.variables,
            context_value=session,
            operation_name=asked.operation_name,
        )
        self._watcher.done("subscription", asked.operation_name, perf_counter() - began, cost, 0)
        async with aclosing(results) as bodies:
            async for result in bodies:
                yield self._body(result, cost)

    def _body(self, result: ExecutionResult, cost: int) -> bytes:
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [self._shown(error) for error in result.errors]
        body["extensions"] = {"cost": cost}
        return orjson.dumps(body)

    def _understand(self, asked: Asked) -> tuple[Operation, Mapping[str, Any], int]:
        document = self._engine.document(asked.query)
        if document.errors:
            raise document.errors[0]
        operation = self._engine.operation(document, asked.operation_name)
        cost = operation.inspection.cost(asked.variables)
        return operation, self._engine.variables(operation, asked.variables), cost

    async def _asked(self, scope: Scope, headers: Headers, receive: Receive) -> Asked:
        if scope["method"] != "POST":
            return negotiate.read(scope["method"], None, scope["query_string"], b"")
        negotiate.check_content_type(_text(headers.get(b"content-type")))
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            body = message.get("body", b"")  # Nearly always it comes in one piece.
            negotiate.check_length(len(body))
        else:
            declared = _text(headers.get(b"content-length"))
            body = await negotiate.read_body(_chunks(message, receive), declared)
        return negotiate.read_json(body)

    def _shown(self, error: GraphQLError) -> dict[str, Any]:
        """The error as the client sees it: its own fault in full, ours by an id alone."""
        original = error.original_error
        if isinstance(original, Refused):
            extensions: dict[str, Any] = {"code": original.code.value}
            if original.field:
                extensions["field"] = original.field
            return {**dict(error.formatted), "message": original.why, "extensions": extensions}
        if original is None or isinstance(original, GraphQLError):
            return dict(error.formatted)
        number = self._watcher.failed(original)
        shown = {**dict(error.formatted), "message": f"something went wrong here; it is logged as {number}"}
        return {**shown, "extensions": {"code": "INTERNAL", "errorId": number}}

    def unexpected(self, error: BaseException) -> NotUnderstood:
        """What a failure that is not the client's looks like from outside: 503 when it may pass, 500 otherwise."""
        number = self._watcher.failed(error)
        if may_pass(error):
            why = f"the database cannot be reached just now; try again in a moment ({number})"
            return Failure(503, why, Code.UNAVAILABLE, number, {"Retry-After": "1"})
        return Failure(500, f"something went wrong here; it is logged as {number}", "INTERNAL", number, {})


PASSING = frozenset(
    {
        "AdminShutdownError",
        "CannotConnectNowError",
        "ConnectionDoesNotExistError",
        "ConnectionFailureError",
        "CrashShutdownError",
        "DiskFullError",
        "InterfaceError",
        "InternalClientError",
        "TimeoutError",
        "TooManyConnectionsError",
    }
)
"""Names of asyncpg's and SQLAlchemy's errors that a later try may not meet.

asyncpg raises InternalClientError for a statement sent while the server's farewell is being read.
"""


def may_pass(error: BaseException) -> bool:
    """Whether a later try may not meet this error, or what it was raised from."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) or type(seen).__name__ in PASSING:
            return True
        seen = seen.__cause__
    return False


class Failure(NotUnderstood):
    """An answer for a failure of ours."""

    def __init__(self, status: int, why: str, code: str, number: str, headers: Mapping[str, str]) -> None:
        super().__init__(status, why, headers)
        self._code = code
        self._number = number

    def body(self) -> bytes:
        extensions = {"code": self._code, "errorId": self._number}
        return orjson.dumps({"errors": [{"message": self.why, "extensions": extensions}]})


class Unanswered(NotUnderstood):
    """A request over a socket that is answered by errors alone."""

    def __init__(self, body: bytes) -> None:
        super().__init__(400, "the request was refused")
        self._body = body

    def body(self) -> bytes:
        return self._body


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")


async def _chunks(message: Message, receive: Receive) -> AsyncIterator[bytes]:
    while message["type"] != "http.disconnect":
        yield message.get("body", b"")
        if not message.get("more_body"):
            return
        message = await receive()
    raise NotUnderstood(400, "The client went away before its request was whole")


async def _refuse(send: Send, error: NotUnderstood) -> None:
    kind = negotiate.content_type(Media.GRAPHQL, error.status)
    await _respond(send, error.status, error.body(), kind, error.headers)


ALWAYS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


async def _respond(send: Send, status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
    sent = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body)), *ALWAYS]
    if headers:
        sent += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": body})
