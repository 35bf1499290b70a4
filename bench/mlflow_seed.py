"""Fills a stopped or idle MLflow server's sqlite database with versions, runs, data sets and logged models, by SQL.

Over REST 10,000 versions take a minute and a half, this way a second or two. The shape is what MLflow 3 writes when a
scikit-learn model is logged with data sets, metrics by segment, tags and aliases: one run and one logged model for
each version. Repeatable: the same arguments give the same rows.

    python -m bench.mlflow_seed mlflow.db --versions 20000 --models 400
"""

import argparse
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

START_MS = 1_760_000_000_000
MINUTE_MS = 60_000
SEGMENTS = ("", "mean_radius.small", "mean_radius.large", "age.over_60")
MEASURES = ("recall", "precision")
COLUMNS = 30
INSERTS = {
    "experiments": 6,
    "datasets": 8,
    "registered_models": 4,
    "registered_model_tags": 3,
    "registered_model_aliases": 3,
    "runs": 10,
    "metrics": 6,
    "latest_metrics": 6,
    "params": 3,
    "tags": 3,
    "inputs": 6,
    "input_tags": 3,
    "logged_models": 10,
    "logged_model_metrics": 10,
    "logged_model_params": 4,
    "logged_model_tags": 4,
    "model_versions": 9,
    "model_version_tags": 4,
}
NAMED_COLUMNS = {
    "experiments": "experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time",
    "registered_models": "name, creation_time, last_updated_time, description",
    "registered_model_tags": "key, value, name",
    "registered_model_aliases": "alias, version, name",
    "runs": "run_uuid, name, source_type, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri, "
    "experiment_id",
    "metrics": "key, value, timestamp, run_uuid, step, is_nan",
    "latest_metrics": "key, value, timestamp, step, is_nan, run_uuid",
    "inputs": "input_uuid, source_type, source_id, destination_type, destination_id, step",
    "logged_models": "model_id, experiment_id, name, artifact_location, creation_timestamp_ms, "
    "last_updated_timestamp_ms, status, lifecycle_stage, model_type, source_run_id",
    "logged_model_metrics": "model_id, metric_name, metric_timestamp_ms, metric_step, metric_value, experiment_id, "
    "run_id, dataset_uuid, dataset_name, dataset_digest",
    "model_versions": "name, version, creation_time, last_updated_time, description, current_stage, source, run_id, "
    "status",
    "model_version_tags": "key, value, name, version",
}

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Size:
    """How much to seed; versions are dealt evenly over the models, models over the experiments."""

    versions: int
    models: int
    experiments: int
    datasets_per_experiment: int = 6


def opaque(kind: str, number: int) -> str:
    """A repeatable 32-digit hexadecimal id."""
    return hashlib.md5(f"{kind}:{number}".encode(), usedforsecurity=False).hexdigest()


def schema() -> str:
    columns = [{"type": "double", "name": f"feature {n}", "required": True} for n in range(COLUMNS)]
    return json.dumps({"mlflow_colspec": [*columns, {"type": "long", "name": "target", "required": True}]})


def experiments(size: Size, first: int) -> Iterator[tuple[str, Row]]:
    columns = schema()
    for number in range(size.experiments):
        id = first + number
        yield "experiments", (id, f"team-{number:04}", f"mlflow-artifacts:/{id}", "active", START_MS, START_MS)
        for part in range(size.datasets_per_experiment):
            source = json.dumps({"uri": f"s3://lake/team-{number:04}/part-{part}.parquet"})
            profile = json.dumps({"num_rows": 1000 + part, "num_elements": (1000 + part) * (COLUMNS + 1)})
            uuid = opaque("dataset", number * size.datasets_per_experiment + part)
            yield "datasets", (uuid, id, f"part-{part}", uuid[:8], "s3", source, columns, profile)


def models(size: Size) -> Iterator[tuple[str, Row]]:
    share = size.versions // size.models
    for number in range(size.models):
        name = f"model-{number:05}"
        made = START_MS + number
        yield "registered_models", (name, made, made, f"Scores cases of kind {number}. Used by the claims desk.")
        yield "registered_model_tags", ("owner", f"person{number % 50}@example.org", name)
        yield "registered_model_tags", ("card.intended_use", f"Ranking of cases of kind {number} for review.", name)
        if share:
            yield "registered_model_aliases", ("champion", max(1, share - 1), name)
            yield "registered_model_aliases", ("challenger", share, name)


def version(size: Size, first: int, number: int) -> Iterator[tuple[str, Row]]:
    model, nth = number % size.models, number // size.models + 1
    experiment = model % size.experiments
    id, at = first + experiment, START_MS + number * MINUTE_MS
    run, logged = opaque("run", number), f"m-{opaque('model', number)}"
    place = experiment * size.datasets_per_experiment
    train, test = (opaque("dataset", place + (nth + n) % size.datasets_per_experiment) for n in (0, 1))
    test_name = f"part-{(nth + 1) % size.datasets_per_experiment}"
    who = f"person{number % 50}"
    folder = f"mlflow-artifacts:/{id}/models/{logged}/artifacts"

    yield "runs", (run, f"train-{number}", "LOCAL", who, "FINISHED", at, at + 30_000, "active", folder, id)
    yield (
        "logged_models",
        (logged, id, "model", folder, at + 20_000, at + 25_000, 2, "active", "", run),
    )
    for measure in MEASURES:
        for step, segment in enumerate(SEGMENTS):
            key = f"{measure}/{segment}" if segment else measure
            score = 0.7 + (number * 7 + step * 3) % 29 / 100
            yield "metrics", (key, score, at, run, 0, 0)
            yield "latest_metrics", (key, score, at, 0, 0, run)
            yield "logged_model_metrics", (logged, key, at, 0, score, id, run, test, test_name, test[:8])
    for n in range(5):
        yield "params", (f"param_{n}", str(number % (n + 2)), run)
        yield "logged_model_params", (logged, id, f"param_{n}", str(number % (n + 2)))
    written = {
        "mlflow.user": who,
        "mlflow.source.name": "train.py",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": opaque("commit", number) + "00000000",
    }
    for key, value in written.items():
        yield "tags", (key, value, run)
        yield "logged_model_tags", (logged, id, key, value)
    yield "tags", ("mlflow.runName", f"train-{number}", run)
    for uuid, context in ((train, "training"), (test, "testing")):
        used = opaque(f"input-{context}", number)
        yield "inputs", (used, "DATASET", uuid, "RUN", run, 0)
        yield "input_tags", (used, "mlflow.data.context", context)
    yield "inputs", (opaque("output", number), "RUN_OUTPUT", run, "MODEL_OUTPUT", logged, 0)

    name = f"model-{model:05}"
    source = f"models:/{logged}"
    yield "model_versions", (name, nth, at + 30_000, at + 30_000, "", "None", source, run, "READY")
    for key, value in {
        "validated_by": who,
        "data_cutoff": f"2026-{number % 12 + 1:02}",
        "framework": "sklearn",
    }.items():
        yield "model_version_tags", (key, value, name, nth)


def everything(size: Size, first: int) -> Iterator[tuple[str, Row]]:
    yield from experiments(size, first)
    yield from models(size)
    for number in range(size.versions):
        yield from version(size, first, number)


def statement(table: str) -> str:
    columns = f" ({NAMED_COLUMNS[table]})" if table in NAMED_COLUMNS else ""
    return f"INSERT OR IGNORE INTO {table}{columns} VALUES ({', '.join('?' * INSERTS[table])})"


def in_lots(rows: Iterable[tuple[str, Row]], most: int) -> Iterator[dict[str, list[Row]]]:
    lot: dict[str, list[Row]] = {}
    held = 0
    for table, row in rows:
        lot.setdefault(table, []).append(row)
        held += 1
        if held >= most:
            yield lot
            lot, held = {}, 0
    yield lot


def seed(path: str, size: Size) -> None:
    """Writes everything in one transaction; the server must have created its tables before."""
    database = sqlite3.connect(path, timeout=60)
    try:
        first = database.execute("SELECT coalesce(max(experiment_id), 0) + 1 FROM experiments").fetchone()[0]
        with database:
            for lot in in_lots(everything(size, first), 100_000):
                for table in sorted(lot, key=list(INSERTS).index):
                    database.executemany(statement(table), lot[table])
    finally:
        database.close()


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("path", help="MLflow's sqlite file")
    ask.add_argument("--versions", type=int, default=20_000)
    ask.add_argument("--models", type=int, default=400)
    ask.add_argument("--experiments", type=int, default=100)
    given = ask.parse_args()
    seed(given.path, Size(given.versions, given.models, given.experiments))
    print(f"{given.versions} versions of {given.models} models in {given.path}")


if __name__ == "__main__":
    main()
