"""`hub policy`: what people and pipelines see, what is sent to a hub, and what is not."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog.testing
from defusedxml import ElementTree
from typer.testing import CliRunner

from hub.cli import agreeing, bundles, remote
from hub.cli.main import app
from hub.cli.remote import Remote
from hub.people.access import Principal
from hub.people.tables import Role
from hub.policies.bundles import reading
from tests.asking import Ask
from tests.cli.hubs import command
from tests.make import Make
from tests.policies.bundles import writing
from tests.policies.bundles.writing import bundle


@dataclass(frozen=True)
class Near(Remote):
    """A hub within this process, asked as somebody over the whole application."""

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
    """Runs commands against the application, as one of two policy owners, at a terminal where wanted."""

    def __init__(self, ask: Ask, make: Make, patch: pytest.MonkeyPatch) -> None:
        self.ask, self._make, self._patch = ask, make, patch
        self._people: dict[str, Principal] = {}

    async def person(self, handle: str, role: Role = Role.POLICY_OWNER) -> Principal:
        if handle not in self._people:
            self._people[handle] = await self._make.person(handle, role)
        return self._people[handle]

    async def __call__(self, *words: str, who: str = "pat", typed: str | None = None) -> Ended:
        near = Near("near", None, self.ask, await self.person(who), asyncio.get_running_loop())
        self._patch.setattr(remote, "found", lambda **_: near)
        self._patch.setattr(agreeing, "at_a_terminal", lambda: typed is not None)
        # The application logs to the same standard output here; a hub of its own does not.
        with structlog.testing.capture_logs():
            said = await asyncio.to_thread(CliRunner().invoke, app, ["policy", *words], input=typed)
        return Ended(said.exit_code, said.stdout, said.stderr)


@pytest.fixture
def shell(ask: Ask, make: Make, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(ask, make, monkeypatch)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs commands that may not ask any hub."""

    def found(**_: Any) -> Remote:
        raise AssertionError("a hub was asked")

    def run(*words: str) -> Ended:
        monkeypatch.setattr(remote, "found", found)
        said = CliRunner().invoke(app, ["policy", *words])
        return Ended(said.exit_code, said.stdout, said.stderr)

    return run


async def opened(make: Make) -> list[tuple[str, str, str]]:
    rows = await make.db.reads.fetch(
        "SELECT p.key, c.kind, c.status FROM policy_changes c JOIN policies p ON p.id = c.policy_id"
        " ORDER BY c.created_at, p.key"
    )
    return [(row["key"], row["kind"], row["status"]) for row in rows]


def test_fixtures_are_tried_without_a_hub(offline: Any, tmp_path: Path) -> None:
    folder = bundle(tmp_path / "mine", owned=writing.policy())
    said = offline("test", str(folder))
    assert said.code == 0
    assert said.out.splitlines() == [
        "POLICY  FIXTURE  OUTCOME  EXPLANATION",
        'owned   kept     PASS     kept: model.owner is "ada", allowed != null',
        "owned   broken   FAIL     not kept: model.owner is null, allowed != null",
        "",
        "1 policies, 2 fixtures: 2 as they should be, 0 not",
    ]


def test_a_fixture_that_ends_otherwise_fails_the_command(offline: Any, tmp_path: Path) -> None:
    text = writing.policy().replace("expect: PASS", "expect: WARN").replace("says: model.owner", "says: nothing")
    folder = bundle(tmp_path / "mine", owned=text)
    said = offline("test", str(folder), "--junit", str(tmp_path / "report.xml"))
    assert said.code == 1
    assert said.out.splitlines()[4:] == [
        f"{folder}/owned.yaml:15: 'kept' ended in PASS, expected WARN",
        '    kept: model.owner is "ada", allowed != null',
        f"{folder}/owned.yaml:16: 'broken' ended in FAIL, the explanation does not say 'nothing is null'",
        "    not kept: model.owner is null, allowed != null",
        f"{folder}/owned.yaml:1: owned has no fixture that ends in PASS",
        "1 policies, 2 fixtures: 0 as they should be, 2 not",
    ]
    root = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert root is not None
    assert (root.get("tests"), root.get("failures")) == ("2", "2")
    assert [one.get("message") for one in root.iter("failure")] == [
        "PASS, expected WARN",
        "FAIL, the explanation does not say 'nothing is null'",
    ]
    found = orjson.loads(offline("test", str(folder), "--json").out)
    assert [one["outcome"] for one in found["tests"]] == ["PASS", "FAIL"]
    assert found["lacking"] == {"owned": "PASS"}


def test_a_fixture_is_skipped_where_the_hub_would_not_ask(offline: Any, tmp_path: Path) -> None:
    more = "applies_to: {tiers: [HIGH], model_tags: [region=eu]}\n"
    text = writing.policy(more=more).replace("tests:", "tests:\n  - {name: elsewhere, expect: SKIP}\n", 1)
    said = offline("test", str(bundle(tmp_path / "mine", owned=text)))
    assert "owned   elsewhere  SKIP     not asked: of model tags it applies to region=eu only" in said.out


def test_lint_tells_people_machines_and_github(offline: Any, tmp_path: Path) -> None:
    folder = bundle(tmp_path / "mine", owned=writing.policy().replace("2027-11-02", "2025-11-02"))
    said = offline("lint", str(folder))
    place = f"{folder}/owned.yaml"
    what = "review_on was 2025-11-02; read the policy again and set the next day"
    assert said.out.splitlines() == [
        f"{place}:10:12: warning: {what} [review-overdue]",
        "1 policies, 0 errors, 1 warnings",
    ]
    assert said.code == 0
    assert offline("lint", str(folder), "--strict").code == 1
    assert offline("lint", str(folder), "--github").out == (
        f"::warning file={place},line=10,col=12,title=review-overdue::{what}\n"
    )
    assert orjson.loads(offline("lint", str(folder), "--json").out)[0]["line"] == 10


def test_lint_fails_on_a_file_that_cannot_be_read_and_tells_the_rest(offline: Any, tmp_path: Path) -> None:
    said = offline("lint", str(bundle(tmp_path / "mine", owned=writing.policy(), other="key: [")))
    assert (said.code, said.out.splitlines()[-1]) == (1, "1 policies, 1 errors, 0 warnings")


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"owned": "key: &a owned\ntitle: *a\n"}, "owned.yaml:1:6: &a is an anchor"),
        ({"owned": b"a" * 2_000_000}, "owned.yaml:1:1: more than 1000000 bytes"),
        ({"owned": b"\x00\x01\xff"}, "owned.yaml:1:3: byte 0xff is not UTF-8"),
        ({"owned": "key: owned\n\ttitle: x\n"}, "owned.yaml:2:1: a tab stands"),
        ({"owned": writing.policy(rule="model.owner !=")}, "owned.yaml:12:17: mismatched input"),
        ({"owned": writing.policy(), "z__owned": writing.policy()}, "owned is also the key of"),
        ({"owned": writing.policy().replace("title", "titel")}, "did you mean title?"),
        ({"bundle": "name: mine\n"}, "holds no policies"),
    ],
)
@pytest.mark.parametrize("words", [("apply", "--yes"), ("apply", "--dry-run"), ("test",)], ids=" ".join)
def test_a_hostile_bundle_is_refused_and_nothing_is_sent(
    offline: Any, tmp_path: Path, files: dict[str, Any], told: str, words: tuple[str, ...]
) -> None:
    said = offline(*words, str(bundle(tmp_path / "mine", **files)))
    assert (said.code, said.out) == (2, "")
    assert told in said.err


def test_what_lint_calls_an_error_is_not_applied(offline: Any, tmp_path: Path) -> None:
    folder = bundle(tmp_path / "mine", owned=writing.policy(more="longest_exception_days: 400\n"))
    said = offline("apply", str(folder), "--yes")
    assert (said.code, said.out) == (2, "")
    assert "owned.yaml:17:25: error: exceptions of 400 days" in said.err


async def test_a_plan_is_shown_agreed_on_opened_and_approved_by_a_second_person(
    shell: Shell, make: Make, tmp_path: Path
) -> None:
    await shell.person("quinn")
    folder = bundle(tmp_path / "mine", owned=writing.policy(), known=writing.policy("known"))
    said = await shell("apply", str(folder), typed="n\n")
    assert (said.code, said.err) == (1, "nothing was done\n")
    assert said.out.startswith("+ known  A title\n+ owned  A title\n= 0 unchanged\nDo this in the hub at ")
    assert await opened(make) == []
    said = await shell("apply", str(folder), typed="y\n")
    assert said.code == 0, said.err
    assert await opened(make) == [("known", "WORDING", "IN_REVIEW"), ("owned", "WORDING", "IN_REVIEW")]
    ids = {line.split()[3]: line.split()[1] for line in said.out.splitlines() if line.startswith("change ")}
    assert "waiting for somebody other than pat: quinn\n" in said.out
    said = await shell("changes")
    assert [line.split()[:4] for line in said.out.splitlines()[1:]] == [
        [ids[key], key, "WORDING", "IN_REVIEW"] for key in sorted(ids, key=lambda key: said.out.index(key))
    ]
    said = await shell("approve", ids["owned"], "--yes")
    assert (said.code, "hub: " in said.err) == (1, True)
    said = await shell("approve", ids["owned"], who="quinn", typed="y\n")
    assert said.code == 0, said.err
    assert said.out.endswith("owned: the change is PUBLISHED, version 1 is in force\n")
    said = await shell("reject", ids["known"], "--note", "not now", "--yes", who="quinn")
    assert (said.code, said.out.splitlines()[-1]) == (0, "known: the change is REJECTED")
    said = await shell("list")
    assert [line.split()[:6] for line in said.out.splitlines()[1:]] == [
        ["known", "DRAFT", "HIGH", "BLOCKING", "-", "-"],
        ["owned", "PUBLISHED", "HIGH", "BLOCKING", "1", "mine"],
    ]
    said = await shell("show", "owned")
    assert "rule: model.owner != null\n" in said.out
    assert "service_levels: HIGH 7\n" in said.out


async def published(shell: Shell, folder: Path) -> None:
    """Apply a folder as pat and approve all of it as quinn."""
    said = await shell("apply", str(folder), "--yes", "--json")
    assert said.code == 0, said.err
    for one in orjson.loads(said.out)["plan"]:
        if one["change"] is not None:
            assert (await shell("approve", one["change"], "--yes", who="quinn")).code == 0


async def test_a_change_is_shown_field_by_field_and_what_is_gone_is_retired(
    shell: Shell, make: Make, tmp_path: Path
) -> None:
    folder = bundle(
        tmp_path / "mine", owned=writing.policy(), known=writing.policy("known"), same=writing.policy("same")
    )
    await published(shell, folder)
    assert (await shell("apply", str(folder), "--yes")).out == "= 3 unchanged\nnothing to do\n"
    (folder / "known.yaml").unlink()
    text = writing.policy(rule="model.owner != null &&\n  model.team != null").replace("{high: 7}", "{high: 3}")
    bundle(folder, owned=text.replace("severity: HIGH", "severity: CRITICAL"))
    before = await opened(make)
    said = await shell("apply", str(folder), "--dry-run")
    assert said.out.splitlines() == [
        "- known  A title  (to be retired: the bundle no longer has it)",
        "~ owned  A title",
        "    rule:",
        "      @@ -1 +1,2 @@",
        "      -model.owner != null",
        "      +model.owner != null &&",
        "      +model.team != null",
        "    severity: HIGH -> CRITICAL",
        "    service_levels: HIGH 7 -> HIGH 3",
        "= 1 unchanged",
    ]
    assert await opened(make) == before
    found = orjson.loads((await shell("apply", str(folder), "--dry-run", "--json")).out)
    assert found["plan"][1]["changed"]["severity"] == {"before": "HIGH", "after": "CRITICAL"}
    await published(shell, folder)
    rows = await make.db.reads.fetch("SELECT key, status FROM policies ORDER BY key")
    assert [tuple(row) for row in rows] == [("known", "RETIRED"), ("owned", "PUBLISHED"), ("same", "PUBLISHED")]


async def test_a_change_that_the_bundle_came_back_from_is_shown_and_withdrawn(
    shell: Shell, make: Make, tmp_path: Path
) -> None:
    folder = bundle(tmp_path / "mine", owned=writing.policy(), known=writing.policy("known"))
    await published(shell, folder)
    bundle(folder, owned=writing.policy(rule="model.team != null"), new=writing.policy("new"))
    assert (await shell("apply", str(folder), "--yes")).code == 0
    bundle(folder, owned=writing.policy())
    (folder / "new.yaml").unlink()
    plan = (
        "- new  (its open change is withdrawn: the bundle no longer has it)\n"
        "- owned  A title  (its open change is withdrawn: what is in force says what the bundle says)\n"
        "= 1 unchanged\n"
    )
    assert (await shell("apply", str(folder), "--dry-run")).out == plan
    said = await shell("apply", str(folder), "--yes")
    assert (said.code, said.out) == (0, f"{plan}\nwithdrawn: what was open of new\nwithdrawn: what was open of owned\n")
    assert [status for _, _, status in await opened(make)].count("WITHDRAWN") == 2
    assert (await shell("apply", str(folder), "--yes")).out == "= 2 unchanged\nnothing to do\n"


async def test_the_starter_pack_is_applied_whole_and_then_says_the_same(shell: Shell, make: Make) -> None:
    said = await shell("apply", "--starter", "--dry-run")
    assert (said.code, said.out.count("\n+ ") + 1, said.out.splitlines()[-1]) == (0, 31, "= 0 unchanged")
    await published(shell, reading.STARTER)
    assert (await shell("apply", "--starter", "--yes")).out == "= 31 unchanged\nnothing to do\n"
    assert await make.count("policies", "status = 'PUBLISHED' AND bundle = 'starter'") == 31


async def test_a_change_cannot_hide_behind_a_terminals_commands(shell: Shell, make: Make) -> None:
    """An author may write what they like; whoever approves sees it, and not what it would have a terminal do."""
    await shell.person("quinn")
    wording = bundles.given(make.wording("sly", title="fine\x1b[1A\x1b[2K", rationale="all \u202edoog\u202c is well"))
    document = """mutation($input: ProposePolicyInput!) { proposePolicy(input: $input) {
        ... on PolicyChanged { change { id } } } }"""
    sent = await shell.ask(await shell.person("pat"), document, input={"policy": wording, "summary": "see\x1b[8m it"})
    change = sent["proposePolicy"]["change"]["id"]
    said = await shell("approve", change, who="quinn", typed="n\n")
    assert "\x1b" not in said.out and "\u202e" not in said.out
    assert "    see\\x1b[8m it\n" in said.out
    assert "    title: nothing -> fine\\x1b[1A\\x1b[2K\n" in said.out
    said = await shell("changes")
    assert "see\\x1b[8m it" in said.out


async def test_what_another_bundle_owns_is_refused_until_it_is_taken_over(
    shell: Shell, make: Make, tmp_path: Path
) -> None:
    await published(shell, bundle(tmp_path / "first", owned=writing.policy()))
    second = bundle(tmp_path / "second", owned=writing.policy().replace("A title", "Another title"))
    before = await make.count("policy_changes")
    said = await shell("apply", str(second), "--yes")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("hub: owned belongs to the bundle first")
    assert await make.count("policy_changes") == before
    said = await shell("apply", str(second), "--dry-run", "--take-over")
    assert said.out.splitlines()[0] == "~ owned  Another title  (taken over from hand or another bundle)"
    assert "    bundle: first -> second" in said.out.splitlines()


async def test_who_may_not_propose_is_refused_and_nothing_is_opened(shell: Shell, make: Make, tmp_path: Path) -> None:
    await shell.person("dev", Role.DEVELOPER)
    said = await shell("apply", str(bundle(tmp_path / "mine", owned=writing.policy())), "--yes", who="dev")
    assert (said.code, said.err[:5]) == (1, "hub: ")
    assert "PROPOSE_POLICY" in said.err
    assert await make.count("policies") == await make.count("policy_changes") == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("apply",), "name one folder of policies, or say --starter"),
        (("test", "somewhere", "--starter"), "name one folder of policies, or say --starter"),
        (("lint", "no-such-folder"), "no-such-folder is no folder that can be read"),
        (("apply", "--starter"), "nobody can be asked here; say --yes, or --dry-run"),
        (("approve", "PolicyChange:x"), "nobody can be asked here; say --yes"),
        (("test", "--starter", "--junit", "/no/such/place.xml"), "/no/such/place.xml cannot be written"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else "",
)
def test_a_wrong_use_is_told_in_a_sentence(offline: Any, words: tuple[str, ...], told: str) -> None:
    said = offline(*words)
    assert said.code == 2
    assert said.err.startswith(f"hub: {told}")


async def test_a_hub_that_does_not_answer_is_told_in_a_sentence() -> None:
    said = await command("policy", "apply", "--starter", "--dry-run", HUB_URL="http://127.0.0.1:1")
    assert said.code == 2
    assert said.sentence.startswith("hub: no hub answers at http://127.0.0.1:1")


async def test_what_is_not_there_is_told(shell: Shell) -> None:
    said = await shell("show", "nothing")
    assert (said.code, said.err) == (2, "hub: there is no policy nothing; see them with: hub policy list\n")


def test_only_a_clear_yes_is_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from io import StringIO

    for typed, agreed in (("y\n", True), ("YES\n", True), ("", False), ("\n", False), ("yep\n", False)):
        monkeypatch.setattr("sys.stdin", StringIO(typed))
        assert agreeing.agreed("Open?") is agreed
    assert capsys.readouterr().out == "Open? [y/N] " * 5
