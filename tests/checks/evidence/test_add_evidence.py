"""Adding test reports: once each, re-runs beside the first, and nothing for whom it is not."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text

from hub.checks.evidence import actions
from hub.checks.evidence.rules import Report
from hub.checks.tables import Evidence, EvidenceKind, EvidenceSource, Verdict
from hub.db import APP_ROLE, Db
from hub.errors import Code, Refused
from hub.models.tables import Model, ModelVersion
from hub.people.access import Principal
from hub.people.tables import Role
from tests.make import Make

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
REPORT = Report(
    kind=EvidenceKind.FAIRNESS,
    verdict=Verdict.PASS,
    figures={"gap": 0.04},
    measured_at=NOON - timedelta(days=2),
    code_commit="9f2c1d7",
    data_digest="sha256:1f",
    command="make fairness",
)


async def add(db: Db, who: Principal | None, version: ModelVersion, report: Report) -> Evidence:
    async with db.write(actor=None if who is None else who.person_id, operation="op") as tx:
        return await actions.add(tx, who, version.id, report)


async def setting(make: Make) -> tuple[Principal, Model, ModelVersion]:
    model = await make.model("scans")
    return await make.person("dev", Role.DEVELOPER), model, await make.version(model, "1")


async def told(db: Db) -> list[dict[str, Any]]:
    rows = await db.reads.fetch("SELECT * FROM events WHERE kind = 'evidence.added' ORDER BY seq")
    return [dict(row) for row in rows]


async def test_a_report_is_kept_with_its_event(db: Db, make: Make) -> None:
    dev, model, version = await setting(make)
    made = await add(db, dev, version, replace(REPORT, version_digest=version.digest, seed="7"))
    (row,) = await db.reads.fetch("SELECT * FROM evidence")
    kept = {
        name: row[name] for name in ("id", "version_id", "model_id", "kind", "verdict", "source", "figures", "seed")
    }
    assert kept == {
        "id": made.id, "version_id": version.id, "model_id": model.id, "kind": "FAIRNESS", "verdict": "PASS",
        "source": "SENT", "figures": '{"gap": 0.04}', "seed": "7",
    }  # fmt: skip
    assert (row["version_digest"], row["added_by"], row["added_at"]) == (version.digest, dev.person_id, NOON)
    assert (row["measured_at"], row["environment"]) == (NOON - timedelta(days=2), None)
    (event,) = await told(db)
    assert (event["subject_id"], event["subject_digest"], event["scope_id"]) == (made.id, made.digest, model.id)
    assert event["data"] == (
        f'{{"kind": "FAIRNESS", "digest": "{made.digest}", "source": "SENT", "verdict": "PASS", '
        f'"version": "{version.id}", "disagrees": false}}'
    )


async def test_the_same_report_twice_is_the_first_and_writes_nothing(db: Db, make: Make) -> None:
    dev, _, version = await setting(make)
    first = await add(db, dev, version, REPORT)
    before = await make.events()
    again = await add(db, dev, version, replace(REPORT, version_digest=version.digest, title="  "))
    assert again.id == first.id
    assert await make.events() == before
    assert await make.count("evidence") == 1


async def test_a_report_without_a_time_sent_again_later_is_still_the_same(db: Db, make: Make, clock: Any) -> None:
    dev, _, version = await setting(make)
    first = await add(db, dev, version, replace(REPORT, measured_at=None))
    clock.move(timedelta(days=3))
    again = await add(db, dev, version, replace(REPORT, measured_at=None))
    assert (again.id, again.measured_at) == (first.id, NOON)
    assert await make.count("evidence") == 1


async def test_the_same_report_sent_twice_at_once_is_one_row_and_one_event(db: Db, make: Make) -> None:
    dev, _, version = await setting(make)
    async with db.write(actor=dev.person_id, operation="op") as tx:
        first = await actions.add(tx, dev, version.id, REPORT)
        second = asyncio.create_task(add(db, dev, version, REPORT))
        assert await make.waits(second)
    assert (await second).id == first.id
    assert await make.count("evidence") == 1
    assert len(await told(db)) == 1


async def test_a_rerun_that_agrees_repeats_the_first_and_one_that_does_not_disagrees_with_it(
    db: Db, make: Make
) -> None:
    dev, _, version = await setting(make)
    first = await add(db, dev, version, REPORT)
    same = await add(db, dev, version, replace(REPORT, measured_at=NOON - timedelta(days=1)))
    other = await add(db, dev, version, replace(REPORT, measured_at=NOON, figures={"gap": 0.05}))
    third = await add(db, dev, version, replace(REPORT, measured_at=NOON, tool="again", figures={"gap": 0.05}))
    assert (first.repeats_id, first.disagrees_with_id) == (None, None)
    assert (same.repeats_id, same.disagrees_with_id) == (first.id, None)
    assert (other.repeats_id, other.disagrees_with_id) == (None, first.id)
    assert (third.repeats_id, third.disagrees_with_id) == (None, first.id)
    disagreements = [event["data"].endswith('"disagrees": true}') for event in await told(db)]
    assert disagreements == [False, False, True, True]


async def test_without_what_reproduces_it_nothing_is_a_rerun(db: Db, make: Make) -> None:
    dev, _, version = await setting(make)
    await add(db, dev, version, replace(REPORT, command=None))
    later = await add(db, dev, version, replace(REPORT, command=None, figures={"gap": 0.9}))
    assert (later.experiment, later.repeats_id, later.disagrees_with_id) == (None, None, None)


async def test_the_same_experiment_of_another_version_is_no_rerun(db: Db, make: Make) -> None:
    dev, model, version = await setting(make)
    await add(db, dev, version, REPORT)
    other = await add(db, dev, await make.version(model, "2"), replace(REPORT, figures={"gap": 0.9}))
    assert (other.repeats_id, other.disagrees_with_id) == (None, None)
    assert await make.count("evidence") == 2


async def test_the_same_experiment_on_other_content_is_no_rerun(db: Db, make: Make) -> None:
    dev, _, version = await setting(make)
    first = await add(db, dev, version, REPORT)
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(text("UPDATE model_versions SET digest = 'another'"))
    again = await add(db, dev, version, REPORT)
    other = await add(db, dev, version, replace(REPORT, figures={"gap": 0.9}))
    assert (again.version_digest, again.repeats_id, again.disagrees_with_id) == ("another", None, None)
    assert first.id != again.id
    assert other.disagrees_with_id == again.id


async def refused(db: Db, make: Make, who: Principal | None, version_id: Any, report: Report) -> Refused:
    """The refusal of a report, after which nothing is written."""
    before = await make.events()
    with pytest.raises(Refused) as why:
        async with db.write(actor=None if who is None else who.person_id, operation="op") as tx:
            await actions.add(tx, who, version_id, report)
    assert await make.count("evidence") == 0
    assert await make.events() == before
    return why.value


async def test_evidence_for_another_digest_is_refused_with_both(db: Db, make: Make) -> None:
    dev, model, version = await setting(make)
    other = await make.version(model, "2")
    why = await refused(db, make, dev, version.id, replace(REPORT, version_digest=other.digest))
    assert (why.code, why.field) == (Code.STALE, "versionDigest")
    assert why.why.startswith(f"the report is about digest {other.digest}, the version has {version.digest} now;")


@pytest.mark.parametrize(
    "change",
    [
        {"figures": {"gap": float("nan")}},
        {"measured_at": NOON + timedelta(days=1)},
        {"measured_at": NOON - timedelta(days=8000)},
        {"title": "t" * 301},
        {"details": {"x": "y" * 70_000}},
        {"source": EvidenceSource.REGISTRY},
        {"source": EvidenceSource.VALIDATOR},
    ],
)
async def test_what_is_not_fit_is_not_written(db: Db, make: Make, change: dict[str, Any]) -> None:
    dev, _, version = await setting(make)
    assert (await refused(db, make, dev, version.id, replace(REPORT, **change))).code is Code.BAD_INPUT


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.EXECUTIVE, Role.POLICY_OWNER, Role.INCIDENT_RESPONDER])
async def test_only_who_builds_or_answers_for_data_adds_evidence(db: Db, make: Make, role: Role) -> None:
    _, _, version = await setting(make)
    why = await refused(db, make, await make.person("x", role), version.id, REPORT)
    assert why.code is Code.FORBIDDEN
    assert "DATA_STEWARD, DEVELOPER" in why.why


async def test_a_hidden_version_is_not_there(db: Db, make: Make) -> None:
    dev = await make.person("dev", Role.DEVELOPER)
    version = await make.version(await make.model(restricted=True))
    hidden = await refused(db, make, dev, version.id, REPORT)
    absent = await refused(db, make, dev, uuid4(), REPORT)
    nobody = await refused(db, make, None, uuid4(), REPORT)
    assert {(why.code, why.why, why.field) for why in (hidden, absent, nobody)} == {
        (Code.NOT_FOUND, "there is no such version", "version")
    }


async def test_the_hub_itself_may_report_what_its_validators_found(db: Db, make: Make) -> None:
    _, _, version = await setting(make)
    made = await add(db, None, version, replace(REPORT, source=EvidenceSource.VALIDATOR))
    assert (made.added_by, made.source) == (None, EvidenceSource.VALIDATOR)


async def test_nobody_changes_or_deletes_a_report(db: Db, database: str) -> None:
    connection = await asyncpg.connect(database)
    may = {
        verb: await connection.fetchval("SELECT has_table_privilege($1, 'evidence', $2)", APP_ROLE, verb)
        for verb in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
    }
    await connection.close()
    assert may == {"SELECT": True, "INSERT": True, "UPDATE": False, "DELETE": False, "TRUNCATE": False}
