"""What is due soon, for whoever sees the models."""

from datetime import UTC, datetime, timedelta

from hub.clock import SetClock
from hub.db import Db
from hub.exceptions import actions
from hub.exceptions.rules import Criterion
from hub.people.tables import Role
from tests.asking import Ask
from tests.exceptions.deadlines.desk import change
from tests.make import Make

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
UPCOMING = """query($within: Int, $filter: DeadlineFilter) {
  upcomingDeadlines(first: 50, withinDays: $within, filter: $filter) {
    totalCount nodes { kind dueAt overdue daysLeft owner { handle }
      model { name } exception { id } criterion { description } }
  }
}"""


async def test_what_is_due_soon_or_overdue_is_listed_soonest_first(
    db: Db, make: Make, clock: SetClock, ask: Ask
) -> None:
    policy, model = await make.policy(longest_exception_days=90), await make.model("scans")
    dev, other = await make.person("dev", Role.DEVELOPER), await make.person("other", Role.DEVELOPER)
    made = await make.exception(
        policy,
        model,
        by=dev,
        expires_at=NOON + timedelta(days=60),
        review_at=NOON + timedelta(days=20),
        criteria=(Criterion("More cases.", due_at=NOON + timedelta(days=40)),),
    )
    await make.exception(policy, model, by=other, expires_at=NOON + timedelta(days=29))
    await make.exception(policy, model, by=other, granted=False)

    async def listed(**asked: object) -> list[tuple[str, int, bool, str]]:
        found = (await ask(dev, UPCOMING, **asked))["upcomingDeadlines"]
        assert found["totalCount"] == len(found["nodes"])
        return [(one["kind"], one["daysLeft"], one["overdue"], one["owner"]["handle"]) for one in found["nodes"]]

    review, theirs = ("REVIEW", 20, False, "dev"), ("EXPIRY", 29, False, "other")
    assert await listed() == [review, theirs]
    assert await listed(within=60) == [review, theirs, ("CRITERION", 40, False, "dev"), ("EXPIRY", 60, False, "dev")]
    assert await listed(within=-5) == []
    assert await listed(within=2**31 - 1, filter={"mine": True, "kind": ["EXPIRY"]}) == [("EXPIRY", 60, False, "dev")]
    assert await listed(filter={"owner": f"Person:{other.person_id}"}) == [theirs]
    clock.move(timedelta(days=30))
    # A review that was not made waits on; what has ended waits for nothing.
    assert await listed() == [
        ("REVIEW", -10, True, "dev"),
        ("CRITERION", 10, False, "dev"),
        ("EXPIRY", 30, False, "dev"),
    ]
    assert await listed(filter={"overdue": True}) == [("REVIEW", -10, True, "dev")]
    (one,) = (await ask(dev, UPCOMING, filter={"kind": ["CRITERION"]}))["upcomingDeadlines"]["nodes"]
    assert (one["exception"]["id"], one["model"]["name"]) == (f"PolicyException:{made.id}", "scans")
    assert (one["criterion"], one["dueAt"]) == ({"description": "More cases."}, "2026-12-31T12:00:00+00:00")
    await change(db, made.id, state="RESOLVED")
    assert await listed() == []


async def test_whoever_does_not_see_a_model_sees_nothing_due_of_it_nor_how_much(make: Make, ask: Ask) -> None:
    owner, stranger = await make.person("owner", Role.DEVELOPER), await make.person("stranger", Role.DEVELOPER)
    auditor = await make.person("auditor", Role.AUDITOR)
    hidden = await make.model(restricted=True, owner=owner)
    policy = await make.policy()
    async with make.db.write(actor=owner.person_id, operation="op") as tx:
        asked = await actions.request(tx, owner, make.deviation(policy, hidden, owner))
    await change(make.db, asked.id, state="APPROVED")
    seen = {
        who.handle: (await ask(who, UPCOMING))["upcomingDeadlines"]["totalCount"] for who in (owner, stranger, auditor)
    }
    assert seen == {"owner": 1, "stranger": 0, "auditor": 1}
    query = "query($id: ID!) { node(id: $id) { ... on PolicyException { deadlines(first: 5) { totalCount } } } }"
    mine = await ask(owner, query, id=f"PolicyException:{asked.id}")
    assert mine["node"]["deadlines"]["totalCount"] == 1
