"""A running hub, as commands ask it over HTTP: from a laptop beside it, or from a pipeline far away."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WITHIN_S = 35.0
HTTP_OK, HTTP_CREATED, HTTP_NOT_FOUND = 200, 201, 404
JSON = "application/json"
NAMED = "name its folder with --data or HUB_DATA, or its address with --url or HUB_URL"


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a hub answers, and the token it is asked with."""

    address: str
    token: str | None = field(repr=False)
    whence: str = field(default="", kw_only=True)
    """How the address was found, as a part of a sentence; empty when the person gave it."""

    def answer(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The whole answer to a GraphQL request, errors included. Refuses when no hub answers."""
        import orjson

        return _asked(self, "/graphql", orjson.dumps(body))

    def read(self, path: str) -> bytes:
        """What the hub serves at a path. Refuses in the hub's own words when it does not."""
        return _well(self, path, None, "*/*")

    def send(self, path: str, body: bytes, kind: str) -> dict[str, Any]:
        """What the hub says of bytes that it was sent, of this media type. Refuses in its own words when it does."""
        import orjson

        return dict(orjson.loads(_well(self, path, body, "application/json", kind)))

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer. Refuses with the hub's own words when there are errors in it."""
        from hub.errors import Code, Refused

        found = self.answer({"query": query, "variables": variables})
        if errors := found.get("errors"):
            first = errors[0]
            code = first.get("extensions", {}).get("code")
            known = code if code in Code.__members__ else Code.UNAVAILABLE
            raise Refused(Code(known), str(first.get("message", "the hub answered with an error")))
        return dict(found["data"])

    def change(self, mutation: str, **variables: Any) -> dict[str, Any]:
        """The success of a document with one mutation field, which must ask `... on Refusal { code why field }`."""
        from hub.errors import Code, Refused

        (payload,) = self.ask(mutation, **variables).values()
        if payload["__typename"] == "Refusal":
            raise Refused(Code(payload["code"]), payload["why"], field=payload.get("field"))
        return dict(payload)

    def silent(self, url: str, through: str | None, error: Exception) -> str:
        """That nobody answers there, where was looked, and every way to name another hub."""
        from hub.cli import ways

        why = getattr(error, "reason", error)
        return f"no hub answers at {url}{ways.told(through)} ({why}){self.whence}; start one with hub up, or {NAMED}"


def found(*, data: Path | None, url: str | None, token: str | None) -> Remote:
    """The hub that is meant: by its address, or the one that runs in the data folder."""
    from hub.cli import place

    chosen = place.chosen(data=data)
    kept = None if url else place.remembered(chosen.data, "url")
    address = (url or kept or f"http://{chosen.host}:{chosen.port}").rstrip("/")
    folder = chosen.data.resolve()
    whence = "" if url else f", where the hub of {folder} ran last" if kept else f", and none has run in {folder}"
    return Remote(address, token or place.remembered(chosen.data, "token"), whence=whence)


def _asked(hub: Remote, path: str, body: bytes) -> dict[str, Any]:
    from hub.errors import Code, Refused

    _, read, through = _sent(hub, path, body, "application/graphql-response+json, application/json")
    found = _object(read)
    # Other servers have a /graphql too, and put their errors in other forms.
    if found is None or not all(isinstance(error, dict) for error in found.get("errors") or ()):
        raise Refused(Code.UNAVAILABLE, f"what answers at {hub.address}{path}{through} is no hub; name one with --url")
    return found


def _well(hub: Remote, path: str, body: bytes | None, accept: str, kind: str = JSON) -> bytes:
    """The words of an answer that is none of a failure."""
    from hub.errors import Code, Refused

    status, read, through = _sent(hub, path, body, accept, kind)
    if status in (HTTP_OK, HTTP_CREATED):
        return read
    told = _object(read) or {}
    errors = told.get("errors") or [{}]
    why = (
        told.get("why")
        or errors[0].get("message")
        or f"{hub.address}{path}{through} says {status}; name a hub with --url"
    )
    raise Refused(Code.NOT_FOUND if status == HTTP_NOT_FOUND else Code.UNAVAILABLE, str(why))


def _sent(hub: Remote, path: str, body: bytes | None, accept: str, kind: str = JSON) -> tuple[int, bytes, str]:
    """The status and the words of an answer, and the proxy they came through as a part of a sentence."""
    import urllib.error
    import urllib.request

    from hub.cli import ways
    from hub.errors import Code, Refused

    url = f"{hub.address}{path}"
    headers = {"Content-Type": kind, "Accept": accept}
    if hub.token is not None:
        headers["Authorization"] = f"Bearer {hub.token}"
    try:
        if not url.startswith(("http://", "https://")):
            raise ValueError
        asked = urllib.request.Request(url, body, headers)  # noqa: S310 - the person's own address
    except ValueError:
        raise Refused(Code.BAD_INPUT, f"{url} is no address; write http://127.0.0.1:8000", field="url") from None
    through = ways.proxy(url)
    try:
        with ways.opener(through).open(asked, timeout=WITHIN_S) as answer:
            return answer.status, answer.read(), ways.told(through)
    except urllib.error.HTTPError as error:
        return error.code, error.read(), ways.told(through)
    except (urllib.error.URLError, OSError) as error:
        raise Refused(Code.UNAVAILABLE, hub.silent(url, through, error), field="url") from None


def _object(read: bytes) -> dict[str, Any] | None:
    """A JSON object; None for what is none."""
    import orjson

    try:
        found = orjson.loads(read)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
