"""Fixtures asked of their rules, without a hub and by the hub's own code; no command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hub.policies.bundles.fixtures import Fixture
    from hub.policies.bundles.reading import Bundle, Written
    from hub.policies.cel import Verdict
    from hub.policies.rules import Wording


@dataclass(frozen=True, slots=True)
class Tried:
    """How one fixture ended, beside how it should have; `why` says what is wrong, empty when nothing is."""

    key: str
    fixture: str
    expected: str
    outcome: str
    explanation: str
    why: str
    file: str
    line: int


def tried(bundle: "Bundle") -> list[Tried]:
    """Every fixture of a bundle."""
    return [_tried(bundle, policy, fixture) for policy in bundle.policies for fixture in policy.fixtures]


def wanting(bundle: "Bundle") -> list[tuple["Written", str]]:
    """The policies without a fixture that passes, or without one that does not, and which they lack."""
    found = []
    for policy in bundle.policies:
        expected = {fixture.expect for fixture in policy.fixtures}
        lacks = [] if "PASS" in expected else ["PASS"]
        lacks += [] if expected & {"FAIL", "WARN"} else ["FAIL or WARN"]
        if lacks:
            found.append((policy, " and ".join(lacks)))
    return found


def _tried(bundle: "Bundle", policy: "Written", fixture: "Fixture") -> Tried:
    outcome, explanation = asked(bundle.document, policy.wording, fixture)
    why = ""
    if outcome != fixture.expect:
        why = f"expected {fixture.expect}"
    elif fixture.says not in explanation:
        why = f"the explanation does not say {fixture.says!r}"
    place = (policy.file, fixture.place.line)
    return Tried(policy.wording.key, fixture.name, fixture.expect, outcome, explanation, why, *place)


def asked(base: Mapping[str, Any], wording: "Wording", fixture: "Fixture") -> tuple[str, str]:
    """How a fixture ends and what the hub would say of it."""
    from hub.checks import rules
    from hub.checks.context import activated
    from hub.checks.tables import Outcome
    from hub.policies.bundles import fixtures
    from hub.policies.cel import Document

    document, now = fixtures.document(base, fixture)
    unasked = _unasked(wording, fixture, document)
    if unasked:
        return Outcome.SKIP.value, unasked
    values = activated(document, stage=fixture.stage, decision_point=fixture.decision_point, now=now)
    verdict = rules.ask(wording.rule, Document(values))
    outcome = _judged(wording, fixture, document, verdict, now)
    return outcome, rules.explain(Outcome(outcome), verdict, {})


def _judged(
    wording: "Wording", fixture: "Fixture", document: Mapping[str, Any], verdict: "Verdict", now: datetime
) -> str:
    from hub.checks import rules
    from hub.models.tables import RiskTier
    from hub.policies.schedules import in_force
    from hub.policies.written import written

    enforcement, _ = in_force(
        wording.enforcement,
        wording.severity,
        written(wording)["schedule"],
        tier=RiskTier(document["model"]["tier"]),
        stage=fixture.stage,
        on=now.date(),
    )
    return rules.judge(verdict, enforcement, None).value


def _unasked(wording: "Wording", fixture: "Fixture", document: Mapping[str, Any]) -> str:
    """Why the hub would not ask this policy of such a version; empty when it would."""
    model, tags = document["model"], document["model"]["tags"]
    types = {tags[key].lower() for key in ("type", "model.type") if key in tags}
    tagged = {*tags, *(f"{key}={value}" for key, value in tags.items())}
    held = {category for one in document["datasets"] for category in one["categories"]}
    for what, wanted, found in (
        ("tiers", wording.tiers, {model["tier"]}),
        ("registries", wording.registries, {model["registry"]}),
        ("model types", [one.lower() for one in wording.model_types], types),
        ("model tags", wording.model_tags, tagged),
        ("data categories", wording.data_categories, held),
        ("stages", wording.stages, {fixture.stage}),
        ("decision points", wording.decision_points, {fixture.decision_point}),
    ):
        if wanted and not found & set(wanted):
            return f"not asked: of {what} it applies to {_listed(wanted)} only"
    return ""


def _listed(words: Sequence[str]) -> str:
    return ", ".join(map(str, words))
