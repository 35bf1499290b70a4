"""What everybody may fetch: the keys, and which permits count no more."""

from base64 import b64encode
from datetime import timedelta

import httpx2
import orjson
import pytest
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

from hub.app import application
from hub.clock import SetClock
from hub.db import Db
from hub.deployments import actions
from hub.deployments.permits import envelope, keys
from hub.deployments.permits.unfit import Fault, Unfit
from hub.deployments.tables import DeploymentIntent
from hub.errors import Code, Refused
from hub.models.tables import RiskTier
from hub.people.access import Principal
from hub.people.tables import Role
from hub.settings import settings
from tests.deployments.gates import Gate
from tests.make import Make


async def allowed(gate: Gate, make: Make) -> tuple[Principal, DeploymentIntent]:
    """A release of a MINIMAL model, for which nobody need sign."""
    dev = await make.person("dev", Role.DEVELOPER)
    await make.rule(tier=RiskTier.MINIMAL, quorum=0)
    version = await make.version(await make.model(tier=RiskTier.MINIMAL))
    return dev, await gate.ask(dev, version)


async def halt(gate: Gate, make: Make, intent: DeploymentIntent, why: str = "Ada found a leak.") -> None:
    ivy = await make.person(None, Role.INCIDENT_RESPONDER)
    async with gate.db.write(actor=ivy.person_id, operation="op") as tx:
        await actions.halt(tx, ivy, intent.id, why)


async def test_keys_are_served_to_everybody_as_others_read_them(
    door: httpx2.AsyncClient, gate: Gate, make: Make
) -> None:
    first = await door.get("/permits/keys")
    (key,) = first.json()["keys"]
    assert (first.status_code, await make.count("signing_keys")) == (200, 1)
    _, intent = await allowed(gate, make)
    assert (await door.get("/permits/keys")).content == first.content
    (permit,) = await gate.permits()
    found = envelope.verify(permit["envelope"], envelope.public_keys(first.content), now=make.now)
    assert found.intent == str(intent.id)
    read = SSlibKey.from_dict(key["keyid"], {name: key[name] for name in ("keytype", "scheme", "keyval")})
    assert (read.keyid, read.keyval["public"]) == (permit["key_id"], key["keyval"]["public"])
    assert (key["createdAt"], key["retiredAt"]) == ("2026-11-21T12:00:00+00:00", None)


async def test_a_revoked_permit_is_on_the_list_at_once_and_until_it_expires(
    door: httpx2.AsyncClient, gate: Gate, make: Make, clock: SetClock
) -> None:
    _, intent = await allowed(gate, make)
    (permit,) = await gate.permits()
    known = envelope.public_keys((await door.get("/permits/keys")).content)
    empty = await door.get("/permits/revocations")
    assert envelope.verify(permit["envelope"], known, now=make.now, revocations=empty.content)
    await halt(gate, make, intent)
    listed = await door.get("/permits/revocations")
    with pytest.raises(Unfit, match="was revoked on 2026-11-21 12:00:00 UTC: halted by a person") as refused:
        envelope.verify(permit["envelope"], known, now=make.now, revocations=listed.content)
    assert refused.value.fault is Fault.REVOKED
    # Anybody reads the list: it says that a person did it, not what they wrote.
    assert b"leak" not in listed.content
    (one,) = envelope.verify_revocations(listed.content, known, now=make.now).revoked
    assert (one.permit, one.digest, one.why) == (str(permit["id"]), permit["digest"], "halted by a person")
    assert len(one.version_digest) == 64
    clock.move(timedelta(days=30))
    ended = await door.get("/permits/revocations")
    assert envelope.verify_revocations(ended.content, known, now=clock.now()).revoked == ()


async def test_the_list_is_signed_anew_every_half_minute_only(door: httpx2.AsyncClient, clock: SetClock) -> None:
    first = await door.get("/permits/revocations")
    clock.move(timedelta(seconds=29))
    assert (await door.get("/permits/revocations")).content == first.content
    same = await door.get("/permits/revocations", headers={"If-None-Match": f'"x", {first.headers["etag"]}'})
    assert (same.status_code, same.content) == (304, b"")
    clock.move(timedelta(seconds=1))
    fresh = await door.get("/permits/revocations", headers={"If-None-Match": first.headers["etag"]})
    assert (fresh.status_code, fresh.headers["cache-control"]) == (200, "public, max-age=30")
    known = envelope.public_keys((await door.get("/permits/keys")).content)
    read = envelope.verify_revocations(fresh.content, known, now=clock.now())
    assert (read.issued_at, read.next_update) == (clock.now(), clock.now() + timedelta(hours=24))


async def test_without_a_database_nobody_is_told_that_nothing_is_revoked(clock: SetClock) -> None:
    away = Db("postgresql://nobody@127.0.0.1:1/none", clock=clock)
    transport = httpx2.ASGITransport(app=application(away, clock, development=False))
    async with httpx2.AsyncClient(transport=transport, base_url="http://hub.test") as client:
        for path in ("/permits/keys", "/permits/revocations"):
            reply = await client.get(path)
            assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")
            assert "revoked" not in reply.text


async def test_an_old_key_signs_no_more_and_still_verifies(
    door: httpx2.AsyncClient, gate: Gate, make: Make, clock: SetClock
) -> None:
    dev, _ = await allowed(gate, make)
    admin = await make.person("admin", Role.ADMIN)
    (old,) = await gate.keys()
    clock.move(timedelta(minutes=1))
    with pytest.raises(Refused) as refused:
        async with gate.db.write(actor=dev.person_id, operation="op") as tx:
            await keys.rotate(tx, dev)
    assert refused.value.code is Code.FORBIDDEN
    with pytest.raises(Refused, match=f"the key that signs now is {old}") as stale:
        async with gate.db.write(actor=admin.person_id, operation="op") as tx:
            await keys.rotate(tx, admin, current="another")
    assert (stale.value.code, await make.count("signing_keys")) == (Code.STALE, 1)
    async with gate.db.write(actor=admin.person_id, operation="op") as tx:
        new = (await keys.rotate(tx, admin, current=old)).key_id
    await gate.change("UPDATE model_versions SET digest = repeat('a', 64)")
    await gate.ask(dev, await make.version(await make.model(tier=RiskTier.MINIMAL)))
    assert [one["key_id"] for one in await gate.permits()] == [old, new]
    for permit in await gate.permits():
        assert (await gate.verified(permit)).permit == str(permit["id"])
    served = (await door.get("/permits/keys")).json()["keys"]
    assert [(one["keyid"], one["retiredAt"]) for one in served] == [(old, "2026-11-21T12:01:00+00:00"), (new, None)]
    listed = orjson.loads((await door.get("/permits/revocations")).content)
    assert [one["keyid"] for one in listed["signatures"]] == [new]


async def test_the_private_key_is_sealed_and_out_of_the_readers_sight(gate: Gate, make: Make, db: Db) -> None:
    await allowed(gate, make)
    async with db.write(actor=None, operation="op") as tx:
        row = await (await tx.raw()).fetchrow("SELECT sealed_by, sealed FROM signing_keys")
    assert row is not None
    assert (row["sealed_by"], len(row["sealed"])) == ("tests", 12 + 32 + 16)
    assert await db.reads.fetchval("SELECT has_column_privilege('signing_keys', 'sealed', 'SELECT')") is False


async def test_a_key_that_cannot_be_unsealed_is_refused_with_the_way_out(
    gate: Gate, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev, _ = await allowed(gate, make)
    keys._unsealed.clear()
    monkeypatch.setenv("HUB_SECRET_KEYS", f"other:{b64encode(b'o' * 32).decode()}")
    settings.cache_clear()
    version = await make.version(await make.model(tier=RiskTier.MINIMAL))
    with pytest.raises(Refused, match="encrypted with key 'tests', which this hub does not have") as refused:
        await gate.ask(dev, version)
    assert (refused.value.code, refused.value.field) == (Code.SETTING, "HUB_SECRET_KEYS")
    assert await gate.counts(("deployment_intents", "permits")) == [1, 1]
    # A key in another row is no key: it is bound to its own.
    monkeypatch.setenv("HUB_SECRET_KEYS", f"tests:{b64encode(b's' * 32).decode()}")
    settings.cache_clear()
    await gate.change("UPDATE signing_keys SET id = gen_random_uuid()")
    with pytest.raises(Refused, match="which is not the one that made it"):
        await gate.ask(dev, version)
