"""GraphQL over WebSocket, spoken by a client of its own with a real server."""

import pytest

from hub.db import Db
from hub.events.record import Subject, record
from hub.people.access import Principal
from hub.people.tables import Role
from hub.registries.tables import SyncRun, SyncStatus, SyncTrigger
from tests.door.conftest import Door
from tests.door.speaking import EVENTS, Dial, token, until, watched
from tests.door.test_http import CLASSIFY
from tests.make import Make

SYNC = "subscription($run: ID!) { syncRun(id: $run) { status versionsSeen } }"


async def test_an_event_arrives_as_it_happens(door: Door, dial: Dial, owner: Principal, make: Make) -> None:
    model = await make.model("diagnosis")
    other = await make.model("other")
    async with dial() as speaker:
        await speaker.enter(authorization=await token(door, owner))
        await speaker.subscribe("a", EVENTS, k=["model.classified"], m=f"Model:{model.id}")
        await watched(door)
        headers = await door.headers(owner)
        for one in (other, model):
            await door.ask(headers, CLASSIFY, model=f"Model:{one.id}")
        event = {"kind": "model.classified", "model": {"name": "diagnosis"}, "subject": {"id": f"Model:{model.id}"}}
        shown = {"data": {"events": event}, "extensions": {"cost": 3}}
        assert await speaker.hear() == {"type": "next", "id": "a", "payload": shown}
        await speaker.say(type="complete", id="a")
        await speaker.say(type="ping")
        assert await speaker.hear() == {"type": "pong"}
        await until(lambda: door.hub.feed.watchers == 0)
        await speaker.subscribe("a", "{ __typename }")
        assert (await speaker.hear())["payload"]["data"] == {"__typename": "Query"}


async def test_what_one_may_not_see_is_passed_over(door: Door, dial: Dial, make: Make) -> None:
    olaf = await make.person("olaf", Role.MODEL_OWNER)
    dora = await make.person("dora", Role.DEVELOPER)
    hidden = await make.model("hidden", restricted=True, owner=olaf)
    seen = await make.model("seen")
    async with dial() as speaker:
        await speaker.enter(authorization=await token(door, dora))
        await speaker.subscribe("a", EVENTS)
        await watched(door)
        headers = await door.headers(olaf)
        for model in (hidden, seen):
            await door.ask(headers, CLASSIFY, model=f"Model:{model.id}")
        heard = await speaker.hear()
        while heard["payload"]["data"]["events"]["kind"] == "token.created":
            heard = await speaker.hear()
        assert heard["payload"]["data"]["events"]["model"] == {"name": "seen"}
        assert "errors" not in heard["payload"]


async def test_an_event_that_commits_late_is_not_lost(door: Door, dial: Dial, db: Db, make: Make) -> None:
    dora = await make.person("dora", Role.DEVELOPER)
    first, second = await make.model("first"), await make.model("second")
    async with dial() as speaker:
        await speaker.enter(authorization=await token(door, dora))
        await speaker.subscribe("a", 'subscription { events(kind: ["model.seen"]) { model { name } } }')
        await watched(door)
        async with db.write(actor=None, operation="late") as late:
            await record(late, "model.seen", Subject("model", first.id), {}, scope_id=first.id)
            async with db.write(actor=None, operation="early") as early:
                await record(early, "model.seen", Subject("model", second.id), {}, scope_id=second.id)
            assert (await speaker.hear())["payload"]["data"]["events"]["model"] == {"name": "second"}
        assert (await speaker.hear())["payload"]["data"]["events"]["model"] == {"name": "first"}


async def test_a_sync_run_is_shown_until_its_end(door: Door, dial: Dial, db: Db, make: Make) -> None:
    dora = await make.person("dora", Role.DEVELOPER)
    run = await make.add(
        SyncRun(registry_id=await make.registry(), number=1, trigger=SyncTrigger.PERSON, queued_at=make.now)
    )
    async with dial() as speaker:
        await speaker.enter(authorization=await token(door, dora))
        await speaker.subscribe("a", SYNC, run=f"SyncRun:{run.id}")
        assert (await speaker.hear())["payload"]["data"] == {"syncRun": {"status": "QUEUED", "versionsSeen": 0}}
        for values in (
            {"status": SyncStatus.RUNNING, "versions_seen": 7},
            {"status": SyncStatus.SUCCEEDED, "versions_seen": 9, "ended_at": make.now},
        ):
            async with db.write(actor=None, operation="sync") as tx:
                row = await tx.session.get_one(SyncRun, run.id)
                for name, value in values.items():
                    setattr(row, name, value)
            shown = (await speaker.hear())["payload"]["data"]["syncRun"]
            assert shown == {"status": values["status"], "versionsSeen": values["versions_seen"]}
        assert await speaker.hear() == {"type": "complete", "id": "a"}
        await speaker.subscribe("b", SYNC, run=f"SyncRun:{run.id}")
        assert (await speaker.hear())["payload"]["data"]["syncRun"]["status"] == "SUCCEEDED"
        assert await speaker.hear() == {"type": "complete", "id": "b"}
        await speaker.subscribe("c", SYNC, run="SyncRun:00000000-0000-0000-0000-000000000000")
        heard = await speaker.hear()
        assert heard["payload"]["errors"][0]["extensions"] == {"code": "NOT_FOUND", "field": "id"}
        assert await speaker.hear() == {"type": "complete", "id": "c"}
    assert door.hub.feed._poller is None


async def test_queries_and_mutations_follow_the_same_rules(door: Door, dial: Dial, make: Make) -> None:
    olaf = await make.person("olaf", Role.MODEL_OWNER)
    dora = await make.person("dora", Role.DEVELOPER)
    model = await make.model()
    async with dial(additional_headers={"Authorization": await token(door, olaf)}) as speaker:
        await speaker.enter()
        await speaker.subscribe("a", CLASSIFY, model=f"Model:{model.id}")
        changed = {"model": {"id": f"Model:{model.id}", "tier": "LIMITED"}}
        assert (await speaker.hear())["payload"] == {"data": {"classifyModel": changed}, "extensions": {"cost": 2}}
        assert await speaker.hear() == {"type": "complete", "id": "a"}
    events = await make.count("events")
    async with dial() as speaker:
        await speaker.enter(Authorization=await token(door, dora))
        await speaker.subscribe("a", CLASSIFY, model=f"Model:{model.id}", tier="MINIMAL")
        assert (await speaker.hear())["payload"]["data"]["classifyModel"]["code"] == "FORBIDDEN"
        assert await speaker.hear() == {"type": "complete", "id": "a"}
        for query, code in (
            ("{ models { nodes { id } } }", "PAGE_SIZE"),
            ("{ registries(first: 1) { nodes { baseUrl } } }", "FORBIDDEN"),
            ("{" + "a: __typename " * 60 + "}", "TOO_COSTLY"),
            ("subscription { events { " + "model { owner { models(first: 1) { nodes { " * 4 + "id" + " }" * 18, None),
            ("subscription { a: events { id } b: events { id } }", None),
            ('subscription { events(model: "x") { id } }', "BAD_ID"),
            ("{", "BAD_INPUT"),
        ):
            await speaker.subscribe("b", query)
            heard = await speaker.hear()
            if heard["type"] == "next":
                errors = heard["payload"]["errors"]
                assert await speaker.hear() == {"type": "complete", "id": "b"}
            else:
                assert (heard["type"], heard["id"]) == ("error", "b")
                errors = heard["payload"]
            assert code is None or errors[0]["extensions"]["code"] == code, query
        await speaker.say(type="subscribe", id="c", payload={"query": EVENTS, "variables": {"k": ["a\0b"]}})
        assert (await speaker.hear())["type"] == "error"
    assert await make.count("events") == events + 1


async def test_a_failure_over_a_socket_is_masked(
    door: Door, dial: Dial, owner: Principal, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def boom(*_: object, **__: object) -> None:
        raise RuntimeError("postgresql://hub:s3cret@db:5432/hub")

    run = await make.add(
        SyncRun(registry_id=await make.registry(), number=1, trigger=SyncTrigger.PERSON, queued_at=make.now)
    )
    async with dial() as speaker:
        await speaker.enter(authorization=await token(door, owner))
        for target, query, variables in (
            ("hub.models.actions.classify", CLASSIFY, {"model": "Model:00000000-0000-0000-0000-000000000000"}),
            ("hub.watching.store.runs", SYNC, {"run": f"SyncRun:{run.id}"}),
        ):
            with monkeypatch.context() as patch:
                patch.setattr(target, boom)
                await speaker.subscribe("a", query, **variables)
                heard = await speaker.hear()
                assert heard["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL"
                assert "s3cret" not in str(heard)
                assert await speaker.hear() == {"type": "complete", "id": "a"}
