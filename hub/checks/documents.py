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
