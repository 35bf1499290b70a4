"""A summary as a terminal shows it: the four numbers, the sentences, and a table that lines up."""

from collections.abc import Iterator

from hub.cli import printing
from hub.cli.gate.inert import hanging, inert
from hub.summaries import document, telling, wording
from hub.summaries.charts.chart import by, steps
from hub.summaries.facts import Summary
from hub.summaries.figures import count, percent

HEADS = ("OPENED", "CLOSED", "  OPEN", "  HIGH", "REPORTED", "   TRUE")
STEPS = 6
"""How many of the last steps the table shows."""


def lines(summary: Summary, width: int) -> Iterator[str]:
    """The whole of it in lines of at most so many columns, tables apart."""
    yield inert(telling.title(summary))
    yield telling.lead(summary)
    yield ""
    rows = [(one.name, one.figure, one.against) for one in telling.headlines(summary)]
    yield from printing.aligned(("NUMBER", "NOW", "BEFORE"), rows)
    yield ""
    for sentence in wording.changes(summary):
        yield from hanging("- ", inert(sentence), width)
    yield from _steps(summary)
    yield ""
    yield f"sha256 of the facts  {document.digest(summary)}"


def _steps(summary: Summary) -> Iterator[str]:
    """The last steps, with figures that stand below one another."""
    found = steps(summary)[-STEPS:]
    if not found:
        return
    shares = dict(summary.compliance_series)
    rows = []
    for one in found:
        share = shares.get(one.begins) or shares.get(one.ends)
        told = ("-", "-") if share is None else (percent(share.reported), percent(share.true))
        counts = map(count, (one.opened, one.closed, one.open, one.of(wording.WATCHED)))
        rows.append([one.name, *(cell.rjust(len(head)) for head, cell in zip(HEADS, (*counts, *told), strict=True))])
    yield ""
    yield from printing.aligned((by(found).upper(), *HEADS), rows)
