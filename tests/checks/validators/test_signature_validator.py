"""A signature beside the columns that were trained on."""

from typing import Any

import pytest

from hub.checks.validators.port import Finding
from integrations.validators.signature import signature

AGE, SEX = {"name": "age", "type": "long", "required": True}, {"name": "sex", "type": "string"}


def found(inputs: object, *columns: object, role: str = "TRAINING") -> Finding:
    datasets: list[dict[str, Any]] = [{"name": "cases", "role": role, "columns": one} for one in columns]
    return signature.validate({"version": {"signature": {"inputs": inputs}}, "datasets": datasets})


def test_inputs_that_were_trained_on_pass() -> None:
    assert found([AGE], {"mlflow_colspec": [AGE, {"name": "target", "type": "long"}]}) == Finding(
        "PASS",
        {"columns": 1.0, "missing": 0.0, "extra": 1.0},
        {"missing": [], "extra": ["target"]},
        "Signature against training data",
    )


def test_an_input_that_was_not_trained_on_fails() -> None:
    assert found([AGE, SEX], {"mlflow_colspec": [AGE]}) == Finding(
        "FAIL",
        {"columns": 2.0, "missing": 1.0, "extra": 0.0},
        {"missing": ["sex"], "extra": []},
        "1 of 2 input columns are in no training data",
    )


def test_columns_may_come_from_several_data_sets_and_in_several_forms() -> None:
    assert found([AGE, SEX], {"columns": ["age"]}, {"fields": [SEX]}, None, {"mlflow_tensorspec": {}}).verdict == "PASS"


@pytest.mark.parametrize("inputs", [None, [], [{"type": "tensor"}], "age"])
def test_a_version_that_names_no_inputs_fails(inputs: object) -> None:
    told = found(inputs, {"columns": ["age"]})
    assert (told.verdict, told.title) == ("FAIL", "no signature that names its input columns")
    assert signature.validate({"version": {"signature": None}, "datasets": []}).verdict == "FAIL"


def test_unknown_training_data_gives_no_verdict() -> None:
    assert found([AGE], {"columns": ["age"]}, role="EVALUATION") == Finding(
        "NONE", {"columns": 1.0}, {"inputs": ["age"]}, "no training data set whose columns are known"
    )
