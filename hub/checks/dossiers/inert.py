"""Other people's words on a page: shown as they are written, never obeyed, and not at any length."""

import re

LONGEST = 4_000
"""Characters of one text that a page shows."""

# Control characters, and those by which a text is shown in another order than it is read in.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def shown(value: object, most: int = LONGEST) -> str:
    """The value as text: cut with a note where it is too long, what would not be seen written out."""
    text = "" if value is None else str(value)
    cut = text if len(text) <= most else text[:most]
    seen = _HIDDEN.sub(lambda found: f"⟦U+{ord(found[0]):04X}⟧", cut.replace("\r\n", "\n"))
    if cut is text:
        return seen
    return f"{seen}… [cut here: {len(text):,} characters in all; the JSON export has them]"
