"""A hub that is played: answers on loopback what a test lays out, and keeps what it was asked."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

from hub.cli import named
from hub.cli.gate import queries
from tests.cli.gate import rows

TOKEN = "hub_test"


@dataclass
class Played:
    """What the hub knows, and what it was asked."""

    intent: dict[str, Any] = field(default_factory=rows.intent)
    models: list[dict[str, Any]] = field(default_factory=lambda: [rows.model()])
    approvers: list[dict[str, Any]] = field(default_factory=lambda: list(rows.ASKED))
    near: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    refusal: dict[str, Any] | None = None
    raw: bytes | None = None
    more_checks: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the port it had before."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        """Be away, as after a kill."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def changed(self, **to: Any) -> None:
        """What becomes of the intent meanwhile."""
        self.intent = self.intent | to

    def names(self) -> list[str]:
        """Which documents it was sent, in order."""
        return [name for name, _ in self.asked]

    def variables(self, name: str) -> dict[str, Any]:
        """With what it was last sent a document."""
        return next(variables for asked, variables in reversed(self.asked) if asked == name)


def answer(hub: Played, token: str | None, body: dict[str, Any]) -> tuple[int, bytes]:
    """Status and body for a GraphQL request."""
    if hub.raw is not None:
        return 200, hub.raw
    if token != f"Bearer {TOKEN}":
        error = {"message": "this token is unknown, expired or revoked", "extensions": {"code": "UNAUTHENTICATED"}}
        return 401, orjson.dumps({"errors": [error]})
    names = {getattr(of, name): name for of in (named, queries) for name in dir(of) if name.isupper()}
    name = names.get(body["query"], "?")
    hub.asked.append((name, body["variables"]))
    return 200, orjson.dumps({"data": ANSWERS[name](hub)})


def _requested(hub: Played) -> dict[str, Any]:
    if hub.refusal is not None:
        return {"requestDeployment": {"__typename": "Refusal"} | hub.refusal}
    return {"requestDeployment": {"__typename": "DeploymentRequested", "intent": hub.intent}}


def _named(names: list[str]) -> dict[str, Any]:
    return {"nodes": [{"name": name} for name in names]}


ANSWERS: dict[str, Callable[[Played], dict[str, Any]]] = {
    "FIND": lambda hub: {"models": {"nodes": hub.models}},
    "LIKE_MODEL": lambda hub: {"like": _named(hub.near), "some": _named(hub.near)},
    "VERSIONS": lambda hub: {"modelVersions": _named(hub.versions)},
    "REQUEST": _requested,
    "AGAIN": lambda hub: {"node": hub.intent},
    "LOOK": lambda hub: {"node": hub.intent},
    "MORE_CHECKS": lambda hub: {"node": {"checks": {"pageInfo": rows.NO_MORE, "nodes": hub.more_checks}}},
    "APPROVERS": lambda hub: {"node": {"asked": {"nodes": hub.approvers}}},
}


def _handler(hub: Played) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send(*answer(hub, self.headers["Authorization"], body))

        def do_GET(self) -> None:
            found = hub.files.get(self.path)
            self._send(*((404, b"not here") if found is None else (200, found)))

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
