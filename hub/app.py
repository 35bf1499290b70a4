"""The web application: the GraphQL door, health, figures."""

import asyncio
from dataclasses import dataclass, field
from time import monotonic

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from hub.checks.dossiers import http as dossiers
from hub.clock import Clock
from hub.db import Db
from hub.deployments.permits import http as permits
from hub.errors import Code
from hub.exceptions.attachments import http as attachments
from hub.graph import graphiql
from hub.graph.execute import ACQUIRE_S, Engine
from hub.graph.front import Front, Headers
from hub.graph.negotiate import NotUnderstood
from hub.graph.values import Reader
from hub.people.access import Permission, Principal, reader
from hub.people.actions import principal_of
from hub.people.asking import Asking
from hub.schema import schema
from hub.sockets import Sockets
from hub.summaries import http as summaries
from hub.summaries.digests import http as digests
from hub.telemetry import Telemetry, exposition, new_operation
from hub.watching.feed import Feed
from hub.watching.graph import Watching

GRAPHQL, EXPLORER = "/graphql", "/graphiql"

BEARERS_KEPT_S = 2.0
"""Seconds for which a token that was good is taken as good again: the longest that a revoked one still opens."""
MOST_BEARERS = 10_000


@dataclass(slots=True)
class Bearers:
    """Who each token belongs to, remembered for a moment."""

    db: Db
    clock: Clock
    kept_s: float = BEARERS_KEPT_S
    _known: dict[str, tuple[float, Principal, Reader]] = field(default_factory=dict)

    async def of(self, header: str) -> tuple[Principal, Reader]:
        """The principal of an Authorization header. Raises NotUnderstood 401."""
        found = self._known.get(header)
        if found is not None and monotonic() - found[0] < self.kept_s:
            return found[1], found[2]
        kind, _, secret = header.partition(" ")
        if kind.lower() != "bearer" or not secret:
            raise unauthenticated("send a token as Authorization: Bearer hub_…; make one with: hub token create")
        async with asyncio.timeout(ACQUIRE_S):
            who = await principal_of(self.db.reads, secret.strip(), self.clock.now())
        if who is None:
            raise unauthenticated("this token is unknown, expired or revoked; make one with: hub token create")
        if Permission.READ not in who.permissions:
            raise NotUnderstood(403, "this token may not read; make one with the scope READ", code=Code.FORBIDDEN)
        if len(self._known) >= MOST_BEARERS:
            self._known.clear()
        self._known[header] = (monotonic(), who, reader(who))
        return who, self._known[header][2]


def unauthenticated(why: str) -> NotUnderstood:
    return NotUnderstood(401, why, {"WWW-Authenticate": 'Bearer realm="hub"'}, code=Code.UNAUTHENTICATED)


@dataclass(slots=True)
class Hub:
    """Everything one process serves with."""

    db: Db
    clock: Clock
    development: bool
    public_url: str | None = None
    telemetry: Telemetry = field(default_factory=Telemetry)
    engine: Engine = field(init=False)
    bearers: Bearers = field(init=False)
    feed: Feed = field(init=False)
    front: Front = field(init=False)

    def __post_init__(self) -> None:
        made = schema()
        self.engine = Engine(made._schema, lambda: self.db.reads, self.clock, hide_suggestions=not self.development)
        self.bearers = Bearers(self.db, self.clock)
        self.feed = Feed(lambda: self.db.reads, self.telemetry.failed)
        self.front = Front(made, self.engine, self.open_session, self.telemetry)

    async def open_session(self, scope: Scope, headers: Headers) -> Asking:
        given = headers.get(b"x-operation-id")
        operation = new_operation(given.decode("latin-1") if given else None)
        who, sees = await self.bearers.of(headers.get(b"authorization", b"").decode("latin-1"))
        return Asking(who, sees, self.db, self.engine, operation)

    async def open_socket(self, headers: Headers) -> Watching:
        asking = await self.open_session({}, headers)
        return Watching(asking.who, asking.reader, self.db, self.engine, asking.operation, self.feed)


class Application(Starlette):
    """Starlette, with the door for GraphQL right at the street: half of a small query's time is on the way there."""

    def __init__(self, hub: Hub, routes: list[BaseRoute]) -> None:
        super().__init__(routes=routes)
        # A redirect would name the host that the request claims to have asked.
        self.router.redirect_slashes = False
        self.state.hub = hub
        self._front = hub.front

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == GRAPHQL:
            await self._front(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def application(db: Db, clock: Clock, *, development: bool, public_url: str | None = None) -> Application:
    """The ASGI application over an open or still closed database; `public_url` is where browsers find it."""
    hub = Hub(db, clock, development, public_url)

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        try:
            async with asyncio.timeout(ACQUIRE_S):
                await db.reads.fetchval("SELECT 1 FROM alembic_version")
        except Exception as error:
            return JSONResponse({"status": "not ready", "why": type(error).__name__}, 503)
        return JSONResponse({"status": "ready"})

    async def metrics(_request: Request) -> Response:
        return Response(exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def explore(_request: Request) -> Response:
        # Whoever types the bare address wants something to look at; the path alone names no host.
        return RedirectResponse(EXPLORER)

    routes: list[BaseRoute] = [
        WebSocketRoute(GRAPHQL, Sockets(hub.front, hub.open_socket, hub.telemetry, public_url)),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        *permits.routes(db, clock),
        *attachments.routes(hub.open_session, hub.front.unexpected),
        *dossiers.routes(hub.open_session, hub.front.unexpected),
        *summaries.routes(hub.open_session, hub.front.unexpected),
        *digests.routes(hub.open_session, hub.front.unexpected),
    ]
    if development:
        routes += [Route("/", explore), *graphiql.routes(at=EXPLORER, graphql=GRAPHQL)]
    return Application(hub, routes)
