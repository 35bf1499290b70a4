"""Planned enforcement and days to mend."""

from datetime import date
from typing import Any

import pytest

from hub.models.tables import RiskTier, Stage
from hub.policies.schedules import days_to_mend, in_force
from hub.policies.tables import Enforcement, Severity

TODAY = date(2026, 11, 21)


def now(
    *steps: dict[str, Any], tier: RiskTier = RiskTier.HIGH, stage: Stage = Stage.PRODUCTION, on: date = TODAY
) -> tuple[Enforcement, Severity]:
    return in_force(Enforcement.ADVISORY, Severity.LOW, steps, tier=tier, stage=stage, on=on)


def step(enforcement: str = "BLOCKING", **more: Any) -> dict[str, Any]:
    return {"enforcement": enforcement, "severity": None, "tiers": [], "stages": [], "starts_on": None, **more}


def test_without_a_schedule_the_policy_s_own_words_hold() -> None:
    assert now() == (Enforcement.ADVISORY, Severity.LOW)


@pytest.mark.parametrize(
    ("on", "enforcement"),
    [
        (date(2026, 11, 20), Enforcement.ADVISORY),
        (date(2026, 11, 21), Enforcement.WARNING),
        (date(2027, 1, 31), Enforcement.WARNING),
        (date(2027, 2, 1), Enforcement.BLOCKING),
    ],
)
def test_a_step_holds_from_its_first_day_on(on: date, enforcement: Enforcement) -> None:
    planned = [step("WARNING", starts_on="2026-11-21"), step("BLOCKING", starts_on="2027-02-01")]
    assert now(*planned, on=on) == (enforcement, Severity.LOW)


def test_the_last_step_that_matches_wins_whatever_its_day() -> None:
    planned = [step("BLOCKING", starts_on="2026-11-01"), step("WARNING", starts_on="2026-01-01")]
    assert now(*planned) == (Enforcement.WARNING, Severity.LOW)


def test_a_step_is_for_its_tiers_and_stages_only() -> None:
    one = step(tiers=["HIGH"], stages=["PRODUCTION"], severity="CRITICAL")
    assert now(one) == (Enforcement.BLOCKING, Severity.CRITICAL)
    assert now(one, tier=RiskTier.LIMITED) == (Enforcement.ADVISORY, Severity.LOW)
    assert now(one, stage=Stage.STAGING) == (Enforcement.ADVISORY, Severity.LOW)


def test_a_model_that_nobody_classified_is_held_to_what_holds_for_high() -> None:
    assert now(step(tiers=["HIGH"]), tier=RiskTier.UNCLASSIFIED) == (Enforcement.BLOCKING, Severity.LOW)


def test_a_step_without_severity_leaves_the_policy_s_own_not_that_of_another_step() -> None:
    assert now(step(severity="CRITICAL"), step("WARNING")) == (Enforcement.WARNING, Severity.LOW)


def test_a_step_that_says_no_more_than_its_enforcement_is_for_all_and_always() -> None:
    assert now({"enforcement": "BLOCKING"}) == (Enforcement.BLOCKING, Severity.LOW)


def test_days_to_mend_are_those_of_the_severity_else_those_of_the_policy() -> None:
    assert days_to_mend({"CRITICAL": 2}, 30, Severity.CRITICAL) == 2
    assert days_to_mend({"CRITICAL": 2}, 30, Severity.HIGH) == 30
    assert days_to_mend({}, 30, Severity.CRITICAL) == 30
