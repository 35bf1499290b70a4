"""What people say of a granted exception's controls and criteria, who may, and what follows."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text

from hub.clock import SetClock
from hub.db import Db
from hub.errors import Code, Refused
from hub.exceptions.controls import actions
from hub.exceptions.rules import Control, Criterion
from hub.exceptions.tables import PolicyException
from hub.models.tables import Model
from hub.people.access import Principal
from hub.people.tables import PersonKind, Role
from hub.policies.tables import PolicyVersion
from tests.asking import Ask
from tests.make import Make

ATTEST = """mutation($id: ID!, $note: String!, $url: String!) {
  attestControl(input: {control: $id, note: $note, evidenceUrl: $url}) {
    ... on ExceptionChanged { exception { status suspendedFrom controls(first: 5) { nodes {
      holds attestedAt attestationDueAt attestationNote attestationEvidenceUrl attestedBy { handle } } } } }
    ... on Refusal { code why field } } }"""
CONFIRM = """mutation($id: ID!, $note: String!, $url: String!) {
  confirmCriterion(input: {criterion: $id, note: $note, evidenceUrl: $url}) {
    ... on ExceptionChanged { exception { criteria(first: 5) {
      nodes { metAt metNote evidenceUrl metBy { handle } } } } }
    ... on Refusal { code why field } } }"""
REOPEN = """mutation($id: ID!, $note: String!) {
  reopenCriterion(input: {criterion: $id, note: $note}) {
    ... on ExceptionChanged { exception { criteria(first: 5) {
      nodes { metAt metNote evidenceUrl metBy { handle } } } } }
    ... on Refusal { code why field } } }"""
LINK = "https://evidence.example/42"


class Said:
    """An exception of `dev`, with a control that is attested every week and a criterion that a person confirms."""

    def __init__(self, db: Db, make: Make) -> None:
        self.db, self.make = db, make

    async def begin(self) -> "Said":
        self.dev = await self.make.person("dev", Role.DEVELOPER)
        self.ann = await self.make.person("ann", Role.AUDITOR)
        self.judge = await self.make.person("judge", Role.POLICY_OWNER)
        self.policy: PolicyVersion = await self.make.policy()
        self.model: Model = await self.make.model()
        return self

    async def exception(self, *, attestor: Principal | None = None, **asked: Any) -> PolicyException:
        looked = Control("A person looks.", attest_every_days=7, attestor_id=attestor.person_id if attestor else None)
        values = {"controls": (looked,), "criteria": (Criterion("It is good."),), **asked}
        return await self.make.exception(self.policy, self.model, by=self.dev, **values)

    async def one(self, table: str) -> UUID:
        found: UUID = await self.db.reads.fetchval(f"SELECT id FROM {table} ORDER BY id LIMIT 1")
        return found

    async def control(self) -> UUID:
        return await self.one("compensating_controls")

    async def criterion(self) -> UUID:
        return await self.one("acceptance_criteria")

    async def attest(self, who: Principal, note: str = "Looked.", url: str = "") -> None:
        id = await self.control()
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            await actions.attest(tx, who, id, note=note, evidence_url=url)

    async def confirm(self, who: Principal, note: str = "Shown.", url: str = "") -> None:
        id = await self.criterion()
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            await actions.confirm(tx, who, id, note=note, evidence_url=url)

    async def reopen(self, who: Principal, note: str = "Not so.") -> None:
        id = await self.criterion()
        async with self.db.write(actor=who.person_id, operation="op") as tx:
            await actions.reopen(tx, who, id, note=note)

    async def told(self, kind: str) -> dict[str, Any]:
        data = await self.db.reads.fetchval("SELECT data FROM events WHERE kind = $1 ORDER BY seq DESC LIMIT 1", kind)
        found: dict[str, Any] = orjson.loads(data)
        return found

    async def refused(self, doing: Any) -> tuple[Code, str, str | None]:
        """What is refused, and that nothing was written."""
        before = await self.make.events()
        with pytest.raises(Refused) as refused:
            await doing
        assert await self.make.events() == before
        return refused.value.code, refused.value.why, refused.value.field


@pytest.fixture
async def said(db: Db, make: Make) -> Said:
    return await Said(db, make).begin()


def z(at: datetime) -> str:
    return at.isoformat()


async def test_an_attested_control_holds_for_its_rhythm_and_is_stale_by_date_alone(
    said: Said, ask: Ask, clock: SetClock
) -> None:
    await said.exception()
    id = f"CompensatingControl:{await said.control()}"
    clock.move(timedelta(days=5))
    found = (await ask(said.dev, ATTEST, id=id, note=" Looked. ", url=LINK))["attestControl"]["exception"]
    due = clock.now() + timedelta(days=7)
    assert found == {
        "status": "ACTIVE",
        "suspendedFrom": z(due),
        "controls": {
            "nodes": [
                {
                    "holds": True,
                    "attestedAt": z(clock.now()),
                    "attestationDueAt": z(due),
                    "attestationNote": "Looked.",
                    "attestationEvidenceUrl": LINK,
                    "attestedBy": {"handle": "dev"},
                }
            ]
        },
    }
    told = await said.told("exception.attested")
    assert (told["control"], told["due_at"]) == (id.partition(":")[2], due.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    assert "Looked" not in str(told) and LINK not in str(told)
    clock.move(timedelta(days=7) - timedelta(microseconds=1))
    assert await _status(said) == "ACTIVE"
    clock.move(timedelta(microseconds=1))
    assert await _status(said) == "SUSPENDED"
    clock.move(timedelta(days=1))
    found = (await ask(said.dev, ATTEST, id=id, note="Looked late.", url=""))["attestControl"]["exception"]
    assert (found["status"], found["suspendedFrom"]) == ("ACTIVE", z(clock.now() + timedelta(days=7)))
    assert found["controls"]["nodes"][0]["attestationEvidenceUrl"] is None
    assert (await said.told("exception.resumed"))["control"] == id.partition(":")[2]
    assert (await said.make.events()).count("exception.resumed") == 1


async def test_the_rhythm_does_not_run_before_the_exception_starts(said: Said, clock: SetClock) -> None:
    starts = clock.now() + timedelta(days=20)
    await said.exception(starts_at=starts)
    due = await said.db.reads.fetchval("SELECT attestation_due_at FROM compensating_controls")
    assert due == starts + timedelta(days=7)
    await said.attest(said.dev)
    due = await said.db.reads.fetchval("SELECT attestation_due_at FROM compensating_controls")
    assert due == starts + timedelta(days=7)


async def test_only_its_attestor_attests(said: Said) -> None:
    await said.exception(attestor=said.ann)
    assert await said.refused(said.attest(said.dev)) == (
        Code.FORBIDDEN,
        "this control is attested by the person whom it names; ask them to",
        "control",
    )
    await said.attest(said.ann)
    assert await said.db.reads.fetchval("SELECT attested_by FROM compensating_controls") == said.ann.person_id


async def test_without_an_attestor_it_is_the_owner_alone(said: Said) -> None:
    await said.exception()
    code, why, _ = await said.refused(said.attest(said.judge))
    assert (code, why) == (Code.FORBIDDEN, "this control is attested by the exception's owner; ask them to")


async def test_no_service_account_attests_or_confirms(said: Said, make: Make) -> None:
    robot = await make.person("robot", Role.SERVICE, kind=PersonKind.SERVICE)
    await said.exception()
    for doing in (said.attest(robot), said.confirm(robot), said.reopen(robot)):
        code, why, _ = await said.refused(doing)
        assert (code, why.partition(";")[0]) == (Code.FORBIDDEN, "ATTEST is not among your roles' permissions")


async def test_nothing_is_said_before_it_is_granted_nor_after_it_ended(said: Said, clock: SetClock) -> None:
    await said.exception(granted=False)
    for doing in (said.attest(said.dev), said.confirm(said.dev)):
        code, why, _ = await said.refused(doing)
        assert (code, why) == (Code.WRONG_STATE, "the exception is SUBMITTED; this is said of granted ones only")
    assert await said.db.reads.fetchval("SELECT attestation_due_at FROM compensating_controls") is None


async def test_nothing_is_said_of_an_expired_one(said: Said, clock: SetClock) -> None:
    await said.exception()
    clock.move(timedelta(days=30))
    code, why, _ = await said.refused(said.attest(said.dev))
    assert (code, why) == (Code.WRONG_STATE, "the exception expired on 2026-12-21 12:00 UTC; ask for a new one instead")


async def test_what_a_policy_tells_is_not_said_by_hand(said: Said, make: Make) -> None:
    tied = await make.policy("latency")
    await said.exception(
        controls=(Control("It is quick.", policy_id=tied.policy_id),),
        criteria=(Criterion("It is quick.", policy_id=tied.policy_id),),
    )
    code, why, field = await said.refused(said.attest(said.dev))
    assert (code, why, field) == (
        Code.BAD_INPUT,
        "this control is not attested: it holds while latency passes",
        "control",
    )
    code, why, field = await said.refused(said.confirm(said.dev))
    assert (code, field) == (Code.BAD_INPUT, "criterion")
    assert why.startswith("this criterion is met when latency passes for all that the exception covers")
    code, _, _ = await said.refused(said.reopen(said.dev))
    assert code is Code.BAD_INPUT


@pytest.mark.parametrize(
    ("note", "url", "why"),
    [
        (" ", "", "note is empty; write 1 to 8000 characters"),
        ("x", "javascript:alert(1)", "evidenceUrl is no web address; write it as https://…"),
        ("x", "https://" + "x" * 2_000, "evidenceUrl has 2008 characters; at most 2000 are kept"),
    ],
)
async def test_what_is_said_is_a_note_and_a_web_address(said: Said, note: str, url: str, why: str) -> None:
    await said.exception()
    assert (await said.refused(said.attest(said.dev, note, url)))[1] == why
    assert (await said.refused(said.confirm(said.dev, note, url)))[1] == why


async def test_a_criterion_is_confirmed_by_the_owner_with_evidence_and_reopened(
    said: Said, ask: Ask, clock: SetClock
) -> None:
    await said.exception()
    id = f"AcceptanceCriterion:{await said.criterion()}"
    assert (await said.refused(said.confirm(said.judge)))[1] == (
        "the exception's owner confirms its criteria; ask them to"
    )
    found = (await ask(said.dev, CONFIRM, id=id, note="Shown.", url=LINK))["confirmCriterion"]["exception"]
    assert found["criteria"]["nodes"] == [
        {"metAt": z(clock.now()), "metNote": "Shown.", "evidenceUrl": LINK, "metBy": {"handle": "dev"}}
    ]
    assert (await said.told("exception.criterion_met"))["criterion"] == id.partition(":")[2]
    assert (await said.refused(said.confirm(said.dev)))[1] == (
        "this criterion is met already; reopen it first if that is wrong"
    )
    assert (await said.refused(said.reopen(said.ann)))[0] is Code.FORBIDDEN
    found = (await ask(said.judge, REOPEN, id=id, note="Two cases fail."))["reopenCriterion"]["exception"]
    assert found["criteria"]["nodes"] == [{"metAt": None, "metNote": "", "evidenceUrl": "", "metBy": None}]
    assert (await said.told("exception.criterion_reopened"))["criterion"] == id.partition(":")[2]
    assert (await said.refused(said.reopen(said.dev)))[1] == "this criterion is open"


async def test_who_does_not_see_the_model_learns_nothing_of_its_controls(said: Said, make: Make) -> None:
    await said.exception()
    async with said.db.write(actor=None, operation="op") as tx:
        await tx.session.execute(text("UPDATE models SET restricted = true"))
    stranger = await make.person("stranger", Role.DEVELOPER)
    assert await said.refused(said.attest(stranger)) == (Code.NOT_FOUND, "there is no such control", "control")
    assert await said.refused(said.confirm(stranger)) == (Code.NOT_FOUND, "there is no such criterion", "criterion")


async def _status(said: Said) -> str:
    found: str = await said.db.reads.fetchval(
        "SELECT exception_status(state, starts_at, expires_at, suspended_from, $1) FROM policy_exceptions",
        said.db.clock.now(),
    )
    return found
