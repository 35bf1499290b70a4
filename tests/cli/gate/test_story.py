"""One release over a whole hub: blocked, excepted, awaited, signed, permitted, verified offline, halted, revoked."""

import shlex
from pathlib import Path

import orjson

from hub.people.access import Principal, Scope
from hub.people.tables import Discipline, PersonKind, Role
from hub.policies.tables import Enforcement
from tests.asking import Ask
from tests.cli.gate.live import Live
from tests.cli.hubs import Said, command, started

GATE = ("gate", "--model", "fraud-detection", "--version", "7", "--to", "production")
SIGN = """mutation($i: SignApprovalInput!) { signApproval(input: $i) {
  __typename ... on Refusal { code why } } }"""
DECIDE = """mutation($i: DecideExceptionInput!) { decideException(input: $i) {
  __typename ... on Refusal { code why } } }"""
HALT = """mutation($i: HaltDeploymentInput!) { haltDeployment(input: $i) {
  __typename ... on Refusal { code why } } }"""


class Pipeline:
    """Runs commands with a service account's token."""

    def __init__(self, url: str, token: str) -> None:
        self.env = {"HUB_URL": url, "HUB_TOKEN": token}

    async def __call__(self, *words: str) -> Said:
        return await command(*words, **self.env)

    async def gate(self, *more: str) -> Said:
        return await self(*GATE, *more)


async def done(ask: Ask, who: Principal, mutation: str, **given: object) -> None:
    (payload,) = (await ask(who, mutation, i=given)).values()
    assert payload["__typename"] != "Refusal", payload


async def test_a_release_from_blocked_to_revoked(live: Live, tmp_path: Path) -> None:
    make, ask, url = live
    owner = await make.person("olaf", Role.MODEL_OWNER)
    judge = await make.person("petra", Role.POLICY_OWNER)
    risk = await make.person("priya", disciplines=[Discipline.RISK])
    await make.person("ines", disciplines=[Discipline.COMPLIANCE])
    robot = await make.person("pipeline", Role.SERVICE, kind=PersonKind.SERVICE)
    await make.rule(Discipline.RISK)
    model = await make.model("fraud-detection", owner=owner)
    await make.version(model, "6", metrics={"recall": 0.95})
    await make.version(model, "7", metrics={"recall": 0.85})
    await make.policy("recall", title="Enough cases are found")
    await make.policy("gain", rule="metrics.gain > 0.0", enforcement=Enforcement.WARNING)
    run = Pipeline(url, await ask.token(robot, [Scope.GATE]))

    blocked = await run.gate("--reason", "the winter release", "--rollback", "6")
    assert blocked.code == 1, blocked
    assert blocked.out.startswith("DENIED  fraud-detection 7 may not go to PRODUCTION: recall is not kept\n")
    assert "metrics.recall" in blocked.out
    assert "0.85" in blocked.out
    assert "Train on more cases." in blocked.out

    told = orjson.loads((await run.gate("--format", "json")).out)
    (way,) = told["exceptions_to_ask_for"]
    asked = await Pipeline(url, await ask.token(owner))(*shlex.split(way["command"])[1:], "--yes", "--json")
    assert asked.code == 0, asked
    await done(ask, judge, DECIDE, exception=orjson.loads(asked.out)["id"], approve=True, note="For a month.")

    waits = await run.gate()
    assert waits.code == 2, waits
    assert "RISK  Priya (priya)" in waits.out
    assert "Ines" not in waits.out
    assert "WAIVED  HIGH      BLOCKING  recall: Enough cases are found" in waits.out

    told = orjson.loads((await run.gate("--format", "json")).out)
    waiting = ("--wait", "--permit", str(tmp_path / "permit.json"))
    async with started(*GATE, *waiting, ready="waiting for RISK to sign", **run.env) as going:
        await done(ask, risk, SIGN, request=told["approval"]["id"], decision="APPROVE", comment="read it")
        await going.until("ALLOWED  fraud-detection 7 may go to PRODUCTION\n")
        await going.process.communicate()
        assert going.process.returncode == 0

    for name in ("keys", "revocations"):
        assert (await run("permit", name, "--out", str(tmp_path / f"{name}.json"))).code == 0
    files = ("--key", str(tmp_path / "keys.json"), "--revocations", str(tmp_path / "revocations.json"))
    verify = ("permit", "verify", str(tmp_path / "permit.json"), *files, "--stage", "production")
    digest = told["intent"]["version"]["digest"]
    valid = await command(*verify, "--version-digest", digest)
    assert valid.code == 0, valid
    assert valid.out.startswith("valid: mlflow/fraud-detection/7 may go to PRODUCTION until ")

    await done(ask, owner, HALT, intent=told["intent"]["id"], why="customers complain")
    assert (await run("permit", "revocations", "--out", str(tmp_path / "revocations.json"))).code == 0
    revoked = await command(*verify)
    assert revoked.code == 1, revoked
    assert "was revoked on" in revoked.sentence
    listed = await run("permit", "list")
    assert "revoked" in listed.out
    assert "fraud-detection" in listed.out


async def test_names_that_are_not_there_are_told_with_what_is(live: Live) -> None:
    make, ask, url = live
    owner = await make.person("olaf", Role.MODEL_OWNER)
    model = await make.model("fraud-detection", owner=owner)
    await make.model("churn")
    await make.version(model, "31")
    run = Pipeline(url, await ask.token(owner))
    said = await run("gate", "--model", "fraud-detecton", "--version", "7", "--to", "production")
    assert (said.code, said.sentence.endswith("; near it are fraud-detection")) == (3, True), said
    said = await run.gate()
    assert (said.code, said.sentence) == (3, "hub: fraud-detection has no version 7; the newest are 31")
    assert await make.count("deployment_intents") == 0


async def test_a_reader_s_token_cannot_ask_and_is_told_which_can(live: Live) -> None:
    make, ask, url = live
    auditor = await make.person("aude", Role.AUDITOR)
    model = await make.model("fraud-detection")
    await make.version(model, "7")
    said = await Pipeline(url, await ask.token(auditor)).gate()
    assert said.code == 3
    assert "REQUEST_DEPLOYMENT" in said.sentence
    assert await make.count("deployment_intents") == 0
