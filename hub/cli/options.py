"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="FOLDER", help="The hub's data folder. Default: HUB_DATA, or .hub.", show_default=False
    ),
]
Host = Annotated[
    str | None,
    typer.Option("--host", help="Address to listen on. Default: HUB_HOST, or 127.0.0.1.", show_default=False),
]
Port = Annotated[
    int | None,
    typer.Option(
        "--port", min=0, max=65535, help="Port to listen on; 0 takes a free one. Default: HUB_PORT, or 8000.",
        show_default=False,
    ),
]  # fmt: skip
AsJSON = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Registry = Annotated[
    str | None,
    typer.Option("--registry", help="The registry's key; needed when several know the model.", show_default=False),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url", envvar="HUB_URL", help="The hub. Default: the one that runs in the data folder.", show_default=False
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token", envvar="HUB_TOKEN", help="Default: the one kept in the data folder.", show_default=False
    ),
]  # fmt: skip
