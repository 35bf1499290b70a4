"""`hub check`: asking policies from a terminal, and evaluating a stored result again on one's own machine."""

from pathlib import Path
from uuid import UUID

import asyncpg
import orjson
import pytest

from hub.checks.actions import evaluate
from hub.checks.findings import Finding
from hub.db import Db
from hub.models.tables import Model, ModelVersion, Stage
from hub.people.tables import Role
from hub.policies.tables import DecisionPoint, Enforcement, PolicyVersion
from tests.asking import Ask
from tests.cli.hubs import Hub, command
from tests.cli.test_evidence_commands import Shell
from tests.make import Make


@pytest.fixture
def shell(ask: Ask, make: Make, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(ask, make, monkeypatch)


@pytest.fixture
async def version(make: Make) -> ModelVersion:
    pat = await make.person("pat", Role.POLICY_OWNER)
    await make.policy("recall", by=pat)
    await make.policy("auc", by=pat, rule="metrics.auc >= 0.9", enforcement=Enforcement.ADVISORY)
    return await make.version(await make.model("scans"), "3", metrics={"recall": 0.83, "auc": 0.95})


async def asked(db: Db, version: ModelVersion) -> dict[str, Finding]:
    async with db.write(actor=None, operation="op") as tx:
        found = await evaluate(tx, [version.id], DecisionPoint.PROMOTE, Stage.PRODUCTION)
    return {one.outcome: one for one in found}


async def test_a_stored_result_says_the_same_again(shell: Shell, db: Db, version: ModelVersion) -> None:
    found = await asked(db, version)
    said = await shell("check", "replay", f"CheckResult:{found['FAIL'].id}")
    digest = await db.reads.fetchval("SELECT digest FROM check_inputs")
    assert (said.code, said.out.splitlines()) == (
        0,
        [
            "recall version 1, asked of scans 3 for PRODUCTION at 2026-11-21T12:00:00+00:00",
            f"document {digest}",
            "stored  FAIL: not kept: metrics.recall is 0.83, allowed >= 0.9",
            "again   FAIL: not kept: metrics.recall is 0.83, allowed >= 0.9",
            "the same",
        ],
    )


async def test_it_is_told_to_scripts(shell: Shell, db: Db, version: ModelVersion) -> None:
    found = await asked(db, version)
    said = await shell("check", "replay", str(found["PASS"].id), "--json")
    told = orjson.loads(said.out)
    assert (said.code, told["same"], told["differs"], told["stored"]["outcome"]) == (0, True, [], "PASS")
    assert told["again"] == told["stored"]


async def test_a_result_that_was_altered_differs(
    shell: Shell, db: Db, version: ModelVersion, make: Make, database: str
) -> None:
    found = await asked(db, version)
    owner = await asyncpg.connect(database)
    await owner.execute(
        "UPDATE check_results SET outcome = 'PASS', explanation = 'kept' WHERE id = $1", found["FAIL"].id
    )
    await owner.close()
    said = await shell("check", "replay", str(found["FAIL"].id))
    assert (said.code, said.out.splitlines()[-1]) == (1, "differs in outcome, explanation")


@pytest.mark.parametrize("id", [f"CheckResult:{UUID(int=1)}", f"Model:{UUID(int=1)}"])
async def test_what_is_not_there_ends_with_2(shell: Shell, version: ModelVersion, id: str) -> None:
    said = await shell("check", "replay", id)
    assert (said.code, said.out) == (2, "")
    assert f"there is no check result {id} that you may see" in said.err


async def test_a_version_is_asked_now_and_what_closes_the_gate_is_told(
    shell: Shell, db: Db, version: ModelVersion, make: Make
) -> None:
    said = await shell("check", "run", "scans", "3", "--stage", "production")
    assert said.code == 1
    lines = [line.split(None, 4) for line in said.out.splitlines()[:3]]
    assert lines[0] == ["OUTCOME", "POLICY", "SEVERITY", "ENFORCEMENT", "WHY"]
    assert sorted(lines[1:]) == [
        ["FAIL", "recall", "HIGH", "BLOCKING", "not kept: metrics.recall is 0.83, allowed >= 0.9"],
        ["PASS", "auc", "HIGH", "ADVISORY", "kept: metrics.auc is 0.95, allowed >= 0.9"],
    ]
    assert said.out.splitlines()[3:] == ["2 asked, 1 kept, 0 waived", "recall: Train on more cases."]
    assert await make.count("check_results") == 2


async def test_what_is_waived_is_counted_and_names_its_exception(
    shell: Shell, db: Db, version: ModelVersion, make: Make
) -> None:
    model = await db.reads.fetchrow("SELECT * FROM models WHERE id = $1", version.model_id)
    wording = await db.reads.fetchrow(
        "SELECT v.* FROM policy_versions v JOIN policies p ON p.current_version_id = v.id WHERE p.key = 'recall'"
    )
    assert model is not None and wording is not None
    granted = await make.exception(PolicyVersion.model_construct(**dict(wording)), Model.model_construct(**dict(model)))
    said = await shell("check", "run", "scans", "3")
    assert (said.code, said.out.splitlines()[-1]) == (0, "2 asked, 1 kept, 1 waived")
    assert f"not kept, waived by exception {granted.id}: metrics.recall is 0.83" in said.out
    told = orjson.loads((await shell("check", "run", "scans", "3", "--json")).out)
    assert (told["asked"], told["kept"], told["waived"]) == (2, 1, 1)
    waived = next(one for one in told["checks"] if one["outcome"] == "WAIVED")
    assert waived["exception"] == {"id": f"PolicyException:{granted.id}"}


async def test_nothing_that_blocks_ends_with_0(shell: Shell, make: Make, version: ModelVersion) -> None:
    root = await make.person("root", Role.POLICY_OWNER, Role.ADMIN)
    await make.policy("recall", by=root, rule="metrics.recall >= 0.8")
    said = await shell("check", "run", "scans", "3", "--json")
    told = orjson.loads(said.out)
    assert (said.code, told["closed"], [one["outcome"] for one in told["checks"]]) == (0, False, ["PASS", "PASS"])


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("scans", "4"), "hub: scans has no version 4; the newest are 3\n"),
        (("scan", "3"), "hub: there is no model scan that this token may see; near it are scans\n"),
        (("scans", "3", "--registry", "other"), "hub: scans is not in the registry other, but in mlflow\n"),
        (("scans", "3", "--stage", "MOON"), "hub: --stage MOON: there are PROPOSAL, DEVELOPMENT, STAGING,"),
        (("scans", "3", "--point", "later"), "hub: --point later: there are REGISTER, PROMOTE, DEPLOY, MONITOR\n"),
    ],
)
async def test_what_cannot_be_asked_ends_with_2_and_records_nothing(
    shell: Shell, make: Make, version: ModelVersion, words: tuple[str, ...], why: str
) -> None:
    said = await shell("check", "run", *words)
    assert said.code == 2 and why in said.err
    assert await make.count("check_results") == 0


async def test_over_http_to_a_hub_that_runs(hub: tuple[Hub, Path]) -> None:
    running, data = hub
    said = await command("check", "replay", f"CheckResult:{UUID(int=1)}", "--data", str(data))
    assert (said.code, said.out) == (2, "")
    assert said.sentence == f"hub: there is no check result CheckResult:{UUID(int=1)} that you may see"
    assert running.process.returncode is None
