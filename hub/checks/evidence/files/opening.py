"""A file's bytes as a test report: which form it has is told by how it begins."""

from hub.checks.evidence.files import junit, report, sarif
from hub.checks.evidence.rules import Report
from hub.checks.tables import EvidenceKind
from hub.errors import Code, Refused

MOST_BYTES = 5_000_000


def opened(raw: bytes, *, name: str, kind: EvidenceKind | None = None) -> Report:
    """The report in a file. `kind` is what the caller says it is about; refused when the file says something else."""
    text = _decoded(raw, name)
    begin = text.lstrip()[:1]
    if not begin:
        raise Refused(Code.BAD_INPUT, f"{name} is empty; give a report as JSON, YAML, JUnit XML or SARIF", field="file")
    if begin == "<":
        return junit.read(text, name=name, kind=kind)
    if begin not in "{[":
        return report.read_yaml(text, name=name, kind=kind)
    found = report.loaded(text, name=name)
    if sarif.is_sarif(found):
        return sarif.read(found, name=name, kind=kind)
    return report.read(found, name=name, kind=kind, size=len(raw))


def _decoded(raw: bytes, name: str) -> str:
    if len(raw) > MOST_BYTES:
        raise Refused(
            Code.BAD_INPUT, f"{name} has more than {MOST_BYTES} bytes; at most that many are read", field="file"
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(
            Code.BAD_INPUT, f"{name} is not UTF-8 at byte {error.start}; save it as UTF-8 text", field="file"
        ) from None
    if "\x00" in text:
        raise Refused(Code.BAD_INPUT, f"{name} holds the character NUL; it is no text file", field="file")
    return text
