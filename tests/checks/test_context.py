"""The document that rules look at."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hub.checks.context import Context, Subject, activated, context
from hub.checks.documents import written
from hub.models.tables import Stage
from hub.policies.cel import Document, compile_rule
from hub.policies.document import EACH, FIELDS, VARIABLES
from hub.policies.tables import DecisionPoint

RAW: dict[str, Any] = {
    "model": {field: None for field in FIELDS["model"] if field != "classified"} | {"tier": "UNCLASSIFIED"},
    "version": dict.fromkeys(FIELDS["version"] - {"age_days"}),
    "card": None,
    "metrics": None,
    "datasets": None,
    "evidence": None,
    "deployment": {"approved": False, "rollback_target": None, "running": 0, "environments": None},
    "runs": 0,
}
DATASET: dict[str, Any] = {
    "digest": "",
    "categories": None,
    "legal_basis": None,
    "consent": None,
    "licence": None,
    "source_name": None,
    "prohibited": None,
    "described": False,
}
SAID = {
    "categories": [],
    "legal_basis": "",
    "consent": "",
    "licence": "",
    "source_name": "",
    "prohibited": False,
    "described": False,
}
REPORT: dict[str, Any] = {
    "verdict": "PASS",
    "figures": {"gap": 0.02, "groups": 3.0},
    "measured_at": "2026-11-11T11:00:00.000000Z",
    **dict.fromkeys(("title", "tool", "code_commit", "data_digest", "seed", "environment", "command")),
    "source": "SENT",
    "repeated": False,
    "disputed": False,
    "reports": 1,
}
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def made(**raw: Any) -> Context:
    return context(Subject(UUID(int=1), UUID(int=2), "d", Stage.STAGING, {**RAW, **raw}))


def seen(**raw: Any) -> dict[str, Any]:
    """The document as rules see it, by way of the text that is kept."""
    kept = written(made(**raw).values).values
    return activated(kept, stage=Stage.PRODUCTION, decision_point=DecisionPoint.DEPLOY, now=NOON)


def test_it_has_the_variables_and_fields_that_rules_may_name() -> None:
    version = {**RAW["version"], "signature": {"inputs": []}, "created_at": "2026-11-01T00:00:00.000000Z"}
    deployment = {"approved": True, "rollback_target": "2", "running": 1, "environments": ["eu"]}
    values = seen(version=version, deployment=deployment, evidence={"fairness": REPORT}, datasets=[one_dataset()])
    assert set(values) == set(VARIABLES)
    for variable in ("model", "lineage", "deployment"):
        assert set(values[variable]) == FIELDS[variable]
    assert set(values["version"]) - {"created_at"} == FIELDS["version"]
    assert set(values["evidence"]["fairness"]) == EACH["evidence"]
    assert set(values["datasets"][0]) == EACH["datasets"]
    assert (values["stage"], values["decision_point"], values["now"]) == ("PRODUCTION", "DEPLOY", NOON)


def one_dataset(**more: Any) -> dict[str, Any]:
    return {**DATASET, "id": "a", "role": "TRAINING", "name": "x", "namespace": "n", "source_kind": "s3", **more}


def test_every_field_compiles_as_a_rule() -> None:
    for variable, fields in FIELDS.items():
        for field in fields:
            compile_rule(f"has({variable}.{field})")
    compile_rule("now > timestamp('2026-01-01T00:00:00Z') && evidence.fairness.age_days <= 90")


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
    datasets = [{**DATASET, "id": "a", "role": "TRAINING"}, {**DATASET, "id": "b", "role": "EVALUATION"}]
    rows = [["recall", "", 0.99, None, "a"], ["recall", "", 0.8, None, "b"], ["recall", "", 0.7, None, None]]
    assert made(metrics=rows, datasets=datasets).values["metrics"] == {"recall": 0.8}
    assert made(metrics=rows, datasets=datasets[:1]).values["metrics"] == {"recall": 0.7}


def test_two_values_of_equal_standing_are_none() -> None:
    datasets = [{**DATASET, "id": "a", "role": "EVALUATION"}, {**DATASET, "id": "b", "role": "EVALUATION"}]
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
        {**DATASET, "id": "a", "role": "TRAINING", "name": "x"},
        {**DATASET, "id": "a", "role": "EVALUATION", "name": "x"},
        {**DATASET, "id": "b", "role": "TRAINING", "name": "y"},
    ]
    values = made(datasets=datasets, runs=1).values
    assert values["lineage"] == {
        "runs": 1,
        "datasets": 2,
        "training_datasets": 2,
        "evaluation_datasets": 1,
        "overlap": 1,
        "described": 0,
    }
    assert values["datasets"] == [
        {"role": "TRAINING", "name": "x", "digest": "", **SAID},
        {"role": "EVALUATION", "name": "x", "digest": "", **SAID},
        {"role": "TRAINING", "name": "y", "digest": "", **SAID},
    ]


def test_data_of_one_content_that_trained_and_evaluated_overlaps() -> None:
    datasets = [
        one_dataset(id="a", digest="d1"),
        one_dataset(id="b", digest="d1", role="EVALUATION", described=True),
        one_dataset(id="c", digest="d2", role="EVALUATION", described=True),
        one_dataset(id="c", digest="d2", role="DERIVED", described=True),
    ]
    lineage = seen(datasets=datasets)["lineage"]
    assert (lineage["overlap"], lineage["described"], lineage["datasets"]) == (1, 2, 3)


def test_a_steward_s_words_are_seen_and_categories_shout() -> None:
    described = one_dataset(described=True, categories=["Personal", "health"], consent="opt-in", prohibited=True)
    (found,) = seen(datasets=[described])["datasets"]
    assert found["categories"] == ["PERSONAL", "HEALTH"]
    assert (found["consent"], found["licence"], found["prohibited"]) == ("opt-in", "", True)


def test_a_report_has_its_age_and_whether_it_can_be_made_again() -> None:
    found = seen(evidence={"fairness": REPORT})["evidence"]["fairness"]
    assert (found["age_days"], found["reproducible"], found["seed"], found["figures"]["groups"]) == (10, False, "", 3.0)
    assert isinstance(found["figures"]["groups"], float)
    whole = {**REPORT, "code_commit": "c", "data_digest": "d", "seed": "1", "environment": "e", "command": "make"}
    assert seen(evidence={"fairness": whole})["evidence"]["fairness"]["reproducible"] is True


def test_ages_and_the_instant_are_not_in_what_is_kept() -> None:
    version = {**RAW["version"], "created_at": "2026-11-20T12:00:01.000000Z"}
    text = written(made(version=version, evidence={"fairness": REPORT}).values).text
    for word in ("age_days", '"now"', "decision_point", '"stage":"PRODUCTION"'):
        assert word not in text
    assert seen(version=version)["version"]["age_days"] == 0
    assert "age_days" not in seen()["version"]


def test_the_versions_own_kpis_go_over_its_models() -> None:
    model = {**RAW["model"], "tags": {"kpi.cost": "5", "kpi.recall": "0.9", "kpi.": "x", "domain": "y"}}
    version = {**RAW["version"], "tags": {"kpi.recall": "0.95"}}
    assert seen(model=model, version=version)["kpis"] == {"cost": "5", "recall": "0.95"}


def test_without_a_version_to_go_back_to_there_is_no_target() -> None:
    assert "rollback_target" not in seen()["deployment"]


def test_metrics_are_doubles_again_when_they_are_read_back() -> None:
    values = seen(metrics=[["recall", "", 1.0, None, None], ["recall", "a", 1, None, None]])
    assert values["metrics"] == {"recall": 1.0} and isinstance(values["metrics"]["recall"], float)
    assert isinstance(values["segments"]["recall"]["a"], float)
    assert compile_rule("metrics.recall >= 0.9 && segments.recall.a > 0.5").passes(Document(values))


def test_a_document_that_says_little_is_seen_all_the_same() -> None:
    values = activated({"metrics": {"recall": 1}}, stage=Stage.STAGING, decision_point=DecisionPoint.DEPLOY, now=NOON)
    assert compile_rule("metrics.recall >= 0.9").evaluate(Document(values)).holds is True
    assert compile_rule("evidence.fairness.verdict == 'PASS'").evaluate(Document(values)).holds is None
