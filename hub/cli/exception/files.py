"""Files on this machine that are put with an exception: looked at before anything is sent, then sent one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.cli.approvals.naming import bare
from hub.cli.gate.inert import inert

if TYPE_CHECKING:
    from hub.cli.remote import Remote


@dataclass(frozen=True, slots=True)
class File:
    """A file that was read."""

    path: Path
    name: str
    kind: str
    content: bytes


def read(paths: Sequence[Path]) -> list[File]:
    """Every file, or why one of them would not be kept: then none is sent."""
    from hub.errors import Code, Refused
    from hub.exceptions.attachments import rules

    if len(paths) > rules.MOST_ATTACHMENTS:
        why = f"{len(paths)} files named; an exception keeps at most {rules.MOST_ATTACHMENTS}"
        raise Refused(Code.BAD_INPUT, why, field="file")
    return [_read(path) for path in paths]


def _read(path: Path) -> File:
    import mimetypes

    from hub.errors import Code, Refused
    from hub.exceptions.attachments import rules

    name = rules.file_name(path.name)
    try:
        with path.open("rb") as opened:
            # One byte more tells that it is too large; the rest is of no interest.
            content = opened.read(rules.MOST_BYTES + 1)
    except OSError as error:
        why = f"{path} cannot be read ({error.strerror}); name another file"
        raise Refused(Code.BAD_INPUT, why, field="file") from None
    if len(content) > rules.MOST_BYTES:
        raise Refused(Code.BAD_INPUT, rules.too_large(f"{path} is too large"), field="file")
    rules.check_size(len(content), str(path))
    return File(path, name, mimetypes.guess_type(name)[0] or rules.UNKNOWN, content)


def put(hub: "Remote", exception: str, files: Sequence[File]) -> Iterator[dict[str, Any]]:
    """Each file as the hub keeps it, once it does; the first one that it refuses ends it, and says what is left."""
    import shlex
    from urllib.parse import quote

    from hub.errors import Refused

    id = bare(exception)
    for place, file in enumerate(files):
        try:
            yield hub.send(f"/exceptions/{id}/attachments?name={quote(file.name, safe='')}", file.content, file.kind)
        except Refused as refused:
            left = " ".join(shlex.quote(str(one.path)) for one in files[place:])
            why = f"{file.path} is not attached: {refused.why}; once that is mended: hub exception attach {id} {left}"
            raise Refused(refused.code, why, field=refused.field) from refused


def said(kept: dict[str, Any]) -> str:
    """What became of a file."""
    return f"attached {inert(kept['name'])}: {kept['size']:,} bytes, {bare(kept['id'])}"
