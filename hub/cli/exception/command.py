"""`hub exception`: its commands, each from the module that has it."""

import typer

from hub.cli.exception import due, exporting, importing, listing, moving, request, reviewing, showing

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Granted deviations from policies: ask for one, follow it, close it.\n\nExample: hub exception list",
)
app.command("request")(request.request)
app.command("list")(listing.list_)
app.command("show")(showing.show)
app.command("due")(due.due)
app.command("withdraw")(moving.withdraw)
app.command("extend")(moving.extend)
app.command("review")(reviewing.review)
app.command("revoke")(moving.revoke)
app.command("resolve")(moving.resolve)
app.command("assign")(moving.assign)
app.command("export")(exporting.export)
app.command("import")(importing.import_)
