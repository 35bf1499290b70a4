"""Text in the cells of sheets, so that a spreadsheet shows it and never calculates it."""

import csv
import io
from collections.abc import Iterable, Sequence

_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: object) -> str:
    """A value as a sheet shows it; what a spreadsheet would take for a formula is led by an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_BEGINS) else text


def bare(text: str) -> str:
    """A cell as it was written: without the apostrophe that was put before a formula's sign."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_BEGINS) else text


def sheet(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as comma-separated values under a line of names (RFC 4180)."""
    held = io.StringIO(newline="")
    written = csv.writer(held)
    written.writerow(columns)
    written.writerows([cell(value) for value in row] for row in rows)
    return held.getvalue()
