"""What may go wrong, in three kinds: a person is refused, a call may be tried again, a call is beyond help."""

from enum import StrEnum


class Code(StrEnum):
    """Machine-readable reason of a refusal; stable, part of the schema."""

    BAD_ID = "BAD_ID"
    BAD_CURSOR = "BAD_CURSOR"
    BAD_INPUT = "BAD_INPUT"
    BAD_RULE = "BAD_RULE"
    PAGE_SIZE = "PAGE_SIZE"
    TOO_COSTLY = "TOO_COSTLY"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    KEY_REUSED = "KEY_REUSED"
    SAME_PERSON = "SAME_PERSON"
    STALE = "STALE"
    WRONG_STATE = "WRONG_STATE"
    TERM_TOO_LONG = "TERM_TOO_LONG"
    TERM_IN_PAST = "TERM_IN_PAST"
    NO_RULE = "NO_RULE"
    BUNDLE_OWNED = "BUNDLE_OWNED"
    OFF = "OFF"
    UNAVAILABLE = "UNAVAILABLE"
    SETTING = "SETTING"
    NEWER_DATA = "NEWER_DATA"


class Refused(Exception):
    """A person asked for what cannot be given: what was asked, what is allowed, the way out."""

    def __init__(self, code: Code, why: str, *, field: str | None = None) -> None:
        super().__init__(why)
        self.code = code
        self.why = why
        self.field = field


class Retry(Exception):
    """A call to the outside failed and may succeed later."""

    def __init__(self, why: str, *, after_s: float = 30.0) -> None:
        super().__init__(why)
        self.why = why
        self.after_s = after_s


class Dead(Exception):
    """A call to the outside failed and will fail again until a person changes something."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
