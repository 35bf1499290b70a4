"""`hub evidence`: test reports from files, and what has come in."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.options import AsJSON, Data, Registry, Token, Url

if TYPE_CHECKING:
    from hub.checks.evidence.rules import Report

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Send test reports about versions, and list them.\n\nExample: hub evidence list",
)

ADD = """
mutation ($input: AddEvidenceInput!) {
  addEvidence(input: $input) {
    __typename
    ... on EvidenceAdded { evidence {
      id kind verdict title tool source figures measuredAt addedAt versionDigest codeCommit dataDigest seed environment
      command reproducible disputed repeats { id measuredAt } disagreesWith { id verdict figures measuredAt }
    } }
    ... on Refusal { code why field }
  }
}
"""
LIST = """
query ($first: Int!, $filter: EvidenceFilter) {
  evidence(first: $first, filter: $filter) {
    nodes { id kind verdict title source figures measuredAt reproducible disputed model { name } version { name } }
    totalCount
  }
}
"""
REPRODUCING = {
    "codeCommit": "commit", "dataDigest": "data digest", "seed": "seed", "environment": "environment",
    "command": "command",
}  # fmt: skip

Model = Annotated[str | None, typer.Option("--model", help="The model's name.", show_default=False)]
Version = Annotated[
    str | None, typer.Option("--version", help="The version's name in its registry.", show_default=False)
]


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="The report: our own JSON or YAML, JUnit XML, or SARIF.")],
    model: Annotated[str, typer.Option("--model", help="The model's name.")],
    version: Annotated[str, typer.Option("--version", help="The version's name in its registry.")],
    kind: Annotated[
        str | None,
        typer.Option("--kind", help="What it is about, such as FAIRNESS. Default: as the file says; SARIF: SECURITY."),
    ] = None,
    registry: Registry = None,
    fail_on_fail: Annotated[
        bool, typer.Option("--fail-on-fail", help="Exit with 1 when the report's verdict is FAIL.")
    ] = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    json: AsJSON = False,
) -> None:
    """Send a test report about a version, and show what was taken in.

    Example: hub evidence add junit.xml --model scans --version 3 --kind FAIRNESS
    """
    from hub.checks.evidence.files.opening import MOST_BYTES, opened
    from hub.cli import named, printing, remote

    report = opened(_read(file, MOST_BYTES), name=file.name, kind=_kind(kind))
    hub = remote.found(data=data, url=url, token=token)
    version_id = named.version_id(hub, model=model, version=version, registry=registry)
    made = hub.change(ADD, input=_input(version_id, report))["evidence"]
    if json:
        printing.as_json(made)
    else:
        _show(made, f"{model} {version}")
    if fail_on_fail and made["verdict"] == "FAIL":
        raise typer.Exit(1)


@app.command("list")
def list_(
    model: Model = None,
    version: Version = None,
    registry: Registry = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="Only reports about this, such as FAIRNESS.", show_default=False)
    ] = None,
    verdict: Annotated[
        str | None, typer.Option("--verdict", help="Only with this verdict: PASS, FAIL or NONE.", show_default=False)
    ] = None,
    disputed: Annotated[bool, typer.Option("--disputed", help="Only those whose re-runs disagree.")] = False,
    first: Annotated[int, typer.Option("--first", min=1, max=100, help="How many, newest first.")] = 30,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    json: AsJSON = False,
) -> None:
    """List test reports, the last measured first.

    Example: hub evidence list --model scans --kind FAIRNESS --json
    """
    from hub.checks.tables import Verdict
    from hub.cli import named, printing, remote
    from hub.cli.gate.inert import inert
    from hub.errors import Code, Refused

    if verdict is not None and verdict.upper() not in Verdict.__members__:
        raise Refused(Code.BAD_INPUT, f"there is no verdict {verdict[:80]}; there are {', '.join(Verdict)}")
    if version is not None and model is None:
        raise Refused(Code.BAD_INPUT, "--version needs --model: many models have a version of that name", field="model")
    about = _kind(kind)
    hub = remote.found(data=data, url=url, token=token)
    filter: dict[str, Any] = {}
    if model is not None:
        found = named.found(hub, model=model, version=version, registry=registry)
        filter = {"version": found.version} if found.version is not None else {"model": found.model}
    filter |= {"kind": [about]} if about else {}
    filter |= {"verdict": [verdict.upper()]} if verdict else {}
    filter |= {"disputed": True} if disputed else {}
    told = hub.ask(LIST, first=first, filter=filter)["evidence"]
    if json:
        printing.as_json(told["nodes"])
        return
    rows = [
        (
            one["measuredAt"][:16].replace("T", " "), one["kind"], one["verdict"],
            inert((one["model"] or {}).get("name") or ""), inert((one["version"] or {}).get("name") or ""),
            one["source"], "disputed" if one["disputed"] else "", "yes" if one["reproducible"] else "no",
            len(one["figures"]), inert(one["title"]) or "-", one["id"],
        )
        for one in told["nodes"]
    ]  # fmt: skip
    columns = (
        "MEASURED", "KIND", "VERDICT", "MODEL", "VERSION", "SOURCE", "DISPUTED", "REPRODUCIBLE", "FIGURES", "TITLE",
        "ID",
    )  # fmt: skip
    printing.table(columns, rows)
    if told["totalCount"] > len(rows):
        printing.line(f"{len(rows)} of {told['totalCount']}; --first shows more, --model, --kind and --verdict fewer")


def _kind(told: str | None) -> Any:
    from hub.checks.tables import EvidenceKind
    from hub.errors import Code, Refused

    if told is None:
        return None
    clean = told.strip().upper().replace("-", "_")
    if clean not in EvidenceKind.__members__:
        there = ", ".join(EvidenceKind)
        raise Refused(Code.BAD_INPUT, f"there is no kind {told[:80]}; there are {there}", field="kind")
    return EvidenceKind(clean)


def _read(file: Path, most: int) -> bytes:
    from hub.errors import Code, Refused

    try:
        with file.open("rb") as opened:
            return opened.read(most + 1)
    except OSError as error:
        why = error.strerror or error.__class__.__name__
        raise Refused(Code.BAD_INPUT, f"{file} cannot be read: {why}", field="file") from None


def _input(version_id: str, report: "Report") -> dict[str, Any]:
    return {
        "version": version_id,
        "kind": report.kind,
        "verdict": report.verdict,
        "title": report.title,
        "tool": report.tool,
        "figures": [{"name": name, "value": value} for name, value in report.figures.items()],
        "details": dict(report.details),
        "versionDigest": report.version_digest,
        "measuredAt": report.measured_at.isoformat() if report.measured_at is not None else None,
        "codeCommit": report.code_commit,
        "dataDigest": report.data_digest,
        "seed": report.seed,
        "environment": report.environment,
        "command": report.command,
        "source": report.source,
    }


def _show(made: dict[str, Any], of: str) -> None:
    from hub.cli import printing
    from hub.cli.gate.inert import inert

    title = f": {inert(made['title'])}" if made["title"] else ""
    printing.line(f"{made['kind']} {made['verdict']} for {inert(of)}{title}")
    first = made["disagreesWith"]
    if made["figures"]:
        columns = ("FIGURE", "VALUE") if first is None else ("FIGURE", "VALUE", "FIRST")
        before = {} if first is None else first["figures"]
        names = sorted({*made["figures"], *before})
        rows = [
            (inert(name), made["figures"].get(name)) + (() if first is None else (before.get(name),)) for name in names
        ]
        printing.table(columns, rows, indent="  ")
    if made["repeats"]:
        printing.line(f"repeats {made['repeats']['id']}, measured {made['repeats']['measuredAt']}")
    if first is not None:
        printing.line(f"DISAGREES with {first['id']}, measured {first['measuredAt']}, verdict {first['verdict']}")
    wanting = [name for field, name in REPRODUCING.items() if made[field] is None]
    if wanting:
        printing.line(f"cannot be reproduced from what it says: no {', no '.join(wanting)}")
    printing.line(made["id"])
