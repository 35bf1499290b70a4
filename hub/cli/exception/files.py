"""Files on this machine that are put with an exception: looked at, then sent, then put there all at once."""

from collections.abc import Iterator, Mapping, Sequence
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


def sent(hub: "Remote", files: Sequence[File]) -> list[str]:
    """The ids under which the files wait at the hub; the first one that it refuses ends it, and nothing has changed."""
    from urllib.parse import quote

    from hub.errors import Refused

    ids = []
    for file in files:
        try:
            kept = hub.send(f"/exceptions/uploads?name={quote(file.name, safe='')}", file.content, file.kind)
        except Refused as refused:
            why = f"{file.path} is not attached: {refused.why}; nothing was changed, so name all of them again"
            raise Refused(refused.code, why, field=refused.field) from refused
        ids.append(kept["id"])
    return ids


def said(found: Mapping[str, Any], files: Sequence[File]) -> Iterator[str]:
    """What became of the files that were sent, of all that an exception has."""
    from hashlib import sha256

    ours = {(file.name, sha256(file.content).hexdigest()) for file in files}
    for one in found["attachments"]["nodes"]:
        if (one["name"], one["sha256"]) in ours:
            yield f"attached {inert(one['name'])}: {one['size']:,} bytes, {bare(one['id'])}"
