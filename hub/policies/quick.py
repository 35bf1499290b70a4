"""The words of the forms that most rules have, made as quickly as can be; all others are told by their probe.

A check writes down its words for every policy of every version, and the engine answers a clause in a fifth of a
microsecond: what is fixed in a sentence is put together when the rule is compiled.
"""

from collections.abc import Callable
from typing import Any

from hub.errors import Refused
from hub.policies.clauses import Clause, Comparison, Loop, tokens
from hub.policies.document import VARIABLES
from hub.policies.engine import Document, Unknown, compiled, value_of
from hub.policies.entries import Value, at, comparing, every, named, valued
from hub.policies.paths import Path, dotted, one_path, paths, walks
from hub.policies.probes import MOST_NAMED, allowed_words, is_constant, some, turned
from hub.policies.told import words

Quick = Callable[[Document, bool, Any], str | None]
"""Words, given what the clause said, and its left side if the engine was asked that; None leaves it to the probe."""

Reading = Callable[[Document], Any]


def quick(clause: Clause, wanted: bool | None) -> Quick | None:
    """The quick words of a clause, if its form has some."""
    shape = clause.shape
    if isinstance(shape, Loop):
        return _walked(shape, wanted)
    if clause.presence:
        return _presence(clause, shape, wanted)
    if isinstance(shape, Comparison) and not (shape.sign == "in" and is_constant(shape.left)):
        return _comparison(turned(shape), wanted)
    return None


def computed(clause: Clause) -> str | None:
    """The left side of a comparison that only the engine knows; asked with the clause, it fails only as that does."""
    if not isinstance(clause.shape, Comparison):
        return None
    left = turned(clause.shape).left
    if is_constant(left) or _reading(left) is not None or walks(tokens(left)):
        return None
    return left if _fixed(turned(clause.shape).right) is not None else None


def _comparison(shape: Comparison, wanted: bool | None) -> Quick | None:
    if is_constant(shape.left):
        return None
    left, limit = _reading(shape.left), _fixed(shape.right)
    before = f"{shape.left} is "
    if limit is not None:
        after = allowed_words(shape, limit, wanted)
        if left is None:
            return lambda document, holds, given: None if given is None else f"{before}{words(given)}{after}"
        return _beside(_place(shape.left), before, after)
    right = _reading(shape.right)
    if left is None or right is None:
        return None
    # The limit's words go where a mark stands that no rule can hold.
    between, _, after = allowed_words(shape, f"\x00 ({shape.right})", wanted).partition("\x00")
    if not after:
        return lambda document, holds, given: f"{before}{words(left(document))}"
    return lambda document, holds, given: f"{before}{words(left(document))}{between}{words(right(document))}{after}"


def _place(text: str) -> Path:
    """The one place that a text names."""
    path = one_path(text)
    assert path is not None
    return path


def _beside(path: Path, before: str, after: str) -> Quick:
    """The words of one place beside a constant, the form that most clauses have."""
    root, first = path.root, path.steps[:1]
    if len(path.steps) == 1:
        (step,) = first

        def of_root(document: Document, holds: bool, given: object) -> str:
            value = document.values[root][step]  # type: ignore[index]
            return f"{before}{value!r}{after}" if type(value) is float else f"{before}{words(value)}{after}"

        return of_root
    steps = path.steps

    def deeper(document: Document, holds: bool, given: object) -> str:
        value: Any = document.values[root]
        for step in steps:
            value = value[step]
        return f"{before}{value!r}{after}" if type(value) is float else f"{before}{words(value)}{after}"

    return deeper


def _presence(clause: Clause, shape: Comparison | Loop | None, wanted: bool | None) -> Quick | None:
    path = dotted(clause.presence[0], clause.presence[1:])
    there, missing = f"{path} is there", f"{path} is missing"
    if wanted is False:
        there += ", and must not be"
    if not isinstance(shape, Comparison):
        return lambda document, holds, given: there if holds else missing
    container = _reading(shape.right)
    if container is None:
        return None

    def of_a_map(document: Document, holds: bool, given: object) -> str | None:
        return (there if holds else missing) if type(container(document)) is dict else None

    return of_a_map


def _walked(shape: Loop, wanted: bool | None) -> Quick | None:
    over = _reading(shape.over)
    if over is None:
        return None
    if shape.kind == "exists" and shape.asked is not None and (value := valued(shape)) is not None:
        return _one_at_least(shape, wanted, over, value)
    if wanted is False:
        return None
    compares = comparing(shape, serving=False) if shape.kind == "all" else None
    asked = shape.asked
    left, limits = (f"{asked.left} is ", allowed_words(asked, asked.right, True)) if asked else ("", "")
    each = {"all": "all", "exists": "at least one of", "exists_one": "exactly one of"}[shape.kind]
    before, after = f"{shape.body} is true for {each} ", f" in {shape.over}"

    def kept(document: Document, holds: bool, given: object) -> str | None:
        found = over(document)
        if holds:
            return f"{before}{len(found)}{after}" if found else None
        if compares is None or not 0 < len(broken := compares(found)) <= MOST_NAMED:
            return None
        values = named([(at(found, key), value) for key, value in broken])
        return left + ", ".join([f"{words(value)} for {name}" for name, value in values.items()]) + limits

    return kept


def _one_at_least(shape: Loop, wanted: bool | None, over: Reading, value: Value) -> Quick:
    assert shape.asked is not None
    compares = comparing(shape, serving=True)
    before, inside, left = f"{shape.body} is true for ", f" in {shape.over}", f": {shape.asked.left} is "

    def told(document: Document, holds: bool, given: object) -> str | None:
        found = over(document)
        if not found:
            return None
        if holds and wanted is not False:
            return f"{before}at least one of {len(found)}{inside}"
        if not holds:
            number, pairs = "none", [(key, value(found, key)) for key in every(found)]
        elif compares is not None and (pairs := compares(found)):
            number = str(len(pairs))
        else:
            return None
        values = named([(at(found, key), one) for key, one in pairs])
        each = some([f"{words(one)} for {name}" for name, one in values.items()])
        return f"{before}{number} of {len(found)}{inside}{left}{each}"

    return told


def _reading(text: str) -> Reading | None:
    """What reads one place of the document."""
    path = one_path(text)
    if path is None or path.root not in VARIABLES or None in path.steps:
        return None
    root, steps = path.root, path.steps
    if len(steps) == 1:
        (only,) = steps
        return lambda document: document.values[root][only]  # type: ignore[index]
    if len(steps) == 2:
        one, two = steps
        return lambda document: document.values[root][one][two]  # type: ignore[index]

    def read(document: Document) -> Any:
        value: Any = document.values[root]
        for step in steps:
            value = value[step]
        return value

    return read


def _fixed(text: str) -> str | None:
    """The words of a text that is the same for every document."""
    if is_constant(text):
        return text
    of = tokens(text)
    if any(path.root in VARIABLES for path in paths(of)):
        return None
    try:
        return words(value_of(compiled(text), Document({})))
    except (Refused, Unknown):
        return None
