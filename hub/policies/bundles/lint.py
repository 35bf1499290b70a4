"""What reviewers of policies look for, found by a machine first: an error cannot stand, a warning can be argued."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import product
from typing import Any

from hub.models.tables import RiskTier, Stage
from hub.policies.bundles import fixtures
from hub.policies.bundles.reading import Bundle, Written
from hub.policies.bundles.shape import nearest
from hub.policies.cel import compile_rule
from hub.policies.clauses import place, tokens, unquoted
from hub.policies.rules import EnforcementStep
from hub.policies.tables import Severity

SHORTEST = 40
LONGEST_EXCEPTION_DAYS = 365
FRAMEWORKS = ("EU AI Act", "GDPR", "NIST AI RMF", "ISO/IEC 42001")
TAG = re.compile(r"[a-z0-9][a-z0-9._-]*")
SUPERSEDED = {
    "card.": "card.SECTION",
    "kpi.": "kpis.NAME",
    "code.commit": "version.code_commit",
    "owner": "model.owner",
}
"""Tags that the document has under a name of its own, which it fills from other registries too."""

_SEVERE = frozenset({Severity.CRITICAL, Severity.HIGH})
_ALWAYS = date.min


class Level(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One finding and where it stands; `code` is its short name."""

    file: str
    line: int
    column: int
    level: Level
    code: str
    what: str


@dataclass(frozen=True, slots=True)
class _Found:
    """One finding within a policy, by the path of what it is about; `inside` is a position in the rule."""

    level: Level
    code: str
    what: str
    path: tuple[str | int, ...]
    inside: int | None = None


def lint(bundle: Bundle, *, today: date) -> list[Problem]:
    """Everything that is wrong with a bundle, by file and line."""
    found = [
        Problem(one.name, one.place.line, one.place.column, Level.ERROR, "unreadable", one.what)
        for one in bundle.refused
    ]
    for policy in bundle.policies:
        for look in _LOOKS:
            found += [_problem(policy, one) for one in look(policy, bundle, today)]
    return sorted(found)


def _problem(policy: Written, found: _Found) -> Problem:
    at = policy.at(*found.path)
    if found.inside is not None:
        begin = policy.tree.value["rule"]
        before = begin[: len(begin) - len(begin.lstrip())]
        at = policy.tree.within(("rule",), *place(begin, len(before) + found.inside))
    return Problem(policy.file, at.line, at.column, found.level, found.code, found.what)


def _words(policy: Written, _bundle: Bundle, _today: date) -> Iterator[_Found]:
    for name, text in (("rationale", policy.wording.rationale), ("remediation", policy.wording.remediation)):
        if len(text) < SHORTEST:
            what = f"{name} has {len(text)} characters; write a sentence of {SHORTEST} or more that helps a stranger"
            yield _Found(Level.WARNING, "too-short", what, (name,))
    for at, tag in enumerate(policy.tree.value.get("tags") or ()):
        if TAG.fullmatch(tag) is None:
            what = f"{tag!r} is written otherwise than other tags; write it in lower case, with hyphens for spaces"
            yield _Found(Level.WARNING, "tag-spelling", what, ("tags", at))


def _citations(policy: Written, _bundle: Bundle, _today: date) -> Iterator[_Found]:
    cited = policy.tree.value.get("citations") or ()
    if not cited:
        yield _Found(Level.WARNING, "no-citation", "citations is empty; name the law or standard it follows from", ())
    for at, one in enumerate(cited):
        framework = str(one["framework"])
        if framework not in FRAMEWORKS and (meant := nearest(framework, FRAMEWORKS)).startswith("did"):
            yield _Found(Level.WARNING, "framework", f"{framework!r} is another framework; {meant}", ("citations", at))
        lacks = [name for name in ("title", "url") if not one.get(name)]
        if lacks:
            what = f"the citation has no {' and no '.join(lacks)}; whoever reads it wants to look it up"
            yield _Found(Level.WARNING, "citation-incomplete", what, ("citations", at))


def _days(policy: Written, _bundle: Bundle, today: date) -> Iterator[_Found]:
    wording, top = policy.wording, policy.tree.value
    if top.get("service_level") is None:
        yield _Found(
            Level.WARNING, "no-service-level", "service_level is not there; say how soon a failure is mended", ()
        )
    elif isinstance(top["service_level"], dict) and "otherwise" not in top["service_level"]:
        used = {wording.severity, *(step.severity for step in wording.schedule if step.severity is not None)}
        for severity in sorted(used - set(wording.service_levels)):
            what = f"service_level has no {severity.lower()}, which this policy uses; give it days, or give otherwise"
            yield _Found(Level.WARNING, "no-service-level", what, ("service_level",))
    if wording.review_on is None:
        yield _Found(Level.WARNING, "no-review-date", "review_on is not there; say when somebody reads it again", ())
    elif wording.review_on < today:
        what = f"review_on was {wording.review_on}; read the policy again and set the next day"
        yield _Found(Level.WARNING, "review-overdue", what, ("review_on",))
    longest = wording.longest_exception_days
    if wording.severity in _SEVERE and longest > LONGEST_EXCEPTION_DAYS:
        what = (
            f"exceptions of {longest} days; {LONGEST_EXCEPTION_DAYS} at most where the severity is {wording.severity}"
        )
        yield _Found(Level.ERROR, "long-exception", what, ("longest_exception_days",))


def _schedule(policy: Written, _bundle: Bundle, _today: date) -> Iterator[_Found]:
    """Of two steps that match and have begun the last one wins; a step that a later one always beats says nothing."""
    wording = policy.wording
    tiers = wording.tiers or tuple(tier for tier in RiskTier if tier is not RiskTier.UNCLASSIFIED)
    cells = list(product(tiers, wording.stages or tuple(Stage)))
    for at, step in enumerate(wording.schedule):
        mine = [cell for cell in cells if _matches(step, cell)]
        later = wording.schedule[at + 1 :]
        if not mine:
            what = "this step names no tier and stage that the policy applies to; name some, or leave it out"
            yield _Found(Level.ERROR, "step-without-effect", what, ("schedule", at))
        elif all(any(_matches(other, cell) and _day(other) <= _day(step) for other in later) for cell in mine):
            what = "this step never wins: a later one matches whenever it does; put the more special step last"
            yield _Found(Level.ERROR, "step-without-effect", what, ("schedule", at))


def _matches(step: EnforcementStep, cell: tuple[RiskTier, Stage]) -> bool:
    tier, stage = cell
    return (not step.tiers or tier in step.tiers) and (not step.stages or stage in step.stages)


def _day(step: EnforcementStep) -> date:
    return step.starts_on or _ALWAYS


def _reads(policy: Written, bundle: Bundle, _today: date) -> Iterator[_Found]:
    rule = policy.wording.rule
    of = tokens(rule)
    for at, token in enumerate(of):
        before = [one.text for one in of[max(0, at - 3) : at]]
        if token.kind == "text" and before[-2:] in (["tags", "["], ["tags", "[?"]):
            tag = unquoted(token.text)
            names = [name for name in SUPERSEDED if tag == name or (name.endswith(".") and tag.startswith(name))]
            for name in names:
                what = f"the tag {tag} is also {SUPERSEDED[name]}, which other registries fill too; read that instead"
                yield _Found(Level.WARNING, "superseded", what, ("rule",), token.start)
    if not policy.fixtures:
        return
    documents = [fixtures.document(bundle.document, one)[0] for one in policy.fixtures]
    for path in sorted(compile_rule(rule).reads):
        root, _, field = path.partition(".")
        if field and root in fixtures.UNKNOWN and not any(_fills(one[root], field) for one in documents):
            what = (
                f"the rule reads {path}, which no fixture fills; is it spelled as the registries do? give it in a test"
            )
            start = next((token.start for token in of if token.text == root), 0)
            yield _Found(Level.WARNING, "nothing-fills", what, ("rule",), start)


def _fills(value: Any, field: str) -> bool:
    return isinstance(value, dict) and (field in value or field == "age_days")


def _tests(policy: Written, _bundle: Bundle, _today: date) -> Iterator[_Found]:
    expected = {one.expect for one in policy.fixtures}
    if not expected:
        yield _Found(Level.WARNING, "no-test", "tests is empty; give one document that passes and one that fails", ())
        return
    if "PASS" not in expected:
        yield _Found(Level.WARNING, "no-test", "no test expects PASS; give a document that keeps the rule", ("tests",))
    if not expected & {"FAIL", "WARN"}:
        yield _Found(
            Level.WARNING, "no-test", "no test expects FAIL or WARN; give one that breaks the rule", ("tests",)
        )
    elif not any(one.says for one in policy.fixtures if one.expect in ("FAIL", "WARN")):
        what = "no failing test has says; name the words of the explanation that an engineer needs"
        yield _Found(Level.WARNING, "no-says", what, ("tests",))


_LOOKS: tuple[Callable[[Written, Bundle, date], Iterator[_Found]], ...] = (
    _words,
    _citations,
    _days,
    _schedule,
    _reads,
    _tests,
)
