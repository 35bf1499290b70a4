"""What is done with a summary: printed, written to a file, opened."""

import sys
from pathlib import Path

from hub.cli import printing
from hub.cli.gate.inert import inert
from hub.errors import Code, Refused


def hand(body: bytes, kind: str, out: Path | None, *, open_it: bool) -> None:
    """Write it where it is wanted; text and data on standard output where nothing else is said."""
    if out is None and not open_it:
        if kind == "pdf" and sys.stdout.isatty():
            raise Refused(
                Code.BAD_INPUT, "a PDF is nothing to read in a terminal; give --out FILE or --open", field="out"
            )
        _print(body)
        return
    path = out if out is not None else _passing(kind)
    try:
        path.write_bytes(body)
    except OSError as error:
        raise Refused(
            Code.BAD_INPUT, f"{path} cannot be written ({error.strerror}); name another", field="out"
        ) from None
    if out is not None:
        printing.line(f"{path}: {len(body):,} bytes")
    if open_it:
        _open(path)


def _print(body: bytes) -> None:
    # Bytes as they are: what is printed into a file is what the hub handed out, and its digest is right.
    sys.stdout.flush()
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


def _passing(kind: str) -> Path:
    import tempfile

    suffix = "txt" if kind == "text" else kind
    return Path(tempfile.mkdtemp(prefix="hub-summary-")) / f"summary.{suffix}"


def _open(path: Path) -> None:
    import webbrowser

    if not webbrowser.open(path.resolve().as_uri()):
        printing.line(f"no browser could be started; open {path}")


def text(body: bytes) -> bytes:
    """A summary's JSON as lines to read."""
    import shutil

    import orjson

    from hub.cli.summaries import lines
    from hub.summaries import document

    width = max(min(shutil.get_terminal_size((100, 24)).columns, 120), 40)
    found = lines.lines(document.read(orjson.loads(body)), width)
    return "".join(f"{line}\n" for line in found).encode()


def verified(body: bytes) -> int:
    """Say whether a digest that was computed again is equal; gives the exit code."""
    import orjson

    found = orjson.loads(body)
    if found["equal"]:
        printing.line(f"equal: computed again, the facts have the same digest {found['digest']}")
        return 0
    printing.line(f"not equal: {found['digest']} was made, and {found['again']} comes out now")
    for one in found["differences"]:
        printing.line(f"  {inert(one)}")
    return 1
