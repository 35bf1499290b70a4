"""Policy changes: written, revised, submitted, withdrawn, and what becomes of the policy."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from hub.clock import SetClock
from hub.db import Db
from hub.errors import Code
from hub.models.tables import RiskTier
from hub.people.access import Principal
from hub.policies.tables import ChangeKind, ChangeStatus, Enforcement, Severity
from hub.policies.written import written
from tests.make import Make
from tests.policies.desk import Desk, refused


async def test_a_policy_is_written_reviewed_and_published_by_two_people(
    desk: Desk, make: Make, ada: Principal, ben: Principal, clock: SetClock
) -> None:
    await make.model("diagnosis")
    drafted = await desk.propose(ada, review_on=date(2027, 11, 21))
    assert (drafted.status, drafted.kind, drafted.base_version_id) == (ChangeStatus.DRAFT, ChangeKind.WORDING, None)
    assert drafted.wording == written(make.wording(review_on=date(2027, 11, 21))) | {
        "decision_points": ["DEPLOY", "MONITOR", "PROMOTE", "REGISTER"]
    }
    policy = await desk.policy()
    assert (policy["status"], policy["current_version_id"], policy["owner_id"]) == ("DRAFT", None, ada.person_id)
    clock.move(timedelta(hours=1))
    submitted = await desk.submit(ada, drafted.id)
    assert (submitted.status, submitted.submitted_at) == (ChangeStatus.IN_REVIEW, clock.now())
    assert (await desk.policy())["status"] == "IN_REVIEW"
    assert await desk.bound() == set()
    clock.move(timedelta(hours=1))
    done = await desk.decide(ben, drafted.id, digest_seen=drafted.digest)
    assert (done.status, done.decided_by, done.decided_at, done.decision_note) == (
        ChangeStatus.PUBLISHED,
        ben.person_id,
        clock.now(),
        "Read it.",
    )
    policy = await desk.policy()
    assert (policy["status"], policy["current_version_id"]) == ("PUBLISHED", done.published_version_id)
    assert (policy["owner_id"], policy["review_on"]) == (ada.person_id, date(2027, 11, 21))
    assert await desk.bound() == {"diagnosis"}
    kinds = [kind for kind in await make.events() if kind.startswith("policy.")]
    assert kinds == [
        "policy.change_proposed",
        "policy.change_submitted",
        "policy.change_decided",
        "policy.published",
    ]


async def test_a_version_holds_all_that_was_proposed(desk: Desk, db: Db, ada: Principal, ben: Principal) -> None:
    said: dict[str, Any] = {
        "registries": ("mlflow",),
        "tags": ("eu",),
        "service_levels": {Severity.HIGH: 3},
        "safe_rollback": True,
        "principle": "accuracy",
        "rule": "metrics.recall >= 0.9 && model.owner != ''",
    }
    done = await desk.published(ada, ben, **said)
    (row,) = await db.reads.fetch("SELECT * FROM policy_versions")
    assert (row["id"], row["number"], row["title"]) == (done.published_version_id, 1, "Recall")
    assert (row["registries"], row["tags"], row["principle"]) == (["mlflow"], ["eu"], "accuracy")
    assert (row["service_levels"], row["safe_rollback"]) == ('{"HIGH": 3}', True)
    assert "model.owner" in row["reads"]
    assert row["published_by"] == ben.person_id


async def test_a_change_names_what_it_changes(desk: Desk, ada: Principal, ben: Principal) -> None:
    await desk.published(ada, ben)
    change = await desk.propose(ada, enforcement=Enforcement.WARNING, tags=("eu",))
    assert change.changed == ["enforcement", "tags"]


async def test_only_its_author_revises_submits_and_withdraws_a_change(
    desk: Desk, make: Make, ada: Principal, ben: Principal
) -> None:
    change = await desk.propose(ada)
    for doing in (desk.revise(ben, change.id, tags=("x",)), desk.submit(ben, change.id), desk.withdraw(ben, change.id)):
        await refused(make, doing, Code.FORBIDDEN, "change")


async def test_a_revision_is_of_the_same_policy(desk: Desk, make: Make, ada: Principal) -> None:
    change = await desk.propose(ada)
    await refused(make, desk.revise(ada, change.id, key="other"), Code.BAD_INPUT, "key")


async def test_submitting_and_withdrawing_twice_is_once(desk: Desk, make: Make, ada: Principal) -> None:
    change = await desk.in_review(ada)
    before = await make.events()
    await desk.submit(ada, change.id)
    assert await make.events() == before
    await desk.withdraw(ada, change.id)
    assert (await desk.policy())["status"] == "DRAFT"
    after = await make.events()
    await desk.withdraw(ada, change.id)
    assert await make.events() == after == [*before, "policy.change_withdrawn", "approval.withdrawn"]
    await refused(make, desk.submit(ada, change.id), Code.WRONG_STATE, "change")


async def test_one_open_change_for_each_author_and_kind(desk: Desk, make: Make, ada: Principal, ben: Principal) -> None:
    await desk.propose(ada)
    await refused(make, desk.propose(ada, tags=("eu",)), Code.CONFLICT, "key")
    await desk.propose(ben, tags=("eu",))
    assert await desk.statuses() == ["DRAFT", "DRAFT"]


async def test_what_is_in_force_already_is_not_proposed(desk: Desk, make: Make, ada: Principal, ben: Principal) -> None:
    await desk.published(ada, ben)
    await refused(make, desk.propose(ada), Code.CONFLICT, "key")
    other = await desk.propose(ada, tags=("eu",))
    await refused(make, desk.revise(ada, other.id), Code.CONFLICT, "key")


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"rule": "metrics.recall >=\n  &&"}, Code.BAD_RULE, "rule"),
        ({"rule": "metrics.recall >= 1"}, Code.BAD_RULE, "rule"),
        ({"title": "a\x00b"}, Code.BAD_INPUT, "title"),
        ({"rationale": "x" * 8_001}, Code.BAD_INPUT, "rationale"),
        ({"tags": ("x" * 101,)}, Code.BAD_INPUT, "tags"),
        ({"summary": " "}, Code.BAD_INPUT, "summary"),
        ({"summary": "x" * 2_001}, Code.BAD_INPUT, "summary"),
        ({"summary": "a\x00b"}, Code.BAD_INPUT, "summary"),
    ],
)
async def test_what_is_not_fit_is_refused_before_anything_is_written(
    desk: Desk, make: Make, ada: Principal, said: dict[str, Any], code: Code, field: str
) -> None:
    error = await refused(make, desk.propose(ada, **said), code, field)
    if field == "rule":
        assert "line" in error.why and "column" in error.why
    assert await make.count("policies") == await make.count("policy_changes") == 0


async def test_a_change_nobody_wrote_is_not_there(desk: Desk, make: Make, ada: Principal) -> None:
    nobody = uuid4()
    for doing in (desk.submit(ada, nobody), desk.decide(ada, nobody), desk.shadow(ada, nobody)):
        await refused(make, doing, Code.NOT_FOUND, "change")
    await refused(make, desk.restore(ada, nobody), Code.NOT_FOUND, "version")
    await refused(make, desk.end(ada, nobody, ChangeKind.RETIRE), Code.NOT_FOUND, "policy")


async def test_an_older_wording_is_restored_as_a_new_version(
    desk: Desk, make: Make, db: Db, ada: Principal, ben: Principal
) -> None:
    first = await desk.published(ada, ben)
    await desk.published(ada, ben, rule="metrics.recall >= 0.99", title="Strict")
    assert first.published_version_id is not None
    change = await desk.restore(ada, first.published_version_id)
    assert (change.kind, change.changed) == (ChangeKind.RESTORE, ["title", "rule"])
    assert change.restores_id == first.published_version_id
    await refused(make, desk.decide(ada, (await desk.submit(ada, change.id)).id), Code.SAME_PERSON, "change")
    await desk.decide(ben, change.id)
    rows = await db.reads.fetch("SELECT number, rule, title, digest FROM policy_versions ORDER BY number")
    assert [(row["number"], row["title"]) for row in rows] == [(1, "Recall"), (2, "Strict"), (3, "Recall")]
    assert (rows[0]["rule"], rows[0]["digest"]) == (rows[2]["rule"], rows[2]["digest"])
    assert (await desk.policy())["title"] == "Recall"


async def test_the_wording_in_force_is_not_restored_nor_a_restoration_revised(
    desk: Desk, make: Make, ada: Principal, ben: Principal
) -> None:
    first = await desk.published(ada, ben)
    second = await desk.published(ada, ben, tags=("eu",))
    assert first.published_version_id is not None and second.published_version_id is not None
    await refused(make, desk.restore(ada, second.published_version_id), Code.CONFLICT, "key")
    change = await desk.restore(ada, first.published_version_id)
    await refused(make, desk.revise(ada, change.id, tags=("us",)), Code.WRONG_STATE, "change")


async def test_a_deprecated_policy_applies_on_and_a_retired_one_does_not(
    desk: Desk, make: Make, db: Db, ada: Principal, ben: Principal
) -> None:
    await make.model("diagnosis")
    published = await desk.published(ada, ben)
    policy_id = published.policy_id
    change = await desk.end(ada, policy_id, ChangeKind.DEPRECATE)
    await desk.submit(ada, change.id)
    assert (await desk.policy())["status"] == "PUBLISHED"
    await desk.decide(ben, change.id)
    assert (await desk.policy())["status"] == "DEPRECATED"
    await make.model("late")
    assert await desk.bound() == {"diagnosis", "late"}
    change = await desk.end(ada, policy_id, ChangeKind.RETIRE)
    await desk.submit(ada, change.id)
    await desk.decide(ben, change.id)
    assert (await desk.policy())["status"] == "RETIRED"
    await make.model("later")
    assert await desk.bound() == set()
    (told,) = await db.reads.fetch(
        "SELECT data::jsonb ->> 'unbound', subject_id FROM events WHERE kind = 'policy.retired'"
    )
    assert tuple(told) == ("2", policy_id)
    assert (await make.events()).count("policy.deprecated") == 1


async def test_what_is_over_gets_no_other_wording_until_a_version_is_restored(
    desk: Desk, make: Make, ada: Principal, ben: Principal
) -> None:
    await make.model("diagnosis")
    published = await desk.published(ada, ben)
    for kind in (ChangeKind.DEPRECATE, ChangeKind.RETIRE):
        change = await desk.end(ada, published.policy_id, kind)
        await desk.submit(ada, change.id)
        await desk.decide(ben, change.id)
        await refused(make, desk.propose(ada, tags=("eu",)), Code.WRONG_STATE, "key")
        await refused(make, desk.end(ada, published.policy_id, kind), Code.WRONG_STATE, "policy")
    assert published.published_version_id is not None
    back = await desk.restore(ada, published.published_version_id)
    assert back.changed == ["status"]
    await desk.submit(ada, back.id)
    await desk.decide(ben, back.id)
    assert (await desk.policy())["status"] == "PUBLISHED"
    assert await desk.bound() == {"diagnosis"}
    assert await make.count("policy_versions") == 1


async def test_what_was_never_published_does_not_end(desk: Desk, make: Make, ada: Principal) -> None:
    change = await desk.in_review(ada)
    for kind in (ChangeKind.DEPRECATE, ChangeKind.RETIRE):
        await refused(make, desk.end(ada, change.policy_id, kind), Code.WRONG_STATE, "policy")


async def test_a_shadow_is_for_wordings_that_are_still_to_be_decided(
    desk: Desk, make: Make, ada: Principal, ben: Principal
) -> None:
    change = await desk.propose(ada)
    assert (await desk.shadow(ada, change.id)).shadow
    before = await make.events()
    await desk.shadow(ben, change.id)
    assert await make.events() == before
    assert not (await desk.shadow(ben, change.id, on=False)).shadow
    await desk.submit(ada, change.id)
    assert (await desk.shadow(ada, change.id)).shadow
    assert not (await desk.revise(ada, change.id, tags=("eu",))).shadow
    await desk.submit(ada, change.id)
    await desk.shadow(ada, change.id)
    assert not (await desk.decide(ben, change.id)).shadow
    await refused(make, desk.shadow(ada, change.id), Code.WRONG_STATE, "change")
    ending = await desk.end(ada, change.policy_id, ChangeKind.RETIRE)
    await refused(make, desk.shadow(ada, ending.id), Code.WRONG_STATE, "change")
    assert (await make.events()).count("policy.shadow_set") == 4


async def test_the_trail_holds_no_text_that_people_wrote(desk: Desk, make: Make, db: Db, ada: Principal) -> None:
    await desk.propose(ada, "Ask Ada Lovelace.", rationale="Ben said so.")
    data = await db.reads.fetchval("SELECT string_agg(data::text, ' ') FROM events WHERE kind LIKE 'policy.%'")
    assert "Lovelace" not in data and "Ben" not in data


async def test_a_wording_by_tier_moves_its_bindings_only_when_it_is_decided(
    desk: Desk, make: Make, ada: Principal, ben: Principal
) -> None:
    for tier in (RiskTier.HIGH, RiskTier.LIMITED):
        await make.model(tier.lower(), tier=tier)
    await desk.published(ada, ben, tiers=(RiskTier.HIGH,))
    change = await desk.in_review(ada, tiers=(RiskTier.LIMITED,))
    assert await desk.bound() == {"high"}
    await desk.decide(ben, change.id)
    assert await desk.bound() == {"limited"}
