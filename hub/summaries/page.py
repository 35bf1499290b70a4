"""A summary as one HTML page that needs nothing else: to be read, printed, sent and kept."""

from pathlib import Path

from markupsafe import Markup

from hub.checks.dossiers.inert import shown
from hub.pages import environment, policy
from hub.summaries import document, figures, telling, wording
from hub.summaries.charts import charts
from hub.summaries.facts import Summary

_HERE = Path(__file__).parent
STYLE = (_HERE / "summary.css").read_text()

POLICY = policy(STYLE)
"""The Content-Security-Policy of the page."""


def rendered(summary: Summary) -> str:
    """The page. The same summary gives the same text."""
    return _TEMPLATE.render(
        summary=summary,
        title=telling.title(summary),
        lead=telling.lead(summary),
        as_of=telling.as_of(summary),
        headlines=telling.headlines(summary),
        changes=wording.changes(summary),
        # Drawn by functions that escape what they are given.
        charts=[(one, Markup(one.svg)) for one in charts(summary)],  # noqa: S704
        policies=telling.policies(summary),
        compared=figures.has_before(summary),
        then=figures.ago(summary).capitalize(),
        reading=telling.READING,
        digest=document.digest(summary),
        style=Markup(STYLE),  # noqa: S704 - ours
    )


def _cell(value: str | int) -> str:
    return figures.count(value) if isinstance(value, int) else value


_TEMPLATE = environment(_HERE, shown, {"cell": _cell}).get_template("summary.html.jinja")
