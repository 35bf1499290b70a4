"""The rungs of a request in working time, without a database."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hub.approvals.deadlines.rungs import RungKind, brought_forward, climbing, resumed
from hub.approvals.tables import ApprovalRule
from hub.working_time import WorkingWeek

BERLIN = WorkingWeek(ZoneInfo("Europe/Berlin"), frozenset({1, 2, 3, 4, 5}), 9 * 60, 17 * 60)
FRIDAY_NOON = datetime(2026, 10, 23, 10, tzinfo=UTC)
"""12:00 in Berlin, on the Friday before the clocks go back."""


def rule(**given: object) -> ApprovalRule:
    values: dict[str, object] = {
        "term_days": 3,
        "reminders_h": [8, 16],
        "escalation": [{"after_h": 20, "to": "OWNERS"}],
    }
    return ApprovalRule(set_at=FRIDAY_NOON, **{**values, **given})


def shown(rows: list[dict[str, object]]) -> list[tuple[str, object]]:
    return [(str(row["at"])[:16], row["to"] or row["kind"]) for row in rows]


def test_rungs_fall_into_working_time_over_a_weekend_that_changes_the_clock() -> None:
    rows = [rung.written() for rung in climbing(rule(), BERLIN, FRIDAY_NOON)]
    assert shown(rows) == [
        # 5 hours on Friday, 3 on Monday morning: from 09:00 to 12:00 at UTC+1.
        ("2026-10-26T11:00", "REMIND"),
        ("2026-10-27T11:00", "REMIND"),
        ("2026-10-27T15:00", "OWNERS"),
        ("2026-10-28T11:00", "END"),
    ]


def test_a_holiday_moves_what_comes_after_it() -> None:
    week = WorkingWeek(
        BERLIN.zone, BERLIN.days, BERLIN.opens_minute, BERLIN.closes_minute, frozenset({date(2026, 10, 26)})
    )
    rows = [rung.written() for rung in climbing(rule(reminders_h=[8], escalation=[]), week, FRIDAY_NOON)]
    assert shown(rows) == [("2026-10-27T11:00", "REMIND"), ("2026-10-29T11:00", "END")]


def test_what_would_come_after_the_end_falls_out() -> None:
    rungs = climbing(rule(term_days=1, reminders_h=[4, 8, 12], escalation=[]), BERLIN, FRIDAY_NOON)
    assert [rung.kind for rung in rungs] == [RungKind.REMIND, RungKind.END]


def test_where_everybody_is_away_the_first_escalation_comes_at_once() -> None:
    rows = [rung.written() for rung in climbing(rule(), BERLIN, FRIDAY_NOON)]
    assert shown(brought_forward(rows, FRIDAY_NOON)) == [
        ("2026-10-23T10:00", "OWNERS"),
        ("2026-10-26T11:00", "REMIND"),
        ("2026-10-27T11:00", "REMIND"),
        ("2026-10-28T11:00", "END"),
    ]


def test_after_a_pause_what_was_ahead_is_as_much_working_time_ahead() -> None:
    rows = [rung.written() for rung in climbing(rule(), BERLIN, FRIDAY_NOON)]
    paused = datetime(2026, 10, 26, 12, tzinfo=UTC)
    # Paused on Monday at 13:00 Berlin time, after the first reminder; resumed two working days later.
    again = resumed(rows, 1, BERLIN, paused, paused + timedelta(days=2))
    assert shown(again) == [
        ("2026-10-26T11:00", "REMIND"),
        ("2026-10-29T11:00", "REMIND"),
        ("2026-10-29T15:00", "OWNERS"),
        ("2026-10-30T11:00", "END"),
    ]
