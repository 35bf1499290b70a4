"""`hub evidence`: what a person or a pipeline sees of sending and listing test reports."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog.testing
from typer.testing import CliRunner

from hub.cli import remote
from hub.cli.main import app
from hub.cli.remote import Remote
from hub.models.tables import ModelVersion
from hub.people.access import Principal
from hub.people.tables import Role
from hub.registries.tables import Registry
from tests.asking import Ask
from tests.cli.hubs import Hub, command
from tests.make import Make

FIXTURES = Path(__file__).parents[1] / "checks" / "evidence" / "fixtures"


@dataclass(frozen=True)
class Near(Remote):
    """A hub within this process, asked as somebody; as the real one, over the whole application."""

    ask_as: Ask
    who: Principal
    loop: asyncio.AbstractEventLoop

    def answer(self, body: Mapping[str, Any]) -> dict[str, Any]:
        sent = self.ask_as.reply(self.who, body["query"], **orjson.loads(orjson.dumps(body["variables"])))
        return dict(asyncio.run_coroutine_threadsafe(sent, self.loop).result(20).json())


@dataclass
class Ended:
    code: int
    out: str
    err: str


class Shell:
    """Runs commands of the hub against the application."""

    def __init__(self, ask: Ask, make: Make, patch: pytest.MonkeyPatch) -> None:
        self._ask, self._make, self._patch = ask, make, patch
        self.who: Principal | None = None

    async def __call__(self, *words: str) -> Ended:
        if self.who is None:
            self.who = await self._make.person("dev", Role.DEVELOPER)
        near = Near("near", None, self._ask, self.who, asyncio.get_running_loop())
        self._patch.setattr(remote, "found", lambda **_: near)
        # The application logs to the same standard output here; a hub of its own does not.
        with structlog.testing.capture_logs():
            said = await asyncio.to_thread(CliRunner().invoke, app, list(words))
        return Ended(said.exit_code, said.stdout, said.stderr)


@pytest.fixture
def shell(ask: Ask, make: Make, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(ask, make, monkeypatch)


@pytest.fixture
async def version(make: Make) -> ModelVersion:
    return await make.version(await make.model("scans"), "3")


ABOUT = ("--model", "scans", "--version", "3")


async def test_a_report_is_sent_and_shown(shell: Shell, make: Make, version: ModelVersion) -> None:
    said = await shell("evidence", "add", str(FIXTURES / "pytest.xml"), *ABOUT)
    (id,) = [row["id"] for row in await make.db.reads.fetch("SELECT id FROM evidence")]
    assert said.out.splitlines() == [
        "FAIRNESS FAIL for scans 3: pytest tests",
        "  FIGURE    VALUE",
        "  errors    0.0",
        "  failures  1.0",
        "  gap       0.12",
        "  skipped   1.0",
        "  tests     4.0",
        "  time_s    2.51",
        f"Evidence:{id}",
    ]
    assert (said.code, said.err) == (0, "")
    assert await make.count("evidence", "source = 'JUNIT' AND verdict = 'FAIL' AND seed = '7'") == 1


async def test_fail_on_fail_tells_a_pipeline(shell: Shell, make: Make, version: ModelVersion) -> None:
    failing = await shell("evidence", "add", str(FIXTURES / "pytest.xml"), *ABOUT, "--fail-on-fail")
    passing = await shell("evidence", "add", str(FIXTURES / "report.yaml"), *ABOUT, "--fail-on-fail")
    assert (failing.code, passing.code) == (1, 0)
    assert await make.count("evidence") == 2


async def test_json_is_for_scripts(shell: Shell, version: ModelVersion) -> None:
    said = await shell("evidence", "add", str(FIXTURES / "scan.sarif"), *ABOUT, "--json")
    told = orjson.loads(said.out)
    assert (told["kind"], told["verdict"], told["source"]) == ("SECURITY", "FAIL", "SARIF")
    assert told["versionDigest"] == version.digest


async def test_what_is_missing_to_reproduce_it_is_told(shell: Shell, version: ModelVersion) -> None:
    said = await shell("evidence", "add", str(FIXTURES / "scan.sarif"), *ABOUT)
    assert "cannot be reproduced from what it says: no data digest, no seed\n" in said.out


async def test_a_rerun_that_disagrees_is_shown_beside_the_first(
    shell: Shell, make: Make, version: ModelVersion, tmp_path: Path
) -> None:
    text = (FIXTURES / "report.yaml").read_text()
    same, other = tmp_path / "same.yaml", tmp_path / "other.yaml"
    same.write_text(text.replace("11-20T10", "11-20T11"))
    other.write_text(text.replace("11-20T10", "11-20T12").replace("0.04", "0.4"))
    await shell("evidence", "add", str(FIXTURES / "report.yaml"), *ABOUT)
    first = f"Evidence:{await make.db.reads.fetchval('SELECT id FROM evidence')}"
    repeated = await shell("evidence", "add", str(same), *ABOUT)
    disputed = await shell("evidence", "add", str(other), *ABOUT)
    assert f"repeats {first}, measured 2026-11-20T10:00:00+00:00\n" in repeated.out
    assert disputed.out.splitlines()[1:5] == [
        "  FIGURE                         VALUE  FIRST",
        "  demographic_parity_difference  0.07   0.07",
        "  equal_opportunity_difference   0.4    0.04",
        f"DISAGREES with {first}, measured 2026-11-20T10:00:00+00:00, verdict PASS",
    ]
    listed = await shell("evidence", "list", "--model", "scans", "--disputed")
    assert listed.code == 0
    assert [line.split()[:5] for line in listed.out.splitlines()[1:]] == [
        ["2026-11-20", hour, "FAIRNESS", "PASS", "scans"] for hour in ("12:00", "11:00", "10:00")
    ]


async def test_reports_are_listed_by_what_they_are(shell: Shell, version: ModelVersion) -> None:
    for file in ("pytest.xml", "report.yaml", "scan.sarif"):
        await shell("evidence", "add", str(FIXTURES / file), *ABOUT)

    async def found(*words: str) -> list[str]:
        return [one["source"] for one in orjson.loads((await shell("evidence", "list", "--json", *words)).out)]

    assert sorted(await found()) == ["JUNIT", "SARIF", "SENT"]
    assert await found("--kind", "security") == ["SARIF"]
    assert await found("--verdict", "pass") == ["SENT"]
    assert sorted(await found("--model", "scans", "--version", "3", "--kind", "FAIRNESS")) == ["JUNIT", "SENT"]
    assert await found("--disputed") == []
    cut = await shell("evidence", "list", "--first", "1")
    assert cut.out.splitlines()[-1] == "1 of 3; --first shows more, --model, --kind and --verdict fewer"


async def test_escapes_of_a_terminal_in_a_report_do_nothing(
    shell: Shell, version: ModelVersion, tmp_path: Path
) -> None:
    hostile = tmp_path / "hostile.json"
    hostile.write_text(orjson.dumps({"kind": "LOAD", "title": "\x1b[2Jgone", "figures": {"a\x1b[8m": 1}}).decode())
    added = await shell("evidence", "add", str(hostile), *ABOUT)
    listed = await shell("evidence", "list")
    assert (added.code, listed.code) == (0, 0)
    assert "\x1b" not in added.out + listed.out
    assert "\\x1b[2Jgone" in added.out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("no-such-file", *ABOUT), "no-such-file cannot be read: No such file or directory"),
        ((str(FIXTURES), *ABOUT), "cannot be read: Is a directory"),
        ((str(FIXTURES / "report.yaml"), *ABOUT, "--kind", "TASTE"), "there is no kind TASTE; there are PERFORMANCE,"),
        (
            (str(FIXTURES / "report.yaml"), *ABOUT, "--kind", "LOAD"),
            "report.yaml says kind FAIRNESS, and LOAD was asked",
        ),
        ((str(FIXTURES / "report.yaml"), "--model", "nil", "--version", "3"), "there is no model nil that this token"),
        ((str(FIXTURES / "report.yaml"), "--model", "scans", "--version", "9"), "scans has no version 9"),
        (
            (str(FIXTURES / "report.yaml"), *ABOUT, "--registry", "other"),
            "scans is not in the registry other, but in mlflow",
        ),
    ],
)
async def test_what_is_refused_ends_with_2_and_writes_nothing(
    shell: Shell, make: Make, version: ModelVersion, words: tuple[str, ...], why: str
) -> None:
    said = await shell("evidence", "add", *words)
    assert said.code == 2
    assert why in said.err
    assert said.err.count("\n") == 1
    assert await make.count("evidence") == 0


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"measured_at": "2031-01-01T00:00:00Z"}, "measuredAt 2031-01-01 00:00 UTC is after now, 2026-11-21 12:00 UTC"),
        ({"version_digest": "0" * 64}, f"the report is about digest {'0' * 64}, the version has "),
        ({"figures": {"gap": float("nan")}}, "figure gap is NaN; give a finite number, or leave the figure out"),
    ],
)
async def test_what_the_hub_refuses_is_said_in_its_words(
    shell: Shell, make: Make, version: ModelVersion, tmp_path: Path, told: dict[str, Any], why: str
) -> None:
    import json

    file = tmp_path / "report.json"
    file.write_text(json.dumps({"kind": "LOAD", "verdict": "PASS", **told}))
    said = await shell("evidence", "add", str(file), *ABOUT)
    assert said.code == 2
    assert said.err.startswith(f"hub: {why}")
    assert await make.count("evidence") == 0


async def test_where_two_registries_have_the_model_one_is_to_be_named(
    shell: Shell, make: Make, version: ModelVersion
) -> None:
    other = await make.add(
        Registry(key="other", kind="mlflow", name="O", base_url="http://localhost", created_at=make.now)
    )
    make._registry = other.id
    second = await make.version(await make.model("scans"), "3")
    said = await shell("evidence", "add", str(FIXTURES / "report.yaml"), *ABOUT)
    assert (said.code, said.err) == (
        2,
        "hub: scans is a model in 2 registries: mlflow, other; choose with --registry mlflow\n",
    )
    named = await shell("evidence", "add", str(FIXTURES / "report.yaml"), *ABOUT, "--registry", "other")
    assert named.code == 0
    assert [row["version_id"] for row in await make.db.reads.fetch("SELECT * FROM evidence")] == [second.id]


async def test_a_version_is_listed_with_its_model_only(shell: Shell) -> None:
    said = await shell("evidence", "list", "--version", "3")
    assert (said.code, said.err) == (2, "hub: --version needs --model: many models have a version of that name\n")
    wrong = await shell("evidence", "list", "--verdict", "GOOD")
    assert (wrong.code, wrong.err) == (2, "hub: there is no verdict GOOD; there are PASS, FAIL, NONE\n")


async def test_over_http_to_a_hub_that_runs(hub: tuple[Hub, Path]) -> None:
    running, data = hub
    report = str(FIXTURES / "report.yaml")
    said = await command("evidence", "add", report, *ABOUT, "--data", str(data))
    assert (said.code, said.sentence) == (2, "hub: there is no model scans that this token may see")
    listed = await command("evidence", "list", "--url", running.address, "--token", running.token, "--json")
    assert (listed.code, orjson.loads(listed.out)) == (0, [])
