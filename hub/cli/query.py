"""`hub query`: ask a running hub over HTTP."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.options import Data, Token, Url


def query(
    what: Annotated[
        str, typer.Argument(metavar="FILE|-|TEXT", help="The query: a file, - for standard input, or text.")
    ],
    var: Annotated[
        list[str] | None,
        typer.Option("--var", metavar="NAME=VALUE", help="A variable; the value is JSON, or text. May be repeated."),
    ] = None,
    operation: Annotated[
        str | None, typer.Option("--operation", help="Which operation, when there are several.")
    ] = None,
    token: Token = None,
    url: Url = None,
    data: Data = None,
) -> None:
    """Ask the hub and print its answer as JSON. Exit code 1 when there are errors in it.

    Example: hub query 'query($n: Int!) { models(first: $n) { nodes { name } } }' --var n=3
    """
    import orjson

    from hub.cli import remote

    hub = remote.found(data=data, url=url, token=token)
    body: dict[str, Any] = {"query": _text(what), "variables": dict(map(_variable, var or ()))}
    if operation is not None:
        body["operationName"] = operation
    answer = hub.answer(body)
    sys.stdout.write(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode() + "\n")
    if answer.get("errors"):
        raise typer.Exit(1)


def _text(what: str) -> str:
    from hub.errors import Code, Refused

    if what == "-":
        return sys.stdin.read()
    if "{" in what:
        return what
    try:
        return Path(what).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(
            Code.BAD_INPUT, f"{what[:200]} is neither a query nor a file that can be read ({error.__class__.__name__})"
        ) from None


def _variable(given: str) -> tuple[str, Any]:
    import orjson

    from hub.errors import Code, Refused

    name, equals, value = given.partition("=")
    if not equals or not name:
        raise Refused(Code.BAD_INPUT, f"--var {given[:200]!r} is not NAME=VALUE, such as --var n=3", field="var")
    try:
        return name, orjson.loads(value)
    except orjson.JSONDecodeError:
        return name, value
