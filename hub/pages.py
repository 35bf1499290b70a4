"""Pages that need nothing else: one file with its style in it, no script, everything that is put in escaped."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

Filters = Mapping[str, Callable[..., Any]]


def policy(style: str) -> str:
    """The Content-Security-Policy of such a page: no script, nothing from elsewhere, no style but this one."""
    known = b64encode(sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{known}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def environment(folder: Path, shown: Callable[[object], str], filters: Filters) -> Environment:
    """Templates of a folder.

    Whatever is put into one is escaped, and shown(): a name nobody thought of cannot slip by.
    """
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: value if isinstance(value, Markup) else shown(value),
    )
    made.filters.update(filters)
    return made
