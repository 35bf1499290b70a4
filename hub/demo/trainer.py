"""Runs `train.py` in MLflow's environment against the demo's server and tells its progress."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import orjson

from hub.demo.mlflow_server import MLflowServer, Say
from hub.demo.processes import end_group, last_words, spawn
from hub.errors import Code, Refused

SCRIPT = Path(__file__).with_name("train.py")


async def start_and_train(server: MLflowServer, say: Say, only: Sequence[str] = ()) -> None:
    """Start the server and train into it; its start and the training's imports, seconds each, go side by side."""
    await server.launch(say)
    training = asyncio.create_task(train(server, say, only))
    try:
        await server.ready(say)
        await training
    except BaseException:
        training.cancel()
        await asyncio.gather(training, return_exceptions=True)
        await server.stop()
        raise


async def train(server: MLflowServer, say: Say, only: Sequence[str] = ()) -> None:
    """Train the demo's models, or just those named by `only`; what is there already stays as it is.

    Waits for a server that is still coming up. Raises Refused with the script's last words when it fails.
    """
    arguments = [str(SCRIPT), "--uri", server.url, *(part for name in only for part in ("--only", name))]
    pipe = asyncio.subprocess.PIPE
    process = await spawn(server.python, arguments, server.folder, stdout=pipe, stderr=pipe)
    assert process.stdout is not None
    assert process.stderr is not None
    complaints = asyncio.create_task(process.stderr.read())
    try:
        async for line in process.stdout:
            say(_sentence(line))
        if await process.wait() != 0:
            raise Refused(
                Code.UNAVAILABLE,
                "Training the demo's models failed; start again to go on where it stopped. Its last words:\n"
                f"{last_words(await complaints)}",
            )
    finally:
        await end_group(process.pid)
        await process.wait()
        await complaints


def _sentence(line: bytes) -> str:
    """A progress line in words; anything else that a library printed as it is."""
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line.decode(errors="replace").strip()
    return "Demo: " + " ".join(str(told[key]) for key in ("step", "model", "version", "note") if key in told)
