"""A rule as it is asked: one question that tells every clause, and clause by clause where that question fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hub.policies import limits
from hub.policies.clauses import AllOf, Clause, apart, place, tokens
from hub.policies.decides import deciding, deciding_of, exact, held, wanted
from hub.policies.engine import Document, Unknown, bad, compiled, is_bool, truth_of, unknown
from hub.policies.missed import why
from hub.policies.paths import Missing
from hub.policies.probes import NOTHING, Found, Probe, probe
from hub.policies.quick import Quick, computed, quick
from hub.policies.reads import reads
from hub.policies.told import Told, Verdict, json

if TYPE_CHECKING:
    from hub.policies.engine import Expression


NEVER = 1_000_000
"""A place that no answer has."""
WAYS_KEPT = 64
"""Of how many ways in which its clauses ended a rule keeps what they make of it: most rules end in very few."""


class Rule:
    """A compiled rule."""

    def __init__(self, text: str, whole: Expression) -> None:
        self.text = text
        self.reads = reads(text)
        self.part = apart(text)
        self.wanted = wanted(self.part)
        self.clauses = tuple(self.wanted)
        self.position = {clause: i for i, clause in enumerate(self.clauses)}
        limits.check_clauses(len(self.clauses))
        # Clauses joined by && alone, or just one: then the whole is true when each of them is.
        inner = self.part.parts if isinstance(self.part, AllOf) else (self.part,)
        self.flat = all(isinstance(part, Clause) for part in inner)
        self.all = list(range(len(self.clauses)))
        self._whole = whole
        weight = limits.weight(tokens(text))
        self.walks = weight[0] > 0
        self._load = (frozenset(name.partition(".")[0] for name in self.reads), weight)
        self._exact = exact(self.part)
        self._each = [_clause(text, clause) for clause in self.clauses]
        self._probes: list[Probe | None] | None = None
        self._decided: dict[tuple[bool | None, ...], tuple[bool | None, list[int]]] = {}
        # Every clause; the whole where it has to be said too; and what is looked at where only the engine knows it.
        self.listed = [clause.text for clause in self.clauses] + ([] if self.flat else [text])
        self.quick: list[tuple[Quick | None, int]] = []
        for clause, serves in self.wanted.items():
            left = computed(clause)
            self.quick.append((quick(clause, serves), len(self.listed) if left else NEVER))
            self.listed += [left] if left else []
        self.size = len(self.listed)
        self._alone = self.flat and len(self.clauses) == 1
        self._asked = whole if self._alone else together(self.listed)

    def passes(self, document: Document) -> bool:
        """Whether the rule is kept, by one question; False also says that `evaluate` has to be asked."""
        if self.too_heavy(document):
            return False
        try:
            said = self._whole.eval(document.activation).value()
        except RuntimeError:
            return False
        return said is True and (self._exact or self.evaluate(document).holds is True)

    def evaluate(self, document: Document) -> Verdict:
        """Ask every clause; an error in one wins over a false in another, unless a `has(...)` before it guards it."""
        if heavy := self.too_heavy(document):
            return self._doubt(document, [heavy] * len(self.clauses))
        if self._alone:
            told = truth_of(self._whole, document)
            if told is True or told is False:
                return _Answer(self, document, told, [told])
            return self._doubt(document, [told])
        try:
            said = self._asked.eval(document.activation).plain_value()
        except RuntimeError:
            said = None
        # What an error holds is a text.
        return self.answer(document, said) if type(said) is list else self._one_by_one(document)

    def answer(self, document: Document, said: list[bool]) -> Verdict:
        """The verdict, given what everything `listed` said."""
        many = len(self.clauses)
        if not self.flat:
            return _Answer(self, document, said[many], said)
        return _Answer(self, document, False not in (said if many == self.size else said[:many]), said)

    def decided(self, ways: tuple[bool | None, ...]) -> tuple[bool | None, list[int]]:
        """Whether the rule is kept when its clauses end so, and the places of those that decided it."""
        known = self._decided.get(ways)
        if known is None:
            if None in ways:
                truth = dict(zip(self.clauses, ways, strict=True))
                known = held(self.part, truth), [self.position[one] for one in deciding(self.part, truth)]
            else:
                known = deciding_of(self.part, self.position, ways)  # type: ignore[arg-type]
            if len(self._decided) >= WAYS_KEPT:
                self._decided.clear()
            self._decided[ways] = known
        return known

    def too_heavy(self, document: Document) -> Unknown | None:
        """Why the rule may not be asked of so large a document."""
        if not self.walks:
            return None
        if self._load not in document.heavy:
            document.heavy[self._load] = _weighed(document, *self._load)
        return document.heavy[self._load]

    def tell(self, clause: int, document: Document, holds: bool) -> Found:
        """What a clause found beside what is allowed."""
        if self._probes is None:
            self._probes = [probe(clause, serves) for clause, serves in self.wanted.items()]
        found = self._probes[clause]
        try:
            return NOTHING if found is None else found(document, holds)
        except (Unknown, Missing):  # an entry that the clause did not need
            return NOTHING

    def _one_by_one(self, document: Document) -> Verdict:
        return self._doubt(document, [truth_of(asked, document) for asked in self._each])

    def _doubt(self, document: Document, said: list[bool | str | Unknown]) -> Verdict:
        return _Doubt(self, document, *self.decided(tuple([one if type(one) is bool else None for one in said])), said)


def _weighed(document: Document, roots: frozenset[str], weight: tuple[int, int]) -> Unknown | None:
    try:
        limits.check_size(document, roots, weight)
    except Unknown as heavy:
        return heavy
    return None


def together(expressions: list[str]) -> Expression:
    """One question for many; each begins a line, because a comment ends with its own."""
    return compiled("[" + "\n,".join(expressions) + "\n]")


class _Answer(Verdict):
    """A verdict of which every clause is known; it finds its words when asked, for most are only counted."""

    __slots__ = ("_document", "_rule", "_said")

    def __init__(self, rule: Rule, document: Document, holds: bool, said: list[bool]) -> None:
        self.holds = holds
        self._told = None
        self._rule = rule
        self._document = document
        self._said = said

    @property
    def told(self) -> tuple[Told, ...]:
        """Every clause, in the order of the text."""
        if self._told is None:
            decided = set(self._decided())
            self._told = tuple(
                _told(self._rule, clause, self._document, self._said[i], i in decided)
                for i, clause in enumerate(self._rule.clauses)
            )
        return self._told

    def words(self) -> list[str]:
        """What the clauses that decided say, in words."""
        rule, said, document = self._rule, self._said, self._document
        found = []
        for i in rule.all if self.holds and rule.flat else self._decided():
            quick, at = rule.quick[i]
            told = quick(document, said[i], said[at] if at < len(said) else None) if quick else None
            if told is None:
                told = rule.tell(i, document, said[i]).words or f"{rule.clauses[i].text} is {json(said[i])}"
            found.append(told)
        return found

    def _decided(self) -> list[int]:
        if self._rule.flat:
            # Of a true one every clause decided, of a false one those that are false.
            return [i for i in self._rule.all if self._said[i] is self.holds]
        return self._rule.decided(tuple(self._said[: len(self._rule.clauses)]))[1]


class _Doubt(Verdict):
    """A verdict of which some clause could not be told."""

    __slots__ = ("_decided", "_document", "_rule", "_said")

    def __init__(
        self,
        rule: Rule,
        document: Document,
        holds: bool | None,
        decided: list[int],
        said: Sequence[bool | str | Unknown],
    ) -> None:
        self.holds = holds
        self._told = None
        self._rule = rule
        self._document = document
        self._decided = decided
        self._said = said

    @property
    def told(self) -> tuple[Told, ...]:
        """Every clause, in the order of the text."""
        if self._told is None:
            self._told = tuple(
                _told(self._rule, clause, self._document, self._said[i], i in self._decided)
                for i, clause in enumerate(self._rule.clauses)
            )
        return self._told

    def decided(self) -> tuple[Told, ...]:
        """The clauses that decided, in the order of the text."""
        clauses = self._rule.clauses
        return tuple(_told(self._rule, clauses[i], self._document, self._said[i], True) for i in self._decided)


def _told(rule: Rule, clause: Clause, document: Document, said: bool | str | Unknown, decides: bool) -> Told:
    serves = rule.wanted[clause]
    if said is True or said is False:
        found = rule.tell(rule.position[clause], document, said)
        return Told(clause.text, said, serves, found.looked_at, found.found, found.allowed, None, decides, found.words)
    wrong = said if isinstance(said, Unknown) else unknown(str(said))
    because = why(rule.text, clause, wrong, document)
    return Told(clause.text, None, serves, why=because, decides=decides, missed=wrong.key)


def _clause(rule: str, clause: Clause) -> Expression:
    asked = compiled(clause.text)
    if not is_bool(asked):
        what = f"{clause.text} may be anything, not only true or false; write {clause.text} == true"
        raise bad(what, place(rule, clause.start))
    return asked
