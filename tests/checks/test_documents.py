"""How a document is written down."""

import math

import orjson

from hub.checks.documents import written
from hub.events.canonical import digest_of


def test_what_is_kept_is_read_back_and_has_the_digest_of_its_text() -> None:
    kept = written({"metrics": {"recall": 1.0, "auc": 0.5}, "name": "é"})
    assert kept.text == '{"metrics":{"auc":0.5,"recall":1},"name":"é"}'
    assert kept.digest == digest_of({"metrics": {"recall": 1.0, "auc": 0.5}, "name": "é"})
    assert kept.values == orjson.loads(kept.text)
    assert not math.isnan(kept.values["metrics"]["auc"])
