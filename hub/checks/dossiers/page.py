"""A dossier as one HTML page that needs nothing else: to be read, printed, sent and kept."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from hub.checks.dossiers.against import SEVERITIES, mark_of, objections, weight
from hub.checks.dossiers.content.store import SECTIONS
from hub.checks.dossiers.inert import shown
from hub.checks.dossiers.reading import Export
from hub.pages import Filters, environment, policy

MOST_ROWS = 500
"""Rows of one table that a page shows."""

_HERE = Path(__file__).parent
STYLE = (_HERE / "dossier.css").read_text()

POLICY = policy(STYLE)
"""The Content-Security-Policy of a page: no script, nothing from elsewhere, no style but its own."""


def rendered(export: Export) -> str:
    """The page. The same export gives the same text."""
    content = export.content
    return _TEMPLATE.render(
        dossier=export.whole,
        request=export.request,
        content=content,
        objections=objections(content),
        checks=sorted(content["checks"], key=weight),
        sections=SECTIONS,
        overall=[one for one in content["metrics"] if not one["segment"]],
        segments=[one for one in content["metrics"] if one["segment"]],
        decisions=[one for one in export.whole["decisions"]["nodes"] if not _same(one, export.request)],
        most=MOST_ROWS,
        style=Markup(STYLE),  # noqa: S704 - ours
    )


def _same(one: Mapping[str, Any], request: Mapping[str, Any] | None) -> bool:
    return request is not None and one["id"] == request["id"]


def _instant(at: str | None) -> str:
    """An instant to the minute."""
    return "" if at is None else f"{at[:10]} {at[11:16]} UTC"


def _number(value: object) -> str:
    """A figure as people read it."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _named(of: Mapping[str, Any] | None) -> str:
    """A person by name and handle."""
    return "nobody" if of is None else f"{of['name']} ({of['handle']})"


def _said(value: Any) -> str:
    """Any value of the document in a line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_said(inner)}" for key, inner in value.items()) or "none"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_said(inner) for inner in value) or "none"
    return "none" if value is None or value == "" else _number(value)


def _counted(counts: Mapping[str, int]) -> str:
    """How much there is of each severity, the worst first."""
    return ", ".join(f"{counts[severity]} {severity.lower()}" for severity in SEVERITIES if severity in counts)


def _spaced(name: str) -> str:
    return name.replace("_", " ").capitalize()


_FILTERS: Filters = {
    "instant": _instant,
    "number": _number,
    "named": _named,
    "said": _said,
    "counted": _counted,
    "spaced": _spaced,
    "mark": mark_of,
}
_TEMPLATE = environment(_HERE, shown, _FILTERS).get_template("dossier.html.jinja")
