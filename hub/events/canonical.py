"""Canonical JSON (RFC 8785): the same content always gives the same bytes, and so the same digest."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from hashlib import sha256
from uuid import UUID

import orjson
import rfc8785

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]

# RFC 8785 knows numbers as IEEE doubles: beyond this an integer would lose digits, so it goes as text.
GREATEST_INTEGER = 2**53 - 1


# What orjson may write otherwise: whole numbers with a point, exponents, great numbers, and keys beyond U+E000, which
# it sorts by their bytes. In a text these mean nothing, and the slow way is taken for nothing: the bytes are equal.
# Each is looked for by itself, the rare ones only where there may be some: one expression for all takes four times as
# long, and a bulk run asks this of every document.
_POINT = re.compile(rb"\d\.0[,}\]]")
_GREAT = re.compile(rb"[:,\[]-?(?:[\d.]+e|\d{16})")
_SORTED = re.compile(rb"[\xee-\xf4]")
_NUMBER = b"-0123456789"


def canonical(value: object) -> bytes:
    """The one JSON text of this value."""
    return canonical_json(plain(value))


def canonical_json(value: object) -> bytes:
    """The one JSON text of what is in JSON's own types already, such as what was read from JSON."""
    try:
        fast = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # integers beyond 64 bits
        return rfc8785.dumps(plain(value))
    return rfc8785.dumps(plain(value)) if _may_differ(fast) else fast


def _may_differ(text: bytes) -> bool:
    """Whether this JSON may not be the canonical one."""
    return (
        _GREAT.search(text) is not None
        or (b".0" in text and _POINT.search(text) is not None)
        or (not text.isascii() and _SORTED.search(text) is not None)
        or text[0] in _NUMBER
    )


def digest_of(value: object) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return sha256(canonical(value)).hexdigest()


def digest_of_text(text: str) -> str:
    """SHA-256 of a text; what people wrote goes into events in this form only, for it may name somebody."""
    return sha256(text.encode()).hexdigest()


def plain(value: object) -> Plain:
    """The value in JSON's own types: instants in UTC with microseconds, ids and great integers as text."""
    # What nearly all is made of, before the long way: to ask whether something is a mapping takes longer than the rest.
    if type(value) is str:
        return value.replace("\x00", "\ufffd")
    if type(value) is dict:
        return {str(key): plain(inner) for key, inner in value.items()}
    if type(value) is list:
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd")
    if isinstance(value, int):
        return value if abs(value) <= GREATEST_INTEGER else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [plain(inner) for inner in value]
    raise TypeError(f"{type(value).__name__} has no canonical form; give text, numbers, lists and mappings")


def instant(at: datetime) -> str:
    """A UTC instant as RFC 3339 with six decimals, so that texts sort as instants do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"
