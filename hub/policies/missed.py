"""Where in the rule, or where in the document, a clause could not go on."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from hub.policies.clauses import Clause, place, tokens
from hub.policies.document import VARIABLES
from hub.policies.engine import Document, Unknown
from hub.policies.paths import Missing, Path, Step, Walk, dotted, follow, paths, walks


def why(rule: str, clause: Clause, unknown: Unknown, document: Document) -> str:
    """Why a clause could not be told: the whole path of what is missing, or the place of the operator that failed."""
    if unknown.key is not None:
        return f"{_path(clause.text, unknown.key, document) or unknown.key} is missing"
    if not unknown.signs:
        return unknown.why
    at = [token.start for token in tokens(clause.text) if token.text in unknown.signs]
    line, column = place(rule, clause.start + (at[0] if len(at) == 1 else 0))
    return f"line {line}, column {column}: {unknown.why}"


@lru_cache(maxsize=4096)
def _followed(text: str) -> tuple[tuple[Path, Walk | None], ...]:
    """The chains of names that a clause follows in the document, and the walk whose entry one begins at."""
    of = tokens(text)
    index = {token.start: i for i, token in enumerate(of)}
    walked = walks(of)
    found = []
    for path in paths(of):
        around = [walk for walk in walked if walk.begin <= index[path.at] < walk.end and walk.each == path.root]
        if around or path.root in VARIABLES:
            found.append((path, around[-1] if around else None))
    return tuple(found)


def _path(text: str, key: str, document: Document) -> str | None:
    """The path of a key that the engine missed: one written out, else one of an entry, else one that was computed."""
    perhaps: list[str] = []
    for path, walk in _followed(text):
        if walk is not None:
            perhaps[:0] = _of_entry(walk, path, key, document)
            continue
        literal = _literal(path.steps)
        try:
            value = follow(document.values, path.root, literal)
        except Missing as missing:
            if missing.key == key:
                return missing.path
            continue
        if len(literal) < len(path.steps) and isinstance(value, Mapping) and key not in value:
            perhaps.append(dotted(path.root, (*literal, key)))
    return perhaps[0] if perhaps else None


def _of_entry(walk: Walk, path: Path, key: str, document: Document) -> list[str]:
    """Which entry lacks the key, when what is walked is written out and is a list."""
    over = walk.over
    if over is None or over.root not in VARIABLES or None in over.steps:
        return []
    try:
        entries = follow(document.values, over.root, over.steps)
    except Missing:
        return []
    for i, entry in enumerate(entries if isinstance(entries, Sequence) and not isinstance(entries, str) else ()):
        steps = _literal(path.steps)
        try:
            follow({"": entry}, "", steps)
        except Missing as missing:
            if missing.key == key:
                return [dotted(over.root, (*over.steps, i)) + missing.path]
    return []


def _literal(steps: Sequence[Step]) -> tuple[Step, ...]:
    return tuple(steps[: steps.index(None)] if None in steps else steps)
