"""Where the answer goes: standard output, files, and what GitHub's runner reads. Each fault is a sentence."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hub.cli.gate import text
from hub.cli.gate.decision import Report


def answer(report: Report, format: str, output: Path | None, *, verbose: bool) -> Iterator[str]:
    """Write the answer; yields what could not be written."""
    width = text.width_of(sys.stdout)
    if format == "github":
        yield from _for_later_steps(report)
    if output is not None:
        yield from replaced(output, _formatted(report, format, width, verbose))
    if format == "text" or output is not None:
        shown = text.written(report, width=width, colours=text.may_colour(sys.stdout), verbose=verbose)
    else:
        shown = _formatted(report, format, width, verbose)
    yield from _shown(shown)


def permit(report: Report, path: Path) -> Iterator[str]:
    """Write the permit, byte for byte as it was signed, whole or not at all; yields why it is not there."""
    issued = report.intent.permit if report.intent else None
    if issued is None or not issued.in_force(report.now):
        yield f"it is allowed, but the hub shows no permit in force, so {path} is not written; ask again in a moment"
        return
    yield from replaced(path, issued.envelope)


def replaced(path: Path, words: str) -> Iterator[str]:
    """Write a file whole or not at all; yields why it could not be."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.exists() and not path.is_file():
            # A pipe or a device: nothing that could be replaced.
            path.write_bytes(words.encode())
            return
        half.write_bytes(words.encode())
        half.replace(path)
    except OSError as error:
        with suppress(OSError):
            half.unlink(missing_ok=True)
        yield f"{path} cannot be written ({error.strerror or error}); give another place"


def _for_later_steps(report: Report) -> Iterator[str]:
    from hub.cli.gate.machine import github

    for name, words in (("GITHUB_STEP_SUMMARY", github.summary(report)), ("GITHUB_OUTPUT", github.outputs(report))):
        if not (path := os.environ.get(name)):
            continue
        try:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(words)
        except OSError as error:
            yield f"{path}, which {name} names, cannot be written ({error.strerror or error})"


def _shown(words: str) -> Iterator[str]:
    out = sys.stdout
    # A log that knows only ASCII gets escapes, and the answer stays what it is.
    left = memoryview(words.encode(out.encoding or "utf-8", "backslashreplace"))
    try:
        out.flush()
        while left:
            # Where Python does not buffer, a pipe that breaks takes a part without a word: only asking again tells.
            left = left[out.buffer.write(left) :]
        out.buffer.flush()
    except BrokenPipeError:
        # Whoever reads has gone; what is left in the buffer must not fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        yield "the answer could not be written: whoever reads it has closed the pipe"


def _formatted(report: Report, format: str, width: int, verbose: bool) -> str:
    from hub.cli.gate.machine import github, json_document, junit, sarif

    match format:
        case "json":
            return json_document.written(report)
        case "junit":
            return junit.written(report)
        case "sarif":
            return sarif.written(report)
        case "github":
            return github.written(report)
        case _:
            return text.written(report, width=width, verbose=verbose)
