"""CSV as spreadsheets open it: other people's words stay words there too, and are never taken for formulas."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from io import StringIO

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a text must not begin with: spreadsheets calculate it, the wide forms of East Asian writing included."""

Cell = str | int | float | bool | date | datetime | None


def cell(value: Cell) -> str:
    """A value as it stands in a cell; a text that would be a formula gets an apostrophe before it.

    So does one that looks as if it had got one, or `bare` would take away what was there before.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, str):
        return f"'{value}" if _is_formula(value.lstrip("'")) else value
    return str(value)


def bare(text: str) -> str:
    """A cell as it was written: without the apostrophe that was put before a formula's sign."""
    return text[1:] if text.startswith("'") and _is_formula(text.lstrip("'")) else text


def written(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The lines of a CSV file (RFC 4180) in UTF-8, its head first, without a byte order mark."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue().encode()


def _is_formula(text: str) -> bool:
    return text.lstrip(" ").startswith(_FORMULA)
