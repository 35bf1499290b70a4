"""What counts now, in the graph: rows, counts and tiers, each as its reader may see it."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from hub.checks import schedule
from hub.checks.actions import evaluate
from hub.clock import SetClock
from hub.db import Db
from hub.events.canonical import digest_of
from hub.models.tables import Model, ModelVersion, RiskTier, Stage
from hub.people.tables import Role
from hub.policies.tables import DecisionPoint, Enforcement, PolicyVersion
from tests.asking import Ask
from tests.make import Make

ROWS = """
query ($filter: ComplianceFilter) {
  compliance(first: 10, filter: $filter, orderBy: [{ by: SINCE }, { by: SEVERITY }]) {
    totalCount
    nodes { outcome overdue dueAt since policy { key } version { name } result { explanation } exception { id } }
  }
}
"""
COUNTS = """
query ($filter: ComplianceCountFilter) {
  complianceCounts(first: 50, filter: $filter) {
    totalCount
    nodes { policy { key } stage tier outcome enforcement count reported notKept }
  }
}
"""
SUMMARY = """
{ complianceSummary(first: 10) { nodes {
  tier compliant waived failing errors warnings total reportedPercent truePercent
} } }
"""


class Estate:
    """Three versions, one of them of a restricted model, under three policies; one failure is waived."""

    recall: PolicyVersion
    open: Model
    versions: list[ModelVersion]


@pytest.fixture
async def estate(db: Db, make: Make) -> Estate:
    made = Estate()
    pat = await make.person("pat", Role.POLICY_OWNER)
    made.recall = await make.policy("recall", by=pat, service_level_days=5)
    await make.policy("auc", by=pat, rule="metrics.auc >= 0.9", enforcement=Enforcement.WARNING)
    await make.policy("low", by=pat, rule="metrics.recall >= 0.1")
    made.open = await make.model("open", tier=RiskTier.LIMITED)
    hidden = await make.model("hidden", tier=RiskTier.HIGH, restricted=True)
    made.versions = [
        await make.version(made.open, "1", metrics={"recall": 0.5, "auc": 0.5}),
        await make.version(made.open, "2", metrics={"recall": 0.95, "auc": 0.95}),
        await make.version(hidden, "3", metrics={"recall": 0.5}),
    ]
    await make.exception(made.recall, made.open, version_id=made.versions[0].id)
    async with db.write(actor=None, operation="op") as tx:
        await evaluate(tx, [one.id for one in made.versions], DecisionPoint.PROMOTE, Stage.PRODUCTION)
    return made


async def test_rows_are_filtered_and_tell_why(ask: Ask, make: Make, estate: Estate, clock: SetClock) -> None:
    eve, root = await make.person("eve", Role.DEVELOPER), await make.person("root", Role.AUDITOR)

    async def keys(who: Any, **filter: Any) -> list[tuple[str, str, str]]:
        rows = (await ask(who, ROWS, filter=filter))["compliance"]["nodes"]
        return sorted((row["version"]["name"], row["policy"]["key"], row["outcome"]) for row in rows)

    assert await keys(eve, outcome=["FAIL", "WARN", "ERROR"]) == [("1", "auc", "WARN")]
    assert await keys(root, outcome=["FAIL", "WARN", "ERROR"]) == [
        ("1", "auc", "WARN"), ("3", "auc", "ERROR"), ("3", "recall", "FAIL"),
    ]  # fmt: skip
    assert await keys(eve, outcome=["WAIVED"]) == [("1", "recall", "WAIVED")]
    assert await keys(eve, enforcement=["WARNING"]) == [("1", "auc", "WARN"), ("2", "auc", "PASS")]
    assert await keys(root, tier=["HIGH"], outcome=["PASS"]) == [("3", "low", "PASS")]
    assert await keys(root, policy=f"Policy:{estate.recall.policy_id}", overdue=True) == []
    clock.move(timedelta(days=6))
    assert await keys(root, overdue=True) == [("3", "recall", "FAIL")]
    assert await keys(eve, overdue=True) == []
    found = await ask(
        eve,
        """query ($id: ID!) { node(id: $id) { ... on ModelVersion {
             compliance(first: 5, filter: {outcome: [WAIVED]}) { nodes { tier dueAt exception { status } result {
               enforcement severity tookUs decides input { digest document decisionPoint } } } } } } }""",
        id=f"ModelVersion:{estate.versions[0].id}",
    )
    (row,) = found["node"]["compliance"]["nodes"]
    assert (row["tier"], row["dueAt"], row["exception"]["status"]) == ("LIMITED", None, "ACTIVE")
    assert (row["result"]["enforcement"], row["result"]["severity"]) == ("BLOCKING", "HIGH")
    assert [one["found"] for one in row["result"]["decides"]] == [0.5]
    kept = row["result"]["input"]
    assert kept["digest"] == digest_of(kept["document"])
    assert kept["document"]["metrics"] == {"auc": 0.5, "recall": 0.5}


async def test_counts_are_of_what_the_reader_may_see(ask: Ask, db: Db, make: Make, estate: Estate) -> None:
    eve, root = await make.person("eve", Role.DEVELOPER), await make.person("root", Role.AUDITOR)

    async def counts(who: Any, **filter: Any) -> set[tuple[Any, ...]]:
        found = (await ask(who, COUNTS, filter=filter))["complianceCounts"]
        assert found["totalCount"] == len(found["nodes"])
        return {
            (row["policy"]["key"], row["tier"], row["outcome"], row["count"], row["reported"], row["notKept"])
            for row in found["nodes"]
        }

    seen = {
        ("recall", "LIMITED", "WAIVED", 1, 0, 1), ("recall", "LIMITED", "PASS", 1, 0, 0),
        ("auc", "LIMITED", "WARN", 1, 1, 1), ("auc", "LIMITED", "PASS", 1, 0, 0), ("low", "LIMITED", "PASS", 2, 0, 0),
    }  # fmt: skip
    hidden = {
        ("recall", "HIGH", "FAIL", 1, 1, 1), ("auc", "HIGH", "ERROR", 1, 1, 1), ("low", "HIGH", "PASS", 1, 0, 0),
    }  # fmt: skip
    assert await counts(eve) == seen
    assert await counts(root) == seen | hidden
    async with db.write(actor=None, operation="op") as tx:
        await schedule.fold(tx, anyway=True)
    assert await counts(eve) == seen
    assert await counts(root) == seen | hidden
    assert await counts(root, tier=["HIGH"], outcome=["FAIL"]) == {("recall", "HIGH", "FAIL", 1, 1, 1)}
    assert await counts(eve, policy=f"Policy:{estate.recall.policy_id}", enforcement=["WARNING"]) == set()


async def test_counts_are_paged(ask: Ask, make: Make, estate: Estate) -> None:
    root = await make.person("root", Role.AUDITOR)
    query = """query ($after: String) { complianceCounts(first: 3, after: $after, orderBy: [{by: TIER}]) {
        nodes { tier } pageInfo { hasNextPage endCursor } } }"""
    tiers, after, more = [], None, True
    while more:
        page = (await ask(root, query, after=after))["complianceCounts"]
        tiers += [row["tier"] for row in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert tiers == ["HIGH"] * 3 + ["LIMITED"] * 5


async def test_each_tier_has_the_reported_and_the_true_share(ask: Ask, make: Make, estate: Estate) -> None:
    eve, root = await make.person("eve", Role.DEVELOPER), await make.person("root", Role.AUDITOR)
    limited = {
        "tier": "LIMITED", "compliant": 4, "waived": 1, "failing": 0, "errors": 0, "warnings": 1, "total": 6,
        "reportedPercent": 83.3, "truePercent": 66.7,
    }  # fmt: skip
    high = {
        "tier": "HIGH", "compliant": 1, "waived": 0, "failing": 1, "errors": 1, "warnings": 0, "total": 3,
        "reportedPercent": 33.3, "truePercent": 33.3,
    }  # fmt: skip
    assert (await ask(eve, SUMMARY))["complianceSummary"]["nodes"] == [limited]
    assert (await ask(root, SUMMARY))["complianceSummary"]["nodes"] == [high, limited]


async def test_only_what_counts_is_the_latest(ask: Ask, db: Db, make: Make, estate: Estate) -> None:
    root = await make.person("root", Role.AUDITOR)
    async with db.write(actor=None, operation="sync") as tx:
        await tx.session.execute(text("UPDATE version_metrics SET value = 0.6 WHERE value = 0.5"))
        await evaluate(tx, [one.id for one in estate.versions], DecisionPoint.PROMOTE, Stage.PRODUCTION)
    query = "query ($latest: Boolean) { checkResults(first: 1, filter: {latest: $latest}) { totalCount } }"
    counts = [(await ask(root, query, latest=latest))["checkResults"]["totalCount"] for latest in (True, False)]
    assert counts == [9, await make.count("check_results") - 9]
    assert counts[1] == 6


async def test_a_document_is_hidden_with_its_model(ask: Ask, db: Db, make: Make, estate: Estate) -> None:
    eve = await make.person("eve", Role.DEVELOPER)
    id = await db.reads.fetchval("SELECT id FROM check_inputs WHERE version_id = $1", estate.versions[2].id)
    reply = await ask.reply(eve, "query ($id: ID!) { node(id: $id) { id } }", id=f"CheckInput:{id}")
    assert orjson.loads(reply.content)["data"] == {"node": None}
