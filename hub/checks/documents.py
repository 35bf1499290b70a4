"""A version's document as it is kept: canonical JSON, and what rules see of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from hub.events.canonical import canonical_json


@dataclass(frozen=True, slots=True)
class Written:
    """A document in canonical JSON, its digest, and its values as they are read back from there: what rules see."""

    text: str
    digest: str
    values: Mapping[str, Any]


def written(values: Mapping[str, Any]) -> Written:
    """The one way to write these values down; a replay reads back exactly what rules saw."""
    body = canonical_json(values)
    return Written(body.decode(), sha256(body).hexdigest(), orjson.loads(body))


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> frozenset[str]:
    """What differs between two documents, named as rules name what they read: a root, or `root.field`."""
    found = set()
    for root in {*before, *now}:
        was, there = before.get(root), now.get(root)
        if was == there:
            continue
        if isinstance(was, dict) and isinstance(there, dict):
            fields = {field for field in {*was, *there} if field not in was or field not in there}
            fields |= {field for field in {*was, *there} - fields if was[field] != there[field]}
            found |= {root if "." in field else f"{root}.{field}" for field in fields}
        else:
            found.add(root)
    return frozenset(found)
