"""Which entries of a list or a map decided a clause that walks it."""

from collections.abc import Callable, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import orjson

from hub.policies.clauses import Comparison, Loop
from hub.policies.engine import Document, value_of
from hub.policies.engine import compiled as _compiled
from hub.policies.paths import Missing, follow, one_path
from hub.policies.told import words

_ASKS: Mapping[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne}

Entries = Sequence[Any] | Mapping[str, Any]
Pick = Callable[[Document, Entries], list[Any]]
"""Gives what is picked: positions in a list, keys of a map."""
Value = Callable[[Entries, Any], Any]


def at(entries: Entries, key: Any) -> Any:
    """What a loop's variable stands for: an entry of a list, but a key of a map."""
    return entries[key] if isinstance(entries, Sequence) else key


def every(entries: Entries) -> list[Any]:
    """Each position or key."""
    return list(range(len(entries))) if isinstance(entries, Sequence) else list(entries)


def picker(shape: Loop, *, serving: bool) -> Pick:
    """Finds the entries for which the body is true, or those for which it is false."""
    body = shape.body if serving else f"!({shape.body})"
    of_list = _compiled(f"({shape.over}).map({shape.each}, {body})")
    of_map = _compiled(f"({shape.over}).filter({shape.each}, {body})")
    compares = comparing(shape, serving=serving)

    def pick(document: Document, entries: Entries) -> list[Any]:
        # The engine has already said that there is one, unless one is asked for exactly.
        if compares is not None and (alike := compares(entries)):
            return [key for key, _ in alike]
        if isinstance(entries, Sequence):
            return [i for i, one in enumerate(value_of(of_list, document)) if one is True]
        return list(value_of(of_map, document))

    return pick


def valued(shape: Loop) -> Value | None:
    """What is looked at in one entry, where the body compares one place in it: `d.role`, or `over[each]`."""
    if shape.asked is None:
        return None
    left = shape.asked.left
    path = one_path(left)
    if path is not None and path.root == shape.each and None not in path.steps:
        steps = path.steps
        if len(steps) == 1:
            (step,) = steps
            return lambda entries, key: _entry(at(entries, key), step)
        return lambda entries, key: _follow(at(entries, key), steps)
    if left == f"{shape.over}[{shape.each}]":
        return lambda entries, key: entries[key] if isinstance(entries, Mapping) else None
    return None


def named(pairs: Sequence[tuple[Any, Any]]) -> dict[str, Any]:
    """Values by the names of their entries, in an order that does not change."""
    found: dict[str, Any] = {}
    for entry, value in pairs:
        name = entry if isinstance(entry, str) else entry.get("name") if isinstance(entry, dict) else None
        name = name if isinstance(name, str) and name else words(entry)[:80]
        again = 2
        while name in found:
            name, again = f"{name.removesuffix(f' #{again - 1}')} #{again}", again + 1
        found[name] = value
    return dict(sorted(found.items()))


def comparing(shape: Loop, *, serving: bool) -> Callable[[Entries], list[tuple[Any, Any]]] | None:
    """Finds the entries with their values where Python compares as the engine does; finds none where it may not.

    That is, numbers with a number, and truths or texts with their like: no other pair of types is compared here.
    """
    constant = None if shape.asked is None else _constant(shape.asked)
    value = valued(shape)
    if shape.asked is None or constant is None or value is None:
        return None
    (limit,) = constant
    kinds = {int, float} if type(limit) in (int, float) else {type(limit)}
    asks = _ASKS[shape.asked.sign]
    path = one_path(shape.asked.left)
    field = path.steps[0] if path is not None and path.root == shape.each and len(path.steps) == 1 else None

    def compare(entries: Entries) -> list[tuple[Any, Any]]:
        if isinstance(entries, dict) and field is None:
            pairs = list(entries.items()) if shape.asked and shape.asked.left != shape.each else []
        elif isinstance(entries, list) and field is not None and all(type(entry) is dict for entry in entries):
            pairs = [(i, entry.get(field)) for i, entry in enumerate(entries)]
        else:
            pairs = [(key, value(entries, key)) for key in every(entries)]
        if not kinds.issuperset([type(one) for _, one in pairs]):
            return []
        return [(key, one) for key, one in pairs if asks(one, limit) is serving]

    return compare


def _constant(asked: Comparison) -> tuple[object] | None:
    """The constant on the right, where Python reads it as CEL does."""
    text = asked.right
    if asked.sign not in _ASKS:
        return None
    if text in ("true", "false"):
        return (text == "true",) if asked.sign in ("==", "!=") else None
    if text[:1] in "'\"" and text[:3] not in ("'''", '"""') and text.isascii() and "\\" not in text:
        # Python orders texts by code point as the engine does by byte, which for ASCII is the same.
        return (text[1:-1],) if asked.sign in ("==", "!=") else None
    try:
        return (orjson.loads(text),)
    except orjson.JSONDecodeError:
        return None


def _entry(entry: object, step: Any) -> object:
    return entry.get(step) if type(entry) is dict else _follow(entry, (step,))


def _follow(entry: object, steps: Sequence[Any]) -> object:
    try:
        return follow({"": entry}, "", steps)
    except Missing:
        return None
