"""What a reviewer opened of what was put before them: kept once, and only of what is there."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from hub.approvals.openings import actions
from hub.approvals.tables import ApprovalRequest, Channel
from hub.checks.tables import EvidenceKind
from hub.clock import SetClock
from hub.db import Db
from hub.errors import Code, Refused
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from tests.approvals.desk import about, last
from tests.asking import Ask
from tests.checks.dossiers.case import Case
from tests.make import Make

OPEN = """mutation($id: ID!, $evidence: [ID!]!) {
  openApproval(input: {request: $id, evidence: $evidence, channel: CONSOLE}) {
    ... on ApprovalChanged { request { openings(first: 9) { totalCount nodes {
      isDossier channel openedAt person { handle } evidence { title } } } } }
    ... on Refusal { code why field } } }"""
READ = "query($id: ID!) { node(id: $id) { ... on ApprovalRequest { openings(first: 9) { totalCount } } } }"


@pytest.fixture
async def case(db: Db, make: Make) -> Case:
    """A version with two test reports."""
    made = await Case(db, make).begin()
    await made.report()
    await made.report(EvidenceKind.ROBUSTNESS, title="Noise", figures={"drop": 0.1})
    return made


async def evidence(case: Case) -> list[UUID]:
    return [row["id"] for row in await case.db.reads.fetch("SELECT id FROM evidence WHERE source = 'SENT' ORDER BY id")]


async def look(case: Case, who: Principal, asked: ApprovalRequest, *things: UUID, **more: Any) -> None:
    async with case.db.write(actor=who.person_id, operation="op") as tx:
        await actions.look(tx, who, asked.id, things, **more)


async def test_the_first_opening_is_kept_and_another_changes_nothing(case: Case, clock: SetClock, make: Make) -> None:
    gap, noise = await evidence(case)
    asked = await case.ask()
    await look(case, case.rita, asked, channel=Channel.CONSOLE)
    opened_at = clock.now()
    told = {"dossier": True, "evidence": [], "channel": "CONSOLE"}
    assert await last(case.db, "approval.opened") == {**about(asked), **told}
    clock.move(timedelta(minutes=2))
    await look(case, case.rita, asked, gap, gap)
    told = {"dossier": False, "evidence": [str(gap)], "channel": "API"}
    assert await last(case.db, "approval.opened") == {**about(asked), **told}
    before = await make.events()
    await look(case, case.rita, asked, gap)
    assert await make.events() == before
    clock.move(timedelta(minutes=1))
    await look(case, case.rita, asked, noise, gap)
    assert await last(case.db, "approval.opened") == {**about(asked), **told, "evidence": [str(noise)]}
    clock.move(timedelta(minutes=2))
    await case.sign(asked)
    row = await case.db.reads.fetchrow("SELECT * FROM sign_offs WHERE request_id = $1", asked.id)
    assert row is not None
    assert (row["opened_at"], row["opened"]) == (opened_at, 2)
    assert await make.count("approval_openings") == 3


async def test_only_what_was_put_before_people_can_be_opened(case: Case, make: Make) -> None:
    other = await case.new_version("2", recall=0.95)
    mine, case.version = case.version, other
    await case.report(title="Of another")
    case.version = mine
    gap, noise, foreign = await evidence(case)
    asked = await case.ask()
    before = await make.events()
    for things in ((foreign,), (gap, uuid4()), (gap, noise, foreign)):
        with pytest.raises(Refused, match=f"1 of {len(things)} are no evidence in this request's dossier") as refused:
            await look(case, case.rita, asked, *things)
        assert (refused.value.code, refused.value.field) == (Code.NOT_FOUND, "evidence")
    with pytest.raises(Refused, match="101 pieces of evidence given, 100 at most") as refused:
        await look(case, case.rita, asked, *(uuid4() for _ in range(101)))
    assert refused.value.code is Code.BAD_INPUT
    assert await make.count("approval_openings") == 0
    assert await make.events() == before


async def test_whoever_signs_nothing_has_nothing_kept_of_them(case: Case, make: Make) -> None:
    asked = await case.ask()
    for who in (case.dev, await make.person("root", Role.ADMIN)):
        with pytest.raises(Refused, match="SIGN_APPROVAL is not among your roles") as refused:
            await look(case, who, asked)
        assert refused.value.code is Code.FORBIDDEN
    assert await make.count("approval_openings") == 0


async def test_after_the_decision_reading_is_no_review(case: Case, make: Make) -> None:
    asked = await case.ask()
    await case.sign(asked)
    before = await make.events()
    await look(case, case.rita, asked, *await evidence(case))
    assert await make.count("approval_openings") == 0
    assert await make.events() == before


async def test_opening_in_two_windows_at_once_is_one_opening(case: Case, make: Make) -> None:
    asked = await case.ask()
    things = await evidence(case)
    await asyncio.gather(*(look(case, case.rita, asked, *things) for _ in range(3)))
    assert await make.count("approval_openings") == 3
    assert (await make.events()).count("approval.opened") == 1


async def test_openings_are_shown_to_whoever_made_them_and_to_auditors(ask: Ask, case: Case, make: Make) -> None:
    gap, _ = await evidence(case)
    asked = await case.ask()
    id = f"ApprovalRequest:{asked.id}"
    found = (await ask(case.rita, OPEN, id=id, evidence=[f"Evidence:{gap}"]))["openApproval"]["request"]["openings"]
    shown = {"channel": "CONSOLE", "openedAt": "2026-11-21T12:00:00+00:00", "person": {"handle": "rita"}}
    assert found["totalCount"] == 2
    assert sorted(found["nodes"], key=lambda one: not one["isDossier"]) == [
        {"isDossier": True, "evidence": None, **shown},
        {"isDossier": False, "evidence": {"title": "Gap"}, **shown},
    ]
    peer, eve = await make.person("peer", disciplines=[Discipline.RISK]), await make.person("eve", Role.AUDITOR)
    counts = [(await ask(who, READ, id=id))["node"]["openings"]["totalCount"] for who in (peer, case.dev, eve)]
    assert counts == [0, 0, 2]
    refused = (await ask(peer, OPEN, id=id, evidence=[f"Evidence:{uuid4()}"]))["openApproval"]
    assert (refused["code"], refused["field"]) == ("NOT_FOUND", "evidence")
