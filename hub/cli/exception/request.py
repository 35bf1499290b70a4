"""`hub exception request`: an exception asked for, step by step at a terminal, or by options alone."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.exception.given import Attach
from hub.cli.options import AsJSON, Data, Registry, Token, Url

if TYPE_CHECKING:
    from hub.cli.exception.files import File
    from hub.cli.exception.request_given import Given
    from hub.cli.remote import Remote

Typed = str | None


def _option(name: str, help: str, metavar: Typed = None) -> Any:
    return typer.Option(name, metavar=metavar, help=help, show_default=False)


def request(
    policy: Annotated[Typed, _option("--policy", "The policy, by its key.", "KEY")] = None,
    model: Annotated[Typed, _option("--model", "The model, by its name in its registry.")] = None,
    version: Annotated[Typed, _option("--version", "Only this version; without it, every one.")] = None,
    to: Annotated[Typed, _option("--to", "Only for this stage; without it, every one.", "STAGE")] = None,
    registry: Registry = None,
    template: Annotated[Typed, _option("--template", "The template to write it from.", "SLUG")] = None,
    justification: Annotated[Typed, _option("--justification", "Why it cannot be kept for now.")] = None,
    justification_file: Annotated[
        Path | None, _option("--justification-file", "The same from a file, sections below '## Heading'.", "FILE")
    ] = None,
    answer: Annotated[
        list[str] | None, _option("--answer", "A section of the template; may be repeated.", "SECTION=TEXT")
    ] = None,
    control: Annotated[
        list[str] | None,
        _option("--control", "What lowers the risk: TEXT | every 14 | by HANDLE | policy KEY; may be repeated."),
    ] = None,
    criterion: Annotated[
        list[str] | None,
        _option("--criterion", "What must be true to close it: TEXT | policy KEY | due DATE; may be repeated."),
    ] = None,
    expires: Annotated[Typed, _option("--expires", "Until when: 60d, a date or an instant.", "WHEN")] = None,
    starts: Annotated[Typed, _option("--starts", "From when; without it, from now.", "WHEN")] = None,
    review_every: Annotated[int | None, _option("--review-every", "Look again after so many days.", "DAYS")] = None,
    kind: Annotated[Typed, _option("--kind", "EXCEPTION, WAIVER, RISK_ACCEPTANCE or FALSE_POSITIVE.")] = None,
    risk_before: Annotated[Typed, _option("--risk-before", "How bad without the controls.", "SEVERITY")] = None,
    risk_after: Annotated[Typed, _option("--risk-after", "How bad with them.", "SEVERITY")] = None,
    treatment: Annotated[Typed, _option("--treatment", "What you recommend to do about the risk.")] = None,
    owner: Annotated[Typed, _option("--owner", "Who answers for closing it; you.", "HANDLE")] = None,
    ticket: Annotated[Typed, _option("--ticket", "The ticket's address.", "URL")] = None,
    attach: Attach = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")] = False,
    draft: Annotated[
        bool, typer.Option("--draft", help="Keep it as a draft of yours; nobody is asked, and nobody sees it.")
    ] = False,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Ask that a model need not keep a policy for a while. At a terminal it asks for what the options leave out.

    Example: hub exception request --policy recall --model fraud-detection --version 7 --template emergency-fix
    """
    from hub.cli import agreeing, printing, remote
    from hub.cli.exception import files, request_preview
    from hub.cli.exception.request_given import Given
    from hub.cli.exception.request_prompts import Prompts
    from hub.cli.exception.request_wanted import wanted
    from hub.cli.gate.text import width_of

    given = Given(
        policy, model, version, to, registry, kind, template, _text(justification, justification_file),
        tuple(answer or ()), tuple(control or ()), tuple(criterion or ()), expires, starts, review_every,
        risk_before, risk_after, treatment, owner, ticket,
    )  # fmt: skip
    prompts = Prompts(agreeing.at_a_terminal() and not (yes or json))
    _check(given, prompts.at_a_terminal, yes=yes, draft=draft)
    _check_files(attach, draft=draft)
    attached = files.read(attach or [])
    hub = remote.found(data=data, url=url, token=token)
    asked = wanted(hub, given, prompts, datetime.now(UTC))
    if not json:
        for line in request_preview.lines(asked, width_of(sys.stdout), attached):
            printing.line(line)
    if draft:
        _keep(hub, asked.input, json=json)
        return
    if not yes and not agreeing.agreed("Ask for it?"):
        printing.line("nothing was asked")
        raise typer.Exit(1)
    _send(hub, asked.input, attached, json=json)


def _check(given: "Given", at_a_terminal: bool, *, yes: bool, draft: bool) -> None:
    from hub.errors import Code, Refused

    if at_a_terminal:
        return
    if lacking := given.lacking(draft=draft):
        why = f"nobody can be asked here, and a request needs {'; '.join(lacking)}"
        raise Refused(Code.BAD_INPUT, why)
    if not yes and not draft:
        raise Refused(Code.BAD_INPUT, "nobody can be asked here; say --yes to send the request as it is")


def _check_files(files: list[Path] | None, *, draft: bool) -> None:
    from hub.errors import Code, Refused

    if files and draft:
        why = "a draft keeps no files; name them when you ask for it: hub exception submit DRAFT --attach FILE"
        raise Refused(Code.BAD_INPUT, why, field="attach")


def _text(said: str | None, file: Path | None) -> str | None:
    from hub.errors import Code, Refused

    if file is None:
        return said
    if said is not None:
        raise Refused(Code.BAD_INPUT, "say --justification or --justification-file, not both", field="justification")
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = f"{file} cannot be read as UTF-8 text ({error}); name another file"
        raise Refused(Code.BAD_INPUT, why, field="justification") from None


def _keep(hub: "Remote", input: dict[str, Any], *, json: bool) -> None:
    from hub.cli import printing
    from hub.cli.approvals.naming import bare
    from hub.cli.exception import request_queries as queries

    made = hub.change(queries.DRAFT, input=input)["draft"]
    if json:
        printing.as_json(made)
        return
    printing.line(f"kept as a draft, which you alone see; ask for it with: hub exception submit {bare(made['id'])}")


def _send(hub: "Remote", input: dict[str, Any], attached: "list[File]", *, json: bool) -> None:
    from hub.cli import printing
    from hub.cli.exception import files, following
    from hub.cli.exception import request_queries as queries

    input = {**input, "attachments": files.sent(hub, attached)}
    made = hub.change(queries.REQUEST, input=input)["exception"]
    if json:
        printing.as_json(made)
        return
    following.asked(made)
    for line in files.said(made, attached):
        printing.line(line)
