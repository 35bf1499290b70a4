"""How much a rule may ask: what is refused when it is compiled, and what is not begun on too large a document."""

from collections.abc import Collection, Mapping, Sequence
from types import NoneType

from hub.policies.clauses import Token, place
from hub.policies.document import EACH, FIELDS, VARIABLES
from hub.policies.engine import Document, Unknown, bad, pattern
from hub.policies.paths import Path, Walk, paths, walks

LONGEST_RULE = 4_000
MOST_CLAUSES = 60
DEEPEST_WALKS = 2
MOST_ADDITIONS = 20
MOST_ENTRIES = 10_000
MOST_STEPS = 20_000_000
"""How often a rule may touch an entry of the document: the entries walked, times what each looks at again."""
_PER_STEP = 100
_ENDS = (float, int, NoneType)


def check_text(text: str) -> None:
    """Refuse what need not even be read."""
    if not text.strip():
        raise bad("the rule is empty; write what must be true, such as metrics.recall >= 0.9")
    if len(text) > LONGEST_RULE:
        raise bad(f"{len(text)} characters; at most {LONGEST_RULE} are allowed")
    if "\x00" in text:
        raise bad("a NUL character; leave it out")


def check_clauses(number: int) -> None:
    """Refuse more clauses than a result can tell."""
    if number > MOST_CLAUSES:
        raise bad(f"{number} clauses; at most {MOST_CLAUSES} are allowed; make several policies of it")


def check(text: str, of: Sequence[Token]) -> None:
    """Refuse a rule that could run for long, and one that names a field that no document has."""
    walked = walks(of)
    for i, token in enumerate(of):
        around = [walk for walk in walked if walk.begin <= i < walk.end]
        at = place(text, token.start)
        if len(around) == DEEPEST_WALKS and any(walk.start == token.start for walk in walked):
            raise bad(f"{token.text} within {DEEPEST_WALKS} others; walks may stand {DEEPEST_WALKS} deep", at)
        if token.kind == "sign" and token.text == "+" and around:
            raise bad(f"+ within {around[0].kind}; what is walked cannot be added up, so compare each entry", at)
        if token.text == "matches" and of[i + 1 : i + 2] and of[i + 1].text == "(":
            _check_pattern(of, i, at)
    additions = [token for token in of if token.text == "+"]
    if len(additions) > MOST_ADDITIONS:
        at = place(text, additions[MOST_ADDITIONS].start)
        raise bad(f"{len(additions)} additions; at most {MOST_ADDITIONS} are allowed", at)
    _check_fields(text, of, walked)


def weight(of: Sequence[Token]) -> tuple[int, int]:
    """How deep a rule walks, and how many of the document's variables it names for each entry."""
    walked = walks(of)
    if not walked:
        return 0, 0
    deepest = max(sum(walk.begin <= other.begin < walk.end for walk in walked) for other in walked)
    index = {token.start: i for i, token in enumerate(of)}
    roots = [index[path.at] for path in paths(of) if path.root in VARIABLES]
    inside = sum(any(walk.begin <= at < walk.end for walk in walked) for at in roots)
    return deepest, max(inside, 1)


def check_size(document: Document, roots: Collection[str], weight: tuple[int, int]) -> None:
    """Raises Unknown when a rule that walks would touch too many of the document's entries."""
    deep, inside = weight
    for root in roots:
        if root not in document.sizes:
            document.sizes[root] = _size(document.values.get(root))
        if document.sizes[root] > MOST_ENTRIES:
            raise Unknown(f"{root} has more than {MOST_ENTRIES:,} entries, too many for a rule that walks them")
    size = sum(document.sizes[root] for root in roots)
    # The engine itself stops after MOST_ENTRIES turns, and passes over the whole of a map each time that it is named.
    steps = min(size**deep, MOST_ENTRIES) * inside * size
    if steps > MOST_STEPS:
        raise Unknown(f"the rule would touch {steps:,} entries; at most {MOST_STEPS:,} are allowed; walk less at once")


def _size(value: object) -> int:
    """Entries in all, with a hundred characters of text as one more; stops counting past the limit."""
    found, left = 0, [value]
    while left and found <= MOST_ENTRIES:
        one = left.pop()
        if isinstance(one, _ENDS):
            continue
        if isinstance(one, str):
            found += len(one) // _PER_STEP
        elif isinstance(one, dict | Mapping):
            found += len(one)
            left.extend(one.values())
        elif isinstance(one, list | Sequence):
            found += len(one)
            left.extend(one)
    return found


def _check_pattern(of: Sequence[Token], at: int, where: tuple[int, int]) -> None:
    """A pattern is written out, so that it can be tried; the engine runs it in time that grows with the text only."""
    given = of[at + 2 : at + 4]
    if len(given) < 2 or given[0].kind != "text" or given[1].text != ")":
        # matches(text, 'pattern') is the same question asked the other way round.
        closing = next((i for i in range(at + 2, len(of)) if of[i].text == ")"), 0)
        given = of[closing - 1 : closing + 1]
        if closing < at + 4 or given[0].kind != "text" or of[closing - 2].text != ",":
            raise bad("matches takes a pattern that is written out, such as 'v[0-9]+'", where)
    if wrong := pattern(given[0].text):
        raise bad(wrong, where)


def _check_fields(text: str, of: Sequence[Token], walked: Sequence[Walk]) -> None:
    """Refuse a field that no document has; the engine would only find it missing, version by version."""
    index = {token.start: i for i, token in enumerate(of)}
    for path in paths(of):
        at = index[path.at]
        around = [walk for walk in walked if walk.begin <= at < walk.end and walk.each == path.root]
        if around:
            over = around[-1].over
            if over is not None and over.root == "datasets" and not over.steps:
                _known(text, path, 0, "each of datasets", EACH["datasets"])
            continue
        if not path.steps and at > 1 and of[at - 1].text == "in" and of[at - 2].kind == "text":
            named = of[at - 2]
            path = Path(path.root, (named.text.lstrip("rRbB")[1:-1],), (named.start,), path.at, path.after)
        if path.root in FIELDS:
            what = "kind" if path.root == "evidence" else "field"
            _known(text, path, 0, path.root, FIELDS[path.root], what)
        if path.root in EACH and len(path.steps) > 1:
            _known(text, path, 1, f"each of {path.root}", EACH[path.root])


def _known(text: str, path: Path, step: int, of: str, fields: frozenset[str], what: str = "field") -> None:
    if len(path.steps) <= step:
        return
    name = path.steps[step]
    if isinstance(name, str) and name not in fields:
        raise bad(f"{of} has no {what} {name}; it has {', '.join(sorted(fields))}", place(text, path.starts[step]))
