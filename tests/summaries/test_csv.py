"""The figures as a table for spreadsheets, in which nobody's words become formulas."""

import csv
from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO

import pytest

from hub import spreadsheet
from hub.summaries import sheet
from tests.summaries.making import nothing, october


def test_each_step_and_tier_has_its_line() -> None:
    made = sheet.written(october())
    assert not made.startswith(b"\xef\xbb\xbf")
    lines = made.decode().split("\r\n")
    assert (len(lines), lines[-1]) == (1 + 13 * 4 + 1, "")
    assert lines[0] == (
        "begins,ends,tier,opened,granted,rejected,withdrawn,extended,expired,revoked,resolved,closed,open_at_end,"
        "in_force_at_end,mean_age_days,decided,mean_hours_to_decide"
    )
    assert lines[-5] == "2026-10-01,2026-11-01,HIGH,6,6,0,0,0,1,0,1,2,12,12,40.5,6,30.25"
    assert lines[4] == "2025-10-01,2025-11-01,UNCLASSIFIED,0,0,0,0,0,0,0,0,0,0,0,40.5,0,"


def test_without_a_series_the_head_stands_alone() -> None:
    assert sheet.written(nothing()).count(b"\r\n") == 1


@pytest.mark.parametrize(
    "hostile",
    ["=cmd()", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\uff1d1", "=1,2", '=HYPERLINK("x")'],
)
def test_what_would_be_a_formula_is_a_text(hostile: str) -> None:
    (one,) = replace(october(), series=(replace(october().series[0], group=hostile),)).series
    made = sheet.written(october(series=(one,)))
    rows = list(csv.reader(StringIO(made.decode(), newline="")))
    assert (len(rows), rows[1][2]) == (2, f"'{hostile}")


def test_other_values_stand_as_they_are() -> None:
    given = [None, True, False, -3, -0.5, date(2026, 1, 2), datetime(2026, 1, 2, 3, tzinfo=UTC), "a - b", "it's", ""]
    assert [spreadsheet.cell(one) for one in given] == [
        "", "true", "false", "-3", "-0.5", "2026-01-02", "2026-01-02T03:00:00+00:00", "a - b", "it's", "",
    ]  # fmt: skip


def test_lines_and_quotes_in_a_text_do_not_break_the_table() -> None:
    made = spreadsheet.written(("a", "b"), [('one\n"two"', "x,y")])
    assert made == b'a,b\r\n"one\n""two""","x,y"\r\n'
