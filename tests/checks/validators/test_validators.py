"""From a policy that names a validator to evidence, or to why there is none."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text

from hub.checks.validators import actions, jobs
from hub.checks.validators.actions import VALIDATE, VALIDATE_MANY, outstanding, take_up
from hub.checks.validators.jobs import run_validate
from hub.checks.validators.port import Finding
from hub.clock import SetClock
from hub.db import Db
from hub.errors import Code, Refused
from hub.events.jobs import Order
from hub.events.record import Entry, Subject, record_all
from hub.lineage.tables import LineageRole
from hub.models import actions as models
from hub.models.tables import ModelVersion, RiskTier, Stage
from hub.people.tables import Role
from tests.asking import Ask
from tests.make import Make

SIGNATURE = {"inputs": [{"name": "age", "type": "long"}]}
RUNS = """query($id: ID!) { node(id: $id) { ... on ModelVersion {
  validatorRuns(first: 9) { nodes { name status tries why } }
  evidence(first: 9) { nodes { kind verdict source tool figures } } } } }"""
RETRY = """mutation($id: ID!) { retryValidators(input: {version: $id}) {
  ... on ValidatorsRetried { version { validatorRuns(first: 9) { nodes { status tries } } } }
  ... on Refusal { code field } } }"""


async def waiting(db: Db) -> list[dict[str, Any]]:
    rows = await db.reads.fetch(
        "SELECT id, entrypoint, payload FROM pgqueuer WHERE entrypoint = ANY ($1) ORDER BY id",
        [VALIDATE.entrypoint, VALIDATE_MANY.entrypoint],
    )
    return [{**dict(row), "payload": orjson.loads(row["payload"])} for row in rows]


async def work(db: Db, *, times: int = 1, most: int = 100) -> int:
    """Run validators until none wait; gives how many jobs there were."""
    done = 0
    while done < most and (rows := await waiting(db)):
        for _ in range(times):
            await run_validate(db, Order(rows[0]["payload"], "op"))
        async with db.write(actor=None, operation="op") as tx:
            await tx.session.execute(text("DELETE FROM pgqueuer WHERE id = :id"), {"id": rows[0]["id"]})
        done += 1
    return done


async def runs(db: Db) -> list[tuple[Any, ...]]:
    rows = await db.reads.fetch("SELECT name, status, tries FROM validator_runs ORDER BY queued_at, id")
    return [tuple(row) for row in rows]


async def still_out(db: Db, version: ModelVersion) -> tuple[str, ...]:
    async with db.write(actor=None, operation="op") as tx:
        return await outstanding(tx, version.id)


async def signed(db: Db, version_id: UUID, signature: dict[str, Any]) -> None:
    """A version's details come in."""
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(
            text("UPDATE model_versions SET signature = CAST(:signature AS jsonb) WHERE id = :id"),
            {"signature": orjson.dumps(signature).decode(), "id": version_id},
        )
        model_id = (
            await tx.session.execute(text("SELECT model_id FROM model_versions WHERE id = :id"), {"id": version_id})
        ).scalar_one()
        await record_all(
            tx, "version.changed", [Entry(Subject("version", version_id, "d"), {"parts": ["details"]}, model_id)]
        )


async def test_a_new_version_is_validated_and_the_finding_is_evidence(db: Db, make: Make, ask: Ask) -> None:
    await make.policy(validators=("signature",))
    version = await make.version(await make.model(), signature=SIGNATURE, datasets={"cases": LineageRole.TRAINING})
    assert [one["entrypoint"] for one in await waiting(db)] == [VALIDATE.entrypoint]
    assert await still_out(db, version) == ("signature",)
    await work(db)
    assert await still_out(db, version) == ()
    shown = (await ask(await make.person("auditor", Role.AUDITOR), RUNS, id=f"ModelVersion:{version.id}"))["node"]
    assert shown["validatorRuns"]["nodes"] == [{"name": "signature", "status": "DONE", "tries": 1, "why": None}]
    assert shown["evidence"]["nodes"] == [
        {
            "kind": "DATA_VALIDATION",
            "verdict": "NONE",
            "source": "VALIDATOR",
            "tool": "validator signature",
            "figures": {"columns": 1.0},
        }
    ]
    told = [kind for kind in await make.events() if kind.startswith(("evidence", "validator"))]
    assert told == ["evidence.added", "validator.done"]


async def test_the_same_content_is_validated_once_and_other_content_again(db: Db, make: Make) -> None:
    await make.policy(validators=("signature",))
    version = await make.version(await make.model(), signature=SIGNATURE)
    await signed(db, version.id, SIGNATURE)
    assert len(await waiting(db)) == 1
    await work(db, times=2)
    assert await runs(db) == [("signature", "DONE", 1)]
    await signed(db, version.id, {"inputs": [{"name": "sex"}]})
    assert await still_out(db, version) == ("signature",)
    await work(db)
    assert await runs(db) == [("signature", "DONE", 1), ("signature", "DONE", 1)]
    await signed(db, version.id, SIGNATURE)
    assert await still_out(db, version) == ()


async def test_a_run_about_what_has_changed_since_is_dropped(db: Db, make: Make) -> None:
    await make.policy(validators=("signature",))
    version = await make.version(await make.model())
    await signed(db, version.id, SIGNATURE)
    assert len(await waiting(db)) == 2
    await work(db)
    assert await runs(db) == [("signature", "DONE", 1)]
    assert await make.count("evidence") == 1


async def test_what_a_version_becomes_while_it_is_validated_is_validated_again(
    db: Db, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make.policy(validators=("signature",))
    version = await make.version(await make.model())

    async def slow(*_: object) -> Finding:
        await signed(db, version.id, SIGNATURE)
        return Finding("PASS", {"columns": 0.0})

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "run", slow)
        await work(db, most=1)
    assert await make.count("evidence") == 0
    assert await runs(db) == [("signature", "QUEUED", 0)]


async def test_a_publication_validates_all_that_it_binds_in_the_lane_of_bulk(db: Db, make: Make) -> None:
    bound, other = await make.model(), await make.model(tier=RiskTier.MINIMAL)
    versions = [await make.version(bound) for _ in range(3)]
    await make.version(bound, stage=Stage.ARCHIVED)
    low = await make.version(other)
    await make.policy(validators=("signature",), tiers=(RiskTier.HIGH,))
    assert [one["entrypoint"] for one in await waiting(db)] == [VALIDATE_MANY.entrypoint] * 3
    rows = await db.reads.fetch("SELECT version_id FROM validator_runs")
    assert {row["version_id"] for row in rows} == {one.id for one in versions}
    assert await still_out(db, low) == ()
    owner = await make.person("owner", Role.MODEL_OWNER)
    async with db.write(actor=owner.person_id, operation="op") as tx:
        await models.classify(tx, owner, other.id, tier=RiskTier.HIGH, why="It decides about people.")
    assert len(await waiting(db)) == 4


async def test_who_waits_for_a_validator_that_nobody_ordered_orders_it(db: Db, make: Make) -> None:
    await make.policy(validators=("signature",))
    version = await make.version(await make.model())
    async with db.write(actor=None, operation="op") as tx:
        await tx.session.execute(text("DELETE FROM validator_runs"))
        await tx.session.execute(text("DELETE FROM pgqueuer"))
    assert await still_out(db, version) == ("signature",)
    assert len(await waiting(db)) == 1
    assert await still_out(db, version) == ("signature",)
    assert len(await waiting(db)) == 1


async def test_one_that_breaks_is_tried_three_times_and_leaves_no_evidence(
    db: Db, make: Make, plugged: Path, ask: Ask
) -> None:
    await make.policy(validators=("crashes",))
    version = await make.version(await make.model())
    assert await work(db, most=1) == 1
    assert await runs(db) == [("crashes", "QUEUED", 1)]
    assert await still_out(db, version) == ("crashes",)
    (job,) = await db.reads.fetch(
        "SELECT execute_after - created AS wait FROM pgqueuer WHERE entrypoint LIKE '%.validate'"
    )
    assert timedelta(seconds=29) < job["wait"] < timedelta(seconds=31)
    assert await work(db) == 2
    shown = (await ask(await make.person("auditor", Role.AUDITOR), RUNS, id=f"ModelVersion:{version.id}"))["node"]
    why = "it ended with exit code 1: ZeroDivisionError: no rows at all"
    assert shown["validatorRuns"]["nodes"] == [{"name": "crashes", "status": "FAILED", "tries": 3, "why": why}]
    assert shown["evidence"]["nodes"] == []
    assert await still_out(db, version) == ()
    (told,) = await db.reads.fetch("SELECT data, scope_id, subject_kind FROM events WHERE kind = 'validator.failed'")
    assert (told["scope_id"], told["subject_kind"]) == (version.model_id, "validator_run")
    assert "no rows" not in told["data"]


async def test_a_finding_that_evidence_does_not_take_is_a_failure(db: Db, make: Make, plugged: Path) -> None:
    await make.policy(validators=("writes_nan",))
    await make.version(await make.model())
    await work(db)
    assert await runs(db) == [("writes_nan", "FAILED", 3)]
    why = await db.reads.fetchval("SELECT why FROM validator_runs")
    assert why == "its finding cannot be kept: figure score is 'NaN', which is no number"
    assert await make.count("evidence") == 0


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nowhere", "no plugin 'nowhere' is installed for hub.checks; there are: "),
        ("off", "the plugin off (no_such_module:validator) is off: ModuleNotFoundError: "),
    ],
)
async def test_one_that_is_not_there_fails_at_once(db: Db, make: Make, plugged: Path, name: str, why: str) -> None:
    await make.policy(validators=(name,))
    await make.version(await make.model())
    assert await work(db) == 1
    assert await runs(db) == [(name, "FAILED", 1)]
    assert str(await db.reads.fetchval("SELECT why FROM validator_runs")).startswith(why)


async def test_one_that_takes_its_worker_with_it_ends_all_the_same(db: Db, make: Make) -> None:
    await make.policy(validators=("signature",))
    await make.version(await make.model())
    ((run,),) = await db.reads.fetch("SELECT id FROM validator_runs")
    for tries in (1, 2, 3):
        async with db.write(actor=None, operation="op") as tx:
            claim = await take_up(tx, run)
        assert claim is not None and claim.tries == tries
    await work(db)
    assert await runs(db) == [("signature", "FAILED", 3)]
    assert await db.reads.fetchval("SELECT why FROM validator_runs") == "its worker was gone each time"


async def test_only_the_worker_that_took_it_up_last_ends_a_run(db: Db, make: Make) -> None:
    await make.policy(validators=("signature",))
    await make.version(await make.model())
    ((run,),) = await db.reads.fetch("SELECT id FROM validator_runs")
    claims = []
    for _ in range(2):
        async with db.write(actor=None, operation="op") as tx:
            claims.append(await take_up(tx, run))
    first, second = claims
    assert first is not None and second is not None
    for claim, left in ((first, 0), (second, 1)):
        async with db.write(actor=None, operation="op") as tx:
            await actions.succeed(tx, claim, jobs._loaded("signature"), Finding("PASS", {"columns": 1.0}))
        assert await make.count("evidence") == left
    assert await runs(db) == [("signature", "DONE", 2)]


async def test_a_person_has_failed_ones_tried_anew(db: Db, make: Make, clock: SetClock, ask: Ask) -> None:
    await make.policy(validators=("nowhere",))
    version = await make.version(await make.model())
    await work(db)
    developer, reader = await make.person("dev", Role.DEVELOPER), await make.person("boss", Role.EXECUTIVE)
    refused = (await ask(reader, RETRY, id=f"ModelVersion:{version.id}"))["retryValidators"]
    assert refused == {"code": Code.FORBIDDEN, "field": None}
    assert await waiting(db) == []
    done = (await ask(developer, RETRY, id=f"ModelVersion:{version.id}"))["retryValidators"]
    assert done["version"]["validatorRuns"]["nodes"] == [{"status": "QUEUED", "tries": 0}]
    assert len(await waiting(db)) == 1


async def test_nobody_has_what_they_do_not_see_tried_anew(db: Db, make: Make) -> None:
    version = await make.version(await make.model(restricted=True))
    developer = await make.person("dev", Role.DEVELOPER)
    with pytest.raises(Refused) as refused:
        async with db.write(actor=developer.person_id, operation="op") as tx:
            await actions.retry(tx, developer, version.id)
    assert refused.value.code is Code.NOT_FOUND


async def test_what_no_policy_asks_for_is_not_ordered(db: Db, make: Make) -> None:
    await make.policy()
    version = await make.version(await make.model())
    assert await still_out(db, version) == ()
    assert await waiting(db) == [] and await runs(db) == []
