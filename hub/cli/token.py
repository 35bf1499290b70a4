"""`hub token`: bearer tokens, made and ended by whoever holds the database."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.options import AsJSON, Data

if TYPE_CHECKING:
    from hub.clock import Clock
    from hub.db import Db

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Make, list and revoke bearer tokens.\n\nExample: hub token list"
)


@app.command()
def create(
    person: Annotated[str, typer.Option("--for", metavar="HANDLE", help="Whom it is for.")] = "local-admin",
    label: Annotated[str, typer.Option("--label", help="What it is for, in a few words.")] = "made by hub token create",
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="READ, GATE, GOVERN, SYNC or ADMIN; may be repeated. Default: READ."),
    ] = None,
    days: Annotated[int, typer.Option("--days", help="Days until it lapses, 365 at most.")] = 90,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Make a token and print it: now, and never again.

    Example: hub token create --for local-admin --scope READ --days 30 --label dashboard
    """
    from hub.cli import once, place, printing, store
    from hub.errors import Code, Refused
    from hub.people import actions
    from hub.people.access import Scope

    wrong = sorted(set(scope or ()) - set(Scope))
    if wrong:
        raise Refused(Code.BAD_INPUT, f"there is no scope {wrong[0]!r}; there are {', '.join(Scope)}", field="scope")
    scopes = [Scope(name) for name in scope or ["READ"]]

    async def act(db: "Db", _clock: "Clock") -> dict[str, Any]:
        import hub.wiring  # noqa: F401

        found = await store.person(db.reads, person)
        if found is None:
            raise Refused(Code.NOT_FOUND, f"nobody has the handle {person}; {await _handles(db)}", field="for")
        async with db.write(actor=None, operation="hub token create") as tx:
            made, secret = await actions.create_token(
                tx, None, person_id=found, label=label, scopes=scopes, term_days=days
            )
        return {"token": secret, "person": person, "scopes": made.scopes, "expiresAt": made.expires_at.isoformat()}

    made = once.with_database(place.chosen(data=data), act)
    if json:
        printing.as_json(made)
    else:
        printing.line(made["token"])
        typer.echo(f"for {person}, {', '.join(made['scopes'])}, until {made['expiresAt'][:10]}", err=True)


@app.command("list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Also those that have lapsed or were revoked.")] = False,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """List tokens by the part of them that may be seen.

    Example: hub token list --all --json
    """
    from hub.cli import once, place, printing, store

    async def act(db: "Db", clock: "Clock") -> list[dict[str, Any]]:
        return await store.tokens(db.reads, ended=every, at=clock.now())

    found = once.with_database(place.chosen(data=data), act)
    if json:
        printing.as_json(found)
        return
    rows = [
        (one["prefix"], one["person"], one["scopes"], one["expires_at"], _state(one), one["label"]) for one in found
    ]
    printing.table(("TOKEN", "PERSON", "SCOPES", "UNTIL", "STATE", "LABEL"), rows)


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(help="The token, or the part of it that hub token list shows.")],
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """End a token now.

    Example: hub token revoke hub_bC6aU17z
    """
    from hub.cli import once, place, printing, store
    from hub.errors import Code, Refused
    from hub.people import actions
    from hub.people.tokens import prefix_of

    prefix = prefix_of(token)

    async def act(db: "Db", _clock: "Clock") -> None:
        import hub.wiring  # noqa: F401

        found = await store.token(db.reads, prefix)
        if found is None:
            raise Refused(Code.NOT_FOUND, f"there is no token {prefix}; see them with: hub token list")
        async with db.write(actor=None, operation="hub token revoke") as tx:
            await actions.revoke_token(tx, None, found[0])

    once.with_database(place.chosen(data=data), act)
    if json:
        printing.as_json({"token": prefix, "revoked": True})
    else:
        printing.line(f"{prefix} opens nothing any more")


def _state(token: dict[str, Any]) -> str:
    if token["revoked_at"] is not None:
        return "revoked"
    return "lapsed" if token["expires_at"] <= datetime.now(UTC) else "good"


async def _handles(db: "Db") -> str:
    from hub.cli import store

    found = await store.handles(db.reads)
    return f"there are {', '.join(found)}" if found else "nobody is there yet, since no hub was started on it: hub up"
