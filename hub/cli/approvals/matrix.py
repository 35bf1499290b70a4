"""`hub approvals matrix show` and `changes`: who is asked about what, and what is proposed about that."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.approvals import proposing
from hub.cli.options import AsJSON, Data, Registry, Token, Url

if TYPE_CHECKING:
    from hub.cli.remote import Remote

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The approval matrix: who is asked about what. It is changed only as it says itself.\n\n"
    "Example: hub approvals matrix show",
)
app.command("propose")(proposing.propose)
app.command("remove")(proposing.remove)
app.command("withdraw")(proposing.withdraw)

ROWS = """query($first: Int!, $after: String) { approvalRules(first: $first, after: $after) {
  pageInfo { hasNextPage endCursor }
  nodes { id subjectKind tier stage tag steps termDays remindersH escalation atEnd calendar rationale setAt }
} }"""

CHOICE = """query($version: ID!, $stage: Stage!) { approvalRuleFor(version: $version, stage: $stage) {
  why stage rule { id subjectKind tier stage tag steps termDays atEnd calendar rationale }
  steps(first: 20) { nodes { step name signers(first: 50) { totalCount nodes { name handle } } } }
  excluded(first: 50) { nodes { name why person { name handle } } }
  considered(first: 50) { nodes { applies why rule { subjectKind tier stage tag } } }
} }"""

CHANGES = """query($first: Int!, $filter: MatrixChangeFilter!) { matrixChanges(first: $first, filter: $filter) {
  totalCount nodes { id subjectKind tier stage tag status summary createdAt author { name handle } request { id } }
} }"""


@app.command("show")
def show(
    model: Annotated[str | None, typer.Option("--model", help="A model, by its name.", show_default=False)] = None,
    version: Annotated[str | None, typer.Option("--version", help="One of its versions.", show_default=False)] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="STAGE", help="The stage it is to go to.", show_default=False)
    ] = None,
    registry: Registry = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Show the rows of the matrix. With a version and a stage: the one that applies, why, and who could sign.

    Example: hub approvals matrix show --model fraud-detection --version 7 --to production
    """
    from hub.cli import named, printing, remote
    from hub.cli.approvals.naming import word
    from hub.errors import Code, Refused
    from hub.models.tables import Stage

    given = [one is not None for one in (model, version, to)]
    if any(given) and not all(given):
        raise Refused(Code.BAD_INPUT, "a version's rule needs all of --model, --version and --to", field="model")
    if model is None or version is None or to is None:
        rows = _rows(remote.found(data=data, url=url, token=token))
        if json:
            printing.as_json(rows)
        else:
            _table(rows)
        return
    stage = word(to, Stage, option="--to")
    hub = remote.found(data=data, url=url, token=token)
    id = named.version_id(hub, model=model, version=version, registry=registry)
    choice = hub.ask(CHOICE, version=id, stage=stage)["approvalRuleFor"]
    if json:
        printing.as_json(choice)
    else:
        _choice(choice, f"{model} {version} to {stage}")


@app.command("changes")
def changes(
    every: Annotated[bool, typer.Option("--all", help="Also those that are decided.")] = False,
    first: Annotated[int, typer.Option("--first", min=1, max=100, help="How many, newest first.")] = 30,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """List what is proposed about the matrix. Each is decided as a request, under the row that is in force.

    Example: hub approvals matrix changes
    """
    from hub.cli import printing, remote
    from hub.cli.approvals import rows
    from hub.cli.approvals.naming import bare, called
    from hub.cli.gate.inert import inert

    filter = {} if every else {"status": ["IN_REVIEW"]}
    found = remote.found(data=data, url=url, token=token).ask(CHANGES, first=first, filter=filter)["matrixChanges"]
    if json:
        printing.as_json(found["nodes"])
        return
    if not found["nodes"]:
        more = "" if every else "; see what was decided with: hub approvals matrix changes --all"
        printing.line(f"nothing is proposed about the matrix{more}")
        return
    table = [
        (
            inert(one["status"]),
            rows.about(one),
            inert(one["summary"], 80),
            called(one["author"]),
            bare(one["id"]),
            bare(one["request"]["id"]) if one["request"] else None,
        )
        for one in found["nodes"]
    ]
    printing.table(("STATUS", "ROW", "SUMMARY", "PROPOSED BY", "CHANGE", "REQUEST"), table)
    if found["totalCount"] > len(table):
        printing.line(f"{len(table)} of {found['totalCount']}; --first shows more")


def _rows(hub: "Remote") -> list[dict[str, Any]]:
    from hub.cli.approvals.queries import PAGE

    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = hub.ask(ROWS, first=PAGE, after=after)["approvalRules"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def _table(found: list[dict[str, Any]]) -> None:
    from hub.cli import printing
    from hub.cli.approvals import rows
    from hub.cli.gate.inert import inert

    table = [
        (
            inert(one["subjectKind"]),
            one["tier"] or "any",
            one["stage"] or "any",
            inert(one["tag"] or "any"),
            rows.notation(one["steps"]),
            f"{one['termDays']} days",
            inert(one["atEnd"]),
            inert(one["calendar"]),
            inert(one["rationale"], 60),
        )
        for one in found
    ]
    printing.table(("KIND", "TIER", "STAGE", "TAG", "STEPS", "TERM", "AT ITS END", "CALENDAR", "WHY"), table)


def _choice(choice: dict[str, Any], asked: str) -> None:
    from hub.cli import printing
    from hub.cli.approvals import rows, stepping
    from hub.cli.approvals.naming import called
    from hub.cli.gate.inert import inert

    printing.line(f"{inert(asked)}: {inert(choice['why'])}")
    rule = choice["rule"]
    if rule is not None:
        why = f": {inert(rule['rationale'])}" if rule["rationale"] else ""
        printing.line(f"  row {rows.about(rule)}{why}")
        for one in choice["steps"]["nodes"]:
            names = ", ".join(map(called, one["signers"]["nodes"])) or "nobody today"
            asks = stepping.asked(rule["steps"][one["step"]])
            printing.line(f"  {one['step'] + 1}. {inert(one['name'])}: {asks}; could sign: {names}")
    for one in choice["excluded"]["nodes"]:
        who = f" = {called(one['person'])}" if one["person"] else ""
        printing.line(f"  signs nothing: {inert(one['name'])}{who}, {inert(one['why'])}")
    for one in choice["considered"]["nodes"]:
        if not one["applies"] and one["rule"] is not None:
            printing.line(f"  not {rows.about(one['rule'])}: {inert(one['why'])}")
