"""What an executive reads first: exact sentences, with the right number of everything."""

from dataclasses import replace
from datetime import date

import pytest

from hub.summaries import figures
from hub.summaries.facts import Cliff, Counted, Standing
from hub.summaries.wording import changes
from tests.summaries.making import BEGINS, ENDS, nothing, october


def test_a_month_is_told_with_what_got_worse_first() -> None:
    assert changes(october()) == [
        "41 exceptions are open, 6 more than a month ago; HIGH tier: 12, 4 more.",
        "9 end within 30 days, it was 3.",
        "Reported compliance is 96.2 %, truly 88.4 %: 214 checks pass only because they are waived; a month ago it was"
        " 97.0 % and 90.1 %.",
        "2 exceptions are suspended: a compensating control does not hold.",
        "3 reviews are overdue.",
        "performance-by-segment has 14 open exceptions, the most of any policy: 3 more than a month ago, 5 opened"
        " since.",
        "12 exceptions were opened and 6 closed (2 resolved, 2 expired, 1 revoked, 1 rejected); 2 were extended; in the"
        " month before it was 7 and 8.",
        "Deciding took 31 hours at the median, it was 52; 8 wait for a decision.",
    ]


def test_a_hub_in_which_nothing_happened_says_so_and_compares_with_nothing() -> None:
    assert changes(nothing()) == [
        "No exception is open; there is no month before to compare with.",
        "None ends within 30 days.",
        "No check was asked, so there is no compliance to report.",
        "Nothing was decided; none waits for a decision.",
        "No exception is suspended and no review is overdue.",
        "No exception was opened and 0 closed.",
    ]


def test_no_change_is_said_as_such() -> None:
    was = october()
    told = changes(
        replace(
            was,
            now=replace(was.before, begins=BEGINS, ends=ENDS),
            series=tuple(replace(one, open_at_end=8) for one in was.series),
            cliff=was.cliff_before,
            compliance=was.compliance_before,
            median_hours_to_decide=52.0,
            top_policies=(),
            suspended=0,
            overdue_reviews=0,
        )
    )
    assert told == [
        "35 exceptions are open, as many as a month ago; HIGH tier: 8, unchanged.",
        "3 end within 30 days, as many as a month ago.",
        "Reported compliance is 97.0 %, truly 90.1 %: 186 checks pass only because they are waived; a month ago it was"
        " the same.",
        "Deciding took 52 hours at the median, unchanged; 8 wait for a decision.",
        "No exception is suspended and no review is overdue.",
        "7 exceptions were opened and 8 closed (5 resolved, 3 expired); in the month before it was 7 and 8.",
    ]


def test_one_of_everything_is_told_in_the_singular() -> None:
    one = Counted(BEGINS, ENDS, "", opened=1, extended=1, resolved=1, open_at_end=1)
    told = changes(
        october(
            now=one,
            before=Counted(date(2026, 9, 1), BEGINS, "", open_at_end=2),
            series=(),
            cliff=Cliff(1, 1, 1),
            cliff_before=Cliff(0, 0, 0),
            compliance=Standing(10, 9, 1),
            compliance_before=Standing(0, 0, 0),
            top_policies=(),
            median_hours_to_decide=1.0,
            median_hours_to_decide_before=None,
            waiting_for_decision=1,
            suspended=1,
            overdue_reviews=1,
        )
    )
    assert told == [
        "1 exception is open, 1 fewer than a month ago.",
        "1 ends within 30 days, it was none.",
        "1 exception is suspended: a compensating control does not hold.",
        "1 review is overdue.",
        "Reported compliance is 100.0 %, truly 90.0 %: 1 check passes only because it is waived.",
        "Deciding took 1 hour at the median; nothing was decided in the month before; 1 waits for a decision.",
        "1 exception was opened and 1 closed (1 resolved); 1 was extended; in the month before it was 0 and 0.",
    ]


def test_nothing_left_open_has_no_tier_to_tell_of() -> None:
    was = october()
    told = changes(replace(was, now=Counted(BEGINS, ENDS, "", resolved=35)))
    assert told[0] == "No exception is open, 35 fewer than a month ago."
    none = replace(was, now=Counted(BEGINS, ENDS, ""), before=Counted(date(2026, 9, 1), BEGINS, "", resolved=1))
    assert changes(none)[0] == "No exception is open, as a month ago."


def test_without_waivers_reported_and_true_are_one_figure() -> None:
    told = changes(october(compliance=Standing(200, 199, 0), compliance_before=Standing(200, 198, 0)))
    assert "Reported compliance is 99.5 %, and truly as much: no check is waived; a month ago it was 99.0 %." in told


def test_what_was_opened_is_not_told_as_a_part_of_what_is_open() -> None:
    top = october().top_policies[0]
    told = changes(october(top_policies=(replace(top, open=1, open_before=1, opened=4),)))
    assert (
        "performance-by-segment has 1 open exception, the most of any policy: as many as a month ago, 4 opened since."
        in told
    )
    told = changes(october(top_policies=(replace(top, open=9, open_before=11, opened=0),)))
    assert (
        "performance-by-segment has 9 open exceptions, the most of any policy: 2 fewer than a month ago, none opened"
        " since." in told
    )
    told = changes(replace(nothing(), top_policies=(top,)))
    assert "performance-by-segment has 14 open exceptions, the most of any policy." in told


def test_policies_with_equally_many_are_told_together() -> None:
    tops = tuple(replace(one, open=3) for one in october().top_policies)
    assert (
        "performance-by-segment, data-consent and card-complete have 3 open exceptions each: the most of any policy."
        in changes(october(top_policies=tops))
    )
    assert "performance-by-segment and data-consent have 3 open exceptions each: the most of any policy." in changes(
        october(top_policies=tops[:2])
    )


@pytest.mark.parametrize(
    ("begins", "ends", "named", "ago"),
    [
        (date(2026, 10, 1), date(2026, 11, 1), "October 2026", "a month ago"),
        (date(2026, 10, 19), date(2026, 10, 26), "week 43 of 2026", "a week ago"),
        (date(2025, 12, 29), date(2026, 1, 5), "week 1 of 2026", "a week ago"),
        (date(2026, 7, 1), date(2026, 10, 1), "quarter 3 of 2026", "a quarter ago"),
        (date(2026, 1, 1), date(2027, 1, 1), "2026", "a year ago"),
        (date(2026, 10, 5), date(2026, 10, 6), "5 October 2026", "a day ago"),
        (date(2026, 10, 3), date(2026, 10, 18), "3 October 2026 to 17 October 2026", "15 days ago"),
        (date(2026, 2, 1), date(2026, 5, 1), "1 February 2026 to 30 April 2026", "89 days ago"),
    ],
)
def test_periods_are_called_as_people_call_them(begins: date, ends: date, named: str, ago: str) -> None:
    assert figures.period(begins, ends) == named
    assert figures.ago(october(begins=begins, ends=ends)) == ago


def test_a_share_is_never_rounded_to_all_or_to_none() -> None:
    assert [figures.percent(share) for share in (1.0, 0.99999, 0.0, 0.00001, 0.8842, None)] == [
        "100.0 %", "99.9 %", "0.0 %", "0.1 %", "88.4 %", "–",
    ]  # fmt: skip


def test_numbers_are_short_where_there_is_little_room() -> None:
    given = (0, 999, 1_000, 1_249, 9_949, 9_950, 12_345, 999_499, 999_500, 3_400_000, 12_000_000)
    assert [figures.short(number) for number in given] == [
        "0", "999", "1.0k", "1.2k", "9.9k", "10k", "12k", "999k", "1.0M", "3.4M", "12M",
    ]  # fmt: skip


def test_lengths_have_one_decimal_below_ten() -> None:
    assert [figures.hours(length) for length in (1.0, 0.25, 2.0, 9.94, 9.96, 1234.5)] == [
        "1 hour", "0.2 hours", "2 hours", "9.9 hours", "10 hours", "1,234 hours",
    ]  # fmt: skip
