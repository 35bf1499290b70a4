"""What a rule reads of the document, so that a change is asked only of the rules that it may touch."""

from collections.abc import Sequence

from hub.policies.clauses import Token, tokens, unquoted
from hub.policies.document import VARIABLES
from hub.policies.paths import Path, paths


def reads(rule: str) -> frozenset[str]:
    """Roots that a rule reads, or `root.field` where one field is named; anything else reads the root whole.

    A loop's variable with a root's name is taken for the root: to read too much only asks once too often.
    """
    of = tokens(rule)
    # The token of a path is found again by its position, which no other token has.
    index = {token.start: i for i, token in enumerate(of)}
    return frozenset(_read(of, index[path.at], path) for path in paths(of) if path.root in VARIABLES)


def _read(of: Sequence[Token], at: int, path: Path) -> str:
    if path.steps:
        first = path.steps[0]
    elif at > 1 and of[at - 1].text == "in" and of[at - 2].kind == "text":
        first = unquoted(of[at - 2].text)
    else:
        return path.root
    # A key with a dot would be taken for two.
    return f"{path.root}.{first}" if isinstance(first, str) and "." not in first else path.root
