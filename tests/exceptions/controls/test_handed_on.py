"""A control whose attestor cannot confirm it any more is shown, and handed to somebody else."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from hub.clock import SetClock
from hub.db import Db
from hub.errors import Code
from hub.exceptions.rules import Control
from hub.exceptions.tables import PolicyException
from hub.people.access import Principal
from hub.people.tables import PersonKind, Role
from tests.asking import Ask
from tests.exceptions.deadlines.desk import change, tick, told
from tests.make import Make

HAND = """mutation($control: ID!, $to: ID!) { handControl(input: {control: $control, attestor: $to}) {
  ... on ExceptionChanged { exception { status controls(first: 5) { nodes { orphanedWhy attestor { handle } } } } }
  ... on Refusal { code why field } } }"""
ORPHANED = """{ exceptions(first: 5, filter: {controlOrphaned: true}) { nodes {
  status controls(first: 5) { nodes { orphanedWhy } } } } }"""
ATTEST = """mutation($control: ID!) { attestControl(input: {control: $control, note: "Looked."}) {
  ... on ExceptionChanged { exception { status } } ... on Refusal { code } } }"""


class Handed:
    """Dev asked, Olaf owns, Ann attests every week; Judge and Pat decide exceptions."""

    def __init__(self, db: Db, make: Make, ask: Ask) -> None:
        self.db, self.make, self.ask = db, make, ask

    async def begin(self, *, attestor: str | None = "ann") -> "Handed":
        self.dev = await self.make.person("dev", Role.DEVELOPER)
        self.olaf = await self.make.person("olaf", Role.MODEL_OWNER, Role.POLICY_OWNER)
        self.ann = await self.make.person("ann", Role.AUDITOR)
        self.bob = await self.make.person("bob", Role.DEVELOPER)
        self.judge = await self.make.person("judge", Role.POLICY_OWNER)
        self.admin = await self.make.person("admin", Role.ADMIN)
        self.model = await self.make.model(owner=self.olaf)
        named = None if attestor is None else getattr(self, attestor).person_id
        self.exception: PolicyException = await self.make.exception(
            await self.make.policy(by=self.judge),
            self.model,
            by=self.dev,
            controls=(Control("A person looks.", attest_every_days=7, attestor_id=named),),
        )
        await change(self.db, self.exception.id, owner_id=self.olaf.person_id)
        self.control: UUID = await self.db.reads.fetchval("SELECT id FROM compensating_controls")
        return self

    async def hand(self, who: Principal, to: Principal) -> dict[str, Any]:
        asked = {"control": f"CompensatingControl:{self.control}", "to": f"Person:{to.person_id}"}
        found: dict[str, Any] = (await self.ask(who, HAND, **asked))["handControl"]
        return found

    async def attest(self, who: Principal) -> dict[str, Any]:
        found: dict[str, Any] = (await self.ask(who, ATTEST, control=f"CompensatingControl:{self.control}"))[
            "attestControl"
        ]
        return found


@pytest.fixture
async def handed(db: Db, make: Make, ask: Ask) -> Handed:
    return await Handed(db, make, ask).begin()


def now(status: str, attestor: str, why: str | None = None) -> dict[str, Any]:
    return {
        "exception": {"status": status, "controls": {"nodes": [{"orphanedWhy": why, "attestor": {"handle": attestor}}]}}
    }


async def test_what_a_leaver_was_to_confirm_is_handed_on_by_the_owner_and_holds_once_confirmed(
    handed: Handed, db: Db, ask: Ask, make: Make, clock: SetClock
) -> None:
    assert await ask(handed.judge, ORPHANED) == {"exceptions": {"nodes": []}}
    await make.deactivate(handed.ann)
    clock.move(timedelta(days=8))
    lost = {"status": "SUSPENDED", "controls": {"nodes": [{"orphanedWhy": "ann has left"}]}}
    assert await ask(handed.judge, ORPHANED) == {"exceptions": {"nodes": [lost]}}
    await tick(db)
    assert await handed.hand(handed.olaf, handed.bob) == now("SUSPENDED", "bob")
    ((_, subject, data),) = await told(db, "exception.control_handed")
    assert (subject, data["control"], data["was_attestor"], data["attestor"]) == (
        handed.exception.id,
        str(handed.control),
        str(handed.ann.person_id),
        str(handed.bob.person_id),
    )
    # Whoever takes over is told what is due of it.
    await tick(db)
    assert (await told(db, "exception.attestation_stale"))[-1][1] == handed.bob.person_id
    assert await handed.attest(handed.bob) == {"exception": {"status": "ACTIVE"}}
    assert await ask(handed.judge, ORPHANED) == {"exceptions": {"nodes": []}}


async def test_who_sees_the_model_no_more_is_lost_too(handed: Handed, db: Db, ask: Ask, make: Make) -> None:
    await handed.hand(handed.judge, handed.bob)
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(text("UPDATE models SET restricted = true"))
    lost = {"status": "ACTIVE", "controls": {"nodes": [{"orphanedWhy": "bob does not see the model any more"}]}}
    assert await ask(handed.olaf, ORPHANED) == {"exceptions": {"nodes": [lost]}}
    # Of a model that they do not see nobody is told anything, nor is it given to such a one.
    assert await ask(handed.judge, ORPHANED) == {"exceptions": {"nodes": []}}
    assert (await handed.hand(handed.judge, handed.ann))["code"] == Code.NOT_FOUND
    refused = await handed.hand(handed.olaf, handed.bob)
    assert refused == {
        "code": "BAD_INPUT",
        "why": "bob does not see the model any more; name somebody who sees the model",
        "field": "attestor",
    }
    assert await handed.hand(handed.olaf, handed.ann) == now("ACTIVE", "ann")


async def test_nobody_chooses_who_looks_at_their_own(handed: Handed, make: Make) -> None:
    # Olaf decides exceptions too, and owns this one; Dev asked for it; Bob has nothing to do with it.
    for who, begins in ((handed.olaf, "its attestor can still confirm it"), (handed.dev, "a control is handed on by")):
        refused = await handed.hand(who, handed.bob)
        assert (refused["code"], refused["why"].startswith(begins)) == ("FORBIDDEN", True)
    assert (await handed.hand(handed.bob, handed.bob))["code"] == "FORBIDDEN"
    await make.deactivate(handed.ann)
    for to in (handed.olaf, handed.dev):
        refused = await handed.hand(handed.olaf, to)
        assert (refused["code"], refused["field"]) == ("SAME_PERSON", "attestor")
    robot = await make.person("robot", Role.SERVICE, kind=PersonKind.SERVICE)
    assert (await handed.hand(handed.judge, robot))["code"] == "BAD_INPUT"
    assert (await handed.hand(handed.judge, handed.ann))["why"] == "ann is not active; choose somebody who is"
    assert await make.count("events", "kind = 'exception.control_handed'") == 0
    assert await make.count("compensating_controls", f"attestor_id = '{handed.ann.person_id}'") == 1
    assert await handed.hand(handed.admin, handed.bob) == now("ACTIVE", "bob")


async def test_what_the_owner_confirms_goes_to_whomever_a_decider_names(db: Db, make: Make, ask: Ask) -> None:
    handed = await Handed(db, make, ask).begin(attestor=None)
    await make.deactivate(handed.olaf)
    (found,) = (await ask(handed.judge, ORPHANED))["exceptions"]["nodes"]
    assert found["controls"]["nodes"] == [{"orphanedWhy": "olaf has left"}]
    assert await handed.hand(handed.judge, handed.dev) == now("ACTIVE", "dev")


async def test_only_what_a_person_confirms_of_a_granted_exception_is_handed_on(
    handed: Handed, db: Db, make: Make, ask: Ask, clock: SetClock
) -> None:
    await make.deactivate(handed.ann)
    clock.move(timedelta(days=31))
    assert (await handed.hand(handed.judge, handed.bob))["code"] == "WRONG_STATE"
    assert await ask(handed.judge, ORPHANED) == {"exceptions": {"nodes": []}}
    await make.exception(
        await make.policy("other", by=handed.judge), handed.model, by=handed.dev, controls=(Control("By hand."),)
    )
    handed.control = await db.reads.fetchval("SELECT id FROM compensating_controls WHERE attest_every_days IS NULL")
    refused = await handed.hand(handed.judge, handed.bob)
    assert refused["why"] == "this control is not attested: it has no rhythm in which it is attested"
