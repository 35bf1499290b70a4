"""How fast a draft is replayed over stored documents, beside the bare engine, and how much memory that takes.

Starts an embedded PostgreSQL, writes 100,000 documents (BACKTEST_INPUTS says how many) and replays a draft over them,
batch by batch, as a worker does: a tenth of them and all, each in a process of its own, then all of them stopped and
resumed half way, which must count the same.

    BACKTEST_INPUTS=10000 python -m bench.backtest
"""

import argparse
import asyncio
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
import orjson

import hub.wiring  # noqa: F401
from hub.checks.context import activated
from hub.checks.replays import actions
from hub.checks.replays.jobs import run_backtest
from hub.clock import SystemClock
from hub.db import Db, new_id
from hub.embedded import Embedded
from hub.events.jobs import Order
from hub.migrate import migrate
from hub.models.tables import RiskTier, Stage
from hub.people import actions as people
from hub.people import store as people_store
from hub.people.access import Principal, Scope
from hub.people.tables import Role
from hub.policies import actions as policies
from hub.policies.changes import actions as changes
from hub.policies.engine import compiled, env
from hub.policies.rules import Wording
from hub.policies.tables import DecisionPoint, Enforcement, Severity

ROOT = Path(__file__).parent.parent
INPUTS = 100_000
PER_VERSION = 5
PER_MODEL = 10
ENGINE_SAMPLE = 10_000
DAYS, FEW_DAYS = 30, 3
IN_FORCE = "metrics.recall >= 0.8 && datasets.all(d, d.digest != '') && model.owner != ''"
DRAFT = "metrics.recall >= 0.85 && datasets.all(d, d.digest != '') && has(card.intended_use)"

SUBJECTS = """
CREATE OR REPLACE FUNCTION pg_temp.u(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT (lpad(to_hex(kind), 2, '0') || substr(md5('replay' || kind || ':' || n), 3))::uuid $$;

INSERT INTO registries (id, key, kind, name, base_url, enabled, every_s, options, created_at)
VALUES (pg_temp.u(1, 0), 'bench', 'mlflow', 'Bench', 'http://127.0.0.1:5000', true, 300, '{{}}', '2026-01-01');

INSERT INTO models (id, registry_id, external_id, name, description, tier, tier_why, restricted, seen_digest,
                    created_at, updated_at, raw)
SELECT pg_temp.u(2, n), pg_temp.u(1, 0), 'model-' || n, 'model-' || n, '', (ARRAY['HIGH', 'LIMITED'])[n % 2 + 1], '',
       n % 20 = 7, '', '2026-01-01', '2026-01-01', '{{}}'
FROM generate_series(0, {models} - 1) n;

INSERT INTO model_versions (id, model_id, external_id, name, stage, status, description, params, digest, seen_digest,
                            created_at, updated_at, raw)
SELECT pg_temp.u(3, n), pg_temp.u(2, n % {models}), 'v' || n, n::text, 'PRODUCTION', 'READY', '', '{{}}',
       encode(sha256(n::text::bytea), 'hex'), '', '2026-01-01', '2026-01-01', '{{}}'
FROM generate_series(0, {versions} - 1) n;
"""


def document(number: int, tier: str) -> dict[str, Any]:
    """What rules saw of one version: some 70 values, as a well described version has them."""
    return {
        "model": {
            "name": f"model-{number}",
            "description": "Scores cases.",
            "registry": "bench",
            "tier": tier,
            "owner": f"person-{number % 200}",
            "team": "risk",
            "tags": {"type": "classifier", "domain": "credit"},
        },
        "version": {
            "name": str(number),
            "stage": "PRODUCTION",
            "status": "READY",
            "digest": "d" * 64,
            "code_commit": "c" * 40,
            "author": "somebody",
            "params": {f"p{at}": str(at) for at in range(10)},
            "tags": {f"tag-{at}": f"value {at}" for at in range(8)},
        },
        "card": {"intended_use": "Ranking cases for people who decide.", "training_data": "Cases of two years."},
        "metrics": {"recall": 0.75 + number % 25 / 100, **{f"m{at}": at / 20 + number % 7 / 100 for at in range(20)}},
        "segments": {"recall": dict.fromkeys(("young", "old", "north", "south"), 0.8)},
        "datasets": [
            {"name": f"cases-{at}", "namespace": "lake", "digest": "e" * 32, "role": role, "categories": ["PERSONAL"]}
            for at, role in enumerate(("TRAINING", "EVALUATION"))
        ],
        "lineage": {"runs": 1, "datasets": 2, "training_datasets": 1, "evaluation_datasets": 1},
    }


def inputs(
    count: int, versions: list[tuple[UUID, UUID, str]], now: datetime
) -> Iterator[tuple[UUID, UUID, UUID, str, str, str, str, str, datetime]]:
    """Rows of check_inputs, evenly over the last days."""
    spread = timedelta(days=DAYS - 0.5) / count
    for number in range(count):
        version, model, tier = versions[number % len(versions)]
        text = orjson.dumps(document(number, tier), option=orjson.OPT_SORT_KEYS).decode()
        digest = sha256(text.encode()).hexdigest()
        at = now - timedelta(hours=1) - spread * number
        yield (new_id(), version, model, "PRODUCTION", "DEPLOY", tier, digest, text, at)


async def fill(address: str, count: int) -> None:
    connection = await asyncpg.connect(address)
    sizes = {"versions": max(1, count // PER_VERSION), "models": max(1, count // PER_VERSION // PER_MODEL)}
    await connection.execute(SUBJECTS.format(**sizes))
    rows = await connection.fetch(
        "SELECT v.id, v.model_id, m.tier FROM model_versions v JOIN models m ON m.id = v.model_id ORDER BY v.id"
    )
    versions = [(row["id"], row["model_id"], row["tier"]) for row in rows]
    columns = ["id", "version_id", "model_id", "stage", "decision_point", "tier", "digest", "document", "at"]
    made = inputs(count, versions, datetime.now(UTC))
    await connection.copy_records_to_table("check_inputs", records=made, columns=columns)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def propose(db: Db) -> tuple[Principal, UUID]:
    """A policy in force, a draft of its next wording, and who wrote both."""
    async with db.write(actor=None, operation="bench") as tx:
        person = await people.create_person(tx, None, handle="author", name="Author")
        await people.grant_role(tx, None, person_id=person.id, role=Role.POLICY_OWNER)
        who = await people_store.standing(tx, person.id, (Scope.GOVERN,))
    assert who is not None
    async with db.write(actor=who.person_id, operation="bench") as tx:
        await policies.publish(tx, who, _wording(IN_FORCE))
        change = await changes.propose(tx, who, _wording(DRAFT), summary="Ask more.")
    return who, change.id


def _wording(rule: str) -> Wording:
    return Wording(
        key="bench",
        title="Bench",
        rule=rule,
        rationale="Because.",
        remediation="Mend it.",
        severity=Severity.HIGH,
        enforcement=Enforcement.BLOCKING,
        decision_points=(DecisionPoint.DEPLOY,),
        tiers=(RiskTier.HIGH, RiskTier.LIMITED),
    )


async def ask(db: Db, who: Principal, change: UUID, days: int) -> UUID:
    async with db.write(actor=who.person_id, operation="bench") as tx:
        return (await actions.ask(tx, who, change, days=days)).id


async def batches(db: Db, id: UUID, *, most: int | None = None) -> None:
    """Do what waits of a backtest, or so many batches of it."""
    done = 0
    while most is None or done < most:
        row = await db.reads.fetchrow("SELECT cursor, status FROM backtests WHERE id = $1", id)
        assert row is not None
        if row["status"] not in ("QUEUED", "RUNNING"):
            return
        await run_backtest(db, Order({"backtest": str(id), "cursor": row["cursor"]}, "bench"))
        done += 1


async def counts(db: Db, id: UUID) -> tuple[int, dict[str, Any]]:
    row = await db.reads.fetchrow("SELECT status, done, counts FROM backtests WHERE id = $1", id)
    assert row is not None and row["status"] == "DONE", row
    return row["done"], orjson.loads(row["counts"])


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def work(address: str, id: str) -> None:
    """One backtest in this process; prints its seconds, and by how much memory grew after the first batch."""
    db = await _opened(address)
    await batches(db, UUID(id), most=1)
    before, begin = peak_mb(), perf_counter()
    await batches(db, UUID(id))
    took, grew = perf_counter() - begin, peak_mb() - before
    await db.close()
    print(orjson.dumps({"seconds": took, "grew": grew}).decode())


async def alone(address: str, id: UUID) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.backtest", "--work", address, str(id)), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    told, _ = await process.communicate()
    assert process.returncode == 0
    found: dict[str, float] = orjson.loads(told)
    return found


def engine_rate() -> float:
    """Documents a second of which the bare engine asks both rules, each document ready."""
    asked = [compiled(rule) for rule in (IN_FORCE, DRAFT)]
    now = datetime.now(UTC)
    ready = [
        env().Activation(
            activated(document(n, "HIGH"), stage=Stage.PRODUCTION, decision_point=DecisionPoint.DEPLOY, now=now)
        )
        for n in range(ENGINE_SAMPLE)
    ]
    begin = perf_counter()
    for one in ready:
        for expression in asked:
            expression.eval(one)
    return ENGINE_SAMPLE / (perf_counter() - begin)


async def _opened(address: str) -> Db:
    db = Db(address, clock=SystemClock(), readers=1, writers=2)
    await db.open()
    return db


async def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # The server may run under another account, which must be able to pass.
        await asyncio.to_thread(folder.chmod, 0o711)
        async with Embedded(folder / "hub") as embedded:
            address = embedded.dsn()
            await migrate(address)
            await fill(address, count)
            db = await _opened(address)
            who, change = await propose(db)
            few, whole = await ask(db, who, change, FEW_DAYS), await ask(db, who, change, DAYS)
            small, large = await alone(address, few), await alone(address, whole)
            (few_done, _), (done, counted) = await counts(db, few), await counts(db, whole)
            assert done == count, (done, count)
            print(f"{done:,} documents: {counted['newly_failing']:,} newly failing, ", end="")
            print(f"{counted['exceptions_needed']:,} exceptions needed")
            rate, bare = (done - actions.BATCH) / large["seconds"], engine_rate()
            print(
                f"replayed {rate:,.0f} a second; the bare engine, two rules over ready documents, {bare:,.0f} a second"
            )
            print(f"ratio {rate / bare:.2f}")
            print(
                f"memory grew after the first batch: {few_done:,} documents {small['grew']:.1f} MB,"
                f" {done:,} documents {large['grew']:.1f} MB"
            )
            parted = await ask(db, who, change, DAYS)
            await batches(db, parted, most=max(1, count // actions.BATCH // 2))
            async with db.write(actor=who.person_id, operation="bench") as tx:
                await actions.stop(tx, who, parted)
            await batches(db, parted)
            async with db.write(actor=who.person_id, operation="bench") as tx:
                await actions.resume(tx, who, parted)
            await batches(db, parted)
            same = await counts(db, parted) == (done, counted)
            print(f"stopped half way and resumed: counts {'the same' if same else 'DIFFER'}")
            await db.close()
            assert same


if __name__ == "__main__":
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--work", nargs=2, metavar=("ADDRESS", "BACKTEST"), help=argparse.SUPPRESS)
    told = given.parse_args()
    if told.work:
        asyncio.run(work(*told.work))
    else:
        asyncio.run(main(int(os.environ.get("BACKTEST_INPUTS", INPUTS))))
