"""Bundles from Git beside the catalog: what they plan, what they open, and that what they own is theirs."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from hub.db import Db
from hub.errors import Code, Refused
from hub.people.access import Principal
from hub.people.tables import PersonKind, Role
from hub.policies.changes import actions
from hub.policies.changes.applying import MOST_POLICIES, PlanAction, Planned, apply
from hub.policies.rules import Wording
from hub.policies.tables import ChangeKind
from tests.make import Make
from tests.statements import statements

A = PlanAction


async def applied(db: Db, who: Principal, *wordings: Wording, bundle: str = "starter", **more: Any) -> list[Planned]:
    async with db.write(actor=who.person_id, operation="op") as tx:
        return await apply(tx, who, bundle, wordings, summary="From Git.", **more)


async def approve(db: Db, who: Principal, *plan: Planned) -> None:
    for planned in plan:
        if planned.change_id is not None:
            await decide(db, who, planned.change_id)


async def decide(db: Db, who: Principal, change_id: UUID) -> None:
    async with db.write(actor=who.person_id, operation="op") as tx:
        await actions.decide(tx, who, change_id, approve=True)


def said(plan: list[Planned]) -> list[tuple[str, PlanAction]]:
    return [(planned.key, planned.action) for planned in plan]


async def policies(db: Db) -> list[tuple[str, str, str | None]]:
    rows = await db.reads.fetch("SELECT key, status, bundle FROM policies ORDER BY key")
    return [(row["key"], row["status"], row["bundle"]) for row in rows]


async def statuses(db: Db) -> list[str]:
    return [row[0] for row in await db.reads.fetch("SELECT status FROM policy_changes ORDER BY id")]


async def test_a_plan_alone_writes_nothing(db: Db, make: Make, ada: Principal) -> None:
    before = await make.events()
    plan = await applied(db, ada, make.wording("b"), make.wording("a"), dry_run=True)
    assert said(plan) == [("a", A.ADD), ("b", A.ADD)]
    assert [planned.change_id for planned in plan] == [None, None]
    assert "rule" in plan[0].changed and "tiers" not in plan[0].changed
    assert await make.count("policies") == await make.count("policy_changes") == 0
    assert await make.events() == before


async def test_a_bundle_s_changes_wait_in_review_and_are_its_own_once_decided(
    db: Db, make: Make, ada: Principal, ben: Principal
) -> None:
    plan = await applied(db, ada, make.wording("a"), make.wording("b"))
    assert await statuses(db) == ["IN_REVIEW", "IN_REVIEW"]
    assert await policies(db) == [("a", "IN_REVIEW", None), ("b", "IN_REVIEW", None)]
    with pytest.raises(Refused) as refused:
        await approve(db, ada, plan[0])
    assert refused.value.code is Code.SAME_PERSON
    await approve(db, ben, *plan)
    assert await policies(db) == [("a", "PUBLISHED", "starter"), ("b", "PUBLISHED", "starter")]


async def test_a_machine_applies_and_a_person_answers_for_it(db: Db, make: Make, ben: Principal) -> None:
    robot = await make.person("ci", Role.SERVICE, kind=PersonKind.SERVICE)
    await approve(db, ben, *await applied(db, robot, make.wording("a")))
    assert await db.reads.fetchval("SELECT owner_id FROM policies") == ben.person_id


async def test_the_same_bundle_applied_again_opens_nothing(db: Db, make: Make, ada: Principal, ben: Principal) -> None:
    first = await applied(db, ada, make.wording("a"), make.wording("b"))
    before = await make.events()
    again = await applied(db, ben, make.wording("b"), make.wording("a"))
    assert again == first
    assert await applied(db, ada, make.wording("a"), make.wording("b"), dry_run=True) == first
    assert await make.events() == before
    await approve(db, ben, *first)
    later = await make.events()
    done = await applied(db, ada, make.wording("a"), make.wording("b"))
    assert done == [Planned("a", A.UNCHANGED), Planned("b", A.UNCHANGED)]
    assert await make.events() == later


async def test_what_the_bundle_says_now_replaces_what_it_said_before_the_review(
    db: Db, make: Make, ada: Principal, ben: Principal
) -> None:
    (first,) = await applied(db, ada, make.wording("a"))
    (second,) = await applied(db, ben, make.wording("a", tags=("eu",)))
    assert second.action is A.ADD and second.change_id != first.change_id
    assert await statuses(db) == ["WITHDRAWN", "IN_REVIEW"]
    assert (await make.events()).count("policy.change_withdrawn") == 1


async def test_an_open_change_that_the_bundle_takes_back_is_withdrawn(
    db: Db, make: Make, ada: Principal, ben: Principal
) -> None:
    await approve(db, ben, *await applied(db, ada, make.wording("a")))
    await applied(db, ada, make.wording("a", tags=("eu",)), make.wording("b"))
    shown = await applied(db, ada, make.wording("a"), dry_run=True)
    assert await statuses(db) == ["PUBLISHED", "IN_REVIEW", "IN_REVIEW"]
    plan = await applied(db, ada, make.wording("a"))
    assert said(plan) == [("a", A.WITHDRAW), ("b", A.WITHDRAW)]
    assert plan == shown
    assert await statuses(db) == ["PUBLISHED", "WITHDRAWN", "WITHDRAWN"]
    assert await policies(db) == [("a", "PUBLISHED", "starter"), ("b", "DRAFT", None)]


async def test_a_change_names_its_fields_and_what_is_gone_is_retired(
    db: Db, make: Make, ada: Principal, ben: Principal
) -> None:
    await make.model("diagnosis")
    await approve(db, ben, *await applied(db, ada, make.wording("a"), make.wording("b")))
    assert await make.count("policy_bindings") == 2
    plan = await applied(db, ada, make.wording("a", title="Other"))
    assert said(plan) == [("a", A.CHANGE), ("b", A.RETIRE)]
    assert [planned.changed for planned in plan] == [("title",), ("status",)]
    assert await applied(db, ada, make.wording("a", title="Other")) == plan
    await approve(db, ben, *plan)
    assert await policies(db) == [("a", "PUBLISHED", "starter"), ("b", "RETIRED", "starter")]
    assert await make.count("policy_bindings") == 1
    assert said(await applied(db, ada, make.wording("a", title="Other"))) == [("a", A.UNCHANGED)]


async def test_a_retired_policy_that_is_back_in_the_bundle_is_restored(
    db: Db, make: Make, ada: Principal, ben: Principal
) -> None:
    await approve(db, ben, *await applied(db, ada, make.wording("a"), make.wording("b")))
    await approve(db, ben, *await applied(db, ada, make.wording("a")))
    plan = await applied(db, ada, make.wording("a"), make.wording("b", tags=("eu",)))
    assert plan[1].action is A.CHANGE and plan[1].changed == ("tags", "status")
    await approve(db, ben, *plan)
    assert await policies(db) == [("a", "PUBLISHED", "starter"), ("b", "PUBLISHED", "starter")]
    assert await make.count("policy_versions") == 3


async def test_what_a_bundle_owns_is_not_changed_by_hand(db: Db, make: Make, ada: Principal, ben: Principal) -> None:
    (planned,) = await applied(db, ada, make.wording("a"))
    await approve(db, ben, planned)
    (row,) = await db.reads.fetch("SELECT id, current_version_id FROM policies")
    before = await make.events()

    async def doing(verb: str) -> None:
        async with db.write(actor=ada.person_id, operation="op") as tx:
            match verb:
                case "propose":
                    await actions.propose(tx, ada, make.wording("a", tags=("x",)), summary="By hand.")
                case "other":
                    await actions.propose(tx, ada, make.wording("a", tags=("x",)), summary="Theirs.", bundle="other")
                case "restore":
                    await actions.restore(tx, ada, row["current_version_id"], summary="By hand.")
                case "retire":
                    await actions.retire(tx, ada, row["id"], summary="By hand.")
                case "deprecate":
                    await actions.deprecate(tx, ada, row["id"], summary="By hand.")
                case "publish":
                    await make.policy("a", by=ada, tags=("x",))

    for verb in ("propose", "other", "restore", "retire", "deprecate", "publish"):
        with pytest.raises(Refused) as refused:
            await doing(verb)
        assert refused.value.code is Code.BUNDLE_OWNED, verb
        assert "starter" in refused.value.why and "hub policy apply" in refused.value.why
    assert await make.events() == before
    async with db.write(actor=ada.person_id, operation="op") as tx:
        own = await actions.propose(tx, ada, make.wording("a", tags=("x",)), summary="Own.", bundle="starter")
    assert (own.kind, own.bundle) == (ChangeKind.WORDING, "starter")


async def test_a_key_of_another_bundle_or_kept_by_hand_is_refused_or_taken_over(
    db: Db, make: Make, ada: Principal, ben: Principal
) -> None:
    await approve(db, ben, *await applied(db, ada, make.wording("theirs"), bundle="other"))
    await make.policy("by-hand", by=ada)
    before = await make.events()
    for key, code, named in (("theirs", Code.BUNDLE_OWNED, "other"), ("by-hand", Code.CONFLICT, "by hand")):
        with pytest.raises(Refused) as refused:
            await applied(db, ada, make.wording("new"), make.wording(key))
        assert refused.value.code is code and named in refused.value.why
    assert await make.events() == before
    assert await make.count("policies") == 2
    plan = await applied(db, ada, make.wording("theirs"), make.wording("by-hand", tags=("eu",)), take_over=True)
    assert said(plan) == [("by-hand", A.TAKE_OVER), ("theirs", A.TAKE_OVER)]
    assert [planned.changed for planned in plan] == [("tags", "bundle"), ("bundle",)]
    assert await policies(db) == [("by-hand", "PUBLISHED", None), ("theirs", "PUBLISHED", "other")]
    await approve(db, ben, *plan)
    assert await policies(db) == [("by-hand", "PUBLISHED", "starter"), ("theirs", "PUBLISHED", "starter")]
    # The text of the one that only changed hands is the version it was.
    assert await make.count("policy_versions") == 3


async def test_a_bundle_does_not_take_over_by_a_proposal(db: Db, make: Make, ada: Principal) -> None:
    await make.policy("by-hand", by=ada)
    with pytest.raises(Refused) as refused:
        async with db.write(actor=ada.person_id, operation="op") as tx:
            await actions.propose(tx, ada, make.wording("by-hand", tags=("x",)), summary="Mine.", bundle="starter")
    assert refused.value.code is Code.CONFLICT


@pytest.mark.parametrize(
    ("keys", "more", "field"),
    [
        (["a", "b", "a"], {}, "policies[2].key"),
        ([], {}, "policies"),
        (["a", "No Good"], {}, "policies[1].key"),
        (["a"], {"bundle": "No Good"}, "bundle"),
        (["a"], {"bundle": "b" * 101}, "bundle"),
        ([f"k{n}" for n in range(MOST_POLICIES + 1)], {}, "policies"),
    ],
)
async def test_a_bundle_that_is_not_fit_is_refused_whole(
    db: Db, make: Make, ada: Principal, keys: list[str], more: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        await applied(db, ada, *(make.wording(key, title="T") for key in keys), **more)
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, field)
    assert await make.count("policies") == 0


async def test_a_rule_that_does_not_compile_is_refused_with_its_policy_and_place(
    db: Db, make: Make, ada: Principal
) -> None:
    with pytest.raises(Refused) as refused:
        await applied(db, ada, make.wording("good"), make.wording("bad", rule="metrics.recall >="))
    assert (refused.value.code, refused.value.field) == (Code.BAD_RULE, "policies[1].rule")
    assert refused.value.why.startswith("bad: ") and "line 1" in refused.value.why
    assert await make.count("policies") == 0


async def test_a_developer_applies_nothing(db: Db, make: Make) -> None:
    dev = await make.person("dev", Role.DEVELOPER)
    with pytest.raises(Refused) as refused:
        await applied(db, dev, make.wording("a"), dry_run=True)
    assert refused.value.code is Code.FORBIDDEN


async def test_two_who_apply_at_once_open_each_change_once(db: Db, make: Make, ada: Principal, ben: Principal) -> None:
    keys = [f"k{n}" for n in range(8)]
    one, two = await asyncio.gather(
        applied(db, ada, *(make.wording(key) for key in keys)),
        applied(db, ben, *(make.wording(key) for key in reversed(keys))),
    )
    assert one == two
    assert await statuses(db) == ["IN_REVIEW"] * 8


async def test_a_bundle_of_twenty_costs_as_many_statements_as_one_of_two(db: Db, make: Make, ada: Principal) -> None:
    counts = []
    for many, bundle in ((2, "small"), (20, "large")):
        with statements() as asked:
            await applied(db, ada, *(make.wording(f"{bundle}-{n}") for n in range(many)), bundle=bundle)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 21, asked


async def test_another_wording_applied_by_two_at_once_is_opened_once(
    db: Db, make: Make, ada: Principal, ben: Principal
) -> None:
    await approve(db, ben, *await applied(db, ada, make.wording("a")))
    async with db.write(actor=ada.person_id, operation="op") as tx:
        first = await apply(tx, ada, "starter", [make.wording("a", tags=("eu",))], summary="From Git.")
        late = asyncio.create_task(applied(db, ben, make.wording("a", tags=("eu",))))
        assert await make.waits(late)
    assert await late == first
    assert await statuses(db) == ["PUBLISHED", "IN_REVIEW"]
