"""What people write: wanted or not, how long, and nothing the database cannot hold."""

from hub.errors import Code, Refused

LONGEST = 8_000


def wanted(text: str, field: str, *, most: int = LONGEST) -> str:
    """The text without space around it; refused when nothing is left, or too much."""
    clean = optional(text, field, most=most)
    if not clean:
        raise Refused(Code.BAD_INPUT, f"{field} is empty; write 1 to {most} characters", field=field)
    return clean


def optional(text: str, field: str, *, most: int = LONGEST) -> str:
    """The text without space around it, which may be nothing."""
    clean = text.strip()
    if len(clean) > most:
        raise Refused(Code.BAD_INPUT, f"{field} has {len(clean)} characters; at most {most} are kept", field=field)
    # PostgreSQL's text holds neither NUL nor half of a surrogate pair.
    if "\x00" in clean or any("\ud800" <= character <= "\udfff" for character in clean):
        raise Refused(Code.BAD_INPUT, f"{field} holds a character that is no text; leave it out", field=field)
    return clean
