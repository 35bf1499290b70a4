"""Which files are kept with an exception, under what names, and who puts them there while it stands how."""

import re
import unicodedata
from collections.abc import Collection, Sized
from uuid import UUID

from hub.errors import Code, Refused
from hub.exceptions import rules
from hub.exceptions.moves import CALLED, GRANTED, Hat
from hub.exceptions.tables import ExceptionStatus

MOST_ATTACHMENTS = 10
MOST_BYTES = 5_000_000
LONGEST_NAME = 200

UNKNOWN = "application/octet-stream"
SHOWN_AS = frozenset(
    {
        "application/json",
        "application/pdf",
        "image/gif",
        "image/jpeg",
        "image/png",
        "text/csv",
        "text/plain",
    }
)
"""What a file is handed out as, if it was sent as that: none of these is obeyed by a browser."""

_KIND = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,48}/[a-z0-9][a-z0-9!#$&^_.+-]{0,48}")
_PATH = re.compile(r"[/\\]")


def file_name(said: str) -> str:
    """The name alone: no folders, nothing that cannot be shown or that turns the writing, no dot in front.

    Refused when nothing of it is left, or too much.
    """
    last = _PATH.split(said)[-1]
    # C: controls, invisible marks, half pairs. Each white space becomes a space, as one line holds it.
    shown = "".join(letter for letter in last if not unicodedata.category(letter).startswith("C"))
    name = " ".join(shown.split()).lstrip(". ")
    if not name:
        raise Refused(Code.BAD_INPUT, "name is empty; say it as ?name=report.pdf, without folders", field="name")
    if len(name) > LONGEST_NAME:
        why = f"name has {len(name)} characters; at most {LONGEST_NAME} are kept"
        raise Refused(Code.BAD_INPUT, why, field="name")
    return name


def media_type(said: str) -> str:
    """What a Content-Type calls a file, without parameters; the unknown type for what is none."""
    kind = said.partition(";")[0].strip().lower()
    return kind if _KIND.fullmatch(kind) else UNKNOWN


def shown_as(kept: str) -> str:
    """The type under which a file is handed out."""
    return kept if kept in SHOWN_AS else UNKNOWN


def check_size(size: int, name: str) -> None:
    """Refuse a file of nothing, and one that is too large, with the numbers."""
    if size == 0:
        raise Refused(Code.BAD_INPUT, f"{name} is empty; send the file as the body", field="file")
    if size > MOST_BYTES:
        raise Refused(Code.BAD_INPUT, too_large(f"{name} has {size:,} bytes"), field="file")


def too_large(said: str) -> str:
    """That a file is not kept for its size, and what to do."""
    return f"{said}; at most {MOST_BYTES:,} are kept: link larger files from the ticket"


def check_number(kept: int, more: int = 1) -> None:
    """Refuse more files than an exception keeps."""
    if kept + more > MOST_ATTACHMENTS:
        would = "" if more == 1 else f" and would get {more} more"
        why = f"this exception has {kept} attachments{would}, and keeps at most {MOST_ATTACHMENTS}"
        raise Refused(Code.BAD_INPUT, f"{why}; put several files into one", field="exception")


def check_some(files: Sized) -> None:
    """Refuse to attach nothing."""
    if not files:
        why = "no file is named; send each to POST /exceptions/uploads first, and name the ids that come back"
        raise Refused(Code.BAD_INPUT, why, field="attachments")


def attachers(status: ExceptionStatus) -> frozenset[Hat]:
    """Who puts files with an exception that stands so; nobody after its end."""
    if status in GRANTED:
        return frozenset({Hat.OWNER})
    return frozenset({Hat.REQUESTER, Hat.OWNER}) if status in rules.DECIDABLE else frozenset()


def check_attach(status: ExceptionStatus, worn: Collection[Hat]) -> None:
    """Refuse a file after the end, and one of somebody who has no part in it."""
    may = attachers(status)
    if not may:
        why = f"this exception is {status}: it has ended, and nothing is added to it; attach the file to a new one"
        raise Refused(Code.WRONG_STATE, why, field="exception")
    if may.isdisjoint(worn):
        called = " or ".join(CALLED[hat] for hat in Hat if hat in may)
        why = f"files are put with this exception by {called}; ask one of them"
        raise Refused(Code.FORBIDDEN, why, field="exception")


def check_remove(status: ExceptionStatus, *, added_by: UUID, by: UUID) -> None:
    """What was decided on stays; before that whoever put a file there takes it away."""
    if by != added_by:
        why = "an attachment is removed by whoever added it; ask them"
        raise Refused(Code.FORBIDDEN, why, field="attachment")
    if status not in rules.DECIDABLE:
        why = f"this exception is {status}; its attachments stay as they were once it is decided"
        raise Refused(Code.WRONG_STATE, why, field="attachment")
