"""CEL by Google's engine. The engine is young, so no other module knows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from hub.errors import Code, Refused
from hub.policies.document import VARIABLES

if TYPE_CHECKING:
    from cel_expr_python import cel
    from cel_expr_python.cel import Expression as Expression

_AT = re.compile(r"<input>:(\d+):(\d+): (?:Syntax error: )?(.*)")
_KEY = re.compile(r'Key not found in map : "?(.*?)"?$', re.DOTALL)
_ROOT = re.compile(r'No value with name "(.*?)" found in Activation')
_INDEX = re.compile(r"Index error: index=(-?\d+) size=(\d+)")
_TAKES = re.compile(r"No matching overloads found : (\S+?)(?:\((.*)\))?$")
_COMPARES = ("_<_", "_<=_", "_>_", "_>=_")
_KINDS = {"int64": "int", "uint64": "uint", "null_type": "null", "google.protobuf.Timestamp": "timestamp"}


class Document:
    """What is known of one version, ready for rules: made once, and asked by every rule."""

    __slots__ = ("activation", "heavy", "sizes", "values")

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = dict(values)
        self.activation = env().Activation(self.values)
        self.sizes: dict[str, int] = {}
        self.heavy: dict[object, Unknown | None] = {}


class Unknown(Exception):
    """The engine has no value: why, the key that it missed, or the operator that it stopped at."""

    def __init__(self, why: str, *, key: str | None = None, signs: tuple[str, ...] = ()) -> None:
        super().__init__(why)
        self.why = why
        self.key = key
        self.signs = signs


def value_of(expression: cel.Expression, document: Document) -> Any:
    """The expression's value in Python's types; raises Unknown when there is none."""
    try:
        value = expression.eval(document.activation)
    except RuntimeError as error:  # the engine's own word for a value it cannot take, or too long a loop
        raise unknown(str(error)) from None
    if value.type() == types().ERROR:
        raise unknown(str(value.value()))
    return value.plain_value()


def truth_of(expression: cel.Expression, document: Document) -> bool | str:
    """What an expression that is a bool says, or the engine's words for why it says nothing."""
    try:
        value = expression.eval(document.activation).value()
    except RuntimeError as error:
        return str(error)
    return value if value is True or value is False else str(value)


def compiled(text: str) -> cel.Expression:
    """The expression, its types checked; refused with line and column."""
    try:
        return env().compile(text)
    except RuntimeError as error:
        raise _refusal(str(error)) from error


def is_bool(expression: cel.Expression) -> bool:
    """Whether the expression can only be true or false."""
    return bool(expression.return_type() == types().BOOL)


def kind(expression: cel.Expression) -> str:
    """What the expression gives, in a word."""
    return "anything" if expression.return_type() == types().DYN else str(expression.return_type().name().lower())


@lru_cache(maxsize=1024)
def pattern(quoted: str) -> str | None:
    """What is wrong with a regular expression, written as CEL writes a text; None when nothing is."""
    try:
        value_of(compiled(f"''.matches({quoted})"), Document({}))
    except Unknown as wrong:
        return wrong.why
    return None


def bad(why: str, at: tuple[int, int] | None = None) -> Refused:
    """The refusal of a rule, with line and column where they are known."""
    where = "" if at is None else f"line {at[0]}, column {at[1]}: "
    return Refused(Code.BAD_RULE, where + why, field="rule")


@cache
def types() -> type[cel.Type]:
    # Here, as below, because a start that asks no rule would wait for the engine too.
    from cel_expr_python import cel

    found: type[cel.Type] = cel.Type
    return found


@cache
def env() -> cel.Env:
    """The variables that a rule may look at, and CEL's own functions with optional values."""
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_optional

    variables = {name: _type(kind) for name, kind in VARIABLES.items()}
    return cel.NewEnv(variables=variables, extensions=[ext_optional.ExtOptional()])


def _type(kind: str) -> cel.Type:
    known = types()
    outer, _, inner = kind[:-1].partition("<")
    if outer == "list":
        return known.List(_type(inner))
    if outer == "map":
        key, _, value = inner.partition(", ")
        return known.Map(_type(key), _type(value))
    return getattr(known, kind.upper())


def _refusal(told: str) -> Refused:
    at = _AT.search(told)
    if at is None:
        return bad(_bare(told)[:300])
    why = at.group(3).removesuffix(" [INVALID_ARGUMENT]").replace(" (in container '')", "")
    why = why.partition(" expecting {")[0]
    if "(double, int)" in why or "(int, double)" in why:
        why += "; write the number with a decimal point, as 1.0"
    if why.startswith("undeclared reference"):
        why += f"; a rule may look at {', '.join(VARIABLES)}"
    return bad(why[:500], (int(at.group(1)), int(at.group(2))))


@lru_cache(maxsize=1024)
def unknown(told: str) -> Unknown:
    """The engine's words without its status names, in those that rules are written in."""
    plain = _bare(told)
    if missed := _KEY.search(plain) or _ROOT.search(plain):
        return Unknown(f"{missed.group(1)} is missing", key=missed.group(1))
    if beyond := _INDEX.search(plain):
        return Unknown(f"position {beyond.group(1)} of a list of {beyond.group(2)} is missing", signs=("[", "[?"))
    if plain == "divide by zero" or plain == "modulus by zero":
        return Unknown(plain, signs=("/", "%"))
    if plain == "Iteration budget exceeded":
        return Unknown("the rule walks more than 10,000 entries in all; ask for less")
    if takes := _TAKES.search(plain):
        return _mismatch(takes.group(1), [_KINDS.get(one, one) for one in (takes.group(2) or "").split(", ") if one])
    return Unknown(plain[:300])


def _mismatch(name: str, kinds: list[str]) -> Unknown:
    sign = name.strip("_")
    if name in _COMPARES and len(kinds) == 2:
        return Unknown(f"{sign} cannot compare {_one(kinds[0])} with {_one(kinds[1])}", signs=(sign,))
    if name == "<iter_range>":
        return Unknown(
            "only a list or a map has entries to walk", signs=("all", "exists", "exists_one", "map", "filter")
        )
    if name in ("_&&_", "_||_", "!_"):
        return Unknown(f"what {sign} is asked of is neither true nor false", signs=(sign,))
    return Unknown(f"{sign} cannot be asked of {' and '.join(map(_one, kinds)) or 'this'}", signs=(sign,))


def _one(kind: str) -> str:
    return kind if kind == "null" else f"{'an' if kind[:1] in 'aeiou' else 'a'} {kind}"


def _bare(told: str) -> str:
    return re.sub(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$", "", told)
