"""Queries ready to paste into a shell."""

from pathlib import Path


def curl(address: str, secret: str, asked: str) -> str:
    """A query ready to paste, with curl."""
    import shlex

    import orjson

    body = shlex.quote(orjson.dumps({"query": asked}).decode())
    return (
        f"curl -s {address}/graphql -H 'Authorization: Bearer {secret}' -H 'Content-Type: application/json' -d {body}"
    )


def query(data: Path, asked: str) -> str:
    """A query ready to paste, with the hub's own command."""
    import shlex

    folder = "" if data == Path(".hub") else f" --data {shlex.quote(str(data))}"
    return f"hub query{folder} {shlex.quote(asked)}"
