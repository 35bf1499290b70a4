"""The command line: `hub`. What a command needs is imported when it runs, so that --help comes at once."""

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from hub.cli import (
    calendar,
    check,
    doctor,
    evidence,
    metavars,
    migrate,
    permit,
    policy,
    printing,
    query,
    schema,
    serve,
    summary,
    sync,
    token,
    up,
)
from hub.cli.approvals import command as approvals
from hub.cli.exception import command as exception
from hub.cli.gate import command as gate
from hub.errors import Refused

USAGE = 2


class Speaking(TyperGroup):
    """Ends every command with a sentence instead of a stack; -v or --verbose, anywhere, shows the stack too."""

    def __init__(self, *rest: Any, **more: Any) -> None:
        super().__init__(*rest, **more)
        metavars.name_values(self)

    def main(self, args: Any = None, *rest: Any, **more: Any) -> Any:
        given = list(sys.argv[1:] if args is None else args)
        kept = [word for word in given if word not in ("-v", "--verbose")]
        try:
            return super().main(kept, *rest, obj=gate.VERBOSE if len(kept) < len(given) else None, **more)
        except Exception as error:
            if len(kept) < len(given):
                import traceback

                traceback.print_exception(error)
            print(f"hub: {printing.told(error)}", file=sys.stderr)  # noqa: T201
            sys.exit(USAGE if isinstance(error, Refused) else 1)


app = typer.Typer(
    cls=Speaking,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="One GraphQL graph over machine-learning models, their lineage, policies, exceptions and approvals.\n\n"
    "Start with: hub up --demo\n\nEvery command takes -v to show the stack of an error.",
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        printing.line(f"hub {version('governance-hub')}")
        raise typer.Exit


@app.callback()
def hub(
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """What stands before a command."""


app.command("up")(up.up)
app.command("serve")(serve.serve)
app.command("work")(serve.work)
app.command("migrate")(migrate.migrate)
app.command("schema")(schema.schema)
app.command("sync")(sync.sync)
app.command("query")(query.query)
app.command("summary")(summary.summary)
app.command("gate", cls=gate.Gate)(gate.gate)
app.command("doctor")(doctor.doctor)
app.add_typer(token.app, name="token")
app.add_typer(calendar.app, name="calendar")
app.add_typer(check.app, name="check")
app.add_typer(evidence.app, name="evidence")
app.add_typer(permit.app, name="permit")
app.add_typer(policy.app, name="policy")
app.add_typer(approvals.app, name="approvals")
app.add_typer(exception.app, name="exception")
