"""`hub query`: ask a running hub over HTTP."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.options import Data

WITHIN_S = 35.0


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
    token: Annotated[
        str | None, typer.Option("--token", envvar="HUB_TOKEN", help="Default: the one kept in the data folder.")
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="The hub. Default: the one that runs in the data folder.")
    ] = None,
    data: Data = None,
) -> None:
    """Ask the hub and print its answer as JSON; exit code 1 when there are errors in it.

    Example: hub query 'query($n: Int!) { models(first: $n) { nodes { name } } }' --var n=3
    """
    import orjson

    from hub.cli import place

    chosen = place.chosen(data=data)
    address = (url or place.remembered(chosen.data, "url") or f"http://{chosen.host}:{chosen.port}").rstrip("/")
    bearer = token or place.remembered(chosen.data, "token")
    body: dict[str, Any] = {"query": _text(what), "variables": dict(map(_variable, var or ()))}
    if operation is not None:
        body["operationName"] = operation
    answer = _asked(f"{address}/graphql", bearer, orjson.dumps(body))
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


def _asked(url: str, bearer: str | None, body: bytes) -> dict[str, Any]:
    import urllib.error
    import urllib.request

    import orjson

    from hub.errors import Code, Refused

    headers = {"Content-Type": "application/json", "Accept": "application/graphql-response+json, application/json"}
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    try:
        asked = urllib.request.Request(url, body, headers)  # noqa: S310 - the person's own address
    except ValueError:
        raise Refused(Code.BAD_INPUT, f"{url} is no address; write http://127.0.0.1:8000", field="url") from None
    # A proxy named in the environment would be asked for an address of this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(asked, timeout=WITHIN_S) as answer:
            read = answer.read()
    except urllib.error.HTTPError as error:
        read = error.read()
    except (urllib.error.URLError, OSError) as error:
        why = getattr(error, "reason", error)
        raise Refused(
            Code.UNAVAILABLE,
            f"no hub answers at {url} ({why}); start one with hub up, or name it with --url",
            field="url",
        ) from None
    try:
        found = orjson.loads(read)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Refused(Code.UNAVAILABLE, f"what answers at {url} is no hub; name one with --url")
    return found
