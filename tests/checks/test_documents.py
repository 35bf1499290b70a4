"""How a document is written down."""

import math

import orjson

from hub.checks.documents import changes, written
from hub.events.canonical import digest_of


def test_what_is_kept_is_read_back_and_has_the_digest_of_its_text() -> None:
    kept = written({"metrics": {"recall": 1.0, "auc": 0.5}, "name": "é"})
    assert kept.text == '{"metrics":{"auc":0.5,"recall":1},"name":"é"}'
    assert kept.digest == digest_of({"metrics": {"recall": 1.0, "auc": 0.5}, "name": "é"})
    assert kept.values == orjson.loads(kept.text)
    assert not math.isnan(kept.values["metrics"]["auc"])


def test_what_differs_is_named_as_rules_name_what_they_read() -> None:
    before = {
        "metrics": {"recall": 0.9, "auc": 0.5, "a.b": 1.0},
        "version": {"tags": {"team": "x"}, "name": "1"},
        "datasets": [{"name": "a"}],
        "card": {"factors": "Age."},
        "kpis": {},
    }
    now = {
        "metrics": {"recall": 0.91, "auc": 0.5, "f1": 0.7, "a.b": 2.0},
        "version": {"tags": {"team": "y"}, "name": "1"},
        "datasets": [{"name": "b"}],
        "card": {},
        "kpis": {},
        "deployment": {"approved": True},
    }
    assert changes(before, now) == {
        "metrics.recall", "metrics.f1", "metrics", "version.tags", "datasets", "card.factors", "deployment",
    }  # fmt: skip
    assert changes(now, now) == frozenset()
