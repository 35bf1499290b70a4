"""`hub policy`: policies kept in Git, tried offline, held to what reviewers expect, and brought to a hub by changes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli import suggestions
from hub.cli.backtest import backtest
from hub.cli.options import AsJSON, Data, Token, Url

if TYPE_CHECKING:
    from hub.policies.bundles.lint import Problem
    from hub.policies.bundles.reading import Bundle

USAGE = 2

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Policies in Git: try, lint and apply them, and decide changes.\n\nExample: hub policy test --starter",
)

Folder = Annotated[Path | None, typer.Argument(metavar="DIR", help="A folder of KEY.yaml files.", show_default=False)]
Starter = Annotated[bool, typer.Option("--starter", help="The pack that comes with the hub, instead of a folder.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; for pipelines.")]
Change = Annotated[str, typer.Argument(metavar="CHANGE", help="The change's id, as hub policy changes shows it.")]


@app.command("test")
def test(
    folder: Folder = None,
    starter: Starter = False,
    failures: Annotated[
        bool, typer.Option("--failures", help="Print a Markdown table of what each policy says when it is not kept.")
    ] = False,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Also write JUnit XML there.")] = None,
    json: AsJSON = False,
) -> None:
    """Ask every fixture of its rule, without a hub. Exit code 1 when one ends otherwise than it says.

    Example: hub policy test policies --junit report.xml
    """
    from dataclasses import asdict

    from hub.cli import findings, printing, trying

    bundle = _read(folder, starter).sound()
    tried = trying.tried(bundle)
    wrong = [one for one in tried if one.why]
    wanting = trying.wanting(bundle)
    if junit is not None:
        _write(junit, findings.junit(tried))
    if json:
        lacking = {policy.wording.key: lacks for policy, lacks in wanting}
        printing.as_json({"bundle": bundle.name, "tests": [asdict(one) for one in tried], "lacking": lacking})
    elif failures:
        for line in findings.failures(tried):
            printing.line(line)
    else:
        rows = [(one.key, findings.cut(one.fixture), one.outcome, findings.cut(one.explanation)) for one in tried]
        printing.table(("POLICY", "FIXTURE", "OUTCOME", "EXPLANATION"), rows)
        printing.line()
        for one in wrong:
            printing.line(
                findings.harmless(f"{one.file}:{one.line}: {one.fixture!r} ended in {one.outcome}, {one.why}")
            )
            printing.line(findings.harmless(f"    {one.explanation}"))
        for policy, lacks in wanting:
            printing.line(f"{policy.file}:1: {policy.wording.key} has no fixture that ends in {lacks}")
        count = f"{len(bundle.policies)} policies, {len(tried)} fixtures"
        printing.line(f"{count}: {len(tried) - len(wrong)} as they should be, {len(wrong)} not")
    if wrong:
        raise typer.Exit(1)


@app.command("lint")
def lint(
    folder: Folder = None,
    starter: Starter = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
    github: Annotated[bool, typer.Option("--github", help="Print GitHub annotations.")] = False,
    json: AsJSON = False,
) -> None:
    """Look for what reviewers look for. Exit code 1 when there is an error in it.

    Example: hub policy lint policies --strict
    """
    from dataclasses import asdict

    from hub.cli import findings, printing
    from hub.policies.bundles.lint import Level

    bundle = _read(folder, starter)
    problems = _problems(bundle)
    if json:
        printing.as_json([asdict(one) for one in problems])
    else:
        for line in findings.annotations(problems) if github else findings.texts(problems):
            printing.line(line)
        if not github:
            errors = sum(one.level is Level.ERROR for one in problems)
            printing.line(f"{len(bundle.policies)} policies, {errors} errors, {len(problems) - errors} warnings")
    if any(strict or one.level is Level.ERROR for one in problems):
        raise typer.Exit(1)


@app.command("apply")
def apply(
    folder: Folder = None,
    starter: Starter = False,
    summary: Annotated[
        str | None, typer.Option("--summary", help="Why, for whoever decides. Default: the bundle's name and title.")
    ] = None,
    yes: Yes = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and end.")] = False,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Own policies too that are kept by hand or by another bundle.")
    ] = False,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Show what a bundle would change, and propose it. Once you agree, the changes are opened; a second person approves
    them.

    Exit code 1 when the hub refuses the plan, or you do.

    Example: hub policy apply policies --dry-run
    """
    from hub.cli import agreeing, applying
    from hub.errors import Code, Refused
    from hub.policies.bundles.lint import Level

    bundle = _read(folder, starter).sound()
    wrong = [one for one in _problems(bundle) if one.level is Level.ERROR]
    if wrong:
        from hub.cli import findings

        raise Refused(Code.BAD_INPUT, "\n".join(findings.texts(wrong)))
    if not (yes or dry_run) and (json or not agreeing.at_a_terminal()):
        raise Refused(Code.BAD_INPUT, "nobody can be asked here; say --yes, or --dry-run to see the plan alone")
    why = summary or f"{bundle.name}: {bundle.title or 'as it is in Git'}"
    applying.run(
        _hub(url, token, data), bundle, summary=why, yes=yes, dry_run=dry_run, take_over=take_over, as_json=json
    )


@app.command("list")
def list_(url: Url = None, token: Token = None, data: Data = None, json: AsJSON = False) -> None:
    """List the hub's policies, with the bundle of each.

    Example: hub policy list
    """
    from hub.cli import bundles, findings, printing

    found = sorted(bundles.catalog(_hub(url, token, data)).policies.values(), key=lambda one: str(one["key"]))
    if json:
        printing.as_json(found)
        return
    rows = [
        (
            one["key"],
            one["status"],
            one["severity"],
            one["enforcement"],
            (one["currentVersion"] or {}).get("number"),
            one["bundle"],
            one["reviewOn"],
            findings.cut(one["title"]),
        )
        for one in found
    ]
    printing.table(("KEY", "STATUS", "SEVERITY", "ENFORCEMENT", "VERSION", "BUNDLE", "REVIEW", "TITLE"), rows)


@app.command("show")
def show(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The policy's short name.")],
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Show what a policy says, and what was proposed.

    Example: hub policy show named-owner
    """
    from hub.cli import bundles, findings, printing
    from hub.errors import Code, Refused
    from hub.policies.bundles.plan import shown

    def line(text: str) -> None:
        printing.line(findings.harmless(text))

    found = _hub(url, token, data).ask(bundles.ONE, key=key)["policy"]
    if found is None:
        raise Refused(Code.NOT_FOUND, f"there is no policy {key[:100]}; see them with: hub policy list", field="key")
    if json:
        printing.as_json(found)
        return
    line(f"{found['key']}, {found['status']}, {found['bundle'] or 'kept by hand'}")
    for name, value in bundles.said(found["currentVersion"], key).items():
        each = value if isinstance(value, list) else shown(value).splitlines() if value not in ("", None, {}) else []
        if len(each) == 1 and not isinstance(value, list):
            line(f"{name}: {each[0]}")
        elif each:
            line(f"{name}:")
            for one in each:
                line(f"    {shown(one)}")
    for one in found["changes"]["nodes"]:
        line(f"change {one['id']}: {one['kind']} {one['status']} by {_handle(one['author'])}: {one['summary']}")


@app.command("changes")
def changes(
    every: Annotated[bool, typer.Option("--all", help="Also those that are decided.")] = False,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """List the changes that wait for a decision.

    Example: hub policy changes
    """
    from hub.cli import bundles, findings, printing

    found = bundles.open_changes(_hub(url, token, data), every=every)
    if json:
        printing.as_json(found)
        return
    rows = [
        (
            one["id"],
            one["policy"]["key"],
            one["kind"],
            one["status"],
            _handle(one["author"]),
            findings.cut(one["summary"]),
        )
        for one in found
    ]
    printing.table(("CHANGE", "POLICY", "KIND", "STATUS", "AUTHOR", "SUMMARY"), rows)


app.command("backtest")(backtest)
app.command("suggestions")(suggestions.suggestions)
app.command("suggestion-take")(suggestions.take)
app.command("suggestion-dismiss")(suggestions.dismiss)


@app.command("approve")
def approve(
    change: Change,
    note: Annotated[str, typer.Option("--note", help="What the author should know.")] = "",
    yes: Yes = False,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Approve a change that somebody else proposed. It is shown first and, once you agree, published.

    Example: hub policy approve PolicyChange:0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11
    """
    from hub.cli import applying

    _can_ask(yes, json)
    applying.decide(_hub(url, token, data), change, approved=True, note=note, yes=yes, as_json=json)


@app.command("reject")
def reject(
    change: Change,
    note: Annotated[str, typer.Option("--note", help="Why, for the author.")],
    yes: Yes = False,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Turn a change down that somebody else proposed.

    Example: hub policy reject PolicyChange:0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --note 'too strict for pilots'
    """
    from hub.cli import applying

    _can_ask(yes, json)
    applying.decide(_hub(url, token, data), change, approved=False, note=note, yes=yes, as_json=json)


def _read(folder: Path | None, starter: bool) -> "Bundle":
    from hub.errors import Code, Refused
    from hub.policies.bundles import reading

    if starter == (folder is not None):
        raise Refused(Code.BAD_INPUT, "name one folder of policies, or say --starter; not both, and not neither")
    return reading.read(reading.STARTER if folder is None else folder)


def _problems(bundle: "Bundle") -> "list[Problem]":
    from hub.policies.bundles.lint import lint

    return lint(bundle, today=datetime.now(UTC).date())


def _hub(url: str | None, token: str | None, data: Path | None) -> Any:
    from hub.cli import remote

    return remote.found(data=data, url=url, token=token)


def _can_ask(yes: bool, json: bool) -> None:
    from hub.cli import agreeing
    from hub.errors import Code, Refused

    if not yes and (json or not agreeing.at_a_terminal()):
        raise Refused(Code.BAD_INPUT, "nobody can be asked here; say --yes")


def _handle(person: Any) -> str:
    return person["handle"] if person else "nobody"


def _write(path: Path, text: str) -> None:
    from hub.errors import Code, Refused

    try:
        path.write_text(text)
    except OSError as error:
        raise Refused(Code.BAD_INPUT, f"{path} cannot be written ({error.strerror}); name another file") from None
