"""A registry's metrics become test reports: by their names, once, with what reproduces them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.checks.evidence import mapping
from hub.checks.evidence.mapping import reports
from hub.checks.evidence.rules import Report
from hub.checks.tables import EvidenceKind, EvidenceSource, Verdict

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ENDED = NOON - timedelta(days=1)


def row(metrics: Sequence[Sequence[Any]] | None = None, **more: Any) -> Mapping[str, Any]:
    """A version as the database tells it; metrics are name, segment, value, data set."""
    return {
        "registry": "mlflow",
        "prefixes": None,
        "created_at": NOON - timedelta(hours=1),
        "code_commit": "9f2c1d7",
        "run": "lucky-shrew",
        "status": "FINISHED",
        "started_at": NOON - timedelta(days=2),
        "ended_at": ENDED,
        "params": {"seed": "7"},
        "tags": {"evidence.command": "python train.py", "environment": "python 3.12"},
        "metrics": [("recall", "", 0.91, "d2")] if metrics is None else metrics,
        "datasets": {"d2": "sha256:2"},
        **more,
    }


def by_kind(found: Sequence[Report]) -> dict[str, Mapping[str, float]]:
    return {report.kind.value: report.figures for report in found}


def test_a_report_says_what_reproduces_it() -> None:
    assert reports(row(), NOON) == [
        Report(
            kind=EvidenceKind.PERFORMANCE,
            verdict=Verdict.NONE,
            title="lucky-shrew",
            tool="mlflow",
            figures={"recall": 0.91},
            measured_at=ENDED,
            code_commit="9f2c1d7",
            data_digest="sha256:2",
            seed="7",
            environment="python 3.12",
            command="python train.py",
            source=EvidenceSource.REGISTRY,
        )
    ]


def test_metrics_fall_into_kinds_by_their_prefix() -> None:
    metrics = [
        ("recall", "", 0.91, None),
        ("recall", "sex.f", 0.88, None),
        ("val/loss", "", 0.3, None),
        ("fairness.gap", "", 0.04, None),
        ("fairness.rate", "sex.f", 0.5, None),
        ("fairness", "gap.sex", 0.06, None),
        ("robustness/noise", "", 0.8, None),
        ("data_validation_missing", "", 0.0, None),
        ("privacy.epsilon", "", 3.0, None),
        ("load_p95_ms", "", 12.5, None),
        ("loader", "", 1.0, None),
        ("security.", "", 1.0, None),
    ]
    assert by_kind(reports(row(metrics), NOON)) == {
        "PERFORMANCE": {"recall": 0.91, "val/loss": 0.3, "loader": 1.0},
        "SEGMENTS": {"recall/sex.f": 0.88},
        "FAIRNESS": {"gap": 0.04, "rate/sex.f": 0.5, "gap.sex": 0.06},
        "ROBUSTNESS": {"noise": 0.8},
        "DATA_VALIDATION": {"missing": 0.0},
        "PRIVACY": {"epsilon": 3.0},
        "LOAD": {"p95_ms": 12.5},
    }


def test_a_registry_may_name_its_own_prefixes() -> None:
    metrics = [("bias.gap", "", 0.1, None), ("load_time", "", 2.0, None), ("bias.deep.x", "", 0.2, None)]
    told = {"bias.": "FAIRNESS", "load_": None, "bias.deep.": "ROBUSTNESS"}
    assert by_kind(reports(row(metrics, prefixes=told), NOON)) == {
        "PERFORMANCE": {"load_time": 2.0},
        "FAIRNESS": {"gap": 0.1},
        "ROBUSTNESS": {"x": 0.2},
    }


@pytest.mark.parametrize(
    ("told", "note"),
    [
        (["bias."], "the registry's option evidence is ignored: it is no mapping of prefixes to kinds"),
        ("bias.", "the registry's option evidence is ignored: it is no mapping of prefixes to kinds"),
        ({"bias.": "BIAS"}, "the prefix bias. in the registry's option evidence is ignored: BIAS is no kind"),
        (
            {"bias.": ["FAIRNESS"]},
            "the prefix bias. in the registry's option evidence is ignored: ['FAIRNESS'] is no kind",
        ),
        ({"": "FAIRNESS"}, "a prefix in the registry's option evidence is ignored: it is empty or too long"),
        (
            {f"p{n}.": "FAIRNESS" for n in range(101)},
            "the registry's option evidence has 101 prefixes; the first 100 count",
        ),
    ],
)
def test_wrong_options_are_ignored_with_a_note(told: object, note: str) -> None:
    (report,) = reports(row(prefixes=told), NOON)
    assert (report.figures, report.details) == ({"recall": 0.91}, {"notes": [note]})


def test_the_value_on_evaluation_data_counts_and_one_that_is_not_certain_is_left_out() -> None:
    metrics = [
        ("recall", "", 0.99, "d1"), ("recall", "", 0.91, "d2"), ("recall", "", 0.95, None),
        ("auc", "", 0.8, "d2"), ("auc", "", 0.7, "d3"), ("odd", "", None, "d2"),
    ]  # fmt: skip
    found = reports(row(metrics, datasets={"d2": "sha256:2", "d3": "sha256:3"}), NOON)
    assert by_kind(found) == {"PERFORMANCE": {"recall": 0.91}}
    assert found[0].data_digest is not None
    assert len(found[0].data_digest) == 64  # one digest over both


def test_no_metric_that_is_a_number_is_no_report() -> None:
    assert reports(row([("odd", "", None, None)]), NOON) == []


@pytest.mark.parametrize(
    ("told", "verdict"), [("PASS", Verdict.PASS), (" fail ", Verdict.FAIL), ("NONE", Verdict.NONE)]
)
def test_a_tag_gives_the_verdict(told: str, verdict: Verdict) -> None:
    (report,) = reports(row(tags={"evidence.performance.verdict": told}), NOON)
    assert (report.verdict, report.details) == (verdict, {})


def test_a_tag_that_is_no_verdict_is_ignored_with_a_note() -> None:
    (report,) = reports(row(tags={"evidence.performance.verdict": "fine"}), NOON)
    assert report.verdict is Verdict.NONE
    assert report.details == {"notes": ["the tag evidence.performance.verdict is ignored: it is neither PASS nor FAIL"]}


@pytest.mark.parametrize(
    ("times", "at", "notes"),
    [
        ({}, ENDED, []),
        ({"ended_at": None}, NOON - timedelta(days=2), []),
        ({"ended_at": None, "started_at": None, "run": None}, NOON - timedelta(hours=1), []),
        (
            {"ended_at": datetime(2126, 1, 1, tzinfo=UTC)},
            NOON - timedelta(days=2),
            ["ended_at 2126-01-01 is not used: it cannot be when this was measured"],
        ),
        (
            {"ended_at": None, "started_at": datetime(1999, 1, 1, tzinfo=UTC)},
            NOON - timedelta(hours=1),
            ["started_at 1999-01-01 is not used: it cannot be when this was measured"],
        ),
    ],
)
def test_it_was_measured_when_the_run_ended_or_began_or_the_version_came(
    times: dict[str, Any], at: datetime, notes: list[str]
) -> None:
    (report,) = reports(row(**times), NOON)
    assert (report.measured_at, report.details.get("notes", [])) == (at, notes)


def test_a_run_that_goes_on_is_no_experiment_yet() -> None:
    (report,) = reports(row(status="RUNNING", ended_at=None), NOON)
    assert report.command is None
    assert report.details == {"notes": ["the run had not ended when it was read; its command is left out"]}


def test_what_is_too_much_is_left_out_with_a_note() -> None:
    metrics = [(f"m{n:03}", "", 1.0, None) for n in range(501)] + [("x" * 201, "", 1.0, None)]
    (report,) = reports(row(metrics, params={"random_state": "7" * 101}), NOON)
    assert (len(report.figures), report.seed) == (500, None)
    assert report.details["notes"] == [
        "seed has 101 characters; at most 100 are kept, it is left out",
        "2 metrics are left out: no name, a name too long, or more than 500",
    ]


def test_nothing_is_known_of_a_bare_version() -> None:
    bare = row(code_commit=None, params=None, tags=None, datasets=None, run=None, status=None)
    (report,) = reports(bare, NOON)
    known = (report.code_commit, report.data_digest, report.seed, report.environment, report.command, report.title)
    assert known == (None, None, None, None, None, "")


def test_every_kind_with_a_name_of_its_own_has_three_prefixes() -> None:
    assert len(mapping.PREFIXES) == 21
    assert set(mapping.PREFIXES.values()) == set(EvidenceKind) - {EvidenceKind.PERFORMANCE, EvidenceKind.SEGMENTS}
