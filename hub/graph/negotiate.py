"""GraphQL over HTTP: what a request asks, in which media type to answer, with which status. Pure but for `read_body`.

Source: GraphQL over HTTP, first edition (September 2026), sections Request, Response, Status Codes.

Where the specification leaves a choice:
- No Accept header, or only wildcards: a success is sent as application/json, which every tool can show.
- The status does not depend on the media type. A client that lists only application/json gets its successes as such;
  every error has its 4xx and the type application/graphql-response+json, by which it is told from a proxy's error.
- Every refused request is a 400. The specification recommends 422 for some of them, yet any 4xx conforms, and clients
  written to its drafts know 400.
- Data beside errors is a 294, only for who lists application/graphql-response+json; to others it is a 200.
- Batches, forms, multipart and plain text are refused: none is in the specification, and a browser sends the latter
  three across origins without asking first.
"""

from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from graphql import OperationType

from hub.errors import Code

BODY_BYTES: Final = 1_000_000
QUERY_STRING_BYTES: Final = 16_384
VALUE_DEPTH: Final = 64
METHODS: Final = "GET, HEAD, POST"


class Media(StrEnum):
    """The media type of a success."""

    GRAPHQL = "application/graphql-response+json"
    JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a well-formed request asks for; the document is not parsed yet."""

    query: str
    operation_name: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    extensions: dict[str, Any] = field(default_factory=dict)


class NotUnderstood(Exception):
    """The request is no GraphQL over HTTP: the status to answer with, why, and the header that belongs to it."""

    def __init__(
        self, status: int, why: str, headers: Mapping[str, str] | None = None, *, code: Code = Code.BAD_INPUT
    ) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        self.headers = dict(headers or {})
        self.code = code

    def body(self) -> bytes:
        """The answer: a GraphQL result without data."""
        return orjson.dumps({"errors": [{"message": self.why, "extensions": {"code": self.code}}]})


def read(method: str, content_type: str | None, query_string: bytes, body: bytes) -> Asked:
    """What the request asks for. Raises NotUnderstood 400, 405, 414 or 415."""
    match method:
        case "POST":
            check_content_type(content_type)
            return read_json(body)
        case "GET" | "HEAD":
            return read_query_string(query_string)
        case _:
            raise NotUnderstood(405, f"GraphQL is served by {METHODS}", {"Allow": METHODS})


def check_method(method: str, operation: OperationType) -> None:
    """Refuse what the method may not do: by GET only queries, by HTTP no subscription."""
    if operation is OperationType.SUBSCRIPTION:
        raise NotUnderstood(400, "Subscriptions are served over WebSocket, subprotocol graphql-transport-ws")
    if operation is OperationType.MUTATION and method != "POST":
        raise NotUnderstood(405, "A mutation is sent by POST", {"Allow": "POST"})


async def read_body(chunks: AsyncIterable[bytes], declared: str | None, most: int = BODY_BYTES) -> bytes:
    """The whole body, never holding more than `most` bytes and a chunk; `declared` is the Content-Length.

    Raises NotUnderstood 413, before reading when the declared length is already too much.
    """
    if declared is not None and declared.isascii() and declared.isdigit():
        check_length(int(declared[:19]), most)
    body = bytearray()
    async for chunk in chunks:
        check_length(len(body) + len(chunk), most)
        body += chunk
    return bytes(body)


def check_length(length: int, most: int = BODY_BYTES) -> None:
    """Raises NotUnderstood 413 for a body of over `most` bytes."""
    if length > most:
        raise NotUnderstood(413, f"The body is larger than {most:,} bytes; send less, or several requests")


@lru_cache(maxsize=64)
def check_content_type(header: str | None) -> None:
    """Accept application/json in UTF-8, the only type a request may have. Raises NotUnderstood 415."""
    kind, charset = _media_type(header or "")
    if kind != Media.JSON:
        raise NotUnderstood(415, "A request is sent as Content-Type: application/json", {"Accept-Post": Media.JSON})
    if charset != "utf-8":
        raise NotUnderstood(415, "A request is sent in charset utf-8", {"Accept-Post": Media.JSON})


def read_json(body: bytes) -> Asked:
    """The request in a POST's body. Raises NotUnderstood 400."""
    sent = _loads(body, "The body")
    if isinstance(sent, list):
        raise NotUnderstood(400, "The body is a list; batches are not served, send each request by itself")
    if not isinstance(sent, dict):
        raise NotUnderstood(400, 'The body is no JSON object; send {"query": "…", "variables": {…}}')
    return asked_by(sent, body)


def read_query_string(query_string: bytes) -> Asked:
    """The request in a GET's URL; an empty parameter is as good as none. Raises NotUnderstood 400 or 414."""
    if len(query_string) > QUERY_STRING_BYTES:
        raise NotUnderstood(414, f"The URL's query has over {QUERY_STRING_BYTES:,} bytes; send the request by POST")
    try:
        pairs = parse_qsl(query_string.decode("ascii"), errors="strict", max_num_fields=100)
    except ValueError:  # Also what UnicodeDecodeError is.
        raise NotUnderstood(400, "The URL's query cannot be decoded as UTF-8, or has over 100 parameters") from None
    known = [(name, value) for name, value in pairs if name in ("query", "operationName", "variables", "extensions")]
    texts = dict(known)
    if len(texts) < len(known):
        raise NotUnderstood(400, "The URL gives a parameter twice; give each once")
    sent: dict[str, Any] = dict(texts)
    for name in ("variables", "extensions"):
        if name in texts:
            sent[name] = _loads(texts[name].encode(), f"`{name}`")
    return asked_by(sent, texts.get("variables", "").encode())


@lru_cache(maxsize=64)
def media_for(accept: str | None) -> Media:
    """The type of a success for this Accept header. Raises NotUnderstood 406."""
    if accept is None or not accept.strip():
        return Media.JSON
    # By RFC 9110 the most specific range that matches a type gives its weight.
    weights: dict[str, float] = {}
    for part in accept.split(","):
        kind, charset = _media_type(part)
        if charset == "utf-8":
            weights[kind] = max(weights.get(kind, 0.0), _weight(part))
    wildcard = weights.get("application/*", weights.get("*/*", 0.0))
    json = weights.get(Media.JSON, wildcard)
    graphql = weights.get(Media.GRAPHQL, wildcard)
    if graphql > json or (graphql > 0 and graphql == json and Media.GRAPHQL in weights):
        return Media.GRAPHQL
    if json > 0:
        return Media.JSON
    raise NotUnderstood(406, f"Answers are {Media.GRAPHQL} or {Media.JSON}; accept one of them")


def status_of(*, data: bool, errors: bool, media: Media) -> int:
    """The status of a GraphQL answer; `data`: it has that entry, be it null."""
    if not data:
        return 400
    return 294 if errors and media is Media.GRAPHQL else 200


def content_type(media: Media, status: int) -> str:
    """The Content-Type header of an answer with this status."""
    return f"{media if 200 <= status < 300 else Media.GRAPHQL}; charset=utf-8"


def asked_by(sent: Mapping[str, Any], raw: bytes | None) -> Asked:
    """What these parameters ask for. Raises NotUnderstood 400.

    The JSON text that they came in, when it is at hand, shows at a glance that no value needs to be looked into.
    """
    query = sent.get("query")
    if not isinstance(query, str):
        raise NotUnderstood(400, "`query` is missing or no text; it holds the GraphQL document")
    name = sent.get("operationName")
    if name is not None and not isinstance(name, str):
        raise NotUnderstood(400, "`operationName` is no text")
    variables = sent.get("variables")
    if variables is None:
        variables = {}
    elif not isinstance(variables, dict):
        raise NotUnderstood(400, "`variables` is no JSON object")
    extensions = sent.get("extensions")
    if extensions is None:
        extensions = {}
    elif not isinstance(extensions, dict):
        raise NotUnderstood(400, "`extensions` is no JSON object")
    _check_values(variables, raw)
    return Asked(query, name or None, variables, extensions)


def _loads(raw: bytes, what: str) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        # Its text says what was expected and where, never what was sent.
        raise NotUnderstood(400, f"{what} is no JSON in UTF-8: {error}") from None


def _check_values(variables: dict[str, Any], raw: bytes | None) -> None:
    """Refuse what would break further in: values nested beyond any schema's need, and NUL, which PostgreSQL has not."""
    if raw is not None and raw.count(b"{") + raw.count(b"[") <= VALUE_DEPTH and b"u0000" not in raw:
        return
    level: list[Any] = [variables]
    for _ in range(VALUE_DEPTH):
        held = [value for around in level if isinstance(around, dict) for value in (*around, *around.values())]
        held += [value for around in level if isinstance(around, list) for value in around]
        if any(isinstance(value, str) and "\0" in value for value in held):
            raise NotUnderstood(400, "A text in `variables` holds the character NUL; leave it out")
        level = [value for value in held if isinstance(value, dict | list)]
        if not level:
            return
    raise NotUnderstood(400, f"`variables` is nested more than {VALUE_DEPTH} deep")


def _media_type(text: str) -> tuple[str, str]:
    """The type and its charset, both in lower case; utf-8 when none is given."""
    kind, *parameters = text.split(";")
    charset = "utf-8"
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
    return kind.strip().lower(), "utf-8" if charset == "utf8" else charset


def _weight(part: str) -> float:
    for parameter in part.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if 0.0 <= weight <= 1.0 else 0.0
    return 1.0
