"""Asks the hub as its users do: a GraphQL request with somebody's token, over the whole application."""

from collections.abc import AsyncIterable, Iterable
from typing import Any

import httpx2
from starlette.applications import Starlette

from hub.db import Db
from hub.people import actions as people
from hub.people.access import Principal, Scope


class Ask:
    """One application, and a token for each person who asks."""

    def __init__(self, app: Starlette, db: Db) -> None:
        self._client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://hub.test")
        self._db = db
        self._tokens: dict[str, str] = {}

    async def close(self) -> None:
        await self._client.aclose()

    async def token(self, who: Principal, scopes: Iterable[Scope] = (Scope.GOVERN, Scope.SYNC)) -> str:
        """A token of this person, made once."""
        if who.handle not in self._tokens:
            async with self._db.write(actor=None, operation="ask") as tx:
                _, secret = await people.create_token(
                    tx, None, person_id=who.person_id, label="tests", scopes=tuple(scopes)
                )
            self._tokens[who.handle] = secret
        return self._tokens[who.handle]

    async def __call__(self, who: Principal, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer that must have no errors."""
        reply = await self.reply(who, query, **variables)
        body: dict[str, Any] = reply.json()
        assert "errors" not in body, body
        return dict(body["data"])

    async def reply(self, who: Principal, query: str, **variables: Any) -> httpx2.Response:
        """The answer as it came."""
        token = await self.token(who)
        return await self._client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {token}"},
        )

    async def get(self, who: Principal | None, path: str, **headers: str) -> httpx2.Response:
        """What is served at a path, to this person or to somebody without a token."""
        if who is not None:
            headers["Authorization"] = f"Bearer {await self.token(who)}"
        return await self._client.get(path, headers=headers)

    async def post(
        self, who: Principal | None, path: str, content: bytes | AsyncIterable[bytes], **headers: str
    ) -> httpx2.Response:
        """The answer to a body as it is, sent by this person or by somebody without a token."""
        if who is not None:
            headers["Authorization"] = f"Bearer {await self.token(who)}"
        return await self._client.post(path, content=content, headers=headers)
