"""The document that rules look at."""

from typing import Any
from uuid import UUID

from hub.checks.context import Context, Subject, context
from hub.models.tables import Stage
from hub.policies.cel import compile_rule
from hub.policies.document import FIELDS, VARIABLES
from hub.policies.tables import DecisionPoint

RAW: dict[str, Any] = {
    "model": {field: None for field in FIELDS["model"] if field != "classified"} | {"tier": "UNCLASSIFIED"},
    "version": dict.fromkeys(FIELDS["version"]),
    "card": None,
    "metrics": None,
    "datasets": None,
    "runs": 0,
}


def made(**raw: Any) -> Context:
    subject = Subject(UUID(int=1), UUID(int=2), "d", Stage.STAGING, {**RAW, **raw})
    return context(subject, stage=Stage.PRODUCTION, decision_point=DecisionPoint.DEPLOY)


def test_it_has_the_variables_and_fields_that_rules_may_name() -> None:
    values: dict[str, Any] = dict(made(version={**RAW["version"], "signature": {"inputs": []}}).values)
    assert set(values) == set(VARIABLES)
    for variable in ("model", "version", "lineage"):
        assert set(values[variable]) == FIELDS[variable]
    assert values["stage"] == "PRODUCTION"
    assert values["decision_point"] == "DEPLOY"


def test_every_field_compiles_as_a_rule() -> None:
    for variable, fields in FIELDS.items():
        for field in fields:
            compile_rule(f"has({variable}.{field})")


def test_an_unclassified_model_looks_high() -> None:
    values: dict[str, Any] = dict(made().values)
    assert (values["model"]["tier"], values["model"]["classified"]) == ("HIGH", False)


def test_a_section_or_signature_that_is_not_there_is_left_out() -> None:
    values: dict[str, Any] = dict(made(card={"factors": None, "intended_use": "x", "metrics": ""}).values)
    assert values["card"] == {"intended_use": "x"}
    assert "signature" not in values["version"]


def test_metrics_and_segments_are_told_apart() -> None:
    values = made(metrics=[["recall", "", 0.9, None, None], ["recall", "age<50", 1, None, None]]).values
    assert values["metrics"] == {"recall": 0.9}
    assert values["segments"] == {"recall": {"age<50": 1.0}}


def test_a_value_on_evaluation_data_comes_first() -> None:
    datasets = [{"id": "a", "role": "TRAINING"}, {"id": "b", "role": "EVALUATION"}]
    rows = [["recall", "", 0.99, None, "a"], ["recall", "", 0.8, None, "b"], ["recall", "", 0.7, None, None]]
    assert made(metrics=rows, datasets=datasets).values["metrics"] == {"recall": 0.8}
    assert made(metrics=rows, datasets=datasets[:1]).values["metrics"] == {"recall": 0.7}


def test_two_values_of_equal_standing_are_none() -> None:
    datasets = [{"id": "a", "role": "EVALUATION"}, {"id": "b", "role": "EVALUATION"}]
    rows = [["recall", "", 0.99, None, "a"], ["recall", "", 0.8, None, "b"]]
    found = made(metrics=rows, datasets=datasets)
    assert found.values["metrics"] == {}
    assert found.notes == {"recall": "was measured on 2 data sets, with different values"}
    same = [["recall", "", 0.8, None, "a"], ["recall", "", 0.8, None, "b"]]
    assert made(metrics=same, datasets=datasets).values["metrics"] == {"recall": 0.8}


def test_a_value_that_is_no_number_is_left_out_and_noted() -> None:
    found = made(metrics=[["recall", "", None, "NaN", None], ["auc", "", None, None, None]])
    assert found.values["metrics"] == {}
    assert found.notes == {
        "recall": "was measured, but NaN is no number",
        "auc": "was measured, but its value is no number",
    }


def test_data_sets_are_counted_by_their_use() -> None:
    datasets = [
        {"id": "a", "role": "TRAINING", "name": "x"},
        {"id": "a", "role": "EVALUATION", "name": "x"},
        {"id": "b", "role": "TRAINING", "name": "y"},
    ]
    values = made(datasets=datasets, runs=1).values
    assert values["lineage"] == {"runs": 1, "datasets": 2, "training_datasets": 2, "evaluation_datasets": 1}
    assert values["datasets"] == [
        {"role": "TRAINING", "name": "x"},
        {"role": "EVALUATION", "name": "x"},
        {"role": "TRAINING", "name": "y"},
    ]
