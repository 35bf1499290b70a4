"""`hub exception import`: exceptions asked for by a sheet or by JSON, with what became of each line."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.options import AsJSON, Data, Token, Url

if TYPE_CHECKING:
    from hub.cli.exception.importing_wanted import Wanted
    from hub.cli.remote import Remote
    from hub.exceptions.exchange.sheets import Line

ASKED, BEFORE, REFUSED = "asked", "asked before", "refused"
AT_ONCE, MOST_BYTES = 25, 500_000
"""As many lines as go into one request, and as much as they may be together."""


def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A CSV file whose first line names the columns, or exported JSON.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Have the hub do the very same and undo it; ask nothing.")
    ] = False,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Ask for the exceptions of a file, line by line. People decide about each as about any other.

    A line that was asked for before is not asked for again, so that a corrected file may be given as it is. Ends with 1
    when a line was refused.

    Example: hub exception import exceptions.csv --dry-run
    """
    from hub.cli import printing, remote
    from hub.exceptions.exchange import documents, sheets

    text = _text(file)
    lines = documents.read(text) if documents.is_json(text) else sheets.read(text)
    told = _told(remote.found(data=data, url=url, token=token), lines, dry_run=dry_run)
    if json:
        printing.as_json(told)
    else:
        rows = [(one["line"], one["became"], one["what"], one["exception"] or one["why"]) for one in told]
        printing.table(("LINE", "BECAME", "WHAT", "EXCEPTION, OR WHY NOT"), rows)
        printing.line(_summary([one["became"] for one in told], dry_run=dry_run))
    if any(one["became"] == REFUSED for one in told):
        raise typer.Exit(1)


def _text(file: Path) -> str:
    from hub.errors import Code, Refused

    try:
        # Read as bytes: a text file's line ends would be made one kind, within what people wrote too.
        return file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Refused(Code.NOT_FOUND, f"{file} cannot be read: {error.strerror}", field="file") from None
    except UnicodeDecodeError as error:
        why = f"{file} is not UTF-8 at byte {error.start}; save it as UTF-8"
        raise Refused(Code.BAD_INPUT, why, field="file") from None


def _summary(became: Sequence[str], *, dry_run: bool) -> str:
    asked, before, refused = (became.count(one) for one in (ASKED, BEFORE, REFUSED))
    told = [f"{asked} {'would be asked for' if dry_run else 'asked for'}", f"{refused} refused"]
    told[1:1] = [f"{before} asked for before"] if before else []
    return f"{len(became)} line{'' if len(became) == 1 else 's'}: {', '.join(told)}"


def _told(hub: "Remote", lines: Sequence["Line"], *, dry_run: bool) -> list[dict[str, Any]]:
    """What became of each line, or would: a dry run takes the same ways, and the hub undoes what it did.

    What several lines say alike is asked for once; of the others the same became.
    """
    from hub.cli.exception import importing_wanted as wanted

    read = wanted.read(hub, lines)
    first: dict[bytes, Wanted] = {}
    for one in read:
        if one.input is not None:
            first.setdefault(one.key, one)
    became: dict[bytes, dict[str, Any]] = {}
    for some in _some(list(first.values())):
        items = wanted.imported(hub, some, dry_run=dry_run)
        became |= {one.key: item for one, item in zip(some, items, strict=True)}
    return [_row(one, became.get(one.key), is_first=first.get(one.key) is one) for one in read]


def _some(wanted: Sequence["Wanted"]) -> Iterator[list["Wanted"]]:
    some: list[Wanted] = []
    for one in wanted:
        if some and (len(some) == AT_ONCE or sum(len(each.key) for each in (*some, one)) > MOST_BYTES):
            yield some
            some = []
        some.append(one)
    if some:
        yield some


def _row(wanted: "Wanted", item: dict[str, Any] | None, *, is_first: bool) -> dict[str, Any]:
    told = {"line": wanted.number, "became": REFUSED, "what": wanted.what, "exception": None}
    if item is None:
        return told | {"why": wanted.why, "column": wanted.column}
    if item["became"] == "REFUSED":
        return told | {"why": item["why"], "column": wanted.column_of(item["field"])}
    id = item["exception"].rpartition(":")[2] if item["exception"] else None
    is_new = is_first and item["became"] == "ASKED"
    return told | {"became": ASKED if is_new else BEFORE, "exception": id, "why": None, "column": None}
