"""A summary as a PDF: real text, the charts as drawings, tagged for screen readers, the same bytes each time.

Typst sets it: one wheel without system libraries, with fonts of its own, so that it comes out alike everywhere.
"""

from pathlib import Path
from typing import Any

from hub.checks.dossiers.inert import shown
from hub.summaries import document, figures, telling, wording
from hub.summaries.charts import charts
from hub.summaries.facts import Summary

TEMPLATE = Path(__file__).parent / "summary.typ"


# What is installed on a machine must not be seen in the result, unless names are in a script that no font of Typst's
# own writes. One that no font there writes either is shown as boxes, which the standard for accessible PDFs forbids.
_WAYS: tuple[dict[str, Any], ...] = (
    {"ignore_system_fonts": True, "pdf_standards": "ua-1"},
    {"ignore_system_fonts": False, "pdf_standards": "ua-1"},
    {"ignore_system_fonts": False},
)


def rendered(summary: Summary) -> bytes:
    """The PDF, made as if at the instant that the summary is as of."""
    import orjson
    import typst  # 80 MB that only those load who want a PDF

    given = orjson.dumps(_inert(_given(summary))).decode()
    at = int(summary.as_of.timestamp())
    for way in _WAYS:
        try:
            made = typst.compile(TEMPLATE.read_bytes(), sys_inputs={"summary": given}, timestamp=at, **way)
        except typst.TypstError:
            if way is _WAYS[-1]:
                raise
        else:
            assert isinstance(made, bytes)
            return made
    raise AssertionError("the last way either made it or raised")


def _given(summary: Summary) -> dict[str, Any]:
    compared = figures.has_before(summary)
    then = figures.ago(summary).capitalize()
    return {
        "title": telling.title(summary),
        "period": figures.period(summary.begins, summary.ends),
        "lead": telling.lead(summary),
        "as_of": telling.as_of(summary),
        "headlines": [
            {"name": one.name, "figure": one.figure, "against": one.against} for one in telling.headlines(summary)
        ],
        "changes": wording.changes(summary),
        "policy_columns": ["Policy", "Open", *([then] if compared else []), "Opened"],
        "policies": [
            [one.key, one.open, *([one.open_before] if compared else []), one.opened]
            for one in telling.policies(summary)
        ],
        "charts": [
            {"title": one.title, "figures": one.figures, "svg": one.svg, "columns": one.columns, "rows": one.rows}
            for one in charts(summary)
        ],
        "reading": telling.READING,
        "digest": document.digest(summary),
    }


def _inert(value: Any) -> Any:
    """Figures and texts as they are shown; drawings are safe as they are drawn."""
    if isinstance(value, dict):
        return {key: inner if key == "svg" else _inert(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_inert(inner) for inner in value]
    return figures.count(value) if isinstance(value, int) else shown(value)
