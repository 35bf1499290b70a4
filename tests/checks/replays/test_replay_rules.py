"""What a wording binds by a document's own values, and what a draft moves."""

from typing import Any

import pytest

from hub.checks.replays.rules import Asked, Movement, Seen, movement
from hub.checks.tables import Outcome
from hub.db import Db
from hub.models.tables import Model, ModelTag, RiskTier, Stage
from hub.policies.cel import Document
from hub.policies.tables import DecisionPoint, Enforcement
from tests.make import Make

PASS, FAIL, WARN, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.WARN, Outcome.ERROR


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        (None, None, None),
        (FAIL, None, Movement.NO_LONGER_ASKED),
        (None, PASS, Movement.NEWLY_ASKED),
        (PASS, PASS, Movement.UNCHANGED_PASS),
        (FAIL, PASS, Movement.NEWLY_PASSING),
        (ERROR, PASS, Movement.NEWLY_PASSING),
        (ERROR, ERROR, Movement.UNCHANGED_ERROR),
        (None, ERROR, Movement.NEWLY_ERROR),
        (FAIL, ERROR, Movement.NEWLY_ERROR),
        (FAIL, FAIL, Movement.UNCHANGED_FAIL),
        (WARN, WARN, Movement.UNCHANGED_FAIL),
        (WARN, FAIL, Movement.NEWLY_FAILING),
        (FAIL, WARN, Movement.EASED),
        (PASS, WARN, Movement.NEWLY_FAILING),
        (ERROR, FAIL, Movement.NEWLY_FAILING),
        (None, FAIL, Movement.NEWLY_FAILING),
    ],
)
def test_a_movement_is_told_by_both_outcomes(
    before: Outcome | None, after: Outcome | None, moved: Movement | None
) -> None:
    assert movement(before, after) is moved


SELECTORS: list[dict[str, Any]] = [
    {},
    {"tiers": (RiskTier.HIGH,)},
    {"tiers": (RiskTier.MINIMAL, RiskTier.LIMITED)},
    {"registries": ("mlflow",)},
    {"registries": ("sagemaker",)},
    {"model_types": ("classifier",)},
    {"model_types": ("ranker",)},
    {"model_tags": ("domain",)},
    {"model_tags": ("domain=credit",)},
    {"model_tags": ("domain=health", "team")},
    {"tiers": (RiskTier.HIGH,), "model_types": ("Classifier", "ranker"), "model_tags": ("domain=credit",)},
]


async def _tagged(make: Make, tier: RiskTier, **tags: str) -> tuple[Model, dict[str, Any]]:
    model = await make.model(tier=tier)
    for key, value in tags.items():
        await make.add(ModelTag(model_id=model.id, key=key, value=value))
    treated = RiskTier.HIGH if tier is RiskTier.UNCLASSIFIED else tier
    return model, {"model": {"tier": treated.value, "registry": "mlflow", "tags": tags}, "datasets": []}


@pytest.mark.parametrize("selectors", SELECTORS, ids=str)
async def test_a_draft_binds_by_documents_what_its_publication_would_bind(
    db: Db, make: Make, selectors: dict[str, Any]
) -> None:
    models = [
        await _tagged(make, RiskTier.HIGH, type="Classifier", domain="credit"),
        await _tagged(make, RiskTier.UNCLASSIFIED, domain="health"),
        await _tagged(make, RiskTier.MINIMAL, team="risk", type="ranker"),
        await _tagged(make, RiskTier.LIMITED),
    ]
    policy = await make.policy(**selectors)
    rows = await db.reads.fetch("SELECT model_id FROM policy_bindings WHERE policy_id = $1", policy.policy_id)
    asked = Asked(make.wording(**selectors))
    assert [asked.binds(values) for _, values in models] == [
        model.id in {row["model_id"] for row in rows} for model, _ in models
    ]


def _seen(*categories: str, stage: Stage = Stage.PRODUCTION) -> Seen:
    values: dict[str, Any] = {
        "model": {"tier": "HIGH", "registry": "mlflow", "tags": {}},
        "metrics": {"recall": 0.8},
        "datasets": [{"name": "a"}, {"name": "b", "categories": list(categories)}],
    }
    return Seen(values, Document(values), RiskTier.HIGH, stage, DecisionPoint.DEPLOY)


def test_categories_are_those_of_the_documents_data_sets(make: Make) -> None:
    asked = Asked(make.wording(data_categories=("PERSONAL", "SPECIAL")))
    assert asked.binds(_seen("PERSONAL").values)
    assert not asked.binds(_seen("PUBLIC").values)
    assert not asked.binds(_seen().values)


def test_a_rule_that_no_longer_compiles_cannot_be_told(make: Make) -> None:
    on = make.now.date()
    said = Asked(make.wording(rule="metrics.recall >= ")).says(_seen(), on, why=True)
    assert (said.outcome, said.enforcement) == (ERROR, Enforcement.BLOCKING)
    assert said.explanation.startswith("could not be told: metrics.recall >= ")
    assert Asked(make.wording(stages=(Stage.STAGING,))).says(_seen(), on, why=True).outcome is None
