"""`hub exception`: its commands, each from the module that has it."""

import typer

from hub.cli.exception import (
    attaching,
    bulk,
    drafts,
    due,
    exporting,
    fetching,
    importing,
    listing,
    load,
    moving,
    request,
    reviewing,
    saying,
    showing,
    views,
)

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Deviations from policies: ask for one, follow it, close it.\n\nExample: hub exception list",
)
app.command("request")(request.request)
app.command("drafts")(drafts.drafts)
app.command("submit")(drafts.submit)
app.command("discard")(drafts.discard)
app.command("list")(listing.list_)
app.command("views")(views.views)
app.command("view-save")(views.view_save)
app.command("view-delete")(views.view_delete)
app.command("show")(showing.show)
app.command("attach")(attaching.attach)
app.command("fetch")(fetching.fetch)
app.command("due")(due.due)
app.command("load")(load.load)
app.command("repeats")(load.repeats)
app.command("withdraw")(moving.withdraw)
app.command("extend")(moving.extend)
app.command("review")(reviewing.review)
app.command("revoke")(moving.revoke)
app.command("resolve")(moving.resolve)
app.command("assign")(moving.assign)
app.command("bulk")(bulk.bulk)
app.command("attest")(saying.attest)
app.command("control")(saying.control)
app.command("confirm")(saying.confirm)
app.command("reopen")(saying.reopen)
app.command("export")(exporting.export)
app.command("import")(importing.import_)
