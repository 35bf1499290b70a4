"""Charts that everybody can read: by eye, in grey, by ear, as a table."""

import re
from dataclasses import replace
from datetime import date
from xml.etree.ElementTree import Element

import pytest
from defusedxml import ElementTree

from hub.summaries.charts import Chart, charts, svg
from hub.summaries.charts.tiers import FILL
from hub.summaries.facts import Ages, Cliff, Standing
from tests.summaries.making import nothing, october

SVG = "{http://www.w3.org/2000/svg}"
KEYS = ("moved", "tiers", "cliff", "standing", "ages")


def drawn(chart: Chart) -> Element:
    found: Element = ElementTree.fromstring(chart.svg)
    return found


def words(chart: Chart) -> list[str]:
    """What stands written on a chart."""
    return [one.text or "" for one in drawn(chart).iter(f"{SVG}text")]


def the(key: str, summary: object = None) -> Chart:
    return {one.key: one for one in charts(summary or october())}[key]  # type: ignore[arg-type]


def test_the_same_summary_gives_the_same_bytes() -> None:
    assert [one.svg for one in charts(october())] == [one.svg for one in charts(october())]
    assert [one.key for one in charts(october())] == list(KEYS)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("summary", [october(), nothing(), october(series=october().series[-4:])])
def test_each_is_named_and_told_in_words_for_whoever_does_not_see_it(key: str, summary: object) -> None:
    chart = the(key, summary)
    root = drawn(chart)
    title, desc = root[0], root[1]
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", f"{title.get('id')} {desc.get('id')}")
    assert (title.tag, title.text, desc.tag, desc.text) == (f"{SVG}title", chart.title, f"{SVG}desc", chart.figures)
    for row in chart.rows:
        assert all(f"{cell}" in chart.figures for cell in row[:2] if cell != "–")


@pytest.mark.parametrize("key", KEYS)
def test_each_needs_nothing_but_itself_and_runs_nothing(key: str) -> None:
    root = drawn(the(key))
    for one in root.iter():
        assert one.tag.removeprefix(SVG) in {
            "svg", "title", "desc", "defs", "pattern", "path", "circle", "rect", "line", "polyline", "text",
        }  # fmt: skip
        assert not {"href", "style", "onclick", "onload"} & {name.rpartition("}")[2] for name in one.attrib}
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(set(ids)) == len(ids)
    assert all(str(id).startswith(f"{key}-") for id in ids), "two charts on one page would share an id"
    used = set(re.findall(r"url\(#([^)]+)\)", the(key).svg))
    assert used <= set(ids)


@pytest.mark.parametrize("key", KEYS)
def test_colour_only_repeats_what_patterns_and_words_say(key: str) -> None:
    """Without its colours, a chart keeps two kinds of paint apart: ink, and paper."""
    colours = {one.get(name) for one in drawn(the(key)).iter() for name in ("fill", "stroke")} - {None}
    assert {one for one in colours if not str(one).startswith("url(")} <= {
        "none", "currentColor", svg.ACCENT, svg.PAPER,
    }  # fmt: skip


def test_each_tier_has_a_pattern_of_its_own() -> None:
    assert len(set(FILL.values())) == len(FILL)
    assert set(FILL.values()) <= set(svg.FILLS)
    chart = the("tiers")
    assert {f"tiers-{fill}" for fill in ("hatched", "dotted", "crossed")} == set(
        re.findall(r'pattern id="([^"]+)"', chart.svg)
    )
    told = words(chart)
    assert [one for one in told if re.fullmatch(r"\d+ [A-Z]+", one)] == [
        "1 UNCLASSIFIED",
        "9 MINIMAL",
        "19 LIMITED",
        "12 HIGH",
    ]
    assert chart.columns == ("Month", "HIGH", "LIMITED", "MINIMAL", "UNCLASSIFIED", "All")
    assert chart.rows[-1] == ("Oct 2026", 12, 19, 9, 1, 41)
    assert {"18", "19", "23", "25", "27", "28", "30", "34", "35", "36", "41"} <= set(told)


def test_what_was_opened_and_closed_stands_at_its_bars() -> None:
    chart = the("moved")
    assert chart.title == "Opened and closed by month, and how many are open"
    assert chart.rows[-2:] == (("Sep 2026", 7, 8, 35), ("Oct 2026", 12, 6, 41))
    assert chart.figures.endswith("Oct 2026: 12 opened, 6 closed, 41 open at the end.")
    told = words(chart)
    assert {"opened", "closed", "12", "6", "41", "2025", "2026"} <= set(told)
    assert (told.count("2025"), told.count("2026")) == (1, 1)


def test_the_cliff_stands_beside_what_it_was() -> None:
    chart = the("cliff")
    assert chart.figures == "within 30 days: 9, it was 3; within 60 days: 14, it was 11; within 90 days: 20, it was 18."
    assert chart.columns == ("End", "Now", "A month ago")
    assert chart.rows == (("within 30 days", 9, 3), ("within 60 days", 14, 11), ("within 90 days", 20, 18))
    alone = the("cliff", replace(nothing(), cliff=Cliff(1, 2, 3)))
    assert alone.figures == "within 30 days: 1; within 60 days: 2; within 90 days: 3."
    assert alone.columns == ("End", "Now")
    assert "a month ago" not in words(alone)


def test_reported_and_true_compliance_are_a_solid_and_a_dashed_line_named_at_their_ends() -> None:
    chart = the("standing")
    lines = [one for one in drawn(chart).iter(f"{SVG}path") if one.get("stroke-width") == "2"]
    assert [one.get("stroke-dasharray") for one in lines] == ["6 4", None]
    assert [str(one.get("d")).count("M") for one in lines] == [2, 2], "nothing was asked in June: the line is broken"
    assert {"96.2 % reported", "88.4 % true", "The scale begins at 85 %, not at 0."} <= set(words(chart))
    assert "Jun 2026: no check was asked" in chart.figures
    assert chart.rows[8] == ("Jun 2026", "–", "–", 0, 0)
    assert chart.rows[12] == ("Oct 2026", "96.2 %", "88.4 %", 214, 2744)


def test_equal_lines_keep_their_names_apart() -> None:
    same = tuple((day, Standing(10, 10, 0)) for day, _ in october().compliance_series)
    found = drawn(the("standing", october(compliance_series=same))).iter(f"{SVG}text")
    ends = {one.text: float(str(one.get("y"))) for one in found if one.text in ("100.0 % reported", "100.0 % true")}
    assert ends["100.0 % true"] - ends["100.0 % reported"] == 15


def test_ages_leave_out_what_would_run_into_the_next_figure() -> None:
    chart = the("ages")
    assert {"95", "280", "412", "HIGH (12)", "33", "120", "150"} <= set(words(chart))
    assert words(chart).count("8") == 1
    assert chart.rows[1] == ("LIMITED", 19, "62", "190", 301)
    assert "LIMITED: 19 open, median 62 days, nine in ten under 190 days, oldest 301 days" in chart.figures


def test_other_peoples_words_stay_words() -> None:
    chart = the("ages", october(ages=(Ages("<script>&\"'", 1, 1.0, 1.0, 1),)))
    assert "<script>" not in chart.svg
    assert "<script>&\"' (1)" in words(chart)


def test_where_nothing_is_on_record_that_is_what_is_drawn() -> None:
    for chart in charts(nothing()):
        if chart.key != "cliff":
            assert (words(chart), chart.rows) == (["Nothing is on record."], ())


def test_weeks_are_named_by_their_number() -> None:
    weeks = tuple(
        replace(one, begins=date.fromordinal(739_894 + 7 * place), ends=date.fromordinal(739_901 + 7 * place))
        for place, one in enumerate(october().series[:3])
    )
    assert [row[0] for row in the("moved", october(series=weeks)).rows] == ["W41", "W42", "W43"]
