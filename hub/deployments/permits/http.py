"""What everybody may fetch without a token: the public keys, and which permits count no more."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.clock import Clock
from hub.db import Db
from hub.deployments import rules
from hub.deployments.permits import keys, store
from hub.deployments.permits.envelope import REVOCATIONS_PAYLOAD, sealed
from hub.deployments.permits.keys import Signer
from hub.deployments.permits.statement import Revoked, revocation_list
from hub.telemetry import log, new_operation

KEPT = timedelta(seconds=30)
"""For how long a signed list is given again while nothing was revoked."""

ANSWER_WITHIN_S = 5.0
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Listed:
    """A signed revocation list, and what it was made of."""

    text: str
    made_at: datetime
    of: tuple[object, ...]

    @property
    def tag(self) -> str:
        return f'"{sha256(self.text.encode()).hexdigest()}"'


@dataclass(slots=True)
class Public:
    """The two documents of one process."""

    db: Db
    clock: Clock
    _listed: Listed | None = None
    _making: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def keys(self) -> bytes:
        """Every public key there ever was; the first one is made when nobody needed one yet."""
        rows = await store.public_keys(self.db.reads)
        if not rows:
            await self._signer(None)
            rows = await store.public_keys(self.db.reads)
        return orjson.dumps(keys.shown(rows))

    async def revocations(self) -> Listed:
        """The revocation list: at most half a minute old, and never older than the newest revocation."""
        async with self._making:
            now = self.clock.now()
            of = await store.revoked_so_far(self.db.reads, now)
            held = self._listed
            if held is None or held.of != of or not timedelta() <= now - held.made_at < KEPT:
                held = self._listed = await self._made(now, of)
            return held

    async def _made(self, now: datetime, of: tuple[object, ...]) -> Listed:
        signer = await self._signer(str(of[-1]))
        revoked = [
            Revoked(
                str(row["id"]),
                row["digest"],
                row["stage"],
                row["version_digest"],
                row["revoked_at"],
                rules.in_public(row["revoked_why"]),
            )
            for row in await store.revoked(self.db.reads, now)
        ]
        payload = revocation_list(revoked, at=now)
        return Listed(
            sealed(REVOCATIONS_PAYLOAD, payload, by=signer.key_id, sign=signer.sign), now, (*of[:-1], signer.key_id)
        )

    async def _signer(self, key_id: str | None) -> Signer:
        """The signer of today; the role that reads does not see the sealed key, so the first time it is written for."""
        known = keys.ready(key_id) if key_id is not None else None
        if known is not None:
            return known
        async with self.db.write(actor=None, operation=new_operation()) as tx:
            return await keys.signer(tx)


def routes(db: Db, clock: Clock) -> list[Route]:
    """Where the two documents are served."""
    public = Public(db, clock)

    async def public_keys(_request: Request) -> Response:
        return Response(await public.keys(), media_type=JSON, headers={"Cache-Control": "public, max-age=30"})

    async def revocations(request: Request) -> Response:
        listed = await public.revocations()
        headers = {"ETag": listed.tag, "Cache-Control": "public, max-age=30"}
        if listed.tag in (tag.strip() for tag in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        return Response(listed.text, media_type=JSON, headers=headers)

    return [
        Route("/permits/keys", _answering(public_keys)),
        Route("/permits/revocations", _answering(revocations)),
    ]


def _answering(
    endpoint: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """A document that cannot be had says so at once: whoever verifies must not take silence for no revocations."""

    async def answer(request: Request) -> Response:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await endpoint(request)
        except Exception as error:
            log.error("a permit document could not be served", path=request.url.path, exc_info=error)
            why = {"why": f"not available now ({type(error).__name__}); ask again"}
            return Response(orjson.dumps(why), 503, media_type=JSON, headers={"Retry-After": "5"})

    return answer
