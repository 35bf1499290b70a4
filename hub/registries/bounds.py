"""Makes what a registry answers safe to keep: bounded in size, free of what PostgreSQL cannot store, else as it is.

`../` and `<script>` stay as they are: they are text, and every place that shows text escapes it. NUL cannot be stored
in PostgreSQL and is removed; half a surrogate pair becomes U+FFFD. A tag whose value is cut keeps the digest of all of
it, so that a change behind the cut is still a change.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from hub.registries.adapter import SECTIONS, Card, Metric, Tag

NAME_MAX = 500
KEY_MAX = 300
VALUE_MAX = 100_000
URI_MAX = 4_000
SHORT_MAX = 300
PARAM_MAX = 8_000
DOCUMENT_MAX = 200_000
DOCUMENT_DEPTH = 20
TAGS_MAX = 1_000
PARAMS_MAX = 2_000
METRICS_MAX = 5_000
# MLflow keeps an infinite metric as the greatest double; nothing that was measured is that large.
GREATEST = 1.7976931348623157e308
HASH_SLICE = 65_536
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Unfit(ValueError):
    """A record that cannot be stored; the message says why, for a person."""


def full_digest(text: str) -> str:
    """SHA-256 of the text's UTF-8, taken slice by slice: a value of 10 MB is not copied whole."""
    digest = hashlib.sha256()
    for start in range(0, len(text), HASH_SLICE):
        digest.update(text[start : start + HASH_SLICE].encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def text(value: object, most: int = VALUE_MAX) -> str:
    """The value as text of at most `most` characters; anything but text is empty."""
    if not isinstance(value, str):
        return ""
    if len(value) > most:
        value = value[: most - 1] + "…"
    if value.isascii():
        return value.replace("\x00", "") if "\x00" in value else value
    return UNSTORABLE.sub(_replaced, value) if UNSTORABLE.search(value) else value


def optional(value: object, most: int = SHORT_MAX) -> str | None:
    """As `text`, with None for what is empty."""
    return text(value, most) or None


def uri(value: object) -> str | None:
    """An address or id that is followed, never just shown: one that is cut stays distinct."""
    return label(value, URI_MAX) if isinstance(value, str) and value else None


def name(value: object, what: str) -> str:
    """A name that identifies something, which is never cut: two long names must not become one."""
    if not isinstance(value, str) or not value.strip():
        raise Unfit(f"{what} without a name")
    if len(value) > NAME_MAX:
        raise Unfit(f"{what} with a name of {len(value):,} characters; at most {NAME_MAX} are kept")
    if UNSTORABLE.search(value):
        raise Unfit(f"{what} with a name that holds NUL or half a character")
    return value


def shown(value: object) -> str:
    """What is left of an identifier that was refused, for a person to find it by."""
    if not isinstance(value, str):
        return f"({type(value).__name__})"
    return text(value, 100) if len(value) <= 100 else f"{text(value[:80])}… ({len(value):,} characters)"


def label(key: str, most: int = KEY_MAX) -> str:
    """A key of at most `most` characters; one that is cut ends in the start of its digest and stays distinct."""
    return text(key) if len(key) <= most else f"{text(key[: most - 17])}~{full_digest(key)[:16]}"


def tag(key: object, value: object) -> Tag | None:
    """A bounded tag, or None without a usable key."""
    if not isinstance(key, str) or not key:
        return None
    kept = text(value)
    return Tag(label(key), kept, None if kept is value or not isinstance(value, str) else full_digest(value))


def tags(pairs: Iterable[tuple[object, object]]) -> tuple[Tag, ...]:
    """Bounded tags in the order of their keys; of a key given twice the last stands; at most TAGS_MAX."""
    kept: dict[str, Tag] = {}
    for key, value in pairs:
        one = tag(key, value)
        if one is not None and (len(kept) < TAGS_MAX or one.key in kept):
            kept[one.key] = one
    return tuple(sorted(kept.values(), key=_by_key))


def params(pairs: Iterable[tuple[object, object]]) -> dict[str, str]:
    """Bounded parameters; at most PARAMS_MAX."""
    kept: dict[str, str] = {}
    for key, value in pairs:
        if isinstance(key, str) and key and len(kept) < PARAMS_MAX:
            kept[label(key)] = text(value, PARAM_MAX)
    return kept


def card(described: Mapping[str, str], prefix: str = "card.") -> Card:
    """The sections found under their names with a prefix; blank ones count as absent."""
    found = {s: value for s in SECTIONS if (value := described.get(prefix + s)) and value.strip()}
    return Card(**found) if found else NO_CARD


def number(value: object) -> tuple[float | None, str | None]:
    """A finite number and None, or None and the text that stood there instead."""
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 400:
            return None, shown(value)
        found = float(value)
    except (ValueError, OverflowError):
        return None, shown(value)
    if math.isnan(found):
        return None, "NaN"
    if abs(found) >= GREATEST:
        return None, "Infinity" if found > 0 else "-Infinity"
    return found, None


def metric(key: str, value: object) -> Metric:
    """A metric by its registry name, `<metric>` or `<metric>/[segment.]<attribute>.<group>`, overall or in a segment.

    Any other slash belongs to the metric's own name, as in `val/loss`.
    """
    head, slash, tail = key.partition("/")
    if head and slash and ("." in tail or tail.startswith("segment.")):
        named, segment = head, tail.removeprefix("segment.")
    else:
        named, segment = key, ""
    finite, instead = number(value)
    return Metric(label(named), finite, label(segment), instead)


def document(value: object) -> dict[str, Any] | None:
    """A JSON text as a bounded, storable object; None for what is not JSON, too large or too deep."""
    if not isinstance(value, str) or not value or len(value) > DOCUMENT_MAX:
        return None
    try:
        read = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    try:
        kept = _storable(read, DOCUMENT_DEPTH)
    except Unfit:
        return None
    return kept if isinstance(kept, dict) else {"value": kept}


def _storable(value: Any, depth: int) -> Any:
    if depth < 0:
        raise Unfit("too deep")
    match value:
        case str():
            return text(value, DOCUMENT_MAX)
        case dict():
            return {label(key): _storable(inner, depth - 1) for key, inner in value.items()}
        case list():
            return [_storable(inner, depth - 1) for inner in value]
    return value


def _replaced(found: re.Match[str]) -> str:
    return "" if found[0] == "\x00" else "\ufffd"


def _by_key(one: Tag) -> str:
    return one.key


NO_CARD = Card()
