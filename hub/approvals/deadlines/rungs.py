"""The ladder of a request: what happens when while nobody decides it, in working time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from hub.approvals.tables import ApprovalRule
from hub.calendars import store as calendars
from hub.db import Tx
from hub.working_time import WorkingWeek, after, between


class RungKind(StrEnum):
    """What a rung of the ladder does."""

    REMIND = "REMIND"
    ESCALATE = "ESCALATE"
    END = "END"


@dataclass(frozen=True, slots=True)
class Rung:
    """At this instant, this; `to` says whom an escalation tells: OWNERS, a role, or team:KEY."""

    at: datetime
    kind: RungKind
    to: str | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Rung":
        return cls(datetime.fromisoformat(row["at"]), RungKind(row["kind"]), row["to"])

    def written(self) -> dict[str, Any]:
        return {"at": self.at.isoformat(), "kind": self.kind.value, "to": self.to}


async def ladder(tx: Tx, rule: ApprovalRule, at: datetime) -> list[Rung]:
    """The rungs of a request that is made now under a rule; the end of its term is the last."""
    return climbing(rule, await calendars.week(tx, rule.calendar), at)


def climbing(rule: ApprovalRule, week: WorkingWeek, at: datetime) -> list[Rung]:
    """The rungs in their order; what would come after the end of the term falls out."""
    due = after(week, at, term(week, rule.term_days))
    found = [Rung(after(week, at, hours), RungKind.REMIND) for hours in rule.reminders_h]
    found += [Rung(after(week, at, rung["after_h"]), RungKind.ESCALATE, rung["to"]) for rung in rule.escalation]
    ahead = sorted((rung for rung in found if rung.at < due), key=lambda rung: (rung.at, rung.kind))
    return [*ahead, Rung(due, RungKind.END)]


def term(week: WorkingWeek, days: int) -> timedelta:
    """So many working days, as working time."""
    return days * timedelta(minutes=week.closes_minute - week.opens_minute)


def escalates(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether anybody beside those who are asked is to be told."""
    return any(row["kind"] == RungKind.ESCALATE for row in rows)


def brought_forward(rows: Sequence[Mapping[str, Any]], at: datetime) -> list[dict[str, Any]]:
    """The ladder with its first escalation now: whoever was to be asked is away."""
    rungs = [Rung.of(row) for row in rows]
    first = next(rung for rung in rungs if rung.kind is RungKind.ESCALATE)
    return [replace(first, at=at).written(), *(rung.written() for rung in rungs if rung is not first)]


def resumed(
    rows: Sequence[Mapping[str, Any]], climbed: int, week: WorkingWeek, paused_at: datetime, at: datetime
) -> list[dict[str, Any]]:
    """The ladder after its clock stood still: what was ahead is as much working time ahead as it was."""
    rungs = [Rung.of(row) for row in rows]
    moved = [
        rung if place < climbed else replace(rung, at=after(week, at, between(week, paused_at, rung.at)))
        for place, rung in enumerate(rungs)
    ]
    return [rung.written() for rung in moved]
