"""Random histories, counted by the hub and by a plain walk through what happened, in steps of any kind and zone."""

import random
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from hub.db import Db
from hub.exceptions.tables import ExceptionStatus, PolicyException
from hub.graph.values import Reader
from hub.models.tables import RiskTier
from hub.people.access import Sight
from hub.summaries.facts import Bucket, Counted, GroupBy
from hub.summaries.trend import rules, store
from tests.make import Make
from tests.summaries.past import Past, at, folded

ALL = Reader(Sight.ALL, {}, frozenset())
TIERS = (RiskTier.HIGH, RiskTier.LIMITED, RiskTier.MINIMAL)
MOVES = ("opened", "granted", "rejected", "withdrawn", "extended", "expired", "revoked", "resolved")
HAPPENED = {"requested": "opened", "approved": "granted"}


@dataclass
class Life:
    """One exception: what happened to it, and its tier and end from then on."""

    row: PolicyException
    events: list[tuple[datetime, str, str, datetime]] = field(default_factory=list)

    def note(self, when: datetime, kind: str) -> None:
        self.events.append((when, kind, self.row.tier.value, self.row.expires_at))

    def before(self, when: datetime) -> list[tuple[datetime, str, str, datetime]]:
        return [event for event in self.events if event[0] < when]

    def expired(self) -> datetime | None:
        """When it ended by its date."""
        kinds = [kind for _, kind, _, _ in self.events]
        ended = {"rejected", "withdrawn", "revoked", "resolved"} & set(kinds)
        return self.events[-1][3] if "approved" in kinds and not ended else None

    def is_open(self, when: datetime) -> bool:
        known = self.before(when)
        kinds = [kind for _, kind, _, _ in known]
        ended = {"rejected", "withdrawn", "revoked", "resolved"} & set(kinds)
        return bool(known) and not ended and not ("approved" in kinds and known[-1][3] < when)

    def tier(self, when: datetime) -> str:
        return self.before(when)[-1][2]


def walked(lives: list[Life], begins: datetime, ends: datetime, tier: str) -> dict[str, float | None]:
    """What one step counts of a tier."""
    found = dict.fromkeys(MOVES, 0)
    hours: list[float] = []
    ages: list[float] = []
    in_force = 0
    for life in lives:
        for when, kind, group, _ in life.events:
            name = HAPPENED.get(kind, kind)
            if begins <= when < ends and group == tier and name in found:
                found[name] += 1
                if name in ("granted", "rejected"):
                    hours.append((when - life.events[0][0]).total_seconds() / 3600)
        over = life.expired()
        if over is not None and begins <= over < ends and life.tier(over) == tier:
            found["expired"] += 1
        if life.is_open(ends) and life.tier(ends) == tier:
            ages.append((ends - life.events[0][0]).total_seconds() / 86_400)
            in_force += any(kind == "approved" for _, kind, _, _ in life.before(ends))
    return {
        **found,
        "decided": len(hours),
        "open_at_end": len(ages),
        "in_force_at_end": in_force,
        "mean_age_days": sum(ages) / len(ages) if ages else None,
        "mean_hours_to_decide": sum(hours) / len(hours) if hours else None,
    }


async def lived(past: Past, chance: random.Random, model_tier: RiskTier, ends: datetime) -> list[Life]:
    """Some exceptions, each with whatever may happen to it, in the order of time."""
    lives: list[Life] = []
    when = at(9, 1)
    while when < ends:
        when += timedelta(hours=chance.randint(1, 30), seconds=chance.randint(0, 59))
        standing = [life for life in lives if life.is_open(when + timedelta(seconds=1))]
        life = chance.choice(standing) if standing else None
        granted = life is not None and life.row.state is ExceptionStatus.APPROVED
        match chance.choice(("ask", "ask", "decide", "decide", "extend", "move", "end")):
            case "ask":
                until = when + timedelta(days=chance.randint(1, 40))
                made = Life(await past.asked(when, until=until, tier=model_tier))
                made.note(when, "requested")
                lives.append(made)
            case "decide" if life is not None and not granted:
                kind = chance.choice(("approved", "approved", "rejected", "withdrawn"))
                if kind == "approved" and life.row.expires_at > when:
                    await past.granted(when, life.row)
                    life.note(when, kind)
                elif kind != "approved":
                    await past.ended(when, life.row, ExceptionStatus(kind.upper()))
                    life.note(when, kind)
            case "extend" if life is not None and granted:
                await past.extended(when, life.row, life.row.expires_at + timedelta(days=chance.randint(1, 20)))
                life.note(when, "extended")
            case "move" if life is not None:
                await past.moved(when, life.row, chance.choice(TIERS))
                life.note(when, "moved")
            case "end" if life is not None and granted:
                kind = chance.choice(("revoked", "resolved"))
                await past.ended(when, life.row, ExceptionStatus(kind.upper()))
                life.note(when, kind)
    return lives


NOTHING = walked([], at(9, 1), at(9, 2), "")


def shown(step: Counted) -> dict[str, float | None]:
    return {name: getattr(step, name) for name in NOTHING}


@pytest.mark.parametrize("seed", range(6))
async def test_what_is_counted_is_what_a_walk_through_the_history_counts(
    db: Db, past: Past, make: Make, seed: int
) -> None:
    chance = random.Random(seed)
    lives = await lived(past, chance, RiskTier.HIGH, at(11, 15))
    zone = chance.choice(("UTC", "Europe/Berlin", "Asia/Kolkata", "America/Los_Angeles"))
    for bucket in Bucket:
        begins = date(2026, 9, chance.randint(1, 28))
        whole = rules.span(begins, date(2026, 11, 20), now=make.now, zone=zone)
        asked = rules.stepped(whole, bucket, GroupBy.TIER)
        found = {(step.begins, step.group): shown(step) for step in await store.counted(db, ALL, asked)}
        together = replace(asked, group_by=GroupBy.NOTHING)
        alone = {step.begins: step.open_at_end for step in await store.counted(db, ALL, together)}
        for first, after in pairwise(asked.edges):
            begin, end = (datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)) for day in (first, after))
            wanted = {tier: walked(lives, begin, end, tier) for tier in TIERS}
            for tier in TIERS:
                counted = found.get((first, tier), NOTHING)
                assert counted == pytest.approx(wanted[tier], abs=1e-4), (bucket, zone, first, tier)
            assert alone[first] == sum(one["open_at_end"] or 0 for one in wanted.values())
        if chance.random() < 0.5:
            await folded(db)
    assert len(lives) > 20
