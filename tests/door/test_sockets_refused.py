"""Who may not speak over a socket, and how each is told."""

from datetime import timedelta
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from hub.clock import SetClock
from hub.people.access import Principal
from hub.people.tables import Role
from hub.sockets import Sockets, may_connect
from tests.door.conftest import Door
from tests.door.speaking import EVENTS, Dial, token, watched
from tests.make import Make


async def test_a_foreign_page_is_refused_before_the_handshake_ends(dial: Dial) -> None:
    for origin in ("https://evil.example", "null", "http://127.0.0.1.evil.example"):
        with pytest.raises(InvalidStatus) as refused:
            async with dial(origin=Origin(origin)):
                pass
        assert refused.value.response.status_code == 403
    async with dial(origin=Origin("http://localhost:8000")):
        pass


@pytest.mark.parametrize(
    ("origin", "public_url", "allowed"),
    [
        ("https://hub.example", "https://hub.example", True),
        ("https://hub.example:443", "https://hub.example/x", True),
        ("HTTPS://HUB.example", "https://hub.example", True),
        ("http://hub.example", "https://hub.example", False),
        ("https://hub.example:8443", "https://hub.example", False),
        ("http://localhost:8000", "https://hub.example", False),
        ("http://localhost:8000", "http://127.0.0.1:9000", True),
        ("http://[::1]:8000", None, True),
        ("http://10.0.0.1", None, False),
        ("null", None, False),
        ("", None, False),
        ("http://x:99999", None, False),
        ("file://localhost", None, False),
    ],
)
def test_which_pages_may_connect(origin: str, public_url: str | None, allowed: bool) -> None:
    assert may_connect([origin], public_url) is allowed


def test_a_program_without_origin_may_connect_and_two_origins_may_not() -> None:
    assert may_connect([], "https://hub.example")
    assert not may_connect(["https://hub.example"] * 2, "https://hub.example")


async def test_only_the_one_subprotocol_is_spoken(dial: Dial) -> None:
    async with dial(protocol="graphql-ws") as speaker:
        assert (await speaker.ended())[0] == 4406


async def test_silence_ends_the_connection(dial: Dial, sockets: Sockets) -> None:
    assert sockets.init_s == 5
    sockets.init_s = 0.01
    async with dial() as speaker:
        assert (await speaker.ended())[0] == 4408


async def test_subscribe_before_the_introduction_ends_the_connection(dial: Dial) -> None:
    async with dial() as speaker:
        await speaker.subscribe("a", EVENTS)
        assert (await speaker.ended())[0] == 4401


@pytest.mark.parametrize(
    "payload", [{}, {"authorization": "Bearer hub_x"}, {"authorization": 5}, {"authorization": "Bearer \u2028é"}]
)
async def test_a_bad_token_ends_the_connection(dial: Dial, payload: dict[str, Any]) -> None:
    async with dial() as speaker:
        await speaker.say(type="connection_init", payload=payload)
        assert (await speaker.ended())[0] == 4403


async def test_a_second_introduction_ends_the_connection(door: Door, dial: Dial, developer: Principal) -> None:
    async with dial() as speaker:
        await speaker.enter(authorization=await token(door, developer))
        await speaker.say(type="connection_init", payload={})
        assert (await speaker.ended())[0] == 4429


async def test_an_id_in_use_ends_the_connection(door: Door, dial: Dial, developer: Principal) -> None:
    async with dial() as speaker:
        await speaker.enter(authorization=await token(door, developer))
        await speaker.subscribe("a", EVENTS)
        await speaker.subscribe("a", EVENTS)
        assert (await speaker.ended())[0] == 4409


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "5",
        "null",
        "{}",
        '{"type": 5}',
        '{"type": "start"}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": []}',
        '{"type": "subscribe", "id": "a"}',
        '{"type": "subscribe", "id": "a", "payload": "x"}',
        '{"type": "subscribe", "id": "a", "payload": {"query": 5}}',
        '{"type": "complete", "id": {}}',
        '{"type": "connection_init", "payload": 5}',
        "[" * 100_000,
        '{"type": "subscribe", "id": "' + "a" * 201 + '", "payload": {"query": "{a}"}}',
        b"\x00\xff",
    ],
    ids=lambda value: repr(value[:50]),
)
async def test_what_is_no_message_ends_the_connection(
    door: Door, dial: Dial, developer: Principal, text: str | bytes
) -> None:
    async with dial() as speaker:
        if "connection_init" not in str(text):
            await speaker.enter(authorization=await token(door, developer))
        await speaker.wire.send(text)
        assert (await speaker.ended())[0] == 4400


async def test_a_message_too_large_ends_the_connection(dial: Dial) -> None:
    async with dial() as speaker:
        await speaker.wire.send(" " * 1_000_001)
        assert (await speaker.ended())[0] == 1009


async def test_fifty_operations_and_no_more(door: Door, dial: Dial, developer: Principal) -> None:
    async with dial() as speaker:
        await speaker.enter(authorization=await token(door, developer))
        for number in range(60):
            await speaker.subscribe(f"s{number}", EVENTS)
        refused = [await speaker.hear() for _ in range(10)]
        assert [(r["type"], r["id"]) for r in refused] == [("error", f"s{n}") for n in range(50, 60)]
        assert "50" in refused[0]["payload"][0]["message"]
        await watched(door, 50)
        await speaker.say(type="complete", id="s0")
        await speaker.subscribe("a", "{ __typename }")
        assert (await speaker.hear())["payload"]["data"] == {"__typename": "Query"}


async def test_a_token_that_ends_takes_its_socket_along(
    door: Door, dial: Dial, sockets: Sockets, clock: SetClock, make: Make
) -> None:
    assert sockets.check_s == 5
    sockets.check_s = 0.01
    door.hub.bearers.kept_s = 0
    dora = await make.person("dora", Role.DEVELOPER)
    ada = await make.person("ada", Role.DEVELOPER)
    async with dial() as first, dial() as second:
        await first.enter(authorization=await token(door, dora))
        await second.enter(authorization=await token(door, ada))
        for speaker in (first, second):
            await speaker.subscribe("a", "subscription { events(kind: []) { id } }")
        await watched(door, 2)
        await make.grant_anyway(ada, Role.AUDITOR)
        assert (await second.ended())[0] == 4403
        clock.move(timedelta(days=31))
        assert (await first.ended())[0] == 4403
        assert door.hub.feed.watchers == 0


async def test_an_operation_after_the_end_of_its_token_is_refused(
    door: Door, dial: Dial, clock: SetClock, developer: Principal
) -> None:
    door.hub.bearers.kept_s = 0
    async with dial() as speaker:
        await speaker.enter(authorization=await token(door, developer))
        clock.move(timedelta(days=31))
        await speaker.subscribe("a", "{ __typename }")
        assert (await speaker.ended())[0] == 4403
