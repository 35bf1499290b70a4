"""How many files wait for whoever sent them, how long, and what is said of those that do not."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from hub.errors import Code, Refused

MOST_WAITING = 20
KEPT = timedelta(days=1)
"""How long a file waits; then it is dropped."""


def check_waiting(waiting: int) -> None:
    """Refuse one file more than waits for a person."""
    if waiting >= MOST_WAITING:
        why = f"{waiting} files of yours wait to be put with an exception, which is the most"
        raise Refused(Code.BAD_INPUT, f"{why}; put them with one, or send more once a day has passed", field="file")


def check_there(wanted: Sequence[UUID], waiting: Collection[UUID]) -> None:
    """Refuse files that do not wait for whoever names them, whyever that is."""
    if lacking := [one for one in wanted if one not in waiting]:
        named = ", ".join(f"ExceptionUpload:{one}" for one in lacking)
        why = f"no such file of yours waits: {named}; it was put with an exception, or dropped after a day"
        raise Refused(Code.NOT_FOUND, f"{why}: send it again", field="attachments")


def waits_since(at: datetime) -> datetime:
    """What was sent before this instant waits no longer."""
    return at - KEPT
