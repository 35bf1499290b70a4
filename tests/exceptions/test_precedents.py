"""What similar exceptions said, and what became of them, as far as the reader sees them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from hub.db import Db
from hub.exceptions import actions
from hub.exceptions.rules import Control, Criterion
from hub.exceptions.tables import ExceptionKind
from hub.models.tables import Model, RiskTier
from hub.people.access import Principal
from hub.people.tables import Role
from hub.policies.tables import PolicyVersion
from tests.asking import Ask
from tests.make import Make

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SUGGEST = """query($p: ID!, $m: ID!, $k: ExceptionKind!, $text: String) {
  exceptionSuggestion(policy: $p, model: $m, kind: $k) {
    sameKind sameTier granted rejected grantedPercent termDays reviewEveryDays treatment
    controls(first: 5) { nodes { description used attestEveryDays } } criteria(first: 5) { nodes { description used } }
    rejections(first: 5) { totalCount nodes { decisionNote } }
    similar(text: $text, first: 5) { nodes { rank exception { justification } } } } }"""


async def granted(make: Make, policy: PolicyVersion, model: Model, days: int, **more: Any) -> None:
    await make.exception(policy, model, expires_at=NOON + timedelta(days=days), **more)


async def rejected(db: Db, make: Make, policy: PolicyVersion, model: Model, why: str) -> None:
    asked = await make.exception(policy, model, granted=False)
    judge = await make.person(None, Role.POLICY_OWNER)
    async with db.write(actor=judge.person_id, operation="op") as tx:
        await actions.decide(tx, judge, asked.id, approve=False, note=why)


async def told(
    ask: Ask, who: Principal, policy: PolicyVersion, model: Model, kind: str = "EXCEPTION", near: str | None = None
) -> Any:
    values = {"p": f"Policy:{policy.policy_id}", "m": f"Model:{model.id}", "k": kind, "text": near}
    return (await ask(who, SUGGEST, **values))["exceptionSuggestion"]


async def test_what_was_granted_and_rejected_before_is_told_with_counts(db: Db, make: Make, ask: Ask) -> None:
    policy, model, dev = await make.policy(), await make.model(), await make.person("dev", Role.DEVELOPER)
    twice, watched = Control("Read twice.", attest_every_days=14), Control("Watched.")
    await granted(make, policy, await make.model(), 10, controls=(twice, watched), justification="Cases arrive in May.")
    await granted(make, policy, await make.model(), 20, controls=(twice,), criteria=(Criterion("Enough cases."),))
    await granted(make, policy, await make.model(), 60, controls=(watched, twice), justification="The scanner is new.")
    await rejected(db, make, policy, await make.model(), "Meet it instead.")
    assert await told(ask, dev, policy, model, near="a new scanner arrives") == {
        "sameKind": True, "sameTier": True, "granted": 3, "rejected": 1, "grantedPercent": 75.0, "termDays": 20,
        "reviewEveryDays": 10, "treatment": "MITIGATE",
        "controls": {"nodes": [
            {"description": "Read twice.", "used": 3, "attestEveryDays": 14},
            {"description": "Watched.", "used": 2, "attestEveryDays": None},
        ]},
        "criteria": {"nodes": [
            {"description": "recall passes", "used": 2}, {"description": "Enough cases.", "used": 1},
        ]},
        "rejections": {"totalCount": 1, "nodes": [{"decisionNote": "Meet it instead."}]},
        "similar": {"nodes": [
            {"rank": found["rank"], "exception": {"justification": found["exception"]["justification"]}}
            for found in (await told(ask, dev, policy, model, near="a new scanner arrives"))["similar"]["nodes"]
        ]},
    }  # fmt: skip


async def test_the_nearest_justifications_come_first(make: Make, ask: Ask) -> None:
    policy, model, dev = await make.policy(), await make.model(), await make.person("dev", Role.DEVELOPER)
    for why in ("The scanner is new.", "It's late; data | ' & moves.", "A new scanner and a new lens."):
        await granted(make, policy, await make.model(), 10, justification=why)

    async def nearest(words: str | None) -> list[str]:
        found = (await told(ask, dev, policy, model, near=words))["similar"]["nodes"]
        return [one["exception"]["justification"] for one in found if one["rank"] > 0 or words is None]

    assert await nearest("scanner and lens") == ["A new scanner and a new lens.", "The scanner is new."]
    assert await nearest("data | ' & moves") == ["It's late; data | ' & moves."]
    assert await nearest("elephants") == []
    assert (await nearest(None))[0] == "A new scanner and a new lens."


async def test_it_narrows_to_the_kind_and_tier_once_there_are_three(make: Make, ask: Ask) -> None:
    policy, model = await make.policy(), await make.model(tier=RiskTier.LIMITED)
    dev = await make.person("dev", Role.DEVELOPER)
    for _ in range(3):
        await granted(make, policy, await make.model(), 10)
    await granted(make, policy, await make.model(tier=RiskTier.LIMITED), 50, kind=ExceptionKind.WAIVER)

    async def seen(kind: str) -> tuple[Any, ...]:
        found = await told(ask, dev, policy, model, kind)
        return found["sameKind"], found["sameTier"], found["granted"], found["termDays"]

    assert await seen("EXCEPTION") == (True, False, 3, 10)
    assert await seen("WAIVER") == (False, False, 4, 10)
    for _ in range(2):
        await granted(make, policy, await make.model(tier=RiskTier.LIMITED), 50, kind=ExceptionKind.WAIVER)
    assert await seen("WAIVER") == (True, True, 3, 50)


async def test_what_a_reader_may_not_see_is_in_no_count_word_or_reason(db: Db, make: Make, ask: Ask) -> None:
    owner = await make.person("owner", Role.DEVELOPER)
    dev, auditor = await make.person("dev", Role.DEVELOPER), await make.person("auditor", Role.AUDITOR)
    policy, model, hidden = await make.policy(), await make.model(), await make.model(owner=owner)
    await granted(make, policy, hidden, 10, by=owner, justification="Secret.")
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(text("UPDATE models SET restricted = true WHERE id = :id"), {"id": hidden.id})
    found = await told(ask, dev, policy, model)
    assert (found["granted"], found["grantedPercent"], found["termDays"]) == (0, None, None)
    assert found["controls"] == found["criteria"] == found["similar"] == {"nodes": []}
    assert (await told(ask, owner, policy, model))["granted"] == 1
    assert (await told(ask, auditor, policy, model))["similar"]["nodes"][0]["exception"]["justification"] == "Secret."
    assert await told(ask, dev, policy, hidden) is None
    assert await told(ask, owner, policy, hidden) is not None
