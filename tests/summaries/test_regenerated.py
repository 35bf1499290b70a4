"""A digest that was made of real exceptions comes out equal years later, whatever became of them since."""

from datetime import UTC, datetime, timedelta

from hub.cli.duties import duties
from hub.clock import SetClock
from hub.db import Db
from hub.events.jobs import Order
from hub.exceptions import actions as exceptions
from hub.models.tables import RiskTier
from hub.people.tables import Role
from hub.summaries.digests import actions, jobs
from hub.summaries.digests.rules import Wish
from hub.summaries.digests.tables import Audience, Rhythm
from tests.asking import Ask
from tests.make import Make


async def test_the_digest_of_a_month_comes_out_equal_a_year_later(
    db: Db, make: Make, ask: Ask, clock: SetClock
) -> None:
    ann, pat = await make.person("ann", Role.ADMIN), await make.person("pat", Role.POLICY_OWNER)
    policy = await make.policy("recall", by=pat)
    lab = await make.team("lab")
    lea = await make.person("lea", Role.DEVELOPER, teams=[lab])
    hidden = await make.model("secret", restricted=True, team=lab)
    scans, digits = await make.model("scans"), await make.model("digits", tier=RiskTier.MINIMAL)
    async with db.write(actor=ann.person_id, operation="test") as tx:
        await actions.subscribe(tx, ann, Wish(Audience.EXECUTIVES, Rhythm.MONTH, "Europe/Berlin"))
    await make.exception(policy, scans, expires_at=clock.now() + timedelta(days=20))
    asked = await make.exception(policy, digits, granted=False)
    await make.exception(policy, hidden, by=lea, granted=False)
    clock.move(datetime(2026, 12, 1, 7, tzinfo=UTC) - clock.now())
    for ask_due in duties().values():
        await ask_due(db, clock.now())
    await jobs.run_make(db, Order({}, "worker"))
    eve = await make.person("eve", Role.EXECUTIVE)
    query = "{ digests(first: 5) { nodes { id changes late facts } } }"
    (digest,) = (await ask(eve, query))["digests"]["nodes"]
    assert digest["changes"][:2] == [
        "2 exceptions are open; HIGH tier: 1; there is no month before to compare with.",
        "1 ends within 30 days.",
    ], "the one on a model that not everybody may see is not counted"
    again = f"/digests/{digest['id']}/verify"
    assert (await ask.get(eve, again)).json()["differences"] == []
    async with db.write(actor=pat.person_id, operation="test") as tx:
        await exceptions.decide(tx, pat, asked.id, approve=False, note="It can be fixed.")
    await make.exception(policy, digits)
    clock.move(timedelta(days=400))
    later = (await ask.get(eve, again)).json()
    assert (later["equal"], later["differences"]) == (True, [])
