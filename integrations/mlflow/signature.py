"""The signature inside an MLmodel file, without a YAML reader.

MLflow writes `signature:` as a block whose `inputs`, `outputs` and `params` are single-quoted YAML scalars that hold
JSON; a long one is folded over indented lines.
"""

import re
from typing import Any

from hub.registries import bounds

SIGNATURE_FILE = "MLmodel"
BLOCK = re.compile(r"^signature:[ ]*\n((?:[ ]+.*\n?|\n)+)", re.MULTILINE)
PART = re.compile(r"^  (inputs|outputs|params): '((?:[^']|'')*)'[ ]*$", re.MULTILINE)
FOLD = re.compile(r"[ ]*\n[ ]*")


def signature_in(mlmodel: str) -> dict[str, Any] | None:
    """The parts that are given, each a parsed document; None without any."""
    block = BLOCK.search(mlmodel)
    if block is None:
        return None
    found: dict[str, Any] = {}
    for part, quoted in PART.findall(block[1]):
        document = bounds.document(FOLD.sub(" ", quoted).replace("''", "'"))
        if document is not None:
            found[part] = document.get("value", document)
    return found or None
