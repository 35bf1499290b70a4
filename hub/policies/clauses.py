"""Takes a CEL rule apart into its and, or, not and single clauses, knowing CEL's tokens but no engine.

CEL's own `&&` hides an error beside a false, and tells nobody which side failed; so each clause is asked by itself. The
text given here has been compiled before: only what is valid CEL is taken apart.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<text>[bB]?[rR][bB]?(?:'''.*?'''|\"{3}.*?\"{3}|'[^'\n]*'|"[^"\n]*")
           |[bB]?(?:'''(?:\\.|.)*?'''|\"{3}(?:\\.|.)*?\"{3}|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
  | (?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[uU]?)
  | (?P<word>[A-Za-z_]\w*|`[^`]*`)
  | (?P<sign>&&|\|\||==|!=|<=|>=|\.\?|\[\?|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENS = {"(": ")", "[": "]", "[?": "]", "{": "}"}
_COMPARES = ("==", "!=", "<=", ">=", "<", ">", "in")
_ASKING = ("all", "exists", "exists_one")
_BINARY = (*_COMPARES, "+", "-", "*", "/", "%")


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two texts and what is asked of them, such as `metrics.recall`, `>=`, `0.9`."""

    left: str
    sign: str
    right: str


@dataclass(frozen=True, slots=True)
class Loop:
    """`over.all(each, body)`, `exists` or `exists_one`; `asked` is given when the body is one comparison."""

    kind: str
    over: str
    each: str
    body: str
    asked: Comparison | None


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    """A part that is true or false by itself. `path` is what is reached for, a.b and a['b'] alike.

    `presence` is set when the clause only asks whether something is there: the path of that thing.
    """

    text: str
    start: int
    path: tuple[str, ...]
    shape: Comparison | Loop | None = None
    presence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AllOf:
    """Parts joined by &&."""

    parts: tuple["Part", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Parts joined by ||."""

    parts: tuple["Part", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A part turned round by !."""

    part: "Part"


@dataclass(frozen=True, slots=True)
class Either:
    """`asked ? then : otherwise`."""

    asked: "Part"
    then: "Part"
    otherwise: "Part"


Part = Clause | AllOf | AnyOf | Not | Either


def apart(rule: str) -> Part:
    """The tree of a rule's parts, in the order of its text."""
    return _part(rule, tokens(rule))


def tokens(rule: str) -> list[Token]:
    """The rule's tokens, without space and comments."""
    found: list[Token] = []
    for match in _TOKEN.finditer(rule):
        kind = match.lastgroup or "sign"
        if kind != "space":
            found.append(Token(kind, match.group(), match.start()))
    return found


def place(rule: str, start: int) -> tuple[int, int]:
    """Line and column of a position, both from 1."""
    return rule.count("\n", 0, start) + 1, start - (rule.rfind("\n", 0, start) + 1) + 1


def clauses(part: Part) -> tuple[Clause, ...]:
    """Every single clause, in the order of the text."""
    if isinstance(part, Clause):
        return (part,)
    if isinstance(part, Not):
        return clauses(part.part)
    if isinstance(part, Either):
        return (*clauses(part.asked), *clauses(part.then), *clauses(part.otherwise))
    return tuple(clause for inner in part.parts for clause in clauses(inner))


def reaches(path: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether a part with this path mentions what `wanted` names."""
    size = len(wanted)
    return size > 0 and any(tuple(path[i : i + size]) == tuple(wanted) for i in range(len(path) - size + 1))


def _part(rule: str, of: list[Token]) -> Part:
    while len(of) > 2 and of[0].text == "(" and matching(of, 0) == len(of) - 1:
        of = of[1:-1]
    outer = _outer(of)
    signs = {of[i].text for i in outer}
    if "?" in signs:
        return _either(rule, of, outer)
    for sign, joined in (("||", AnyOf), ("&&", AllOf)):
        if sign in signs:
            return joined(tuple(_part(rule, piece) for piece in _split(of, outer, sign)))
    if of[0].text == "!" and not signs & set(_BINARY):
        return Not(_part(rule, of[1:]))
    return _clause(rule, of)


def _either(rule: str, of: list[Token], outer: list[int]) -> Part:
    first = next(i for i in outer if of[i].text == "?")
    open_ = 0
    for i in outer[outer.index(first) :]:
        open_ += (of[i].text == "?") - (of[i].text == ":")
        if open_ == 0:
            return Either(_part(rule, of[:first]), _part(rule, of[first + 1 : i]), _part(rule, of[i + 1 :]))
    return _clause(rule, of)


def _clause(rule: str, of: list[Token]) -> Clause:
    path = _path(of)
    shape: Comparison | Loop | None = _comparison(rule, of) or _loop(rule, of)
    return Clause(_slice(rule, of), of[0].start, path, shape, _presence(of))


def _comparison(rule: str, of: list[Token]) -> Comparison | None:
    outer = _outer(of)
    at = [i for i in outer if of[i].text in _COMPARES]
    if len(at) != 1 or any(of[i].text in ("?", "&&", "||") for i in outer):
        return None
    left, right = of[: at[0]], of[at[0] + 1 :]
    return Comparison(_slice(rule, left), of[at[0]].text, _slice(rule, right)) if left and right else None


def _loop(rule: str, of: list[Token]) -> Loop | None:
    # ... . all ( each , body )
    opening = next((i for i in _outer(of) if of[i].text == "(" and matching(of, i) == len(of) - 1), 0)
    if opening < 3 or of[opening - 2].text != "." or of[opening - 1].text not in _ASKING or len(of) < opening + 5:
        return None
    if of[opening + 1].kind != "word" or of[opening + 2].text != ",":
        return None
    body = of[opening + 3 : -1]
    over = of[: opening - 2]
    if {over[i].text for i in _outer(over)} & {*_BINARY, "!", "?", "&&", "||"}:
        return None
    kind, each = of[opening - 1].text, of[opening + 1].text
    return Loop(kind, _slice(rule, over), each, _slice(rule, body), _comparison(rule, body))


def _presence(of: list[Token]) -> tuple[str, ...]:
    texts = [token.text for token in of]
    if texts[:2] == ["has", "("] and matching(of, 1) == len(of) - 1:
        return _path(of[2:-1])
    if len(of) > 2 and of[0].kind == "text" and texts[1] == "in" and len(_outer(of)) == len(of):
        return (*_path(of[2:]), unquoted(of[0].text))
    return ()


def _path(of: list[Token]) -> tuple[str, ...]:
    # Dots and index brackets are left out, so that a.b, a.?b and a['b'] read the same.
    return tuple(
        unquoted(token.text) if token.kind == "text" else token.text
        for token in of
        if token.text not in (".", ".?", "[", "[?", "]")
    )


def _split(of: list[Token], outer: list[int], sign: str) -> list[list[Token]]:
    at = [i for i in outer if of[i].text == sign]
    bounds = [-1, *at, len(of)]
    return [of[low + 1 : high] for low, high in pairwise(bounds)]


def _outer(of: list[Token]) -> list[int]:
    """Positions outside every bracket; opening brackets count as outside, what they hold and close does not."""
    found: list[int] = []
    depth = 0
    for i, token in enumerate(of):
        if token.kind == "sign" and token.text in _OPENS.values():
            depth -= 1
            continue
        if depth == 0:
            found.append(i)
        if token.kind == "sign" and token.text in _OPENS:
            depth += 1
    return found


def matching(of: Sequence[Token], opening: int) -> int:
    """Where the bracket that opens here is closed."""
    depth = 0
    for i in range(opening, len(of)):
        if of[i].kind == "sign":
            depth += (of[i].text in _OPENS) - (of[i].text in _OPENS.values())
        if depth == 0:
            return i
    return -1


def _slice(rule: str, of: list[Token]) -> str:
    return rule[of[0].start : of[-1].start + len(of[-1].text)]


def unquoted(text: str) -> str:
    """What a quoted text holds."""
    bare = text.lstrip("rRbB")
    quotes = 3 if bare[:3] in ("'''", '"""') else 1
    return bare[quotes:-quotes]
