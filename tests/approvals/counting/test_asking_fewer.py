"""After a signature a request asks exactly those whom it would ask if all were thought through anew."""

from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest

from hub.approvals.asked import store as asked_store
from hub.approvals.counting.rules import Counted, Human, Makers, asks_fewer, seated
from hub.approvals.steps import Step, progress
from hub.approvals.tables import ApprovalRequest
from hub.db import Db
from hub.people.tables import Discipline, Role
from tests.approvals.desk import ask, lend, sign, status
from tests.make import Make

RISK, LEGAL, PRODUCT = Discipline.RISK, Discipline.LEGAL, Discipline.PRODUCT


async def asks(db: Db, asked: ApprovalRequest) -> list[tuple[Any, ...]]:
    rows = await db.reads.fetch(
        "SELECT p.handle, a.discipline, v.handle, a.due_at FROM approval_asks a JOIN people p ON p.id = a.person_id"
        " LEFT JOIN people v ON v.id = a.via_id WHERE a.request_id = $1 ORDER BY 1, 3",
        asked.id,
    )
    return [tuple(row) for row in rows]


STEPS = {
    "one of each": (Step("All", 3, {RISK: 1, LEGAL: 1}),),
    "a discipline that is done": (Step("All", 2, {RISK: 1, LEGAL: 1, PRODUCT: 0}, different=2),),
    "whoever holds a role": (Step("All", 3),),
    "one step after the other": (Step("First", 1, {RISK: 1}), Step("Then", 2, {LEGAL: 1, RISK: 0})),
}


@pytest.mark.parametrize("steps", STEPS.values(), ids=list(STEPS))
@pytest.mark.parametrize("order", list(permutations(("rita", "ron", "lee"))), ids="-".join)
async def test_who_is_asked_after_each_signature(
    db: Db, make: Make, steps: tuple[Step, ...], order: tuple[str, ...]
) -> None:
    await make.rule(steps=steps, subject_kind="thing")
    model, dev = await make.model(), await make.person("dev", Role.DEVELOPER)
    people = {
        "rita": await make.person("rita", disciplines=[RISK]),
        "ron": await make.person("ron", disciplines=[RISK, LEGAL]),
        "lee": await make.person("lee", disciplines=[LEGAL]),
        "paul": await make.person("paul", disciplines=[PRODUCT]),
        "olga": await make.person("olga", disciplines=[RISK, PRODUCT]),
    }
    await lend(db, people["lee"], people["paul"])
    await lend(db, people["olga"], people["rita"])
    asked = await ask(db, dev, model)
    seen = {len(await asks(db, asked))}
    for name in order:
        if not any(one[0] == name and one[2] is None for one in await asks(db, asked)):
            continue
        await sign(db, people[name], asked)
        found = await asks(db, asked)
        async with db.write(actor=None, operation="op") as tx:
            await asked_store.refresh(tx, requests=[asked.id])
        assert found == await asks(db, asked)
        assert name not in {who for one in found for who in (one[0], one[2])}
        assert bool(found) is (await status(db, asked) == "PENDING")
        seen.add(len(found))
    assert len(seen) > 1


async def test_a_signature_for_another_takes_both_off_the_list(db: Db, make: Make) -> None:
    await make.rule(steps=[Step("All", 2)], subject_kind="thing")
    model, dev = await make.model(), await make.person("dev", Role.DEVELOPER)
    rita, lee, _ron = [await make.person(name, disciplines=[RISK]) for name in ("rita", "lee", "ron")]
    await lend(db, rita, lee)
    asked = await ask(db, dev, model)
    assert [one[:3] for one in await asks(db, asked)] == [
        ("lee", "RISK", "rita"),
        ("lee", "RISK", None),
        ("rita", "RISK", None),
        ("ron", "RISK", None),
    ]
    await sign(db, lee, asked, on_behalf_of=rita.person_id)
    assert [one[:3] for one in await asks(db, asked)] == [("ron", "RISK", None)]


WANTS = {"name": "All", "roles": ["MODEL_APPROVER"], "disciplines": ["LEGAL", "RISK"], "group": "ANYBODY", "team": None}


@pytest.mark.parametrize(
    ("now", "others", "fewer"),
    [
        ({}, {"RISK"}, True),
        ({"lacking": 1}, {"RISK"}, True),
        ({"disciplines": ["LEGAL"]}, {"LEGAL"}, True),
        ({"disciplines": ["LEGAL"]}, {"LEGAL", "RISK"}, False),
        ({"disciplines": ["LEGAL", "PRODUCT"]}, set(), False),
        ({"disciplines": []}, set(), False),
        ({"name": "Then"}, set(), False),
        ({"group": "OWNERS"}, set(), False),
        ({"team": "risk"}, set(), False),
        ({"roles": ["AUDITOR"]}, set(), False),
    ],
)
def test_fewer_are_asked_when_what_is_wanted_was_wanted_before(
    now: dict[str, Any], others: set[str | None], fewer: bool
) -> None:
    assert asks_fewer(WANTS, {**WANTS, **now}, others) is fewer


def test_a_human_being_is_counted_once_and_never_for_their_own_work() -> None:
    ada, alias, bob, cy = uuid4(), uuid4(), uuid4(), uuid4()
    both = Human(frozenset({ada, alias}), frozenset({"ada", "ada@example.com", "ada lovelace"}))
    given = [
        Counted(ada, RISK, 0, both),
        Counted(alias, LEGAL, 0, both),
        Counted(bob, LEGAL, 0, Human(frozenset({bob}), frozenset({"bob"}))),
        Counted(cy, RISK, 0, Human(frozenset({cy}), frozenset({"cy"}))),
    ]
    assert [one.person_id for one in seated(given, Makers.of([]))] == [ada, bob, cy]
    assert [one.person_id for one in seated(given, Makers.of([alias]))] == [bob, cy]
    assert [one.person_id for one in seated(given, Makers.of([], [" Ada Lovelace ", "", "CY"]))] == [bob]


def test_how_far_a_request_is() -> None:
    step = Step("All", 2, {RISK: 1, LEGAL: 1})
    far = progress((step,), [])
    assert (far.step, far.wants["disciplines"], far.is_approved) == (0, ["RISK", "LEGAL"], False)
    assert progress((), []).is_approved is False
