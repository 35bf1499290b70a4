"""`hub permit`: permits checked without the hub, and what is needed for that."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from hub.cli import permit_files
from hub.cli.gate.inert import inert
from hub.cli.options import AsJSON, Data, Token, Url

INVALID, UNREADABLE = 1, 3

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Permits: verify them offline, fetch keys.")

Out = Annotated[Path | None, typer.Option("--out", help="Write it there instead of to standard output.")]


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The permit, as hub gate --permit wrote it.")],
    key: Annotated[
        list[str],
        typer.Option(
            "--key", help="A file from hub permit keys, a PEM file, or a key in hex or base64. May be repeated."
        ),
    ],
    revocations: Annotated[
        Path | None, typer.Option("--revocations", help="The list that hub permit revocations wrote.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="INSTANT", help="As if it were then, such as 2026-12-01T09:00:00Z.")
    ] = None,
    version_digest: Annotated[
        str | None, typer.Option("--version-digest", help="Valid only for the version of this SHA-256.")
    ] = None,
    stage: Annotated[str | None, typer.Option("--stage", help="Valid only for this stage.")] = None,
    json: AsJSON = False,
) -> None:
    """Check a permit without asking the hub. Exit code 0 valid, 1 not valid, 3 something needed cannot be read.

    Example: hub permit verify permit.json --key keys.json --revocations revocations.json --stage production
    """
    from hub.cli import printing
    from hub.deployments.permits import envelope
    from hub.deployments.permits.unfit import Fault, Unfit
    from hub.errors import Refused

    try:
        keys: dict[str, bytes] = {}
        for one in key:
            keys |= permit_files.keys(one)
        words = permit_files.read(file, "the permit")
        listed = None if revocations is None else permit_files.read(revocations, "the revocation list")
        now = permit_files.instant(at)
    except Refused as refused:
        _end(UNREADABLE, refused.why, json=json, fault="UNREADABLE")
    try:
        statement = envelope.verify(words, keys, now=now, revocations=listed)
        permit_files.check_subject(statement, version_digest, stage)
    except Unfit as unfit:
        # A list that cannot be relied on says nothing of the permit.
        beside = unfit.fault in (Fault.KEYS, Fault.REVOCATIONS) or unfit.field == "revocations"
        _end(UNREADABLE if beside else INVALID, unfit.why, json=json, fault=unfit.fault.value)
    except Refused as refused:
        _end(INVALID, refused.why, json=json, fault="SUBJECT")
    if json:
        printing.as_json({"valid": True, "why": None, "fault": None, "checked_revocations": listed is not None}
                         | permit_files.told(statement))  # fmt: skip
        return
    without = "" if listed is not None else "; whether it was revoked was not looked at: give --revocations"
    until = permit_files.said(statement.expires_at)
    bypassed = f"; {said}" if (said := permit_files.bypassed(statement)) else ""
    printing.line(inert(f"valid: {statement.name} may go to {statement.stage} until {until}{bypassed}{without}"))


@app.command("show")
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The permit.")],
    json: AsJSON = False,
) -> None:
    """Show what a permit says, without checking who signed it.

    Example: hub permit show permit.json
    """
    from hub.cli import printing
    from hub.deployments.permits.unfit import Unfit
    from hub.errors import Refused

    try:
        statement, signers = permit_files.opened(permit_files.read(file, "the permit"))
    except Unfit as unfit:
        _end(INVALID, unfit.why, json=json, fault=unfit.fault.value)
    except Refused as refused:
        _end(UNREADABLE, refused.why, json=json, fault="UNREADABLE")
    if json:
        printing.as_json(permit_files.told(statement) | {"signed_by": signers, "predicate": dict(statement.predicate)})
        return
    for line in permit_files.shown(statement, signers):
        printing.line(line)


@app.command("list")
def list_permits(
    first: Annotated[int, typer.Option("--first", min=1, max=100, help="How many, newest first.")] = 20,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """List the newest permits, and which were revoked.

    Example: hub permit list --first 50
    """
    from hub.cli import printing, remote

    hub = remote.found(data=data, url=url, token=token)
    nodes = hub.ask(LIST, first=first)["permits"]["nodes"]
    if json:
        printing.as_json(nodes)
        return
    now = datetime.now(UTC)
    rows = [
        [inert(cell) for cell in (
            node["id"], _of(node, "model"), _of(node, "version"), node["stage"], _state(node, now),
            permit_files.said(datetime.fromisoformat(node["expiresAt"])), node["revokedWhy"] or "",
        )]
        for node in nodes
    ]  # fmt: skip
    printing.table(("PERMIT", "MODEL", "VERSION", "STAGE", "STATE", "UNTIL", "WHY REVOKED"), rows)


@app.command("keys")
def fetch_keys(out: Out = None, url: Url = None, token: Token = None, data: Data = None) -> None:
    """Fetch the hub's public keys, to verify permits with. Do it once, over a way you trust.

    Example: hub permit keys --out keys.json
    """
    from hub.deployments.permits import envelope

    words = permit_files.fetched("/permits/keys", url=url, token=token, data=data)
    envelope.public_keys(words)
    _put(words, out)


@app.command("revocations")
def fetch_revocations(out: Out = None, url: Url = None, token: Token = None, data: Data = None) -> None:
    """Fetch the signed list of revoked permits. It is good for a day.

    Example: hub permit revocations --out revocations.json
    """
    _put(permit_files.fetched("/permits/revocations", url=url, token=token, data=data), out)


LIST = """query($first: Int!) { permits(first: $first) { nodes {
  id stage digest keyId issuedAt expiresAt revokedAt revokedWhy model { name } version { name } intent { id }
} } }"""


def _put(words: str, out: Path | None) -> None:
    from hub.cli.gate import writing
    from hub.errors import Code, Refused

    if out is None:
        sys.stdout.write(f"{words.rstrip()}\n")
        return
    for fault in writing.replaced(out, words):
        raise Refused(Code.SETTING, fault, field="out")


def _end(code: int, why: str, *, json: bool, fault: str) -> NoReturn:
    from hub.cli import printing

    if json:
        printing.as_json({"valid": False, "why": inert(why), "fault": fault})
    sys.stderr.write(f"hub: {inert(why)}\n")
    sys.exit(code)


def _of(node: dict[str, Any], name: str) -> str:
    return str((node[name] or {}).get("name") or "?")


def _state(node: dict[str, Any], now: datetime) -> str:
    if node["revokedAt"]:
        return "revoked"
    return "in force" if datetime.fromisoformat(node["expiresAt"]) > now else "expired"
