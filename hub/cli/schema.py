"""`hub schema`: the graph's definition, for clients' generators and for comparing."""

from pathlib import Path
from typing import Annotated

import typer


def schema(
    check: Annotated[
        Path | None, typer.Option("--check", help="Compare with this file instead; exit code 1 when they differ.")
    ] = None,
) -> None:
    """Print the GraphQL schema, sorted.

    Example: hub schema > schema.graphql
    """
    from hub.cli import printing
    from hub.errors import Code, Refused
    from hub.schema import printed

    now = printed()
    if check is None:
        printing.line(now.rstrip("\n"))
        return
    try:
        kept = check.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(Code.BAD_INPUT, f"{check} cannot be read ({error}); make it with: hub schema > {check}") from None
    if kept.rstrip("\n") == now.rstrip("\n"):
        printing.line(f"{check} is this hub's schema")
        return
    import difflib

    found = difflib.unified_diff(kept.splitlines(), now.splitlines(), str(check), "this hub", lineterm="", n=1)
    for difference in found:
        printing.line(difference)
    typer.echo(f"hub: {check} is not this hub's schema; write it anew with: hub schema > {check}", err=True)
    raise typer.Exit(1)
