"""`hub up` on real processes: it comes up, answers, goes away without a trace, and comes back."""

import asyncio
import os
import re
import signal
import socket
import stat
from pathlib import Path

import orjson

from tests.cli.hubs import Hub, command, free_port, postgres_in, started


async def test_up_answers_ends_cleanly_keeps_its_data_and_recovers_from_a_kill(folder: Path) -> None:
    data = ("--data", str(folder))
    async with started("up", *data, "--port", "0") as first:
        token, address = first.token, first.address
        answer = await command("query", "{ people(first: 5) { nodes { handle roles } } }", *data)
        people = orjson.loads(answer.out)["data"]["people"]["nodes"]
        assert (answer.code, people) == (0, [{"handle": "local-admin", "roles": ["ADMIN"]}])
        assert stat.S_IMODE((folder / "token").stat().st_mode) == 0o600
        assert (folder / "url").read_text().strip() == address
        assert postgres_in(folder)
        assert await first.end() == 0
    assert not postgres_in(folder)
    assert not (folder / "url").exists()

    async with started("up", *data, "--port", "0") as second:
        assert second.token == token
        second.process.kill()
        await second.process.wait()
    assert postgres_in(folder), "a kill -9 leaves the server, which the next start has to deal with"

    async with started("up", *data, "--port", "0") as third:
        assert third.token == token
        answer = await command("query", "{ people(first: 5) { totalCount } }", *data)
        assert orjson.loads(answer.out)["data"] == {"people": {"totalCount": 1}}
        assert await third.end(signal.SIGTERM) == 0
    assert not postgres_in(folder)


async def test_a_first_query_can_be_pasted(hub: tuple[Hub, Path]) -> None:
    running, _ = hub
    (line,) = re.findall(r"^ +(curl .*)$", running.text, re.MULTILINE)
    process = await asyncio.create_subprocess_shell(line, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert orjson.loads(out)["data"] == {"models": {"totalCount": 0, "nodes": []}}


async def test_a_second_hub_on_the_same_folder_is_refused(hub: tuple[Hub, Path]) -> None:
    running, folder = hub
    said = await command("up", "--data", str(folder), "--port", "0")
    assert (said.code, said.out) == (2, "")
    assert f"in use by pid {running.process.pid}" in said.sentence


async def test_a_second_signal_ends_at_once_and_leaves_nothing_running(folder: Path) -> None:
    async with started("up", "--data", str(folder), "--port", "0") as running:
        os.kill(running.process.pid, signal.SIGINT)
        os.kill(running.process.pid, signal.SIGINT)
        async with asyncio.timeout(10):
            await running.process.communicate()
            while postgres_in(folder):  # noqa: ASYNC110 - a process sets no event
                await asyncio.sleep(0.02)
        assert running.process.returncode in (0, 130)


async def test_a_port_in_use_is_told_before_anything_is_made(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = await command("up", "--data", str(folder), "--port", str(port))
    assert (said.code, said.out) == (2, "")
    assert said.sentence.startswith(f"hub: port {port} on 127.0.0.1 is in use")
    assert "--port" in said.sentence
    assert not folder.exists()


async def test_a_folder_of_a_newer_hub_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "format").write_text("99\n")
    said = await command("up", "--data", str(folder), "--port", str(free_port()))
    assert said.code == 2
    assert "has format 99" in said.sentence
    assert sorted(path.name for path in folder.iterdir()) == ["format", "hub.lock"]


async def test_a_folder_that_cannot_be_made_is_told(folder: Path) -> None:
    folder.write_text("a file, not a folder")
    said = await command("up", "--data", str(folder), "--port", "0")
    assert said.code == 2
    assert "--data" in said.sentence


async def test_a_killed_postgresql_is_started_again_and_work_goes_on(folder: Path) -> None:
    async with started("up", "--data", str(folder), "--port", "0", HUB_TICK_S="0.2") as running:
        os.kill(int((folder / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        async with asyncio.timeout(25):
            while (said := await command("doctor", "--data", str(folder), "--json")).code:
                pass
        assert orjson.loads(said.out)["clock"]["process"].endswith(f":{running.process.pid}")
        answer = await command("query", "{ people(first: 1) { totalCount } }", "--data", str(folder))
        assert orjson.loads(answer.out)["data"] == {"people": {"totalCount": 1}}
        assert await running.end() == 0
