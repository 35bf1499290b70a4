"""What a rule reads, and what a change of the document touches."""

import pytest

from hub.policies.cel import compile_rule
from hub.policies.document import VARIABLES, touches


@pytest.mark.parametrize(
    ("rule", "reads"),
    [
        ("metrics.recall >= 0.9", {"metrics.recall"}),
        ("metrics['recall'] >= 0.9 && metrics.auc > 0.5", {"metrics.recall", "metrics.auc"}),
        ("metrics['a.b'] >= 0.9", {"metrics"}),
        ("evidence.fairness.figures['dp'] < 0.1", {"evidence.fairness"}),
        ("'fairness' in evidence", {"evidence.fairness"}),
        ("'x' in model.tags && has(card.factors)", {"model.tags", "card.factors"}),
        ("size(segments) > 0 && kpis.size() > 1", {"segments", "kpis"}),
        ("segments[stage].size() > 0", {"segments", "stage"}),
        ("datasets.all(d, d.role != model.owner)", {"datasets", "model.owner"}),
        ("datasets.all(d, d.name in version.tags)", {"datasets", "version.tags"}),
        ("now - timestamp(version.tags.since) < duration('24h')", {"now", "version.tags"}),
        ("version.?signature.hasValue()", {"version.signature"}),
        ("'metrics.recall' == stage", {"stage"}),
        ("model.tags.stage == 'x'", {"model.tags"}),
        ("true", set()),
    ],
)
def test_a_rule_tells_what_it_reads(rule: str, reads: set[str]) -> None:
    assert compile_rule(rule).reads == reads


@pytest.mark.parametrize(
    ("reads", "touched", "met"),
    [
        ({"evidence.fairness"}, {"evidence"}, True),
        ({"evidence"}, {"evidence.fairness"}, True),
        ({"evidence.fairness"}, {"evidence.fairness"}, True),
        ({"evidence.fairness"}, {"evidence.fair"}, False),
        ({"evidence.fairness"}, {"evidence.security", "model.owner"}, False),
        ({"metrics.recall", "stage"}, {"stage"}, True),
        (set(), {"model"}, False),
        ({"model"}, set(), False),
    ],
)
def test_a_change_touches_what_lies_within_or_around_it(reads: set[str], touched: set[str], met: bool) -> None:
    assert touches(reads, touched) is met


def test_every_variable_may_be_read_whole() -> None:
    for name in VARIABLES:
        assert compile_rule(f"type({name}) != int").reads == {name}
