"""The charts of a summary: plain SVG that is readable in grey, in print, by night and by ear."""

from hub.summaries.charts.ages import ages
from hub.summaries.charts.chart import Chart
from hub.summaries.charts.cliff import cliff
from hub.summaries.charts.moved import moved
from hub.summaries.charts.standing import standing
from hub.summaries.charts.tiers import tiers
from hub.summaries.facts import Summary

__all__ = ["Chart", "charts"]


def charts(summary: Summary) -> list[Chart]:
    """All of them, in the order of reading. The same summary gives the same bytes."""
    return [draw(summary) for draw in (moved, tiers, cliff, standing, ages)]
