"""What stands out about answers: exact numbers, and told to nobody whom it does not concern."""

from datetime import timedelta
from typing import Any

import pytest

from hub.approvals.openings import actions as openings
from hub.approvals.tables import ApprovalRequest, SignOffDecision
from hub.checks.tables import EvidenceKind
from hub.clock import SetClock
from hub.db import Db
from hub.models.tables import Model
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from tests.approvals import desk
from tests.asking import Ask
from tests.checks.dossiers.case import Case
from tests.make import Make

SIGNALS = """query($id: ID!) { node(id: $id) { ... on ApprovalRequest { readingS signals(first: 20) {
  nodes { kind value beside words discipline person { handle } } } } } }"""
RISK, LEGAL = Discipline.RISK, Discipline.LEGAL


async def told(ask: Ask, who: Principal, asked: ApprovalRequest, *kinds: str) -> list[dict[str, Any]]:
    """The signals that somebody sees, of these kinds or all."""
    found = (await ask(who, SIGNALS, id=f"ApprovalRequest:{asked.id}"))["node"]["signals"]["nodes"]
    return [one for one in found if not kinds or one["kind"] in kinds]


def signal(kind: str, words: str, value: int | None, beside: int | None, person: str | None = "rita") -> dict[str, Any]:
    whom = {"handle": person} if person else None
    return {"kind": kind, "words": words, "value": value, "beside": beside, "discipline": None, "person": whom}


@pytest.fixture
async def case(db: Db, make: Make) -> Case:
    """A version with two test reports, asked about."""
    made = await Case(db, make).begin()
    await made.report()
    await made.report(EvidenceKind.ROBUSTNESS, title="Noise added", figures={"drop": 0.1, "most": 0.3})
    return made


async def look(case: Case, asked: ApprovalRequest, *things: Any) -> None:
    async with case.db.write(actor=case.rita.person_id, operation="op") as tx:
        await openings.look(tx, case.rita, asked.id, things)


async def test_a_reviewer_is_told_what_they_have_not_read_before_they_sign(
    ask: Ask, case: Case, clock: SetClock
) -> None:
    asked = await case.ask()
    # Title and reason ten, the card six, checks eighteen, four reports with their figures fifteen, the exception ten.
    reading = "reading its 59 words takes about 16 s"
    faster, unopened = "FASTER_THAN_READABLE", "EVIDENCE_NOT_OPENED"
    assert await told(ask, case.rita, asked) == [
        signal(unopened, "4 of 4 pieces of evidence not opened", 4, 4),
        signal(faster, f"not opened yet; {reading}", None, 16),
    ]
    first, *others = [row["id"] for row in await case.db.reads.fetch("SELECT id FROM evidence ORDER BY id")]
    await look(case, asked, first)
    clock.move(timedelta(seconds=5))
    assert await told(ask, case.rita, asked) == [
        signal(unopened, "3 of 4 pieces of evidence not opened", 3, 4),
        signal(faster, f"opened 5 s ago; {reading}", 5, 16),
    ]
    await look(case, asked, *others)
    clock.move(timedelta(seconds=10, milliseconds=999))
    assert await told(ask, case.rita, asked) == [signal(faster, f"opened 15 s ago; {reading}", 15, 16)]
    clock.move(timedelta(milliseconds=1))
    assert await told(ask, case.rita, asked) == []
    found = await ask(case.dev, SIGNALS, id=f"ApprovalRequest:{asked.id}")
    assert found["node"] == {"readingS": 16, "signals": {"nodes": []}}


async def test_afterwards_the_signer_and_auditors_see_it_and_nobody_else(
    ask: Ask, case: Case, clock: SetClock, make: Make
) -> None:
    asked = await case.ask()
    await look(case, asked)
    clock.move(timedelta(seconds=3, milliseconds=900))
    await case.sign(asked)
    clock.move(timedelta(days=200))
    peer, eve = await make.person("peer", disciplines=[RISK]), await make.person("eve", Role.AUDITOR)
    root = await make.person("root", Role.ADMIN)
    for who in (case.rita, eve, root):
        found = await told(ask, who, asked)
        assert [(one["kind"], one["value"], one["person"]) for one in found] == [
            ("EVIDENCE_NOT_OPENED", 4, {"handle": "rita"}),
            ("FASTER_THAN_READABLE", 3, {"handle": "rita"}),
        ]
        assert found[1]["words"].startswith("answered 3 s after opening it; reading its")
    for who in (peer, case.dev, case.owner):
        assert await told(ask, who, asked) == []


async def test_an_answer_without_opening_anything_is_seen_as_that(ask: Ask, case: Case) -> None:
    asked = await case.ask()
    await case.sign(asked)
    (found,) = await told(ask, case.rita, asked, "FASTER_THAN_READABLE")
    assert found["value"] is None
    assert found["words"].startswith("answered without opening it here; reading its")


async def asked_and_signed(
    db: Db, model: Model, asker: Principal, signer: Principal, times: int = 1, **more: Any
) -> None:
    """Somebody asks so many times, and another answers."""
    for _ in range(times):
        await desk.sign(db, signer, await desk.ask(db, asker, model), **more)


async def test_twenty_answers_without_a_no_stand_out(ask: Ask, db: Db, make: Make, clock: SetClock) -> None:
    model, dev = await desk.setting(make, RISK)
    rita = await make.person("rita", disciplines=[RISK])
    await asked_and_signed(db, model, dev, rita)
    clock.move(timedelta(days=1))
    await asked_and_signed(db, model, dev, rita, 18)
    asked = await desk.ask(db, dev, model)
    assert await told(ask, rita, asked, "NEVER_REJECTS") == []
    await asked_and_signed(db, model, dev, rita)
    said = [signal("NEVER_REJECTS", "20 answers in 180 days, none of them no", 20, 20)]
    assert await told(ask, rita, asked, "NEVER_REJECTS") == said
    # The first of them is 180 days ago.
    clock.move(timedelta(days=179))
    assert await told(ask, rita, asked, "NEVER_REJECTS") == []
    await asked_and_signed(db, model, dev, rita)
    assert await told(ask, rita, asked, "NEVER_REJECTS") == said
    await asked_and_signed(db, model, dev, rita, decision=SignOffDecision.REQUEST_CHANGES)
    assert await told(ask, rita, asked, "NEVER_REJECTS") == []


async def test_a_signature_is_judged_as_of_its_day(ask: Ask, db: Db, make: Make, clock: SetClock) -> None:
    model, dev = await desk.setting(make, RISK)
    rita = await make.person("rita", disciplines=[RISK])
    await asked_and_signed(db, model, dev, rita, 19)
    asked = await desk.ask(db, dev, model)
    await desk.sign(db, rita, asked)
    clock.move(timedelta(days=1))
    await asked_and_signed(db, model, dev, rita, decision=SignOffDecision.REJECT)
    found = await told(ask, rita, asked, "NEVER_REJECTS")
    assert found == [signal("NEVER_REJECTS", "20 answers in 180 days, none of them no", 20, 20)]


async def test_two_who_approve_each_other_are_told_and_no_third(ask: Ask, db: Db, make: Make) -> None:
    model, dev = await desk.setting(make, RISK)
    rita, rob = [await make.person(name, disciplines=[RISK]) for name in ("rita", "rob")]
    await asked_and_signed(db, model, rob, rita, 3)
    await asked_and_signed(db, model, rita, rob, 2)
    await asked_and_signed(db, model, rita, rob, decision=SignOffDecision.REJECT)
    asked = await desk.ask(db, rob, model)
    assert await told(ask, rita, asked, "LOOP") == []
    await asked_and_signed(db, model, rita, rob)
    words = "approved 3 requests of whoever asks in 180 days, and they approved 3 of theirs"
    assert await told(ask, rita, asked, "LOOP") == [signal("LOOP", words, 3, 3)]
    await desk.sign(db, rita, asked)
    words = "approved 4 requests of whoever asks in 180 days, and they approved 3 of theirs"
    assert await told(ask, rita, asked, "LOOP") == [signal("LOOP", words, 3, 3)]
    assert await told(ask, rob, asked, "LOOP") == []
    assert await told(ask, rita, await desk.ask(db, dev, model), "LOOP") == []


async def test_a_discipline_that_nobody_can_sign_for_is_seen_by_all(ask: Ask, db: Db, make: Make) -> None:
    model, dev = await desk.setting(make, RISK, LEGAL, quorum=2)
    rita = await make.person("rita", disciplines=[RISK])
    lee, gone = await make.person("lee", disciplines=[LEGAL]), await make.person("gone", disciplines=[LEGAL])
    await make.deactivate(gone)
    asked = await desk.ask(db, dev, model, author_ids=(lee.person_id,))
    words = "nobody can sign for LEGAL: no active approver who has no hand in it"
    said = [{**signal("MISSING_DISCIPLINE", words, None, None, None), "discipline": "LEGAL"}]
    for who in (dev, rita, lee):
        assert await told(ask, who, asked, "MISSING_DISCIPLINE") == said
    await desk.sign(db, rita, asked)
    assert await told(ask, dev, asked) == said
    await make.person("ann", disciplines=[LEGAL])
    assert await told(ask, dev, asked) == []
