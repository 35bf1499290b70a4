"""What `hub permit` reads: keys in their several forms, envelopes, what the hub serves to everybody."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.cli.gate.inert import inert
from hub.errors import Code, Refused

if TYPE_CHECKING:
    from hub.deployments.permits.statement import Statement

LARGEST = 16_000_000
WITHIN_S = 35.0


def keys(given: str) -> dict[str, bytes]:
    """Keys by id from a file's name, or from the key itself."""
    from base64 import b64decode
    from binascii import Error as NotBase64

    from hub.deployments.permits import envelope

    try:
        is_file = Path(given).is_file()
    except (OSError, ValueError):
        is_file = False
    words = read(Path(given), "the key").decode("utf-8", "replace").strip() if is_file else given.strip()
    try:
        raw = b64decode(words, validate=True)
    except (NotBase64, ValueError):
        raw = b""
    if len(raw) == envelope.KEY_BYTES:
        return {envelope.key_id(raw): raw}
    if not is_file and not envelope.HEX_KEY.fullmatch(words):
        raise Refused(
            Code.NOT_FOUND,
            f"--key {inert(given)[:100]} is neither a file that is there nor a key in hex or base64;"
            " fetch the hub's with: hub permit keys --out keys.json",
            field="key",
        )
    return envelope.public_keys(words)


def read(path: Path, what: str) -> bytes:
    """What stands in a file of a size that can be meant."""
    try:
        with path.open("rb") as file:
            words = file.read(LARGEST + 1)
    except OSError as error:
        raise Refused(Code.NOT_FOUND, f"{what} {path} cannot be read ({error.strerror or error})") from None
    if len(words) > LARGEST:
        raise Refused(Code.BAD_INPUT, f"{what} {path} has more than {LARGEST:,} bytes; it is another file")
    return words


def instant(given: str | None) -> datetime:
    """An instant with its zone; without one given, now."""
    if given is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Refused(
            Code.BAD_INPUT, f"--at {inert(given)[:50]}: write an instant with its zone, such as 2026-12-01T09:00:00Z"
        )
    return found


def check_subject(statement: "Statement", version_digest: str | None, stage: str | None) -> None:
    """Refuses a permit for another version or another stage than is meant."""
    wanted = None if version_digest is None else version_digest.removeprefix("sha256:").lower()
    if wanted is not None and wanted != statement.version_digest.lower():
        raise Refused(
            Code.STALE,
            f"the permit is for {statement.name} with the digest {statement.version_digest}, not for {wanted[:80]};"
            " ask the gate for that version",
            field="version_digest",
        )
    if stage is not None and stage.upper() != statement.stage:
        raise Refused(
            Code.STALE,
            f"the permit is for {statement.stage}, not for {stage.upper()[:40]}; ask the gate for that stage",
            field="stage",
        )


def opened(words: bytes) -> tuple["Statement", list[str]]:
    """The statement in an envelope whose signatures nobody looked at, and whose they say they are."""
    from base64 import b64decode

    import orjson

    from hub.deployments.permits import envelope
    from hub.deployments.permits.statement import read_statement
    from hub.deployments.permits.unfit import Fault, Unfit

    try:
        found = orjson.loads(words)
        payload = b64decode(found["payload"], validate=True)
        signers = [inert(one["keyid"]) for one in found["signatures"]]
    except (ValueError, KeyError, TypeError):
        raise Unfit(Fault.FORM, "this is no DSSE envelope; a permit is what hub gate --permit writes") from None
    return read_statement(payload, envelope.digest(payload)), signers


def told(statement: "Statement") -> dict[str, Any]:
    """The plain part of a statement."""
    return {
        "permit": statement.permit,
        "intent": statement.intent,
        "subject": statement.name,
        "version_digest": statement.version_digest,
        "stage": statement.stage,
        "issued_at": statement.issued_at,
        "expires_at": statement.expires_at,
        "digest": statement.digest,
        "bypass": None if statement.bypass is None else asdict(statement.bypass),
    }


def shown(statement: "Statement", signers: list[str]) -> list[str]:
    """A statement as tables."""
    from hub.cli import printing

    says = statement.predicate
    rows = [(name.replace("_", " "), inert(value)) for name, value in told(statement).items() if name != "bypass"]
    if statement.bypass is not None:
        rows.append(("bypass", inert(bypassed(statement))))
    target = says.get("rollbackTarget")
    rows.append(("back to", inert(target.get("name")) if isinstance(target, dict) else "nothing is named"))
    rows.append(("signed by", f"{', '.join(signers)} (not checked; hub permit verify does)"))
    lines = printing.aligned(("WHAT", "IT SAYS"), rows)
    for title, name, fields in (
        ("policy", "policies", ("key", "number", "outcome", "enforcement", "exception")),
        ("approved by", "approvals", ("person", "discipline", "at")),
    ):
        listed = says.get(name)
        ones = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        if ones:
            table = [[inert(one.get(field, "")) for field in fields] for one in ones]
            lines += ["", *printing.aligned([title, *fields[1:]], table)]
    return lines


def bypassed(statement: "Statement") -> str:
    """That a permit came by break-glass, in words; nothing for one that people approved."""
    one = statement.bypass
    if one is None:
        return ""
    return f"by break-glass of person {one.person}, without the approval asked for in request {one.request}"


def fetched(path: str, *, url: str | None, token: str | None, data: Path | None) -> str:
    """What the hub serves there without a token."""
    import urllib.error
    from http.client import HTTPException

    from hub.cli import remote, ways

    hub = remote.found(data=data, url=url, token=token)
    address = f"{hub.address}{path}"
    through = ways.proxy(address)
    try:
        with ways.opener(through).open(address, timeout=WITHIN_S) as answer:
            words: bytes = answer.read(LARGEST + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise Refused(
            Code.UNAVAILABLE, f"what answers at {address}{ways.told(through)} says {error.code}; name a hub with --url"
        ) from None
    except (OSError, HTTPException, ValueError) as error:
        raise Refused(Code.UNAVAILABLE, hub.silent(address, through, error)) from None
    if len(words) > LARGEST or not words.lstrip().startswith(b"{"):
        raise Refused(Code.UNAVAILABLE, f"what answers at {address}{ways.told(through)} is no hub; name one with --url")
    return words.decode("utf-8", "replace")


def said(at: datetime) -> str:
    """An instant in words."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
