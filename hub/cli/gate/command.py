"""`hub gate`: whether a version may go to a stage, for pipelines."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer._click import Context  # the class that typer's own commands are given
from typer._click.exceptions import ClickException, UsageError
from typer.core import TyperCommand

from hub.cli import printing
from hub.cli.options import Data, Registry, Token, Url

if TYPE_CHECKING:
    from types import FrameType

    from hub.cli.gate.asking import Wish
    from hub.cli.gate.decision import Intent, Report
    from hub.cli.gate.waiting import Patience
    from hub.cli.remote import Remote

UNDECIDED = 3


class Format(StrEnum):
    """How the answer is written."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"
    GITHUB = "github"


class Stage(StrEnum):
    """Where a version may be taken."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


class Gate(TyperCommand):
    """Whatever goes wrong here ends in 3: never in 1 or 2, which a pipeline takes for the hub's own answer."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Context | None = None, **extra: Any
    ) -> Context:
        try:
            return super().make_context(info_name, args, parent=parent, **extra)
        except UsageError as error:
            _fail(f"{error.format_message()} See: hub gate --help")

    def invoke(self, ctx: Context) -> Any:
        try:
            return super().invoke(ctx)
        except (typer.Exit, ClickException, SystemExit):
            raise
        except KeyboardInterrupt:
            _fail("interrupted before the hub had decided; ask again")
        except Exception as error:
            if ctx.obj == VERBOSE:
                import traceback

                traceback.print_exception(error)
            _fail(printing.told(error))


VERBOSE = "verbose"
"""What the root puts into a context when -v or --verbose was given."""


def gate(
    context: typer.Context,
    model: Annotated[str, typer.Option("--model", help="The model's name in its registry.")],
    version: Annotated[str, typer.Option("--version", help="The version's name in its registry.")],
    to: Annotated[Stage, typer.Option("--to", case_sensitive=False, help="The stage it is to go to.")],
    registry: Registry = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for whoever approves.")] = "asked by a pipeline",
    rollback: Annotated[
        str | None, typer.Option("--rollback", metavar="VERSION", help="The version to go back to if it goes wrong.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait while people decide.")] = False,
    timeout: Annotated[str, typer.Option("--timeout", help="How long to wait, such as 90s, 30m or 1h30m.")] = "30m",
    format: Annotated[
        Format, typer.Option("--format", case_sensitive=False, help="How the answer is written.")
    ] = Format.TEXT,
    output: Annotated[
        Path | None, typer.Option("--output", help="Write the answer there; then text goes to standard output.")
    ] = None,
    permit: Annotated[Path | None, typer.Option("--permit", help="Write the permit there when it is allowed.")] = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
) -> None:
    """Ask whether a version may go to a stage. Exit code 0 yes, 1 no, 2 people must decide first, 3 cannot be told.

    Tells what is not kept, why, how to mend it, who can approve and how to ask for an exception; -v lists all policies.

    Example: hub gate --model fraud-detection --version 7 --to production --wait --permit permit.json
    """
    from hub.cli import remote
    from hub.cli.gate import asking, waiting, writing
    from hub.cli.gate.decision import undecided
    from hub.errors import Refused

    wish = asking.Wish(model, version, to.name, registry, reason, rollback)
    with _signals():
        try:
            patience = waiting.Patience(waiting.term(timeout)) if wait else None
            report = _asked(remote.found(data=data, url=url, token=token), wish, patience)
        except Refused as refused:
            report = undecided(refused.why, wish.told, datetime.now(UTC))
    code = report.exit_code
    if report.intent is None:
        _say(report.why)
    # Order matters: who finds the permit may deploy, so it is written when all else is said.
    faults = list(writing.answer(report, format.value, output, verbose=context.obj == VERBOSE))
    if permit is not None and code == 0:
        faults += writing.permit(report, permit)
    for fault in faults:
        _say(fault)
    raise typer.Exit(UNDECIDED if code == 0 and faults else code)


def _asked(hub: "Remote", wish: "Wish", patience: "Patience | None") -> "Report":
    from hub.cli.gate import asking, waiting
    from hub.cli.gate.decision import Decision, Report, decided

    intent = asking.request(hub, wish)
    more = ""
    if patience is not None and intent.status in waiting.OPEN:
        patience.status = intent.status
        try:
            _say(_awaited(intent))
            intent = waiting.until_decided(hub, intent, patience, _say)
        except KeyboardInterrupt:
            state = Decision.WAITING if patience.status == waiting.WAITING else Decision.UNDECIDED
            why = f"no longer waiting; {intent.id} stays open: run the same command to go on waiting"
            return Report(state, why, datetime.now(UTC), wish.told, intent)
        except waiting.TimedOut as over:
            if over.away is not None:
                why = f"the time is over and the hub cannot be asked: {over.away}"
                return Report(Decision.UNDECIDED, why, datetime.now(UTC), wish.told, intent)
            intent = asking.again(hub, intent.id)
            if intent.status in waiting.OPEN:
                more = "; the time given is over, and what was asked stays open: run the same command to go on waiting"
    decision, why = decided(intent)
    return Report(decision, f"{why}{more}", datetime.now(UTC), wish.told, intent, asking.approvers(hub, intent))


def _awaited(intent: "Intent") -> str:
    if intent.approval is None:
        return "waiting for the checks to end; Ctrl-C ends the wait, and nothing is lost"
    wanted = ", ".join(intent.approval.open) or "an approver"
    return f"waiting for {wanted} to sign {intent.approval.id}; Ctrl-C ends the wait, and nothing is lost"


@contextmanager
def _signals() -> Iterator[None]:
    """A runner that cancels a job sends SIGTERM: it ends a wait as Ctrl-C does."""

    def end(_number: int, _frame: "FrameType | None") -> None:
        raise KeyboardInterrupt

    before = None
    # Only a main thread may be told of signals.
    with suppress(ValueError):
        before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _say(text: str) -> None:
    sys.stderr.write(f"hub: {_inert(text)}\n")
    sys.stderr.flush()


def _fail(text: str) -> NoReturn:
    _say(text)
    sys.exit(UNDECIDED)


def _inert(text: str) -> str:
    from hub.cli.gate.inert import inert

    return inert(text)
