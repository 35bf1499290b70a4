"""The chains of names in a rule, such as `segments.recall[group]`, and what a document holds there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.policies.clauses import Token, matching, tokens, unquoted

MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})
_NAMED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")

Step = str | int | None
"""A key, a position, or None for what only an evaluation knows, as in `[group]`."""


@dataclass(frozen=True, slots=True)
class Path:
    """A chain of names: its root and its steps, with their positions in the text; `after` is the next token's index."""

    root: str
    steps: tuple[Step, ...]
    starts: tuple[int, ...]
    at: int
    after: int


@dataclass(frozen=True, slots=True)
class Walk:
    """A macro that walks a list or a map: `each` stands for the elements from token `begin` up to `end`."""

    kind: str
    each: str
    start: int
    begin: int
    end: int
    over: Path | None


class Missing(Exception):
    """A document has nothing at a path; says how far it could be followed."""

    def __init__(self, path: str, key: Step) -> None:
        super().__init__(path)
        self.path = path
        self.key = key


def paths(of: Sequence[Token]) -> list[Path]:
    """Every chain of names, in the order of the text; also those inside of brackets of others."""
    return [
        _path(of, i)
        for i, token in enumerate(of)
        if token.kind == "word"
        and not (i and of[i - 1].text in (".", ".?"))
        and (i + 1 == len(of) or of[i + 1].text != "(")
    ]


def walks(of: Sequence[Token]) -> list[Walk]:
    """Every macro that walks a list or a map, in the order of the text."""
    ends = {path.after: path for path in paths(of)}
    return [
        Walk(of[i].text, of[i + 2].text, of[i].start, i + 4, matching(of, i + 1), ends.get(i - 1))
        for i in range(1, len(of) - 3)
        if of[i].text in MACROS
        and of[i - 1].text == "."
        and of[i + 1].text == "("
        and of[i + 2].kind == "word"
        and of[i + 3].text == ","
    ]


def one_path(text: str) -> Path | None:
    """The text as one chain of names, if that is all it is."""
    of = tokens(text)
    if not of or of[0].kind != "word" or of[0].text in ("true", "false", "null"):
        return None
    if any(token.text in (".?", "[?") for token in of):
        return None
    path = _path(of, 0)
    return path if path.after == len(of) else None


def follow(values: Mapping[str, object], root: str, steps: Sequence[Step]) -> object:
    """What is at a path; raises Missing, with the path as far as the first key that is not there."""
    if root not in values:
        raise Missing(root, root)
    value = values[root]
    for i, step in enumerate(steps):
        try:
            value = value[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            raise Missing(dotted(root, steps[: i + 1]), step) from None
    return value


def dotted(root: str, steps: Sequence[Step]) -> str:
    """The path as a rule writes it."""
    text = root
    for step in steps:
        if isinstance(step, str) and step and set(step) <= _NAMED and not step[0].isdigit():
            text += f".{step}"
        elif isinstance(step, str):
            text += f"['{step}']"
        else:
            text += f"[{'…' if step is None else step}]"
    return text


def _path(of: Sequence[Token], at: int) -> Path:
    steps: list[Step] = []
    starts: list[int] = []
    i = at + 1
    while i + 1 < len(of):
        if of[i].text in (".", ".?") and of[i + 1].kind == "word":
            if i + 2 < len(of) and of[i + 2].text == "(":
                break
            steps.append(of[i + 1].text.strip("`"))
            starts.append(of[i + 1].start)
            i += 2
        elif of[i].kind == "sign" and of[i].text in ("[", "[?"):
            close = matching(of, i)
            steps.append(_literal(of[i + 1 : close]))
            starts.append(of[i + 1].start)
            i = close + 1
        else:
            break
    return Path(of[at].text, tuple(steps), tuple(starts), of[at].start, i)


def _literal(of: Sequence[Token]) -> Step:
    if len(of) != 1:
        return None
    if of[0].kind == "text" and "\\" not in of[0].text:
        return unquoted(of[0].text)
    return int(of[0].text) if of[0].kind == "number" and of[0].text.isdecimal() else None
