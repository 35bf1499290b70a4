"""The rule language: CEL, compiled whole, which checks a rule, and clause by clause, which tells what decided it.

One document, made ready once, serves every rule asked of one version, and no other version.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from hub.policies import limits
from hub.policies.asked import Rule, together
from hub.policies.clauses import tokens
from hub.policies.engine import Document, bad, compiled, is_bool, kind
from hub.policies.told import Told, Verdict, json

if TYPE_CHECKING:
    from hub.policies.engine import Expression

__all__ = ["Document", "Rule", "Told", "Verdict", "compile_rule", "evaluate_all", "json"]

AT_ONCE = 16
"""Rules that are asked by one question; where one of them cannot be told, each of them is asked by itself."""


@lru_cache(maxsize=4096)
def compile_rule(text: str) -> Rule:
    """Compile a rule; refused, with line and column, unless it is true or false of a document as declared."""
    limits.check_text(text)
    whole = compiled(text)
    limits.check(text, tokens(text))
    if not is_bool(whole):
        raise bad(f"the rule gives {kind(whole)}, not true or false; compare it with something")
    return Rule(text, whole)


def evaluate_all(rules: Sequence[Rule], document: Document) -> list[Verdict]:
    """Ask many rules of one document, several by one question: a question costs more than what most rules ask."""
    found: list[Verdict] = []
    left = iter(rules)
    while some := tuple(islice(left, AT_ONCE)):
        found += _ask(some, document)
    return found


def _ask(rules: tuple[Rule, ...], document: Document) -> list[Verdict]:
    if len(rules) == 1:
        return [rules[0].evaluate(document)]
    asked, walking = _together(rules)
    if not any(rule.too_heavy(document) for rule in walking):
        try:
            said: Any = asked.eval(document.activation).plain_value()
        except RuntimeError:
            said = None
        if type(said) is list:
            found, at = [], 0
            for rule in rules:
                end = at + rule.size
                found.append(rule.answer(document, said[at:end]))
                at = end
            return found
    return [rule.evaluate(document) for rule in rules]


@lru_cache(maxsize=1024)
def _together(rules: tuple[Rule, ...]) -> tuple[Expression, tuple[Rule, ...]]:
    """One question for all of these rules, and those of them that walk."""
    expressions = [expression for rule in rules for expression in rule.listed]
    return together(expressions), tuple(rule for rule in rules if rule.walks)
