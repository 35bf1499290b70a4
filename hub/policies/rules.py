"""What makes a wording fit to be published."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from hub import words
from hub.errors import Code, Refused
from hub.lineage.rules import categories
from hub.models.tables import RiskTier, Stage
from hub.policies.cel import compile_rule
from hub.policies.tables import DecisionPoint, Enforcement, Severity

KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
URL = re.compile(r"https?://[^\s/?#]+[^\s]*", re.IGNORECASE)
VALIDATOR = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
LONGEST_DAYS = 3_650
LONGEST_WORD = 100
LONGEST_TAG = 700
MOST_ENTRIES = 50


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a rule comes from: a law, framework or standard, and the place in it."""

    framework: str
    reference: str
    title: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class EnforcementStep:
    """From a day on, for some tiers and stages, another enforcement or severity; the last that matches wins."""

    enforcement: Enforcement
    severity: Severity | None = None
    tiers: tuple[RiskTier, ...] = ()
    stages: tuple[Stage, ...] = ()
    starts_on: date | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """What a policy says. An empty selector means all; without exception days there are no exceptions.

    `model_tags` are `key` or `key=value`; `service_levels` are days to remediate by severity, `service_level_days`
    where a severity is not among them; `validators` are entry points of `hub.checks` that a version is put through.
    """

    key: str
    title: str
    rule: str
    rationale: str
    remediation: str
    severity: Severity
    enforcement: Enforcement
    decision_points: tuple[DecisionPoint, ...]
    tiers: tuple[RiskTier, ...] = ()
    stages: tuple[Stage, ...] = ()
    service_level_days: int = 30
    longest_exception_days: int = 90
    registries: tuple[str, ...] = ()
    model_types: tuple[str, ...] = ()
    data_categories: tuple[str, ...] = ()
    model_tags: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    principle: str = ""
    citations: tuple[Citation, ...] = ()
    schedule: tuple[EnforcementStep, ...] = ()
    service_levels: Mapping[Severity, int] = field(default_factory=dict)
    review_on: date | None = None
    validators: tuple[str, ...] = ()
    safe_rollback: bool = False


def checked(asked: Wording) -> Wording:
    """The wording as it will be published; refused, with the field, when it cannot be."""
    if KEY.fullmatch(asked.key) is None:
        raise Refused(
            Code.BAD_INPUT,
            "key takes 1 to 100 lower-case letters, digits and hyphens, beginning with a letter or digit",
            field="key",
        )
    if not asked.decision_points:
        raise Refused(
            Code.BAD_INPUT, f"decisionPoints is empty; choose from {', '.join(DecisionPoint)}", field="decisionPoints"
        )
    _days(asked.service_level_days, 1, "serviceLevelDays")
    _days(asked.longest_exception_days, 0, "longestExceptionDays")
    for days in asked.service_levels.values():
        _days(days, 1, "serviceLevels")
    rule = asked.rule.strip()
    compile_rule(rule)
    return Wording(
        key=asked.key,
        title=words.wanted(asked.title, "title", most=300),
        rule=rule,
        rationale=words.wanted(asked.rationale, "rationale"),
        remediation=words.wanted(asked.remediation, "remediation"),
        severity=asked.severity,
        enforcement=asked.enforcement,
        decision_points=tuple(sorted(set(asked.decision_points))),
        tiers=_tiers(asked.tiers, "tiers"),
        stages=tuple(sorted(set(asked.stages))),
        service_level_days=asked.service_level_days,
        longest_exception_days=asked.longest_exception_days,
        registries=_words(asked.registries, "registries"),
        model_types=_words(asked.model_types, "modelTypes"),
        data_categories=categories(asked.data_categories, "dataCategories"),
        model_tags=_model_tags(asked.model_tags),
        tags=_words(asked.tags, "tags"),
        principle=words.optional(asked.principle, "principle", most=LONGEST_WORD),
        citations=_citations(asked.citations),
        schedule=_schedule(asked.schedule),
        service_levels={severity: asked.service_levels[severity] for severity in sorted(asked.service_levels)},
        review_on=asked.review_on,
        validators=_validators(asked.validators),
        safe_rollback=asked.safe_rollback,
    )


def _days(asked: int, least: int, field: str) -> None:
    if not least <= asked <= LONGEST_DAYS:
        raise Refused(Code.BAD_INPUT, f"{asked} days asked; {least} to {LONGEST_DAYS} are allowed", field=field)


def _few(asked: Sequence[object], field: str) -> None:
    if len(asked) > MOST_ENTRIES:
        raise Refused(Code.BAD_INPUT, f"{field} has {len(asked)} entries; at most {MOST_ENTRIES} are kept", field=field)


def _words(asked: Sequence[str], field: str, *, most: int = LONGEST_WORD) -> tuple[str, ...]:
    _few(asked, field)
    return tuple(sorted({words.wanted(word, field, most=most) for word in asked}))


def _tiers(asked: Sequence[RiskTier], field: str) -> tuple[RiskTier, ...]:
    if RiskTier.UNCLASSIFIED in asked:
        raise Refused(Code.BAD_INPUT, "UNCLASSIFIED models are treated as HIGH; bind the policy to HIGH", field=field)
    return tuple(sorted(set(asked)))


def _model_tags(asked: Sequence[str]) -> tuple[str, ...]:
    made = set()
    for tag in _words(asked, "modelTags", most=LONGEST_TAG):
        key, equals, value = (part.strip() for part in tag.partition("="))
        if not key or (equals and not value):
            raise Refused(
                Code.BAD_INPUT, f"{tag!r} is no tag; write its key, or key=value for one value", field="modelTags"
            )
        made.add(f"{key}={value}" if equals else key)
    return tuple(sorted(made))


def _citations(asked: Sequence[Citation]) -> tuple[Citation, ...]:
    _few(asked, "citations")
    made = [
        Citation(
            framework=words.wanted(one.framework, "citations.framework", most=200),
            reference=words.wanted(one.reference, "citations.reference", most=300),
            title=words.optional(one.title, "citations.title", most=500),
            url=_url(one.url),
        )
        for one in asked
    ]
    return tuple(dict.fromkeys(made))


def _url(asked: str) -> str:
    url = words.optional(asked, "citations.url", most=1_000)
    if url and URL.fullmatch(url) is None:
        raise Refused(
            Code.BAD_INPUT,
            f"{url[:80]!r} is no address of a page; write one that begins with https:// or http://, or leave it out",
            field="citations.url",
        )
    return url


def _schedule(asked: Sequence[EnforcementStep]) -> tuple[EnforcementStep, ...]:
    _few(asked, "schedule")
    return tuple(
        replace(step, tiers=_tiers(step.tiers, "schedule.tiers"), stages=tuple(sorted(set(step.stages))))
        for step in asked
    )


def _validators(asked: Sequence[str]) -> tuple[str, ...]:
    names = _words(asked, "validators")
    for name in names:
        if VALIDATOR.fullmatch(name) is None:
            raise Refused(
                Code.BAD_INPUT,
                f"{name!r} is no name of a validator; it takes letters, digits and . _ -, beginning with a letter",
                field="validators",
            )
    return names
