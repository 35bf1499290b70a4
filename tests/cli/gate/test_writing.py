"""Where the answer goes: files whole or not at all, standard output, GitHub; and what a file's fault does."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from hub.cli.gate import text
from tests.cli.gate import rows
from tests.cli.gate.conftest import Run
from tests.cli.gate.played import TOKEN, Played
from tests.cli.hubs import HUB, environment


def with_permit(**other: object) -> dict[str, object]:
    return rows.intent("APPROVED", rows.check(), permits={"nodes": [rows.permit(**other)]})


def test_a_permit_is_written_byte_for_byte(run: Run, played: Played, tmp_path: Path) -> None:
    played.intent = with_permit()
    file = tmp_path / "permit.json"
    file.write_text("an old one")
    assert run("gate", "--permit", str(file)).exit_code == 0
    assert file.read_text() == rows.permit()["envelope"]
    assert [path.name for path in tmp_path.iterdir()] == ["permit.json"]


@pytest.mark.parametrize(
    "other",
    [{"revokedAt": "2026-11-21T11:30:00+00:00", "revokedWhy": "halted"}, {"expiresAt": "2026-11-20T00:00:00+00:00"}],
)
def test_a_permit_that_is_not_in_force_is_not_written(
    run: Run, played: Played, tmp_path: Path, other: dict[str, str]
) -> None:
    played.intent = with_permit(**other)
    file = tmp_path / "permit.json"
    said = run("gate", "--permit", str(file))
    assert said.exit_code == 3
    assert "the hub shows no permit in force" in said.stderr
    assert not file.exists()
    assert run("gate").exit_code == 0


def test_no_permit_is_written_when_it_is_denied(run: Run, played: Played, tmp_path: Path) -> None:
    played.intent = rows.intent("BLOCKED", rows.UNFAIR, permits={"nodes": [rows.permit()]})
    assert run("gate", "--permit", str(tmp_path / "permit.json")).exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_the_output_file_has_the_format_and_people_read_text(run: Run, played: Played, tmp_path: Path) -> None:
    file = tmp_path / "gate.json"
    said = run("gate", "--format", "json", "--output", str(file))
    assert said.stdout.startswith("ALLOWED  fraud-detection 7")
    assert orjson.loads(file.read_bytes())["decision"] == "ALLOWED"


@pytest.mark.parametrize("option", ["--output", "--permit"])
def test_what_cannot_be_written_makes_a_yes_undecided(run: Run, played: Played, tmp_path: Path, option: str) -> None:
    played.intent = with_permit()
    said = run("gate", option, str(tmp_path / "nowhere" / "file"))
    assert said.exit_code == 3
    assert said.stderr == f"hub: {tmp_path}/nowhere/file cannot be written (No such file or directory);" + (
        " give another place\n"
    )


def test_what_cannot_be_written_leaves_a_no_a_no(run: Run, played: Played, tmp_path: Path) -> None:
    played.intent = rows.intent("BLOCKED", rows.UNFAIR)
    assert run("gate", "--output", str(tmp_path / "nowhere" / "file")).exit_code == 1


def test_github_gets_annotations_a_summary_and_outputs(run: Run, played: Played, tmp_path: Path) -> None:
    played.intent = with_permit()
    summary, outputs = tmp_path / "summary.md", tmp_path / "outputs"
    outputs.write_text("before=1\n")
    there = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(outputs)}
    said = run("gate", "--format", "github", **there)
    assert said.stdout == (
        "::notice title=ALLOWED%3A fraud-detection 7 to PRODUCTION::fraud-detection 7 may go to PRODUCTION\n"
    )
    assert outputs.read_text().splitlines() == [
        "before=1", "decision=ALLOWED", "exit_code=0", f"intent={rows.INTENT}", f"permit={rows.permit()['id']}",
    ]  # fmt: skip
    assert summary.read_text().startswith("## ALLOWED: fraud\\-detection 7 to PRODUCTION\n")
    assert run("gate", "--format", "json", **there).exit_code == 0
    assert outputs.read_text().count("decision=") == 1


def test_a_log_has_no_colours_and_a_hundred_columns(run: Run, played: Played) -> None:
    played.intent = rows.intent("BLOCKED", rows.UNFAIR)
    said = run("gate")
    assert "\x1b" not in said.stdout
    narrow = run("gate", COLUMNS="50")
    assert len(narrow.stdout.splitlines()) > len(said.stdout.splitlines())


@pytest.mark.parametrize(
    ("env", "colours"), [({"TERM": "xterm"}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_are_for_terminals_that_want_them(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], colours: bool
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert text.may_colour(sys.stdout) is colours


def test_all_policies_are_listed_when_asked(run: Run, played: Played) -> None:
    played.intent = rows.intent("APPROVED", rows.check("kept-one"))
    assert "kept-one" not in run("gate").stdout
    assert "  PASS  kept-one  An owner is named\n" in run("gate", "-v").stdout


def words(played: Played) -> tuple[str, ...]:
    asked = ("gate", "--model", "fraud-detection", "--version", "7", "--to", "production")
    return (*asked, "--url", played.url, "--token", TOKEN)


async def process(played: Played, *more: str, **env: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *HUB, *words(played), *more, env=environment(**env),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        # What is started in the background ignores Ctrl-C, and so does all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_real_signal_ends_the_wait_with_2(played: Played, number: int) -> None:
    played.intent = rows.intent("AWAITING_APPROVAL", approvalRequest=rows.approval())
    waiting = await process(played, "--wait")
    assert waiting.stderr is not None
    assert b"Ctrl-C ends the wait" in await waiting.stderr.readline()
    waiting.send_signal(number)
    out, _ = await waiting.communicate()
    assert waiting.returncode == 2
    assert out.startswith(b"WAITING  no longer waiting;")


async def test_a_log_that_knows_only_ascii_changes_no_answer(played: Played) -> None:
    played.intent = rows.intent("APPROVED", rows.SLOW, rollbackVersion={"name": "größer"})
    asked = await process(played, PYTHONIOENCODING="ascii")
    out, _ = await asked.communicate()
    assert asked.returncode == 0
    assert b"gr\\xf6\\xdfer" in out


def test_a_reader_that_goes_away_makes_a_yes_undecided(played: Played) -> None:
    played.intent = rows.intent("APPROVED", *(rows.check(f"p-{n}", number=n) for n in range(2_000)))
    asked = subprocess.Popen(
        [*HUB, *words(played), "--format", "json"], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert asked.stdout is not None
    assert asked.stderr is not None
    asked.stdout.read(10)
    asked.stdout.close()
    said = asked.stderr.read()
    asked.stderr.close()
    assert asked.wait() == 3
    assert said == b"hub: the answer could not be written: whoever reads it has closed the pipe\n"
