"""Arguments that several of these commands share."""

from pathlib import Path
from typing import Annotated

import typer

LISTS = "hub exception list"

Exception_ = Annotated[
    str, typer.Argument(metavar="EXCEPTION", help="The exception's id, as hub exception list shows it.")
]

Attach = Annotated[
    list[Path] | None,
    typer.Option("--attach", metavar="FILE", help="A file to put with it; may be repeated.", show_default=False),
]
Statuses = Annotated[
    list[str] | None,
    typer.Option("--status", help="Those that stand so, such as ACTIVE; may be repeated.", show_default=False),
]
Model = Annotated[str | None, typer.Option("--model", help="Those of this model.", show_default=False)]
Policy = Annotated[
    str | None, typer.Option("--policy", metavar="KEY", help="Those from this policy.", show_default=False)
]
Owner = Annotated[
    str | None, typer.Option("--owner", metavar="HANDLE", help="Those somebody owns.", show_default=False)
]
Mine = Annotated[bool, typer.Option("--mine", help="Those that you own.")]
Tiers = Annotated[
    list[str] | None,
    typer.Option("--tier", help="Those of models in this risk tier; may be repeated.", show_default=False),
]
ExpiresWithin = Annotated[
    str | None,
    typer.Option(
        "--expires-within", metavar="SPAN", help="Those that are granted and end within 30d, say.", show_default=False
    ),
]
Overdue = Annotated[bool, typer.Option("--overdue", help="Those that were to be looked at again before now.")]
