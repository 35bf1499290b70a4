"""What the demo's training tests beyond accuracy, run in MLflow's environment as the training itself is."""

import os
import subprocess
from pathlib import Path

import orjson
import pytest

ROOT = Path(__file__).parents[2]
ASKED = """
import json, sys
sys.path.insert(0, {folder!r})
import numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression
from training import trials
random = np.random.default_rng(7)
rows = pd.DataFrame({{"a": random.normal(size=400), "b": random.normal(size=400)}})
rows["target"] = (rows["a"] > 0).astype("int64")
train, test = rows[:200], rows[200:]
groups = {{"turn": (test["a"].rank() % 2).map({{0.0: "even", 1.0: "odd"}})}}
outcome = {{"side": test["a"].gt(0).map({{True: "right", False: "left"}})}}
def told(made, tested=test, groups=groups):
    model = LogisticRegression().fit(made.drop(columns="target"), made["target"])
    metrics, verdicts = trials.run(trials.Trial(model, "binary", made, tested, 7, groups))
    return {{"metrics": metrics, "verdicts": verdicts}}
mixed = train.assign(target=random.permutation(train["target"].to_numpy()))
copied, copied_test = (part.assign(c=part["target"] + 0.0) for part in (train, test))
tags = {{"target.metric": "recall", "target.least": "0.9", "target.segment.least": "0.8"}}
measured = {{"recall": 0.9, "recall/segment.x.y": 0.79}}
print(json.dumps({{
    "sound": told(train), "mixed": told(mixed), "leaking": told(copied, copied_test),
    "nobody": told(train, groups={{}}), "unfair": told(train, groups=outcome),
    "target": trials.on_target(measured, tags), "no target": trials.on_target(measured, {{}}),
    "less is better": trials.on_target({{"mae": 46.0}}, {{"target.metric": "mae", "target.most": "45"}}),
}}))
"""


@pytest.fixture(scope="module")
def told() -> dict:
    python = Path(os.environ.get("HUB_MLFLOW_PYTHON", ROOT / ".mlflow/bin/python"))
    if not python.exists():
        pytest.fail(f"no MLflow environment at {python}: run `make setup`, or set HUB_MLFLOW_PYTHON")
    script = ASKED.format(folder=str(ROOT / "hub/demo"))
    return orjson.loads(subprocess.run([python, "-c", script], capture_output=True, check=True).stdout)


def test_each_kind_has_its_figures_and_its_conclusion(told):
    sound = told["sound"]
    assert {name.partition(".")[0] for name in sound["metrics"]} == {
        "robustness", "fairness", "privacy", "data_validation", "explainability", "load",
    }  # fmt: skip
    assert sound["verdicts"] == dict.fromkeys(("robustness", "fairness", "privacy", "data_validation", "load"), True)
    assert sound["metrics"]["data_validation.missing_values"] == 0.0
    assert sound["metrics"]["explainability.a"] > 0.3 > sound["metrics"]["explainability.b"]


def test_what_a_model_looks_at_is_for_people_to_judge(told):
    assert "explainability" not in told["sound"]["verdicts"]


def test_fairness_is_not_claimed_where_no_groups_are_known(told):
    assert "fairness" not in told["nobody"]["verdicts"]
    assert not [name for name in told["nobody"]["metrics"] if name.startswith("fairness.")]


def test_a_model_that_says_yes_to_one_group_alone_is_unfair(told):
    assert told["unfair"]["verdicts"]["fairness"] is False
    assert told["unfair"]["metrics"]["fairness.demographic_parity_difference"] > 0.9
    assert told["sound"]["metrics"]["fairness.demographic_parity_difference"] < 0.1


def test_labels_that_belong_to_other_rows_are_seen(told):
    assert told["mixed"]["verdicts"]["data_validation"] is False
    assert told["mixed"]["metrics"]["data_validation.label_association"] < 0.2
    assert told["mixed"]["metrics"]["data_validation.label_association_held_out"] > 0.8


def test_a_feature_that_is_the_outcome_is_counted(told):
    assert told["leaking"]["metrics"]["data_validation.leaking_features"] == 1.0
    assert told["sound"]["metrics"]["data_validation.leaking_features"] == 0.0


def test_targets_are_met_or_missed_overall_and_by_segment(told):
    assert told["target"] == {"performance": True, "segments": False}
    assert told["no target"] == {}
    assert told["less is better"] == {"performance": False}
