"""`hub exception import`: exceptions asked for by a sheet, with what became of each line."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.options import AsJSON, Data, Token, Url

if TYPE_CHECKING:
    from hub.cli.remote import Remote
    from hub.exceptions.exchange.sheets import Line

POLICY = "query($key: String!) { policy(key: $key) { id } }"
REQUEST = """mutation($input: RequestExceptionInput!, $key: String!) {
  requestException(input: $input, idempotencyKey: $key) {
    __typename
    ... on ExceptionChanged { exception { id status } }
    ... on Refusal { code why field }
  }
}"""
ASKED, REFUSED = "asked", "refused"


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file; its first line names the columns.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of each line; ask nothing.")
    ] = False,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Ask for the exceptions of a sheet, line by line; people decide about each as about any other.

    A line that was asked for before is not asked for again, so that a corrected file may be given as it is. Ends with 1
    when a line was refused.

    Example: hub exception import exceptions.csv --dry-run
    """
    from hub.cli import printing, remote
    from hub.exceptions.exchange import sheets

    lines = sheets.read(_text(file))
    hub = remote.found(data=data, url=url, token=token)
    told = [_taken(hub, line, dry_run=dry_run) for line in lines]
    refused = [one for one in told if one["became"] == REFUSED]
    if json:
        printing.as_json(told)
    else:
        rows = [(one["line"], one["became"], one["what"], one["exception"] or one["why"] or "") for one in told]
        printing.table(("LINE", "BECAME", "WHAT", "EXCEPTION, OR WHY NOT"), rows)
        asked = f"{len(told) - len(refused)} {'would be asked for' if dry_run else 'asked for'}"
        printing.line(f"{len(told)} line{'' if len(told) == 1 else 's'}: {asked}, {len(refused)} refused")
    if refused:
        raise typer.Exit(1)


def _text(file: Path) -> str:
    from hub.errors import Code, Refused

    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Refused(Code.NOT_FOUND, f"{file} cannot be read: {error.strerror}", field="file") from None
    except UnicodeDecodeError as error:
        raise Refused(
            Code.BAD_INPUT, f"{file} is not UTF-8 at byte {error.start}; save it as CSV UTF-8", field="file"
        ) from None


def _taken(hub: "Remote", line: "Line", *, dry_run: bool) -> dict[str, Any]:
    """What became of one line. A refusal is told with the column that it is about."""
    from hub.cli.gate.inert import inert
    from hub.errors import Refused

    what = " ".join(inert(line.cells.get(name, ""), 100) for name in ("model", "version", "policy")).strip()
    told = {"line": line.number, "became": ASKED, "what": " ".join(what.split()), "exception": None, "why": None}
    try:
        wanted = _input(hub, line)
        if dry_run:
            return told | {"became": "would be asked"}
        made = hub.change(REQUEST, input=wanted, key=_key(wanted))["exception"]
        return told | {"exception": made["id"].rpartition(":")[2]}
    except Refused as refused:
        return told | {"became": REFUSED, "why": refused.why, "column": refused.field}


def _key(wanted: Mapping[str, Any]) -> str:
    from hashlib import sha256

    import orjson

    return f"import {sha256(orjson.dumps(wanted, option=orjson.OPT_SORT_KEYS)).hexdigest()}"


def _input(hub: "Remote", line: "Line") -> dict[str, Any]:
    """What a line asks for, as the graph takes it."""
    from hub.cli import named
    from hub.cli.approvals.naming import person
    from hub.errors import Code, Refused
    from hub.exceptions.exchange.sheets import WANTED

    if line.lacks:
        told = "has more cells than the first line has names" if not line.cells else f"lacks {', '.join(line.lacks)}"
        raise Refused(Code.BAD_INPUT, f"the line {told}; {', '.join(WANTED)} are wanted", field=line.lacks[0])
    policy = hub.ask(POLICY, key=line.cells["policy"])["policy"]
    if policy is None:
        raise Refused(Code.NOT_FOUND, "there is no such policy; see them with: hub policy list", field="policy")
    found = named.found(
        hub,
        model=line.cells["model"],
        version=line.cells.get("version") or None,
        registry=line.cells.get("registry") or None,
    )
    return {
        "policy": policy["id"],
        "model": found.model,
        "version": found.version,
        "owner": person(hub, line.cells["owner"], field="owner")["id"],
        "justification": line.cells["justification"],
        "controls": [{"description": one} for one in line.several("controls")],
        "criteria": [{"description": one} for one in line.several("criteria")],
        **dict(_chosen(line)),
    }


def _chosen(line: "Line") -> Iterator[tuple[str, Any]]:
    """What else a line says; what it leaves empty is left to the hub."""
    for column, name, read in _columns():
        if said := line.cells.get(column):
            yield name, read(column, said)


def _columns() -> list[tuple[str, str, Callable[[str, str], object]]]:
    from hub.cli.approvals.naming import word
    from hub.exceptions.tables import ExceptionKind, RiskTreatment
    from hub.models.tables import Stage
    from hub.policies.tables import Severity

    return [
        ("expires", "expiresAt", lambda column, said: _instant(column, said, ends=True)),
        ("starts", "startsAt", lambda column, said: _instant(column, said, ends=False)),
        ("review", "reviewAt", lambda column, said: _instant(column, said, ends=True)),
        ("stage", "stage", lambda column, said: word(said, Stage, option=column)),
        ("kind", "kind", lambda column, said: word(said, ExceptionKind, option=column)),
        ("risk_before", "riskBefore", lambda column, said: word(said, Severity, option=column)),
        ("risk_after", "riskAfter", lambda column, said: word(said, Severity, option=column)),
        ("treatment", "recommendedTreatment", lambda column, said: word(said, RiskTreatment, option=column)),
        ("review_every_days", "reviewEveryDays", _number),
        ("template", "template", lambda _column, said: said),
        ("ticket", "ticketUrl", lambda _column, said: said),
    ]


def _instant(column: str, said: str, *, ends: bool) -> str:
    from datetime import UTC, datetime

    from hub.cli.approvals import when
    from hub.cli.gate.inert import inert
    from hub.errors import Code, Refused

    # A span would count from today, each day anew: the same line would ask for something else tomorrow.
    if when.SPAN.fullmatch(said.strip().lower()):
        raise Refused(Code.BAD_INPUT, f"{column} {inert(said, 50)}: write a date such as 2026-12-24", field=column)
    return when.instant(said, option=column, since=datetime.now(UTC), ends=ends).isoformat()


def _number(column: str, said: str) -> int:
    from hub.cli.gate.inert import inert
    from hub.errors import Code, Refused

    if not said.isdecimal():
        raise Refused(Code.BAD_INPUT, f"{column} {inert(said, 50)}: write a whole number of days", field=column)
    return int(said)
