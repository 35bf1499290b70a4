"""Where the same policy is waived again and again."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from hub.clock import SetClock
from hub.db import Db
from hub.people.access import Principal
from hub.people.tables import Role
from tests.asking import Ask
from tests.make import Make

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LIST = """query R($days: Int, $atLeast: Int, $filter: RepeatedExceptionFilter) {
  repeatExceptions(first: 10, days: $days, atLeast: $atLeast, filter: $filter) { totalCount nodes {
    by count renewed longestChain waivedDays open firstAt lastAt policy { key } model { name } team { key }
    exceptions(first: 10) { totalCount } } } }"""


async def repeats(ask: Ask, who: Principal, **given: Any) -> list[tuple[Any, ...]]:
    found = (await ask(who, LIST, **given))["repeatExceptions"]
    assert found["totalCount"] == len(found["nodes"])
    assert all(node["exceptions"]["totalCount"] == node["count"] for node in found["nodes"])
    return sorted(
        (
            node["by"],
            node["policy"]["key"],
            (node["model"] or {}).get("name") or (node["team"] or {}).get("key"),
            *(node[name] for name in ("count", "renewed", "longestChain", "waivedDays", "open")),
        )
        for node in found["nodes"]
    )


async def test_who_asks_again_and_again_is_found_by_model_and_by_team(
    ask: Ask, db: Db, make: Make, clock: SetClock
) -> None:
    pat = await make.person("pat", Role.POLICY_OWNER)
    recall, bias = [await make.policy(key, by=pat) for key in ("recall", "bias")]
    desk = await make.team("desk")
    dev, ada = await make.person("dev", Role.DEVELOPER), await make.person("ada", Role.DEVELOPER, teams=[desk])
    cards, loans = await make.model("cards", team=desk), await make.model("loans", team=desk)
    hidden = await make.model("hidden", team=desk, restricted=True)
    other = await make.model("other")
    # Ten days, of which five overlap with the next ten; two days; and what lasts still.
    first = await make.exception(recall, cards, by=dev, expires_at=NOON + 10 * DAY)
    clock.move(5 * DAY)
    await make.exception(recall, cards, by=dev, expires_at=NOON + 15 * DAY)
    clock.move(15 * DAY)
    after = await make.exception(recall, cards, by=dev, expires_at=NOON + 22 * DAY, renewed_from_id=first.id)
    await make.exception(recall, loans, by=dev, expires_at=NOON + 21 * DAY)
    await make.exception(bias, other, by=dev)
    await make.exception(bias, other, by=dev, granted=False)
    secret = await make.exception(recall, loans, by=dev)
    async with db.write(actor=None, operation="op") as tx:
        move = text("UPDATE policy_exceptions SET model_id = :model WHERE id = :id")
        await tx.session.execute(move, {"model": hidden.id, "id": secret.id})
    clock.move(4 * DAY)
    await make.exception(recall, cards, by=dev, renewed_from_id=after.id)
    clock.move(6 * DAY)
    of_cards = ("MODEL", "recall", "cards", 4, 2, 3, 23.0, 1)
    assert await repeats(ask, dev) == [of_cards, ("TEAM", "recall", "desk", 5, 2, 3, 23.0, 1)]
    assert await repeats(ask, ada) == [of_cards, ("TEAM", "recall", "desk", 6, 2, 3, 25.0, 2)]
    assert await repeats(ask, dev, filter={"by": "MODEL"}) == [of_cards]
    assert await repeats(ask, dev, atLeast=5) == [("TEAM", "recall", "desk", 5, 2, 3, 23.0, 1)]
    assert await repeats(ask, dev, atLeast=1, filter={"policy": f"Policy:{bias.policy_id}"}) == [
        ("MODEL", "bias", "other", 1, 0, 1, 10.0, 1)
    ]
    # Within twelve days only the last two were granted.
    assert await repeats(ask, dev, days=12, atLeast=1, filter={"model": f"Model:{cards.id}"}) == [
        ("MODEL", "recall", "cards", 2, 2, 3, 8.0, 1)
    ]
    assert await repeats(ask, dev, days=-1, atLeast=0) == []
