"""That a signed statement, or what it is checked with, cannot be relied on."""

from enum import StrEnum

from hub.errors import Code, Refused


class Fault(StrEnum):
    """What is wrong with it."""

    FORM = "FORM"
    KEYS = "KEYS"
    UNKNOWN_KEY = "UNKNOWN_KEY"
    SIGNATURE = "SIGNATURE"
    NOT_YET_VALID = "NOT_YET_VALID"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    REVOCATIONS = "REVOCATIONS"


PAST = frozenset({Fault.EXPIRED, Fault.REVOKED, Fault.REVOCATIONS})


class Unfit(Refused):
    """A permit, a revocation list or a key that is refused; `fault` says which kind of wrong, for machines."""

    def __init__(self, fault: Fault, why: str, *, field: str | None = "permit") -> None:
        super().__init__(Code.STALE if fault in PAST else Code.BAD_INPUT, why, field=field)
        self.fault = fault
