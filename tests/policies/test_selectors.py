"""Which models a policy binds, by every selector that it has."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from hub.db import Db
from hub.events.record import Subject, record
from hub.lineage import actions as lineage
from hub.lineage.rules import Description
from hub.lineage.tables import LineageRole
from hub.models.tables import Model, ModelTag, RiskTier
from hub.people.access import Principal
from hub.people.tables import Role
from hub.policies.store import _OF_MODELS
from hub.registries.tables import Registry
from tests.make import Make


async def bound(db: Db) -> dict[str, str]:
    """Which models are bound, and why."""
    rows = await db.reads.fetch("SELECT m.name, b.why FROM policy_bindings b JOIN models m ON m.id = b.model_id")
    return {row["name"]: row["why"] for row in rows}


async def tag(db: Db, model: Model, tags: Mapping[str, str]) -> None:
    """Tags of a model as a sync brings them."""
    async with db.write(actor=None, operation="sync") as tx:
        for key, value in tags.items():
            tx.session.add(ModelTag(model_id=model.id, key=key, value=value))
        await tx.session.flush()
        await record(tx, "model.changed", Subject("model", model.id), {"parts": ["tags"]}, scope_id=model.id)


async def describe(db: Db, who: Principal, name: str, *categories: str) -> UUID:
    async with db.write(actor=who.person_id, operation="op") as tx:
        return (await lineage.describe(tx, who, "files", name, Description(categories=categories))).id


async def other_registry(make: Make, model: Model) -> None:
    made = await make.add(
        Registry(key="sagemaker", kind="mlflow", name="S", base_url="http://localhost", created_at=make.now)
    )
    async with make.db.write(actor=None, operation="make") as tx:
        row = await tx.session.get_one(Model, model.id)
        row.registry_id = made.id


async def test_a_policy_of_one_registry_binds_its_models_only(db: Db, make: Make) -> None:
    await make.model("here")
    await other_registry(make, await make.model("there"))
    await make.policy(registries=("mlflow",))
    assert await bound(db) == {"here": "registry mlflow"}


@pytest.mark.parametrize("key", ["type", "model.type"])
async def test_a_policy_of_one_type_binds_models_that_are_tagged_so_in_any_case(db: Db, make: Make, key: str) -> None:
    llm, other = await make.model("llm"), await make.model("tree")
    await tag(db, llm, {key: "LLM"})
    await tag(db, other, {key: "tree", "note": "llm"})
    await make.policy(model_types=("llm", "vlm"))
    assert await bound(db) == {"llm": "model type LLM"}


async def test_a_policy_binds_models_with_one_of_its_tags(db: Db, make: Make) -> None:
    for name, tags in {
        "by value": {"domain": "health"},
        "by key": {"public": "whatever"},
        "by both": {"domain": "health", "public": "yes"},
        "other value": {"domain": "finance"},
        "key that holds the sign": {"domain=health": "x"},
    }.items():
        await tag(db, await make.model(name), tags)
    await make.policy(model_tags=("domain=health", "public"))
    assert await bound(db) == {
        "by value": "model tag domain=health",
        "by key": "model tag public",
        "by both": "model tag domain=health, public",
    }


async def test_every_selector_that_is_there_must_hold(db: Db, make: Make) -> None:
    both = await make.model("both", tier=RiskTier.UNCLASSIFIED)
    await tag(db, both, {"type": "llm", "domain": "health"})
    await tag(db, await make.model("tier only", tier=RiskTier.HIGH), {"type": "tree"})
    await tag(db, await make.model("type only", tier=RiskTier.MINIMAL), {"type": "llm"})
    await make.policy(
        tiers=(RiskTier.HIGH,), registries=("mlflow",), model_types=("llm",), model_tags=("domain=health",)
    )
    assert await bound(db) == {
        "both": "not classified yet, treated as HIGH; registry mlflow; model type llm; model tag domain=health"
    }


async def test_a_policy_of_a_category_binds_models_made_from_such_data(db: Db, make: Make) -> None:
    dana = await make.person("dana", Role.DATA_STEWARD)
    await describe(db, dana, "scans", "personal", "special")
    await describe(db, dana, "weather", "public")
    await make.version(await make.model("from scans"), datasets={"scans": LineageRole.TRAINING})
    await make.version(await make.model("from weather"), datasets={"weather": LineageRole.TRAINING})
    await make.version(await make.model("from the unknown"), datasets={"x": LineageRole.TRAINING})
    await make.model("from nothing")
    await make.policy(data_categories=("PERSONAL", "SPECIAL", "CHILDREN"))
    assert await bound(db) == {"from scans": "made from PERSONAL, SPECIAL data"}


async def test_a_model_is_bound_when_its_tags_change_and_unbound_when_they_go(db: Db, make: Make) -> None:
    model = await make.model("llm")
    await make.policy(model_types=("llm",))
    assert await bound(db) == {}
    await tag(db, model, {"type": "llm"})
    assert await bound(db) == {"llm": "model type llm"}
    async with db.write(actor=None, operation="sync") as tx:
        found = await db.reads.fetchval("SELECT id FROM model_tags")
        await tx.session.delete(await tx.session.get_one(ModelTag, found))
        await tx.session.flush()
        await record(tx, "model.changed", Subject("model", model.id), {"parts": ["tags"]}, scope_id=model.id)
    assert await bound(db) == {}
    told = await db.reads.fetch("SELECT data::text, scope_id FROM events WHERE kind = 'model.rebound' ORDER BY seq")
    assert [row["data"] for row in told] == ['{"bound": 1, "unbound": 0}', '{"bound": 0, "unbound": 1}']
    assert {row["scope_id"] for row in told} == {model.id}


async def test_a_model_is_bound_when_a_version_of_such_data_appears(db: Db, make: Make) -> None:
    await describe(db, await make.person("dana", Role.DATA_STEWARD), "scans", "PERSONAL")
    await make.policy(data_categories=("PERSONAL",))
    model = await make.model("diagnosis")
    await make.version(model, datasets={"weather": LineageRole.TRAINING})
    assert await bound(db) == {}
    await make.version(model, datasets={"scans": LineageRole.EVALUATION})
    assert await bound(db) == {"diagnosis": "made from PERSONAL data"}


async def test_a_model_is_bound_when_the_details_of_a_version_arrive(db: Db, make: Make) -> None:
    await describe(db, await make.person("dana", Role.DATA_STEWARD), "scans", "PERSONAL")
    model = await make.model("diagnosis")
    version = await make.version(model, datasets={"scans": LineageRole.TRAINING})
    await make.policy(data_categories=("PERSONAL",))
    async with db.write(actor=None, operation="make") as tx:
        found = await tx.session.connection()
        await found.exec_driver_sql("DELETE FROM policy_bindings")
        for parts in (["description"], ["details"]):
            await record(tx, "version.changed", Subject("version", version.id), {"parts": parts}, scope_id=model.id)
            rows = await found.exec_driver_sql("SELECT count(*) FROM policy_bindings")
            assert rows.scalar_one() == (parts == ["details"])


async def test_models_are_bound_and_unbound_when_their_data_is_described(db: Db, make: Make) -> None:
    dana = await make.person("dana", Role.DATA_STEWARD)
    await make.version(await make.model("diagnosis"), datasets={"scans": LineageRole.TRAINING})
    await make.version(await make.model("weather"), datasets={"clouds": LineageRole.TRAINING})
    await make.policy(data_categories=("PERSONAL",))
    await describe(db, dana, "scans", "personal")
    assert await bound(db) == {"diagnosis": "made from PERSONAL data"}
    await describe(db, dana, "scans", "public")
    assert await bound(db) == {}


async def test_without_such_selectors_nothing_is_bound_anew_when_data_or_tags_change(db: Db, make: Make) -> None:
    dana = await make.person("dana", Role.DATA_STEWARD)
    model = await make.model("diagnosis")
    await make.version(model, datasets={"scans": LineageRole.TRAINING})
    await make.policy(tiers=(RiskTier.HIGH,))
    async with db.write(actor=None, operation="make") as tx:
        await (await tx.session.connection()).exec_driver_sql("DELETE FROM policy_bindings")
    await tag(db, model, {"type": "llm"})
    await describe(db, dana, "scans", "PERSONAL")
    await make.version(model, datasets={"weather": LineageRole.TRAINING})
    assert await bound(db) == {}


async def test_a_description_waits_for_versions_whose_data_is_being_written(db: Db, make: Make) -> None:
    dana = await make.person("dana", Role.DATA_STEWARD)
    model = await make.model("diagnosis")
    version = await make.version(model, datasets={"scans": LineageRole.TRAINING})
    await make.policy(data_categories=("PERSONAL",))
    async with db.write(actor=None, operation="sync") as tx:
        await record(tx, "version.changed", Subject("version", version.id), {"parts": ["details"]}, scope_id=model.id)
        describing = asyncio.create_task(describe(db, dana, "scans", "PERSONAL"))
        assert await make.waits(describing)
    await describing
    assert await bound(db) == {"diagnosis": "made from PERSONAL data"}


async def plan(db: Db, sql: str, *values: Any) -> str:
    return "\n".join(row[0] for row in await db.reads.fetch(f"EXPLAIN (ANALYZE, TIMING OFF) {sql}", *values))


async def test_what_a_policy_does_not_select_by_is_not_looked_at(db: Db, make: Make) -> None:
    model = await make.model("diagnosis")
    await make.version(model, datasets={"scans": LineageRole.TRAINING})
    await make.policy(tiers=(RiskTier.HIGH,))
    found = await plan(db, _OF_MODELS.replace(":model_ids", "$1::uuid[]"), [model.id])
    looked_at = [
        line
        for line in found.splitlines()
        if any(
            f" on {table} " in line for table in ("model_tags", "dataset_descriptions", "lineage_edges", "registries")
        )
    ]
    assert looked_at, found
    assert [line for line in looked_at if "never executed" not in line] == [], found
