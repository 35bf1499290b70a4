"""Wordings as data, there and back, and what makes them fit."""

from dataclasses import MISSING, fields, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.errors import Code, Refused
from hub.events.canonical import canonical
from hub.models.tables import RiskTier, Stage
from hub.policies.rules import LONGEST_WORD, MOST_ENTRIES, Citation, EnforcementStep, Wording, checked
from hub.policies.tables import DecisionPoint, Enforcement, Severity
from hub.policies.written import differing, digest, wording, written

SMALL: dict[str, Any] = {
    "key": "recall",
    "title": "Recall is high enough",
    "rule": "metrics.recall >= 0.9",
    "rationale": "A missed case harms a patient.",
    "remediation": "Train on more cases.",
    "severity": "HIGH",
    "enforcement": "BLOCKING",
    "decision_points": ["REGISTER"],
}
FULL: dict[str, Any] = {
    **SMALL,
    "tiers": ["HIGH"],
    "stages": ["PRODUCTION"],
    "service_level_days": 20,
    "longest_exception_days": 0,
    "registries": ["mlflow"],
    "model_types": ["llm"],
    "data_categories": ["PERSONAL"],
    "model_tags": ["domain=health", "public"],
    "tags": ["eu"],
    "principle": "accuracy",
    "citations": [
        {"framework": "EU AI Act", "reference": "Article 15", "title": "Accuracy", "url": "https://eur-lex.europa.eu/x"}
    ],
    "schedule": [
        {"enforcement": "WARNING", "severity": None, "tiers": [], "stages": [], "starts_on": None},
        {
            "enforcement": "BLOCKING",
            "severity": "CRITICAL",
            "tiers": ["HIGH"],
            "stages": ["PRODUCTION"],
            "starts_on": "2027-08-02",
        },
    ],
    "service_levels": {"CRITICAL": 2, "HIGH": 7},
    "review_on": "2027-11-21",
    "validators": ["onnx.opset"],
    "safe_rollback": True,
}


def test_what_is_written_reads_back_as_the_same_wording() -> None:
    assert written(checked(wording(FULL))) == FULL
    assert set(FULL) == {one.name for one in fields(Wording)}


def test_what_is_not_said_has_its_default() -> None:
    made = wording(SMALL)
    for one in fields(Wording):
        if one.name not in SMALL:
            assert getattr(made, one.name) == (one.default if one.default is not MISSING else {}), one.name


def test_a_day_may_be_a_day_already_as_yaml_gives_it() -> None:
    assert wording({**SMALL, "review_on": date(2027, 11, 21)}).review_on == date(2027, 11, 21)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"titel": "x"}, "titel"),
        ({"title": None}, "title"),
        ({"title": 3}, "title"),
        ({"title": ["x"] * 100_000}, "title"),
        ({"severity": "high"}, "severity"),
        ({"severity": ["HIGH"]}, "severity"),
        ({"decision_points": "REGISTER"}, "decision_points"),
        ({"decision_points": ["SOON"]}, "decision_points[0]"),
        ({"decision_points": {"REGISTER": 1}}, "decision_points"),
        ({"service_level_days": True}, "service_level_days"),
        ({"service_level_days": "30"}, "service_level_days"),
        ({"service_level_days": 3.5}, "service_level_days"),
        ({"safe_rollback": "no"}, "safe_rollback"),
        ({"review_on": "tomorrow"}, "review_on"),
        ({"review_on": datetime(2027, 1, 1, tzinfo=UTC)}, "review_on"),
        ({"service_levels": {"SOON": 1}}, "service_levels"),
        ({"service_levels": {"HIGH": "1"}}, "service_levels.HIGH"),
        ({"service_levels": [1]}, "service_levels"),
        ({"citations": ["GDPR"]}, "citations[0]"),
        ({"citations": [{"framework": "GDPR"}]}, "citations[0].reference"),
        ({"citations": [{"framework": "GDPR", "reference": "1", "page": 3}]}, "citations[0].page"),
        ({"schedule": [{"enforcement": "BLOCKING", "starts_on": "2027-13-01"}]}, "schedule[0].starts_on"),
        ({"schedule": [{"starts_on": "2027-01-01"}]}, "schedule[0].enforcement"),
        ({"schedule": [{"enforcement": "BLOCKING", "tiers": ["GREAT"]}]}, "schedule[0].tiers[0]"),
        ({1: 2}, "1"),
    ],
)
def test_data_of_another_shape_is_refused_with_its_place(data: dict[Any, Any], place: str) -> None:
    with pytest.raises(Refused) as refused:
        wording({**SMALL, **data})
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, place)
    assert len(refused.value.why) < 1_000


@pytest.mark.parametrize("name", sorted(SMALL))
def test_what_every_policy_needs_is_missed_by_its_name(name: str) -> None:
    with pytest.raises(Refused) as refused:
        wording({key: value for key, value in SMALL.items() if key != name})
    assert (refused.value.field, refused.value.why) == (name, f"{name} is missing")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(sorted(FULL)), JSON))
def test_any_data_is_a_wording_or_refused(data: dict[str, Any]) -> None:
    try:
        made = wording({**SMALL, **data})
    except Refused as refused:
        assert refused.code is Code.BAD_INPUT
        return
    assert wording(written(made)) == made
    canonical(written(made))


def fit(**asked: Any) -> Wording:
    return checked(replace(wording(SMALL), **asked))


def test_selectors_are_kept_stripped_each_once_in_order() -> None:
    made = fit(
        registries=(" b ", "a", "b"),
        data_categories=("personal", "PERSONAL", " special"),
        model_tags=("domain = health", "domain=health", "public"),
        tags=("z", "a"),
    )
    assert made.registries == ("a", "b")
    assert made.data_categories == ("PERSONAL", "SPECIAL")
    assert made.model_tags == ("domain=health", "public")
    assert made.tags == ("a", "z")


def test_a_schedule_stays_in_its_order_because_the_last_step_wins() -> None:
    steps = (
        EnforcementStep(Enforcement.BLOCKING, starts_on=date(2027, 1, 1)),
        EnforcementStep(Enforcement.ADVISORY, tiers=(RiskTier.MINIMAL, RiskTier.HIGH, RiskTier.HIGH)),
    )
    kept = fit(schedule=steps).schedule
    assert [step.enforcement for step in kept] == [Enforcement.BLOCKING, Enforcement.ADVISORY]
    assert kept[1].tiers == (RiskTier.HIGH, RiskTier.MINIMAL)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"tags": ("",)}, "tags"),
        ({"tags": ("a\x00",)}, "tags"),
        ({"tags": ("a" * (LONGEST_WORD + 1),)}, "tags"),
        ({"tags": tuple(str(n) for n in range(MOST_ENTRIES + 1))}, "tags"),
        ({"registries": (" ",)}, "registries"),
        ({"model_types": ("\ud800",)}, "modelTypes"),
        ({"data_categories": ("",)}, "dataCategories"),
        ({"data_categories": tuple("abc" * 20 + str(n) for n in range(51))}, "dataCategories"),
        ({"data_categories": ("ß" * 60,)}, "dataCategories"),
        ({"model_tags": ("=x",)}, "modelTags"),
        ({"model_tags": ("x=",)}, "modelTags"),
        ({"model_tags": ("x" * 701,)}, "modelTags"),
        ({"principle": "p" * 101}, "principle"),
        ({"citations": (Citation("", "1"),)}, "citations.framework"),
        ({"citations": (Citation("GDPR", " "),)}, "citations.reference"),
        ({"citations": (Citation("GDPR", "1", url="javascript:alert(1)"),)}, "citations.url"),
        ({"citations": (Citation("GDPR", "1", url="https://"),)}, "citations.url"),
        ({"citations": (Citation("GDPR", "1", url="https://a b"),)}, "citations.url"),
        ({"citations": tuple(Citation("GDPR", str(n)) for n in range(51))}, "citations"),
        ({"schedule": tuple(EnforcementStep(Enforcement.BLOCKING) for _ in range(51))}, "schedule"),
        ({"schedule": (EnforcementStep(Enforcement.BLOCKING, tiers=(RiskTier.UNCLASSIFIED,)),)}, "schedule.tiers"),
        ({"service_levels": {Severity.HIGH: 0}}, "serviceLevels"),
        ({"service_levels": {Severity.HIGH: 3_651}}, "serviceLevels"),
        ({"validators": ("os; rm -rf",)}, "validators"),
        ({"validators": ("../x",)}, "validators"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_field(asked: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        fit(**asked)
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, field)


def test_the_limits_themselves_are_allowed() -> None:
    made = fit(
        tags=tuple(f"{n:0{LONGEST_WORD}}" for n in range(MOST_ENTRIES)),
        service_levels={Severity.HIGH: 1, Severity.LOW: 3_650},
        citations=(Citation("GDPR", "1", url="HTTP://example.org"),) * 50,
    )
    assert len(made.tags) == MOST_ENTRIES
    assert made.citations == (Citation("GDPR", "1", url="HTTP://example.org"),)


def test_every_field_has_its_part_in_the_digest_and_in_the_difference() -> None:
    base = checked(wording(SMALL))
    for name, value in FULL.items():
        other = {"key": "other", "title": "x", "rule": "true", "rationale": "x", "remediation": "x"}
        odd = {"severity": "LOW", "enforcement": "ADVISORY", "decision_points": ["MONITOR"]}
        changed = checked(wording({**SMALL, name: {**other, **odd}.get(name, value)}))
        assert differing(base, changed) == (name,)
        assert digest(base) != digest(changed)
    assert differing(base, base) == ()


def test_beside_nothing_a_wording_differs_in_what_it_says() -> None:
    assert differing(None, wording({**SMALL, "tags": ["eu"]})) == (*SMALL, "tags")


def test_words_of_enums_are_kept_as_they_are_called() -> None:
    made = wording({**SMALL, "stages": ["STAGING"]})
    assert made.stages == (Stage.STAGING,) and made.decision_points == (DecisionPoint.REGISTER,)
