"""Two dossiers are compared by what their entries are, not by where they stand, and differences are told in words."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import orjson
import pytest

LONG = "Scans of the old are read twice. " * 4


@pytest.fixture
async def connection(database: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    made = await asyncpg.connect(database)
    yield made
    await made.close()


class Differences:
    """Asks the database how two documents differ."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection

    async def words(self, old: Any, new: Any) -> list[str]:
        rows = await self._rows(old, new)
        return [f"{row['part']}: {row['words']}" for row in rows]

    async def full(self, old: Any, new: Any) -> list[tuple[list[str], Any, Any]]:
        rows = await self._rows(old, new)
        return [(row["path"], _read(row["before"]), _read(row["after"])) for row in rows]

    async def summed_up(self, old: Any, new: Any) -> list[str]:
        return list(await self._connection.fetchval("SELECT dossier_changes($1, $2)", *_texts(old, new)))

    async def _rows(self, old: Any, new: Any) -> "list[asyncpg.Record]":
        return await self._connection.fetch("SELECT * FROM dossier_differences($1, $2) ORDER BY nth", *_texts(old, new))


def _texts(*values: Any) -> list[str]:
    return [orjson.dumps(value).decode() for value in values]


def _read(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)


@pytest.fixture
def differences(connection: "asyncpg.Connection[asyncpg.Record]") -> Differences:
    return Differences(connection)


METRICS = [
    {"name": "auc", "segment": "", "value": 0.9},
    {"name": "recall", "segment": "", "value": 0.91},
    {"name": "recall", "segment": "age=80+", "value": 0.8},
]

CASES: dict[str, tuple[Any, Any, list[str]]] = {
    "the same": ({"metrics": METRICS}, {"metrics": METRICS}, []),
    "entries that moved": ({"metrics": METRICS}, {"metrics": METRICS[::-1]}, []),
    "a value": (
        {"metrics": METRICS},
        {"metrics": [*METRICS[:2], {**METRICS[2], "value": 0.7}]},
        ["metrics: recall age=80+ 0.8 → 0.7"],
    ),
    "an entry more and one less": (
        {"metrics": METRICS[:2]},
        {"metrics": METRICS[1:]},
        ["metrics: auc removed", "metrics: recall age=80+ added"],
    ),
    "a short text": (
        {"card": {"sections": {"factors": "Age"}}},
        {"card": {"sections": {"factors": "Age, sex"}}},
        ["card: factors Age → “Age, sex”"],
    ),
    "a long text": (
        {"card": {"sections": {"ethical_considerations": LONG}}},
        {"card": {"sections": {"ethical_considerations": LONG + "x"}}},
        ["card: ethical_considerations changed"],
    ),
    "a long text that is new, and one that is gone": (
        {"card": {"sections": {"factors": LONG}}},
        {"card": {"sections": {"metrics": LONG}}},
        ["card: factors removed", "card: metrics added"],
    ),
    "an outcome": (
        {"checks": [{"policy": "recall", "outcome": "PASS", "decides": [1]}]},
        {"checks": [{"policy": "card", "outcome": "PASS"}, {"policy": "recall", "outcome": "FAIL", "decides": [2]}]},
        ["checks: card added", "checks: recall outcome PASS → FAIL"],
    ),
    "the newest report of a kind": (
        {"evidence": [{"kind": "FAIRNESS", "verdict": "PASS", "id": "1"}]},
        {"evidence": [{"kind": "FAIRNESS", "verdict": "FAIL", "id": "2"}, {"kind": "FAIRNESS", "verdict": "PASS"}]},
        ["evidence: FAIRNESS verdict PASS → FAIL", "evidence: FAIRNESS (2) added"],
    ),
    "a data set that trained and evaluated": (
        {"lineage": {"datasets": [{"name": "a", "role": "TRAINING", "note": 1}]}},
        {"lineage": {"datasets": [{"name": "a", "role": "EVALUATION"}, {"name": "a", "role": "TRAINING", "note": 2}]}},
        ["lineage: datasets a EVALUATION added", "lineage: datasets a TRAINING note 1 → 2"],
    ),
    "a list of words": (
        {"version": {"aliases": ["champion", "old"]}},
        {"version": {"aliases": ["champion", "new"]}},
        ["version: aliases new added", "version: aliases old removed"],
    ),
    "a value that was not known": (
        {"version": {"code_commit": None}},
        {"version": {"code_commit": "abc"}},
        ["version: code_commit none → abc"],
    ),
    "an instant": (
        {"exceptions": [{"policy": "p", "expires_at": "2026-11-21T12:00:00.000000Z"}]},
        {"exceptions": [{"policy": "p", "expires_at": "2026-12-01T09:30:00.000000Z"}]},
        ["exceptions: p expires_at 2026-11-21 12:00 UTC → 2026-12-01 09:30 UTC"],
    ),
    "another kind of value": ({"version": {"params": {"a": 1}}}, {"version": {"params": {"a": [1]}}},
                              ["version: params a changed"]),
    "what is new in every dossier": (
        {
            "form": 1, "binds_to": {"card": "1"}, "risk": {"blocking": 0},
            "card": {"digest": "1", "updated_at": "a", "completeness": {"filled": 1}},
            "evidence": [{"kind": "LOAD", "id": "1", "digest": "1", "added_at": "a", "measured_at": "a"}],
            "checks": [{"policy": "p", "evaluated_at": "a", "result": "1", "due_at": "a"}],
            "version": {"created_at": "a", "run": {"external_id": "a"}},
        },
        {
            "form": 2, "binds_to": {"card": "2"}, "risk": {"blocking": 1},
            "card": {"digest": "2", "updated_at": "b", "completeness": {"filled": 2}},
            "evidence": [{"kind": "LOAD", "id": "2", "digest": "2", "added_at": "b", "measured_at": "b"}],
            "checks": [{"policy": "p", "evaluated_at": "b", "result": "2", "due_at": "b"}],
            "version": {"created_at": "b", "run": {"external_id": "b"}},
        },
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
async def test_differences_in_words(differences: Differences, case: str) -> None:
    old, new, expected = CASES[case]
    assert await differences.words(old, new) == expected


async def test_a_difference_has_its_path_and_both_values(differences: Differences) -> None:
    old = {"metrics": METRICS[:1], "version": {"tags": {"team": "a"}}}
    new = {"metrics": METRICS[:2], "version": {"tags": {"team": "b", "x.y / z": "<script>"}}}
    assert await differences.full(old, new) == [
        (["metrics", "recall"], None, METRICS[1]),
        (["version", "tags", "team"], "a", "b"),
        (["version", "tags", "x.y / z"], None, "<script>"),
    ]


async def test_the_other_way_round_the_sides_change_places(differences: Differences) -> None:
    for old, new, _ in CASES.values():
        there, back = await differences.full(old, new), await differences.full(new, old)
        assert [(path, after, before) for path, before, after in there] == back


async def test_parts_are_summed_up_in_a_line_each(differences: Differences) -> None:
    old = {"metrics": METRICS, "card": {"sections": {"factors": "Age"}}}
    new = {"metrics": [{**one, "value": 0.5} for one in METRICS], "card": {"sections": {"factors": "Sex"}}}
    assert await differences.summed_up(old, new) == [
        "card: factors Age → Sex",
        "metrics: auc 0.9 → 0.5; recall 0.91 → 0.5; recall age=80+ 0.8 → 0.5",
    ]
    many = [{"name": f"m{n}", "segment": "", "value": 1} for n in range(12)]
    (line,) = await differences.summed_up({"metrics": []}, {"metrics": many})
    assert line.endswith("; and 4 more")
    assert line.count("added") == 8
