"""JSON over HTTP from a server that may be slow, down, hostile, or not what it was taken for."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import httpx2
import orjson

from hub.errors import Dead, Retry
from hub.registries.adapter import AdapterConfig, Basic, Bearer

Query = Mapping[str, str | int | list[str]]
T = TypeVar("T")
LATER_S = 30.0
FIRST_PAUSE_S = 0.5
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class TooLarge(Dead):
    """An answer passed the size that is read of one answer; a smaller page may fit."""


class Wire:
    """One server's HTTP connection: authenticated, bounded, patient with what passes, plain about what does not."""

    def __init__(self, config: AdapterConfig, server: str) -> None:
        self.address = checked_address(config)
        self._limits = config.limits
        self._sleep = config.sleep
        self._server = server
        self._key = config.key
        self._authorization = authorization(config)
        self._client: httpx2.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        self._client = httpx2.AsyncClient(
            auth=self._authorization if isinstance(self._authorization, tuple) else None,
            headers={
                "Accept": "application/json",
                # A few compressed bytes may unpack to gigabytes before anyone counts them.
                "Accept-Encoding": "identity",
                **({"Authorization": self._authorization} if isinstance(self._authorization, str) else {}),
            },
            follow_redirects=False,
            # A proxy named in the environment cannot reach a server on this machine's own loopback.
            trust_env=urlsplit(self.address).hostname not in LOOPBACK,
            timeout=httpx2.Timeout(self._limits.request_s, connect=self._limits.connect_s),
            limits=httpx2.Limits(max_connections=self._limits.in_flight + 1),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def get(self, path: str, query: Query | None = None) -> dict[str, Any]:
        """The JSON object at a path."""
        return await self._patiently(lambda: self._object("GET", path, query, None))

    async def post(self, path: str, body: object) -> dict[str, Any]:
        """The JSON object that a search by POST answers; repeated on faults, so for reading only."""
        return await self._patiently(lambda: self._object("POST", path, None, body))

    async def text(self, path: str, query: Query | None = None, *, most: int, tries: int | None = None) -> str:
        """A small text at a path; more than `most` bytes are TooLarge."""

        async def once() -> str:
            raw, _ = await self._body("GET", path, query, None, most)
            return raw.decode("utf-8", "replace")

        return await self._patiently(once, tries)

    async def _patiently(self, once: Callable[[], Awaitable[T]], tries: int | None = None) -> T:
        pause = FIRST_PAUSE_S
        for left in range((tries or self._limits.tries) - 1, -1, -1):
            try:
                return await once()
            except Retry as fault:
                wait = max(pause, fault.after_s)
                if not left or wait > self._limits.longest_wait_s:
                    raise Retry(fault.why, after_s=max(LATER_S, fault.after_s)) from fault
            await self._sleep(wait)
            pause *= 2
        raise AssertionError("at least one try")

    async def _object(self, method: str, path: str, query: Query | None, body: object) -> dict[str, Any]:
        raw, media_type = await self._body(method, path, query, body, self._limits.body_bytes)
        if media_type == "text/html" or raw[:64].lstrip()[:1] == b"<":
            raise Dead(f"{self._who} answered HTML, is this the address of {self._server}?")
        read = self._read_json(raw)
        if not isinstance(read, dict):
            raise Dead(f"{self._who} answered JSON that is no object, is this the address of {self._server}?")
        return read

    def _read_json(self, raw: bytearray) -> object:
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError:
            pass
        # Half a surrogate pair or a bare NaN is not JSON, but some servers write it: the lenient reader takes both.
        try:
            return json.loads(raw)
        except RecursionError:
            raise Dead(f"{self._who} answered JSON nested too deep to be a registry's record") from None
        except ValueError:
            half = f"{self._who} answered half a page: {len(raw):,} bytes that end within the JSON"
            raise Retry(half, after_s=0) from None

    async def _body(
        self, method: str, path: str, query: Query | None, body: object, most: int
    ) -> tuple[bytearray, str]:
        if self._client is None:
            raise AssertionError("used outside `async with`")
        content = None if body is None else orjson.dumps(body)
        headers = None if body is None else {"Content-Type": "application/json"}
        try:
            # The client's own timeout starts anew with every byte; a server that drips must end too.
            async with asyncio.timeout(self._limits.request_s):
                asked = self._client.stream(method, self.address + path, params=query, content=content, headers=headers)
                async with asked as response:
                    if response.status_code != 200:
                        raise await self._fault(response)
                    return await self._within(response, most), _media_type(response)
        except TimeoutError:
            raise Retry(
                f"{self._who} did not finish an answer within {self._limits.request_s:g} s", after_s=0
            ) from None
        except httpx2.RemoteProtocolError as fault:
            raise Retry(f"{self._who} broke off its answer: {fault}"[:300], after_s=0) from None
        except httpx2.TransportError as fault:
            raise Retry(f"{self._who} cannot be reached: {fault or type(fault).__name__}"[:300], after_s=0) from None

    async def _within(self, response: httpx2.Response, most: int) -> bytearray:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise Dead(f"{self._who} compresses what was asked for uncompressed; a proxy in between must not")
        held = bytearray()
        async for chunk in response.aiter_raw():
            held += chunk
            if len(held) > most:
                raise TooLarge(f"{self._who} answered more than {most:,} bytes at once")
        return held

    async def _fault(self, response: httpx2.Response) -> Retry | Dead:
        status = response.status_code
        if status == 401:
            return Dead(
                f"{self._who} answered 401, it does not know us: set a valid token, or user and password, "
                f"for registry {self._key}"
            )
        if status == 403:
            return Dead(
                f"{self._who} answered 403, these credentials may not read: let their account read all models and "
                f"experiments, or set others for registry {self._key}"
            )
        if status == 429 or status >= 500:
            return Retry(f"{self._who} answered {status}", after_s=_retry_after(response))
        if 300 <= status < 400:
            to = response.headers.get("location", "nowhere")[:200]
            return Dead(f"{self._who} redirects to {to}, which is not followed: give the final address")
        if status == 404:
            return Dead(f"{self._who} answered 404, is this the address of {self._server}?")
        return Dead(f"{self._who} refused the request with {status}: {await _reason(response)}")

    @property
    def _who(self) -> str:
        return self.address


def checked_address(config: AdapterConfig) -> str:
    """The base address without its last slash; Dead for what is no plain http or https address."""
    try:
        parts = urlsplit(config.base_url)
        port_is_fit = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fit, parts = False, urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fit:
        raise Dead(f"registry {config.key}: its address must be http:// or https:// with a host")
    if parts.username is not None or parts.password is not None:
        raise Dead(f"registry {config.key}: its address holds credentials; give them as credentials instead")
    if parts.query or parts.fragment:
        raise Dead(f"registry {config.key}: its address must end with the path, without ? or #")
    return config.base_url.rstrip("/")


def authorization(config: AdapterConfig) -> str | tuple[str, str] | None:
    """What httpx2 sends for the credentials; Dead for a token that cannot stand in a header."""
    match config.credentials:
        case Bearer(token):
            if not token or not token.isascii() or not token.isprintable() or " " in token:
                raise Dead(f"registry {config.key}: its token is empty or holds spaces or characters no header takes")
            return f"Bearer {token}"
        case Basic(user, password):
            return user, password
        case None:
            return None


async def ahead(
    fetch: Callable[[str | None], Awaitable[tuple[T, str | None]]],
) -> AsyncGenerator[tuple[T, bool], None]:
    """Pages by token, the next one on its way while one is worked on; with each, whether it is the last."""
    coming: asyncio.Task[tuple[T, str | None]] | None = asyncio.ensure_future(fetch(None))
    try:
        while coming is not None:
            page, token = await coming
            coming = None if token is None else asyncio.ensure_future(fetch(token))
            yield page, coming is None
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)


def _media_type(response: httpx2.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _retry_after(response: httpx2.Response) -> float:
    given = response.headers.get("retry-after", "")
    return min(float(given), 3600.0) if given.isascii() and given.isdigit() and len(given) < 6 else 0.0


async def _reason(response: httpx2.Response) -> str:
    """The start of what the server says, on one line."""
    held = bytearray()
    async for chunk in response.aiter_raw():
        held += chunk
        if len(held) > 4096:
            break
    return " ".join(held[:4096].decode("utf-8", "replace").split())[:300] or "no reason given"
