"""What commands print: JSON for scripts, tables for people."""

import sys
from collections.abc import Sequence
from typing import Any

from hub.errors import Refused


def as_json(value: Any) -> None:
    """Print a value as JSON."""
    import orjson

    written = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str)
    sys.stdout.write(f"{written.decode()}\n")


def line(text: str = "") -> None:
    """Print one line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def told(error: Exception) -> str:
    """What a person is told of an error, in one sentence."""
    if isinstance(error, Refused):
        return error.why
    return f"unexpected {type(error).__name__}: {str(error)[:300] or 'no word'}; run it again with -v to see where"


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, indent: str = "") -> None:
    """Print rows in aligned columns."""
    for text in aligned(columns, rows):
        line(f"{indent}{text}")


def aligned(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Rows as lines of aligned columns below heads in capitals; nothing is cut, so that what is shown can be pasted."""
    from hub.cli.gate import inert

    cells = [[_cell(value) for value in row] for row in ([head.upper() for head in columns], *rows)]
    widths = [max(inert.columns(row[place]) for row in cells) for place in range(len(columns))]
    lines = [[inert.padded(text, width) for text, width in zip(row, widths, strict=True)] for row in cells]
    return ["  ".join(line).rstrip() for line in lines]


def _cell(value: object) -> str:
    from datetime import datetime

    if value is None or value in ("", [], ()):
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value)
