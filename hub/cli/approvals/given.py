"""Arguments and options that several of these commands share."""

from typing import Annotated

import typer

LISTS = "hub approvals list --all"

Request = Annotated[str, typer.Argument(metavar="REQUEST", help="The request's id, as hub approvals list shows it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")]
Discipline = Annotated[
    str | None, typer.Option("--discipline", help="The field to sign for, such as RISK.", show_default=False)
]
Until = Annotated[
    str,
    typer.Option("--until", metavar="WHEN", help="Until when: a date, an instant, or a span such as 5d or 36h."),
]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="WHEN", help="From when; without it, from now.", show_default=False),
]
