"""The rule language: CEL by Google's engine. The engine is young, so no other module knows it.

A rule is compiled whole, which checks it, and clause by clause, which tells what failed. One document, made ready once,
serves every rule asked of one version, and no other version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, assert_never

import orjson

from hub.errors import Code, Refused
from hub.events.canonical import Plain, plain
from hub.policies.clauses import (
    AllOf,
    AnyOf,
    Clause,
    Comparison,
    Every,
    Not,
    Part,
    Token,
    apart,
    clauses,
    place,
    reaches,
    tokens,
)
from hub.policies.document import FIELDS, VARIABLES

if TYPE_CHECKING:
    from cel_expr_python import cel

LONGEST_RULE = 4_000
MOST_CLAUSES = 60
LONGEST_VALUE = 1_000
_AT = re.compile(r"<input>:(\d+):(\d+): (?:Syntax error: )?(.*)")
_MISSING_KEY = re.compile(r'Key not found in map : "?(.*?)"?$')


@dataclass(frozen=True, slots=True)
class Told:
    """What one clause said: true, false, or None for one that could not be told, and why not.

    `wanted` is what serves the rule: false for a clause behind a `!`.
    """

    clause: str
    holds: bool | None
    wanted: bool = True
    looked_at: str | None = None
    found: Plain = None
    allowed: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule said, and clause by clause why."""

    holds: bool | None
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class _Probe:
    """How to tell the value found beside the value allowed; `allowed` is a text, or an expression to be asked.

    With `each`, `found` gives the elements that fail, each with its name and its value.
    """

    looked_at: str
    found: cel.Expression
    sign: str
    allowed: cel.Expression | str
    each: bool = False


@dataclass(frozen=True, slots=True)
class _Ready:
    clause: Clause
    wanted: bool
    asked: cel.Expression
    probe: _Probe | None


class Document:
    """What is known of one version, ready for rules."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._activation = _env().Activation(dict(values))

    def ask(self, expression: cel.Expression) -> tuple[Plain, str | None]:
        """The expression's value, or why there is none."""
        try:
            value = expression.eval(self._activation)
        except RuntimeError as error:  # the engine's own word for a value it cannot take, or too long a loop
            return None, _reason(str(error))
        if value.type() == _types().ERROR:
            return None, _reason(str(value.value()))
        return _shown(value.plain_value()), None


class Rule:
    """A compiled rule."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._part = apart(text)
        parts = _wanted(self._part, True)
        if len(parts) > MOST_CLAUSES:
            raise _bad(f"{len(parts)} clauses; at most {MOST_CLAUSES} are allowed; make several policies of it")
        self._ready = {clause: _ready(text, clause, wanted) for clause, wanted in parts.items()}

    def evaluate(self, document: Document) -> Verdict:
        """Ask every clause; an error in one wins over a false in another, unless a `has(...)` before it guards it."""
        told = {clause: _tell(document, ready) for clause, ready in self._ready.items()}
        holds = _holds(self._part, told)
        return Verdict(holds, tuple(told.values()))


@lru_cache(maxsize=1024)
def compile_rule(text: str) -> Rule:
    """Compile a rule; refused, with line and column, unless it is true or false of a document as declared."""
    if not text.strip():
        raise _bad("the rule is empty; write what must be true, such as metrics.recall >= 0.9")
    if len(text) > LONGEST_RULE:
        raise _bad(f"{len(text)} characters; at most {LONGEST_RULE} are allowed")
    if "\x00" in text:
        raise _bad("a NUL character; leave it out")
    whole = _compiled(text)
    found = tokens(text)
    _check_fields(text, found)
    if whole.return_type() != _types().BOOL:
        raise _bad(f"the rule gives {_kind(whole)}, not true or false; compare it with something")
    return Rule(text)


@cache
def _types() -> type[cel.Type]:
    # Here, as below, because a start that asks no rule would wait for the engine too.
    from cel_expr_python import cel

    found: type[cel.Type] = cel.Type
    return found


@cache
def _env() -> cel.Env:
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_optional

    variables = {name: _type(kind) for name, kind in VARIABLES.items()}
    return cel.NewEnv(variables=variables, extensions=[ext_optional.ExtOptional()])


def _type(kind: str) -> cel.Type:
    types = _types()
    simple = {"string": types.STRING, "double": types.DOUBLE, "int": types.INT, "dyn": types.DYN}
    if kind in simple:
        return simple[kind]
    outer, _, inner = kind[:-1].partition("<")
    if outer == "list":
        return types.List(_type(inner))
    key, _, value = inner.partition(", ")
    return types.Map(_type(key), _type(value))


def _wanted(part: Part, wanted: bool) -> dict[Clause, bool]:
    """Every clause in the order of the text, with what serves the rule."""
    if isinstance(part, Clause):
        return {part: wanted}
    if isinstance(part, Not):
        return _wanted(part.part, not wanted)
    return {clause: serves for inner in part.parts for clause, serves in _wanted(inner, wanted).items()}


def _ready(text: str, clause: Clause, wanted: bool) -> _Ready:
    asked = _compiled(clause.text)
    if asked.return_type() != _types().BOOL:
        line, column = place(text, clause.start)
        raise _bad(f"{clause.text} may be anything, not only true or false; write {clause.text} == true", line, column)
    return _Ready(clause, wanted, asked, _probe(clause))


def _probe(clause: Clause) -> _Probe | None:
    """How to show what a clause found; None when its form does not say what is found and what allowed."""
    shape = clause.shape
    if shape is None:
        return None
    if isinstance(shape, Comparison):
        turned = _turned(shape)
        found = _meaning(turned.left)
        allowed = turned.right if _is_constant(turned.right) else _meaning(turned.right)
        if _is_constant(turned.left) or found is None or allowed is None:
            return None
        return _Probe(turned.left, found, turned.sign, allowed)
    if isinstance(shape, Every):
        if shape.asked is None or _is_constant(shape.asked.left):
            return None
        # The engine itself picks the elements that fail, so that a segment is named beside its value.
        pairs = f"{{'name': dyn({shape.each}), 'value': dyn({shape.asked.left})}}"
        found = _meaning(f"({shape.over}).filter({shape.each}, !({shape.body})).map({shape.each}, {pairs})")
        return (
            None if found is None else _Probe(shape.asked.left, found, shape.asked.sign, shape.asked.right, each=True)
        )
    assert_never(shape)


def _meaning(text: str) -> cel.Expression | None:
    """What one side of a clause means by itself, if anything."""
    try:
        return _compiled(text)
    except Refused:
        return None


def _tell(document: Document, ready: _Ready) -> Told:
    holds, why = document.ask(ready.asked)
    told = Told(ready.clause.text, holds if isinstance(holds, bool) else None, ready.wanted, why=why)
    if ready.probe is None or why is not None:
        return told
    probe = ready.probe
    found, _ = document.ask(probe.found)
    if probe.each and isinstance(found, list):
        found = {str(one["name"]): one["value"] for one in found if isinstance(one, dict)}
    allowed = probe.allowed if isinstance(probe.allowed, str) else json(_cut(document.ask(probe.allowed)[0]))
    return Told(told.clause, told.holds, told.wanted, probe.looked_at, _cut(found), f"{probe.sign} {allowed}")


def _holds(part: Part, told: dict[Clause, Told]) -> bool | None:
    if isinstance(part, Clause):
        return told[part].holds
    if isinstance(part, Not):
        inner = _holds(part.part, told)
        return None if inner is None else not inner
    held = [_holds(each, told) for each in part.parts]
    if isinstance(part, AnyOf):
        return True if True in held else None if None in held else False
    if isinstance(part, AllOf):
        for i, each in enumerate(part.parts):
            if held[i] is None and _guarded(each, part.parts[:i], told):
                held[i] = False
        return None if None in held else False not in held
    assert_never(part)


def _guarded(part: Part, before: tuple[Part, ...], told: dict[Clause, Told]) -> bool:
    """Whether an earlier clause has already said that what this part reaches for is not there."""
    absent = [c.presence for c in before if isinstance(c, Clause) and c.presence and told[c].holds is False]
    failed = [clause for clause in clauses(part) if told[clause].holds is None]
    return all(any(reaches(clause.path, path) for path in absent) for clause in failed)


def _turned(shape: Comparison) -> Comparison:
    """The comparison with what is looked at on the left."""
    turned = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}
    if _is_constant(shape.left) and shape.sign in turned:
        return Comparison(shape.right, turned[shape.sign], shape.left)
    return shape


def _is_constant(text: str) -> bool:
    return all(t.kind != "word" or t.text in ("true", "false", "null") for t in tokens(text))


def _check_fields(text: str, found: list[Token]) -> None:
    """Refuse a field that no document has; the engine would only find it missing, version by version."""
    for before, name, dot, field in zip([None, *found], found, found[1:], found[2:], strict=False):
        known = FIELDS.get(name.text)
        if known is None or name.kind != "word" or dot.text not in (".", ".?") or field.kind != "word":
            continue
        if (before is None or before.text not in (".", ".?")) and field.text not in known:
            line, column = place(text, field.start)
            raise _bad(f"{name.text} has no field {field.text}; it has {', '.join(sorted(known))}", line, column)


def _compiled(text: str) -> cel.Expression:
    try:
        return _env().compile(text)
    except RuntimeError as error:
        raise _refusal(str(error)) from error


def _refusal(told: str) -> Refused:
    at = _AT.search(told)
    if at is None:
        return _bad(_reason(told))
    why = at.group(3).removesuffix(" [INVALID_ARGUMENT]").replace(" (in container '')", "")
    why = why.partition(" expecting {")[0]
    if "(double, int)" in why or "(int, double)" in why:
        why += "; write the number with a decimal point, as 1.0"
    if why.startswith("undeclared reference"):
        why += f"; a rule may look at {', '.join(VARIABLES)}"
    return _bad(why[:500], int(at.group(1)), int(at.group(2)))


def _reason(told: str) -> str:
    """The engine's words without its status names."""
    plain_words = re.sub(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$", "", told)
    missing = _MISSING_KEY.search(plain_words)
    return f"{missing.group(1)} is missing" if missing else plain_words[:300]


def _shown(value: object) -> Plain:
    """A value as it is kept and told, in JSON's types."""
    try:
        return _settled(plain(value))
    except TypeError:  # durations, bytes and types
        return str(value)


def _cut(value: Plain) -> Plain:
    """The value, or the beginning of its text when it is long."""
    text = json(value)
    return value if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"


def _settled(value: Plain) -> Plain:
    """The value with its lists sorted: the engine walks maps in an order that is another in each process."""
    if isinstance(value, list):
        return sorted((_settled(inner) for inner in value), key=json)
    if isinstance(value, dict):
        return {key: _settled(inner) for key, inner in sorted(value.items())}
    return value


def json(value: Plain) -> str:
    """The value in JSON, for people."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _kind(expression: cel.Expression) -> str:
    return "anything" if expression.return_type() == _types().DYN else expression.return_type().name().lower()


def _bad(why: str, line: int | None = None, column: int | None = None) -> Refused:
    where = "" if line is None else f"line {line}, column {column}: "
    return Refused(Code.BAD_RULE, where + why, field="rule")
