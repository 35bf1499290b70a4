"""The gate's decisions, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from hub.checks.store import Standing
from hub.checks.tables import Outcome
from hub.deployments import rules
from hub.deployments.rules import Answer
from hub.deployments.tables import IntentStatus
from hub.models.tables import RiskTier, Stage
from hub.policies.tables import DecisionPoint, Enforcement, Severity

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEPT = Standing(
    policy_id=uuid4(),
    policy_version_id=uuid4(),
    key="recall",
    title="Recall",
    number=1,
    digest="ab" * 32,
    outcome=Outcome.PASS,
    enforcement=Enforcement.BLOCKING,
    severity=Severity.HIGH,
    explanation="recall is 0.5, allowed >= 0.9",
    remediation="Train on more cases.",
    exception_id=None,
    result_id=uuid4(),
    safe_rollback=True,
    validators=(),
    due_at=None,
    decision_point=DecisionPoint.PROMOTE,
)
BROKEN = replace(KEPT, outcome=Outcome.FAIL)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("enforcement", Enforcement)
def test_only_what_blocks_and_fails_or_cannot_be_told_closes_the_gate(
    outcome: Outcome, enforcement: Enforcement
) -> None:
    shut = rules.gate([KEPT, replace(KEPT, outcome=outcome, enforcement=enforcement)], ())
    closes = enforcement is Enforcement.BLOCKING and outcome in (Outcome.FAIL, Outcome.ERROR)
    assert shut == (Answer(IntentStatus.BLOCKED, f"blocked by recall ({outcome})") if closes else None)


def test_what_fails_wins_over_what_is_waited_for() -> None:
    assert rules.gate([KEPT], ("bias-scan", "aa")) == Answer(IntentStatus.CHECKING, "waits for aa, bias-scan")
    assert rules.gate([BROKEN], ("bias-scan",)) == Answer(IntentStatus.BLOCKED, "blocked by recall (FAIL)")
    assert rules.gate([], ()) is None


def test_of_many_that_block_ten_are_named() -> None:
    shut = rules.gate([replace(BROKEN, key=f"p{n}") for n in range(13)], ())
    assert shut is not None
    assert shut.why.endswith("p9 (FAIL) and 3 more")


@pytest.mark.parametrize(
    ("tier", "days"),
    [(RiskTier.HIGH, 7), (RiskTier.UNCLASSIFIED, 7), (RiskTier.LIMITED, 30), (RiskTier.MINIMAL, 30)],
)
def test_a_permit_of_a_high_model_lasts_a_week_and_of_another_a_month(tier: RiskTier, days: int) -> None:
    assert rules.ends_at(tier, NOON, None) == NOON + timedelta(days=days)
    assert rules.ends_at(tier, NOON, NOON + timedelta(days=3)) == NOON + timedelta(days=3)
    assert rules.ends_at(tier, NOON, NOON + timedelta(days=90)) == NOON + timedelta(days=days)


def test_a_permit_is_fresh_while_more_than_a_tenth_is_left() -> None:
    ends = NOON + timedelta(days=10)
    assert rules.is_fresh(NOON, ends, NOON + timedelta(days=9) - timedelta(microseconds=1))
    assert not rules.is_fresh(NOON, ends, NOON + timedelta(days=9))


@pytest.mark.parametrize(
    ("environment", "fits"),
    [
        ("production", [Stage.PRODUCTION]),
        ("PROD-eu", [Stage.PRODUCTION]),
        ("staging", [Stage.STAGING]),
        ("preprod", [Stage.STAGING]),
        ("", list(rules.DEPLOYABLE)),
        ("cluster-7", list(rules.DEPLOYABLE)),
    ],
)
def test_an_environment_tells_the_stage_by_its_name(environment: str, fits: list[Stage]) -> None:
    assert [stage for stage in rules.DEPLOYABLE if rules.is_for(environment, stage)] == sorted(
        fits, key=rules.DEPLOYABLE.index
    )


def test_a_halt_names_policy_explanation_and_way_out_within_bounds() -> None:
    assert rules.halted([BROKEN], "2") == "recall: recall is 0.5, allowed >= 0.9; roll back to version 2"
    assert rules.halted([BROKEN], None).endswith("no rollback target is known; take it out of use")
    long = rules.halted([replace(BROKEN, explanation="x" * 5_000)], "2")
    assert (len(long) <= 2_000, long.endswith("…; roll back to version 2")) == (True, True)


def test_the_hub_goes_back_by_itself_only_where_everything_says_so() -> None:
    assert rules.mends_itself([BROKEN], RiskTier.LIMITED, "2")
    assert rules.mends_itself([BROKEN], RiskTier.MINIMAL, "2")
    assert not rules.mends_itself([], RiskTier.LIMITED, "2")
    assert not rules.mends_itself([BROKEN], RiskTier.LIMITED, None)
    assert not rules.mends_itself([BROKEN, replace(BROKEN, safe_rollback=False)], RiskTier.LIMITED, "2")
    for tier in (RiskTier.HIGH, RiskTier.UNCLASSIFIED, RiskTier.PROHIBITED):
        assert not rules.mends_itself([BROKEN], tier, "2")


def test_everybody_reads_only_what_stands_before_the_colon() -> None:
    assert rules.in_public("halted: recall of Ada's model") == "halted"
    assert rules.in_public("withdrawn") == "withdrawn"
