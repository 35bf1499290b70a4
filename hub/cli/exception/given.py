"""Arguments that several of these commands share."""

from typing import Annotated

import typer

LISTS = "hub exception list"

Exception_ = Annotated[
    str, typer.Argument(metavar="EXCEPTION", help="The exception's id, as hub exception list shows it.")
]
