"""MLflow's own server comes up, is trained into, and goes away with whoever started it."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from pathlib import Path

import httpx2
import orjson
import pytest

from hub.demo.mlflow_server import MLflowServer
from hub.demo.processes import group_members
from hub.demo.trainer import start_and_train, train
from hub.errors import Code, Refused

ROOT = Path(__file__).parents[2]


@pytest.fixture
def mlflow_python() -> Path:
    python = Path(os.environ.get("HUB_MLFLOW_PYTHON", ROOT / ".mlflow/bin/python"))
    if not python.exists():
        pytest.fail(f"no MLflow environment at {python}: run `make setup`, or set HUB_MLFLOW_PYTHON")
    return python


@pytest.fixture
def said() -> list[str]:
    return []


def stub(folder: Path, script: str) -> Path:
    """An interpreter that does something else, for what needs no real server."""
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return python


def state_of(folder: Path) -> dict[str, int]:
    return orjson.loads((folder / "mlflow.json").read_bytes())


async def read(server: MLflowServer, path: str, **asked: str) -> dict:
    async with httpx2.AsyncClient(base_url=server.url, trust_env=False) as client:
        reply = await client.get(f"/api/2.0/mlflow/{path}", params=asked)
        assert reply.status_code == 200, reply.text
        return reply.json()


async def test_server_answers_and_leaves_no_process_behind(mlflow_python, tmp_path, said):
    folder = tmp_path / "a folder? 100%41 #1"
    server = MLflowServer(mlflow_python, folder)
    await server.start(said.append)
    try:
        async with httpx2.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{server.url}/health")).text == "OK"
        pid = state_of(folder)["pid"]
        assert len(group_members(pid)) == 2
        assert (folder / "mlflow.db").exists()
        with pytest.raises(Refused, match="Another hub runs MLflow"):
            await MLflowServer(mlflow_python, folder).launch(said.append)
    finally:
        await server.stop()
    assert group_members(pid) == []
    assert state_of(folder) == {"port": server.port}
    assert said[0] == f"MLflow: starting on {server.url}"
    assert said[-1].startswith(f"MLflow: ready at {server.url} after ")


async def test_training_fills_the_registry_once(mlflow_python, tmp_path, said):
    server = MLflowServer(mlflow_python, tmp_path)
    await start_and_train(server, said.append, only=["wine-cultivar"])
    try:
        [model] = (await read(server, "registered-models/search"))["registered_models"]
        assert model["name"] == "wine-cultivar"
        assert {tag["key"]: tag["value"] for tag in model["tags"]}["owner"] == "jonas.okafor"
        assert {alias["alias"]: alias["version"] for alias in model["aliases"]} == {"champion": "2", "challenger": "3"}

        found = (await read(server, "model-versions/search"))["model_versions"]
        versions = {version["version"]: version for version in found}
        assert sorted(versions) == ["1", "2", "3"]
        tags = {tag["key"]: tag["value"] for tag in versions["2"]["tags"]}
        assert len([key for key in tags if key.startswith("card.")]) == 9
        assert len(tags["code.commit"]) == 40
        assert (tags["evidence.performance.verdict"], tags["evidence.segments.verdict"]) == ("PASS", "PASS")
        assert tags["evidence.command"] == "python hub/demo/train.py --only wine-cultivar"
        assert [versions[number]["current_stage"] for number in "123"] == ["Archived", "Production", "None"]
        again = {tag["key"]: tag["value"] for tag in versions["3"]["tags"] if tag["key"].startswith("again.")}
        assert len(again) == 8

        run = (await read(server, "runs/get", run_id=versions["2"]["run_id"]))["run"]
        assert run["info"]["user_id"] == "jonas.okafor"
        contexts = [one["tags"][-1]["value"] for one in run["inputs"]["dataset_inputs"]]
        assert contexts == ["source", "training", "evaluation"]

        logged = await read(server, f"logged-models/{versions['2']['source'].removeprefix('models:/')}")
        metrics = {metric["key"]: metric for metric in logged["model"]["data"]["metrics"]}
        assert metrics["accuracy"]["value"] == 1.0
        assert metrics["accuracy"]["dataset_name"] == "wine-chemistry-test"
        assert metrics["rows/segment.colour.pale"]["value"] == 26.0
        assert metrics["robustness.answers_kept"]["value"] == 1.0
        unmeasured = await read(server, "runs/get", run_id=versions["3"]["run_id"])
        assert not [one for one in unmeasured["run"]["data"]["metrics"] if "/segment." in one["key"]]
        first = {one["key"]: str(one["value"]) for one in unmeasured["run"]["data"]["metrics"]}
        assert {f"again.{name}" for name in first if "." not in name} == again.keys()
        assert again["again.log_loss"] != first["log_loss"]

        said.clear()
        await train(server, said.append, only=["wine-cultivar"])
        assert said[0] == "Demo: present wine-cultivar"
        assert len((await read(server, "model-versions/search"))["model_versions"]) == 3
    finally:
        await server.stop()


async def test_training_that_fails_says_why(tmp_path, said):
    server = MLflowServer(stub(tmp_path, "echo 'disk full' >&2; exit 3"), tmp_path, port=1)  # nothing listens there
    with pytest.raises(Refused) as refused:
        await train(server, said.append)
    assert refused.value.why.endswith("Its last words:\ndisk full")


async def test_server_that_does_not_come_up_is_refused_with_the_end_of_its_log(tmp_path, said):
    folder = tmp_path / "data"
    server = MLflowServer(stub(tmp_path, "echo Traceback; echo '  a frame'; echo 'the disk is full'; exit 3"), folder)
    with pytest.raises(Refused) as refused:
        await server.start(said.append)
    assert refused.value.code == Code.UNAVAILABLE
    assert "its process ended" in refused.value.why
    assert refused.value.why.endswith("\nthe disk is full")
    assert "a frame" not in refused.value.why
    assert state_of(folder) == {"port": server.port}


async def test_missing_environment_is_refused_before_anything_is_written(tmp_path, said):
    with pytest.raises(Refused, match="make setup"):
        await MLflowServer(tmp_path / "no/python", tmp_path / "data").start(said.append)
    assert not (tmp_path / "data").exists()


async def test_port_in_use_is_refused_when_asked_for_and_avoided_when_remembered(tmp_path, said):
    python = stub(tmp_path, "exec sleep 60")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Refused, match=f"Port {port} for MLflow is in use"):
            await MLflowServer(python, tmp_path, port).launch(said.append)
        (tmp_path / "mlflow.json").write_bytes(orjson.dumps({"port": port}))
        server = MLflowServer(python, tmp_path)
        await server.launch(said.append)
        await server.stop()
        assert server.port != port
    again = MLflowServer(python, tmp_path)
    await again.launch(said.append)
    await again.stop()
    assert again.port == server.port


@pytest.mark.parametrize(("words", "ended"), [("mlflow --port 4999 --workers 1", True), ("something else", False)])
async def test_only_a_server_that_is_ours_is_ended_as_a_leftover(tmp_path, said, words, ended):
    sleeper = ["-c", "import time; time.sleep(60)", *words.split()]
    left = await asyncio.create_subprocess_exec(sys.executable, *sleeper, start_new_session=True)
    try:
        (tmp_path / "mlflow.json").write_bytes(orjson.dumps({"pid": left.pid, "port": 4999}))
        server = MLflowServer(stub(tmp_path, "exec sleep 60"), tmp_path)
        await server.launch(said.append)
        await server.stop()
        assert (group_members(left.pid) == []) is ended
    finally:
        with contextlib.suppress(ProcessLookupError):
            left.kill()
        await left.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
async def test_child_ends_when_its_hub_is_killed():
    hub = """if True:
        import asyncio, sys
        from pathlib import Path
        from hub.demo.processes import spawn
        async def main():
            child = await spawn(Path(sys.executable), ["-c", "import time; print('up', flush=True); time.sleep(60)"],
                                Path("/"), stdout=sys.stdout, stderr=asyncio.subprocess.DEVNULL)
            await child.wait()
        asyncio.run(main())
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", hub, stdout=asyncio.subprocess.PIPE, cwd=ROOT, start_new_session=True
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"up\n"
    process.send_signal(signal.SIGKILL)
    # The child holds the other end of this pipe: it is read to its end only once the child is gone.
    assert await asyncio.wait_for(process.stdout.read(), timeout=10) == b""
    await process.wait()
