"""`hub approvals`: its commands, each from the module that has it."""

import typer

from hub.cli.approvals import asking, delegating, glass, leaving, listing, matrix, showing, signing, talking, velocity

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What waits for your answer: read it, sign it, ask about it.\n\nExample: hub approvals list",
)
app.command("list")(listing.list_)
app.command("show")(showing.show)
app.command("sign")(signing.sign)
app.command("unsign")(signing.unsign)
app.command("request")(asking.request)
app.command("withdraw")(asking.withdraw)
app.command("ask")(talking.ask)
app.command("answer")(talking.answer)
app.command("comment")(talking.comment)
app.command("resume")(talking.resume)
app.command("delegate")(delegating.delegate)
app.command("undelegate")(delegating.undelegate)
app.command("delegations")(delegating.delegations)
app.command("away")(leaving.away)
app.command("back")(leaving.back)
app.command("break-glass")(glass.break_glass)
app.command("break-glasses")(glass.break_glasses)
app.command("velocity")(velocity.velocity)
app.add_typer(matrix.app, name="matrix")
