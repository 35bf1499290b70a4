"""How a clause is told: the value found beside the value allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from hub.errors import Refused
from hub.events.canonical import Plain
from hub.policies.clauses import Clause, Comparison, Loop, tokens
from hub.policies.document import VARIABLES
from hub.policies.engine import Document, compiled, value_of
from hub.policies.entries import at, every, named, picker, valued
from hub.policies.paths import Missing, dotted, follow, one_path, paths, walks
from hub.policies.told import json, shown, words

MOST_NAMED = 20
MOST_PLACES = 3
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}

Source = Callable[[Document], Any]
"""Gives one side of a clause; raises Unknown or Missing."""


class Found(NamedTuple):
    """What was looked at, what was found there and what is allowed, and all of it in words."""

    looked_at: str | None
    found: Plain
    allowed: str | None
    words: str | None


NOTHING = Found(None, None, None, None)
Probe = Callable[[Document, bool], Found]
"""Tells what a clause found, given what it said."""


def probe(clause: Clause, wanted: bool | None) -> Probe | None:
    """How to tell what a clause found; None when its form does not say what is found and what allowed."""
    shape = clause.shape
    if isinstance(shape, Comparison):
        if shape.sign == "in" and is_constant(shape.left):
            return _membership(clause, shape, wanted)
        return _comparison(turned(shape), wanted)
    if isinstance(shape, Loop):
        return _loop(shape, wanted)
    if clause.presence:
        return _presence(dotted(clause.presence[0], clause.presence[1:]), wanted)
    return _any_other(clause)


def source(text: str) -> Source | None:
    """What a text means by itself, if anything: read from the document where it only names a place, else asked."""
    path = one_path(text)
    if path is not None and path.root in VARIABLES and None not in path.steps:
        root, steps = path.root, path.steps
        return lambda document: follow(document.values, root, steps)
    try:
        expression = compiled(text)
    except Refused:
        return None
    return lambda document: _settled(value_of(expression, document))


def _comparison(shape: Comparison, wanted: bool | None) -> Probe | None:
    found = None if is_constant(shape.left) else source(shape.left)
    right = None if is_constant(shape.right) else source(shape.right)
    if found is None or (right is None and not is_constant(shape.right)):
        return None
    named = any(path.root in VARIABLES for path in paths(tokens(shape.right)))

    def told(document: Document, holds: bool) -> Found:
        value = found(document)
        limit = shape.right if right is None else words(right(document))
        beside = f"{limit} ({shape.right})" if named else limit
        text = f"{shape.left} is {words(value)}{allowed_words(shape, beside, wanted)}"
        return Found(shape.left, shown(value), f"{shape.sign} {limit}", text)

    return told


def allowed_words(shape: Comparison, limit: str, wanted: bool | None) -> str:
    """What is allowed, in words; nothing for a clause that only chooses between two others."""
    if wanted is None:
        return ""
    if shape.sign == "in" and limit.startswith("[") and limit.endswith("]"):
        return f", allowed {'one' if wanted else 'none'} of {limit[1:-1]}"
    return f", {'allowed' if wanted else 'not allowed'} {shape.sign} {limit}"


def _membership(clause: Clause, shape: Comparison, wanted: bool | None) -> Probe | None:
    """`'a' in b`: of a map, whether something is there; of a list, what it holds."""
    held = source(shape.right)
    if held is None:
        return None
    there = _presence(dotted(clause.presence[0], clause.presence[1:]), wanted) if clause.presence else None

    def told(document: Document, holds: bool) -> Found:
        value = held(document)
        if isinstance(value, Mapping) and there is not None:
            return there(document, holds)
        asked = {True: f", must hold {shape.left}", False: f", must not hold {shape.left}", None: ""}[wanted]
        return Found(shape.right, shown(value), f"holding {shape.left}", f"{shape.right} is {words(value)}{asked}")

    return told


def _any_other(clause: Clause) -> Probe | None:
    """Of a form that has no two sides, the values of the places that it names."""
    of = tokens(clause.text)
    if walks(of):
        return None
    places = [
        (dotted(path.root, path.steps), path) for path in paths(of) if path.root in VARIABLES and None not in path.steps
    ]

    def told(document: Document, holds: bool) -> Found:
        known = {}
        for name, path in places[:MOST_PLACES]:
            with suppress(Missing):
                known[name] = follow(document.values, path.root, path.steps)
        beside = "; ".join(f"{name} is {words(value)}" for name, value in known.items())
        text = f"{clause.text} is {json(holds)}"
        return Found(None, None, None, f"{text} ({beside})" if beside else text)

    return told if places else None


def _presence(path: str, wanted: bool | None) -> Probe:
    there = Found(path, None, None, f"{path} is there, and must not be" if wanted is False else f"{path} is there")
    missing = Found(path, None, None, f"{path} is missing")
    return lambda document, holds: there if holds else missing


def _loop(shape: Loop, wanted: bool | None) -> Probe | None:
    over = source(shape.over)
    if over is None:
        return None
    value = valued(shape)
    # Of `all` those that fail are named, of the others those that hold.
    pick = picker(shape, serving=shape.kind != "all")

    def told(document: Document, holds: bool) -> Found:
        found = over(document)
        many = len(found)
        if not many:
            return Found(shape.over, 0, None, f"{shape.over} is empty")
        if holds and (shape.kind != "exists" or wanted is not False):
            which = {"all": f"all {many}", "exists": f"at least one of {many}", "exists_one": f"exactly one of {many}"}
            forbidden = ", which is not allowed" if wanted is False else ""
            text = f"{shape.body} is true for {which[shape.kind]} in {shape.over}{forbidden}"
            return Found(shape.over, many, None, text)
        keys = every(found) if shape.kind == "exists" and not holds else pick(document, found)
        number = "none" if shape.kind == "exists" and not holds else str(len(keys))
        start = f"{shape.body} is {json(shape.kind != 'all')} for {number} of {many} in {shape.over}"
        if value is None or shape.asked is None:
            names = list(named([(at(found, key), None) for key in keys]))
            return Found(shape.over, shown(names), None, f"{start}: {some(names)}" if names else start)
        values = named([(at(found, key), value(found, key)) for key in keys])
        each = some([f"{words(one)} for {name}" for name, one in values.items()])
        asked = shape.asked
        text = f"{start}: {asked.left} is {each}" if each else start
        if shape.kind == "all":
            text = f"{asked.left} is {each}{allowed_words(asked, asked.right, True)}"
        kept: Plain = {name: shown(one) for name, one in values.items()}
        return Found(asked.left, shown(kept), f"{asked.sign} {asked.right}", text)

    return told


def some(told: Sequence[str]) -> str:
    left = len(told) - MOST_NAMED
    return ", ".join(told[:MOST_NAMED]) + (f" and {left} more" if left > 0 else "")


def turned(shape: Comparison) -> Comparison:
    """The comparison with what is looked at on the left."""
    if is_constant(shape.left) and shape.sign in _TURNED:
        return Comparison(shape.right, _TURNED[shape.sign], shape.left)
    return shape


def is_constant(text: str) -> bool:
    return all(t.kind != "word" or t.text in ("true", "false", "null") for t in tokens(text))


def _settled(value: object) -> object:
    """The value with its lists sorted: the engine walks maps in an order that is another in each process."""
    if isinstance(value, list):
        return sorted((_settled(inner) for inner in value), key=_order)
    if isinstance(value, dict):
        return {key: _settled(inner) for key, inner in sorted(value.items(), key=lambda pair: str(pair[0]))}
    return value


def _order(value: object) -> str:
    return str(value) if isinstance(value, timedelta | datetime) else json(shown(value))
