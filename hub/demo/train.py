"""Trains the demo's models into a running MLflow server: `python train.py --uri http://127.0.0.1:5000`.

Runs in MLflow's own environment and needs only mlflow, scikit-learn, numpy and pandas. Every step is one JSON line on
stdout. What is in the registry already stays as it is, so that a stopped training goes on where it stopped.

Where a reader of the registry finds things:
- model tags: owner, team, domain, risk_hint, type, and what the team agreed on: target.*, kpi.*, oversight.*;
- version tags: author, code.commit, training.seed, framework, review.by, review.note, card.<section>,
  evidence.<kind>.verdict, and what repeats the evidence: evidence.environment, evidence.command;
- run inputs by `mlflow.data.context`: source (the table as published), training, evaluation, each with its digest; the
  input tag derived_from holds `<name>@<digest>` of the data set that it was made from;
- metrics: `<metric>`, `<metric>/segment.<attribute>.<group>` (see `measures.in_segment`) or `<kind>.<figure>` (see
  `trials`), on the run and on the logged model, linked to the data set they were measured on.

The demo's models have no repository of their own: a code.commit is made from the version's recipe, so that it is the
same in every demo and differs from version to version.
"""

import argparse
import hashlib
import json
import logging
import os
import platform
import sys
import time
import urllib.request
import warnings
from dataclasses import replace

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "2"

import mlflow
import mlflow.sklearn
import numpy as np
import pandas as pd
import sklearn
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.http_dataset_source import HTTPDatasetSource
from mlflow.data.pandas_dataset import from_pandas
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.pipeline import Pipeline
from training import cards, measures, trials
from training.data import TARGET, Table
from training.plans import PLANS, Plan, Version

FRAMEWORK = f"scikit-learn {sklearn.__version__}"
ENVIRONMENT = f"Python {platform.python_version()}, {FRAMEWORK}, pandas {pd.__version__}, numpy {np.__version__}"
SCRIPT = "hub/demo/train.py"
HEADLINE = {"binary": "recall", "several": "accuracy", "regression": "r2"}
SEGMENT_METRICS = {
    "binary": ("accuracy", "recall", "precision"),
    "several": ("accuracy", "recall"),
    "regression": ("mae", "rmse", "bias"),
}
# Made in this very process; skops asks before it writes types that could harm whoever loads a foreign file.
TRUSTED_TYPES = [
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.tree._tree.Tree",
]
SILENT_PARAMS = {"random_state", "verbose", "copy", "copy_X", "n_jobs", "warm_start", "cache_size"}


def tell(step: str, **more: object) -> None:
    print(json.dumps({"step": step, **more}), flush=True)


def wait_for(uri: str, within_s: float = 120.0) -> None:
    """The imports above take seconds, in which the server may come up as well; only then is it asked for."""
    until = time.monotonic() + within_s
    while True:
        try:
            urllib.request.urlopen(f"{uri}/health", timeout=2).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise SystemExit(f"no MLflow server answers at {uri}") from None
            time.sleep(0.1)


def commit_of(plan: Plan, number: int, version: Version) -> str:
    recipe = (plan.name, number, version.about, version.seed, version.columns, version.flawed_labels)
    return hashlib.sha1(repr(recipe).encode(), usedforsecurity=False).hexdigest()


def rows_of(table: Table, version: Version) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train and test rows as this version sees them."""
    frame = table.frame[[*version.columns, TARGET]] if version.columns else table.frame
    if version.derive:
        frame = version.derive(frame)
    train, test = replace(table, frame=frame).split(version.seed)
    if version.flawed_labels:
        mixed = np.random.default_rng(version.seed).permutation(train[TARGET].to_numpy())
        train = train.assign(**{TARGET: mixed})
    return train, test


def measured_on(plan: Plan, model: object, rows: pd.DataFrame, table: Table | None) -> measures.Measured:
    """Metrics of the rows, by segment too when their table is given."""
    truth, features = rows[TARGET].to_numpy(), rows.drop(columns=TARGET)
    if plan.task == "regression":
        measure, said = measures.regression, model.predict(features)
    elif plan.task == "binary":
        measure, said = measures.binary, model.predict_proba(features)[:, 1]
    else:
        measure, said = measures.several, model.predict_proba(features)
    found = measure(truth, said)
    if table is not None:
        groups = {attribute: of.loc[rows.index] for attribute, of in table.groups.items()}
        found |= measures.by_segment(measure, SEGMENT_METRICS[plan.task], truth, said, groups)
    return {name: round(float(value), 6) for name, value in found.items()}


def log_data(table: Table, version: Version, train: pd.DataFrame, test: pd.DataFrame, origin: dict[str, str]) -> list:
    """Log the published table and the two sets made of it; returns those two."""
    prefix = f"{table.name}-{version.derive.__name__.replace('_', '-')}" if version.derive else table.name
    raw = from_pandas(table.frame, HTTPDatasetSource(table.origin), targets=TARGET, name=table.name)
    made = [
        from_pandas(rows, CodeDatasetSource(origin), targets=TARGET, name=f"{prefix}-{part}")
        for rows, part in ((train, "train"), (test, "test"))
    ]
    derived = {"derived_from": f"{raw.name}@{raw.digest}"}
    mlflow.log_inputs([raw, *made], ["source", "training", "evaluation"], [{}, derived, derived])
    return made


def params_of(model: object, version: Version, train: pd.DataFrame) -> dict[str, object]:
    """What was chosen for the estimator, wherever it is wrapped, without settings that leave the result alone."""
    wrapped = getattr(model, "estimator", model)
    innermost = wrapped[-1] if isinstance(wrapped, Pipeline) else wrapped
    params = {"estimator": type(innermost).__name__, "seed": version.seed, "features": train.shape[1] - 1}
    for path, value in model.get_params().items():
        name = path.rpartition("__")[2]
        if isinstance(value, int | float | str) and name not in SILENT_PARAMS and value != "deprecated":
            params.setdefault(name, value)
    return params


def tested(plan: Plan, model: object, version: Version, table: Table, train: pd.DataFrame, test: pd.DataFrame) -> tuple:
    """Metrics of the tests beyond accuracy, and what was concluded by kind."""
    if not plan.trials:
        return {}, {}
    even = {attribute: table.groups[attribute].loc[test.index] for attribute in table.even}
    return trials.run(trials.Trial(model, plan.task, train, test, version.seed, even, plan.yes_from, plan.moved_by))


def version_tags(
    plan: Plan, number: int, version: Version, measured: measures.Measured, verdicts: dict[str, bool]
) -> dict[str, str]:
    tags = {
        "author": version.author,
        "code.commit": commit_of(plan, number, version),
        "training.seed": str(version.seed),
        "framework": FRAMEWORK,
        **version.tags,
    }
    tags |= {f"evidence.{kind}.verdict": "PASS" if passed else "FAIL" for kind, passed in verdicts.items()}
    if version.repeatable:
        tags |= {"evidence.environment": ENVIRONMENT, "evidence.command": f"python {SCRIPT} --only {plan.name}"}
    if version.review:
        tags |= {"review.by": version.reviewer, "review.note": version.review}
    if version.card:
        details = f"{plan.name} {number}, by {version.author} of {plan.team}. {version.about} Made with {FRAMEWORK}."
        card = cards.filled(plan.card, details, measured)
        tags |= {f"card.{section}": card[section] for section in cards.SECTIONS}
    return tags


def train_version(client: mlflow.MlflowClient, plan: Plan, table: Table, number: int, version: Version) -> None:
    # Given, because MLflow would write this machine's user and paths instead.
    origin = {
        "mlflow.user": version.author,
        "mlflow.source.name": SCRIPT,
        "mlflow.source.type": "JOB",
        "mlflow.source.git.commit": commit_of(plan, number, version),
    }
    headline = HEADLINE[plan.task]
    train, test = rows_of(table, version)
    features = train.drop(columns=TARGET)
    model = version.make(version.seed).fit(features, train[TARGET])
    on_train = measured_on(plan, model, train, None)
    on_test = measured_on(plan, model, test, table if version.segments else None)
    trial_metrics, verdicts = tested(plan, model, version, table, train, test)
    verdicts |= trials.on_target(on_test, plan.tags)
    tags = version_tags(plan, number, version, on_test, verdicts)
    if version.again:
        other = version.make(version.seed).fit(features, train[TARGET])
        figures = measured_on(plan, other, test, None)
        figures[f"training_{headline}"] = measured_on(plan, other, train, None)[headline]
        tags |= {f"again.{name}": str(value) for name, value in figures.items()}
    with mlflow.start_run(run_name=f"{plan.name}-{number}", tags=origin) as run:
        train_set, test_set = log_data(table, version, train, test, origin)
        mlflow.log_params(params_of(model, version, train))
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(features, model.predict(features)),
            # Given, because finding them out takes MLflow many seconds for each model.
            pip_requirements=[f"scikit-learn=={sklearn.__version__}", f"pandas=={pd.__version__}"],
            skops_trusted_types=TRUSTED_TYPES,
            tags=origin,
        )
        mlflow.log_metrics(on_test | trial_metrics, dataset=test_set, model_id=logged.model_id)
        mlflow.log_metrics({f"training_{headline}": on_train[headline]}, dataset=train_set, model_id=logged.model_id)
    # One call, so that a version is never there without its tags.
    client.create_model_version(
        plan.name,
        logged.model_uri,
        run.info.run_id,
        tags=tags,
        description=version.about,
        model_id=logged.model_id,
    )
    tell("trained", model=plan.name, version=number, note=f"{headline} {on_test[headline]:.3f}")


def train_model(client: mlflow.MlflowClient, plan: Plan) -> int:
    """Bring one model up to its plan; returns how many versions were added.

    The tag `demo` is set last: once it is there, nothing is touched, because people move aliases and delete versions.
    """
    try:
        complete = client.get_registered_model(plan.name).tags.get("demo") == "complete"
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        complete = False
        tags = {"owner": plan.owner, "team": plan.team, "domain": plan.domain, "risk_hint": plan.risk_hint, **plan.tags}
        client.create_registered_model(plan.name, tags=tags, description=plan.about)
    if complete:
        tell("present", model=plan.name)
        return 0
    table = plan.load()
    mlflow.set_experiment(plan.name)
    present = len(client.search_model_versions(f"name = '{plan.name}'"))
    for number, version in list(enumerate(plan.versions, 1))[present:]:
        train_version(client, plan, table, number, version)
    for alias, number in plan.aliases.items():
        client.set_registered_model_alias(plan.name, alias, str(number))
    for number, stage in plan.stages.items():
        client.transition_model_version_stage(plan.name, str(number), stage)
    client.set_registered_model_tag(plan.name, "demo", "complete")
    return len(plan.versions) - present


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the demo's models into a running MLflow server.")
    parser.add_argument("--uri", required=True, help="the server, such as http://127.0.0.1:5000")
    parser.add_argument(
        "--only", action="append", choices=[plan.name for plan in PLANS], help="a model; may be repeated"
    )
    asked = parser.parse_args()
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", "Hint: Inferred schema contains integer")  # labels are whole and never missing
    # Stages are deprecated in favour of aliases; they are still what many companies go by.
    warnings.filterwarnings("ignore", ".*transition_model_version_stage.*", FutureWarning)
    wait_for(asked.uri)
    began = time.monotonic()
    mlflow.set_tracking_uri(asked.uri)
    client = mlflow.MlflowClient()
    plans = [plan for plan in PLANS if not asked.only or plan.name in asked.only]
    added = sum(train_model(client, plan) for plan in plans)
    tell("done", note=f"{added} versions of {len(plans)} models trained in {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
