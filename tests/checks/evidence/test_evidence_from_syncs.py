"""What a sync stores of versions becomes evidence in the same transaction, once, however often it is told."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from hub.checks.evidence import reactions
from hub.checks.tables import EvidenceKind
from hub.db import Db
from hub.events.record import Entry, Subject, record_all
from hub.lineage.tables import LineageRole
from hub.models.tables import ModelVersion
from hub.people.tables import Role
from tests.asking import Ask
from tests.make import Make
from tests.statements import statements


async def changed(db: Db, versions: Sequence[ModelVersion], *parts: str) -> None:
    """A sync tells that parts of versions changed."""
    async with db.write(actor=None, operation="sync") as tx:
        told = [Entry(Subject("version", one.id, one.digest), {"parts": list(parts)}, one.model_id) for one in versions]
        await record_all(tx, "version.changed", told)


async def kept(db: Db) -> list[dict[str, Any]]:
    return [dict(row) for row in await db.reads.fetch("SELECT * FROM evidence ORDER BY added_at, id")]


async def run(db: Db, statement: str, **values: Any) -> None:
    async with db.write(actor=None, operation="sync") as tx:
        await tx.session.execute(text(statement), values)


async def measured(make: Make, data: str = "test", **more: Any) -> ModelVersion:
    return await make.version(
        await make.model(),
        metrics={"recall": 0.91, "fairness.gap": 0.04},
        tags={"evidence.command": "python train.py"},
        datasets={data: LineageRole.EVALUATION},
        **more,
    )


async def test_a_new_version_with_metrics_has_evidence(db: Db, make: Make) -> None:
    version = await measured(make, segments={"recall": {"sex.f": 0.88}})
    rows = await kept(db)
    assert {row["kind"]: row["figures"] for row in rows} == {
        "PERFORMANCE": '{"recall": 0.91}', "SEGMENTS": '{"recall/sex.f": 0.88}', "FAIRNESS": '{"gap": 0.04}'
    }  # fmt: skip
    assert {(row["version_id"], row["source"], row["added_by"], row["tool"]) for row in rows} == {
        (version.id, "REGISTRY", None, "mlflow")
    }
    assert {row["data_digest"] for row in rows} == {"digest of test"}
    assert await make.count("events", "kind = 'evidence.added'") == 3


async def test_the_same_details_again_add_nothing(db: Db, make: Make) -> None:
    version = await measured(make)
    before = await make.events()
    await changed(db, [version], "details")
    assert (await make.events())[len(before) :] == ["version.changed"]
    assert await make.count("evidence") == 2


async def test_what_has_nothing_to_do_with_metrics_is_not_looked_at(db: Db, make: Make) -> None:
    version = await measured(make)
    await run(db, "UPDATE version_metrics SET value = 0.5 WHERE version_id = :id", id=version.id)
    await changed(db, [version], "description", "aliases")
    assert await make.count("evidence") == 2


async def test_a_run_that_says_something_else_now_disagrees_with_what_it_said(db: Db, ask: Ask, make: Make) -> None:
    version = await measured(make)
    await run(db, "UPDATE runs SET code_commit = '9f2c1d7'")
    await changed(db, [version], "details")
    first = next(row for row in await kept(db) if row["kind"] == "FAIRNESS" and row["experiment"] is not None)
    await run(db, "UPDATE version_metrics SET value = 0.5 WHERE version_id = :id AND name LIKE 'f%'", id=version.id)
    await changed(db, [version], "details")
    last = (await kept(db))[-1]
    assert (last["kind"], last["disagrees_with_id"], last["repeats_id"]) == ("FAIRNESS", first["id"], None)
    told = await ask(
        await make.person("dev", Role.DEVELOPER), "{ evidence(first: 9, filter: {disputed: true}) { totalCount } }"
    )
    assert told["evidence"]["totalCount"] == 2


async def test_a_verdict_tagged_later_is_evidence_and_no_dispute(db: Db, make: Make) -> None:
    version = await measured(make)
    await run(db, "UPDATE runs SET code_commit = '9f2c1d7'")
    await changed(db, [version], "details")
    tag = "INSERT INTO version_tags (id, version_id, key, value) VALUES (:id, :id, 'evidence.fairness.verdict', 'PASS')"
    await run(db, tag, id=version.id)
    await changed(db, [version], "tags")
    last = (await kept(db))[-1]
    assert (last["kind"], last["verdict"]) == (EvidenceKind.FAIRNESS, "PASS")
    assert await make.count("evidence", "disagrees_with_id IS NOT NULL OR repeats_id IS NOT NULL") == 0


async def test_a_registry_names_its_own_prefixes(db: Db, make: Make) -> None:
    await make.registry()
    await run(db, """UPDATE registries SET options = '{"evidence": {"rec": "PRIVACY", "x": "NO"}}'""")
    await measured(make)
    rows = {row["kind"]: row for row in await kept(db)}
    assert set(rows) == {"PRIVACY", "FAIRNESS"}
    assert rows["PRIVACY"]["figures"] == '{"all": 0.91}'
    assert "the prefix x in the registry" in rows["PRIVACY"]["details"]


async def test_no_metrics_no_evidence_and_no_lock(db: Db, make: Make) -> None:
    version = await make.version(await make.model())
    with statements() as sent:
        async with db.write(actor=None, operation="sync") as tx:
            await reactions.read_metrics(tx, [version.id])
    assert await make.count("evidence") == 0
    assert len(sent) == 1


async def test_many_versions_cost_as_many_statements_as_one(db: Db, make: Make) -> None:
    versions = [await measured(make, f"test{n}") for n in range(12)]

    async def counted(some: Sequence[ModelVersion]) -> int:
        await run(
            db, "UPDATE version_metrics SET value = value + 0.01 WHERE version_id = ANY(:ids)", ids=[v.id for v in some]
        )
        with statements() as sent:
            async with db.write(actor=None, operation="sync") as tx:
                await reactions.read_metrics(tx, [one.id for one in some])
        return len(sent)

    one, many = await counted(versions[:1]), await counted(versions[1:])
    assert await make.count("evidence") == 48
    assert one == many
