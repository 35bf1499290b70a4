"""What a rule's clauses make of the whole, and which of them decided it."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from hub.policies.clauses import AllOf, AnyOf, Clause, Either, Not, Part, clauses, reaches

Truth = Mapping[Clause, bool | None]
"""What each clause said; None where it could not be told."""


def held(part: Part, truth: Truth) -> bool | None:
    """Whether a part holds. What could not be told wins over a false beside it, unless a clause before it guards it."""
    if isinstance(part, Clause):
        return truth[part]
    if isinstance(part, Not):
        inner = held(part.part, truth)
        return None if inner is None else not inner
    if isinstance(part, Either):
        chosen = held(part.asked, truth)
        return None if chosen is None else held(part.then if chosen else part.otherwise, truth)
    if isinstance(part, AnyOf):
        said = [held(inner, truth) for inner in part.parts]
        return True if True in said else None if None in said else False
    if isinstance(part, AllOf):
        said = [False if given else held(inner, truth) for inner, given in _given(part, truth)]
        return None if None in said else False not in said
    assert_never(part)


def deciding(part: Part, truth: Truth) -> tuple[Clause, ...]:
    """The clauses that decided: with these alone known, the part would say the same.

    Of a false `&&` each false side is named, since each has to be mended; of a true `||` the first side that holds.
    """
    if isinstance(part, Clause):
        return (part,)
    if isinstance(part, Not):
        return deciding(part.part, truth)
    if isinstance(part, Either):
        chosen = held(part.asked, truth)
        after = () if chosen is None else deciding(part.then if chosen else part.otherwise, truth)
        return (*deciding(part.asked, truth), *after)
    outcome = held(part, truth)
    if isinstance(part, AnyOf):
        named = [inner for inner in part.parts if held(inner, truth) is outcome]
        named = named[:1] if outcome else named
    elif isinstance(part, AllOf):
        named = [inner for inner, given in _given(part, truth) if not given and held(inner, truth) is outcome]
    else:
        assert_never(part)
    return tuple(clause for inner in named for clause in deciding(inner, truth))


def deciding_of(part: Part, position: Mapping[Clause, int], said: Sequence[bool]) -> tuple[bool, list[int]]:
    """What a part of which every clause is known says, and the positions of the clauses that decided; in one pass."""
    if isinstance(part, Clause):
        at = position[part]
        return said[at], [at]
    if isinstance(part, Not):
        holds, named = deciding_of(part.part, position, said)
        return not holds, named
    if isinstance(part, Either):
        chosen, named = deciding_of(part.asked, position, said)
        holds, after = deciding_of(part.then if chosen else part.otherwise, position, said)
        return holds, [*named, *after]
    all_: list[int] = []
    some: list[int] = []
    joined_by_or = isinstance(part, AnyOf)
    for inner in part.parts:
        holds, named = deciding_of(inner, position, said)
        if holds and joined_by_or:
            return True, named
        if not holds:
            some += named
        all_ += named
    if joined_by_or:
        return False, all_
    return (False, some) if some else (True, all_)


def exact(part: Part, *, turned: bool = False) -> bool:
    """Whether the engine, asked the whole at once, says true exactly where every clause that counts was told.

    CEL's `&&` hides an error beside a false; only behind a `!` does that false make the whole true.
    """
    if isinstance(part, Clause):
        return True
    if isinstance(part, Not):
        return exact(part.part, turned=not turned)
    if isinstance(part, Either):
        chooses = exact(part.asked) and exact(part.asked, turned=True)
        return chooses and exact(part.then, turned=turned) and exact(part.otherwise, turned=turned)
    if isinstance(part, AllOf) and turned:
        return False
    return all(exact(inner, turned=turned) for inner in part.parts)


def wanted(part: Part, serves: bool | None = True) -> dict[Clause, bool | None]:
    """Every clause in the order of the text, with what serves the rule: false behind a `!`, None if it only chooses."""
    if isinstance(part, Clause):
        return {part: serves}
    if isinstance(part, Not):
        return wanted(part.part, None if serves is None else not serves)
    if isinstance(part, Either):
        return {**wanted(part.asked, None), **wanted(part.then, serves), **wanted(part.otherwise, serves)}
    return {clause: says for inner in part.parts for clause, says in wanted(inner, serves).items()}


def _given(part: AllOf, truth: Truth) -> list[tuple[Part, bool]]:
    """Each side, and whether it needs no answer: a clause before it has said that what it reaches for is not there."""
    return [
        (inner, held(inner, truth) is None and _guarded(inner, part.parts[:i], truth))
        for i, inner in enumerate(part.parts)
    ]


def _guarded(part: Part, before: tuple[Part, ...], truth: Truth) -> bool:
    absent = [c.presence for c in before if isinstance(c, Clause) and c.presence and truth[c] is False]
    unknown = [clause for clause in clauses(part) if truth[clause] is None]
    return bool(absent) and all(any(reaches(clause.path, path) for path in absent) for clause in unknown)
