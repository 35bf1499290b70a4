"""Puts the documentation's examples to a demo that runs: queries are answered, the README's commands do as it says."""

import asyncio
import os
import re
import sys
from pathlib import Path

import orjson

from tests.cli.hubs import command, environment
from tests.docs.pages import blocks, documents

IDS = """
{
  model(name: "breast-cancer-diagnosis") { owner { id } versions(first: 1, filter: {name: "3"}) { nodes { id } } }
  approvalRequests(first: 1, filter: {kind: ["version"], status: [PENDING]}) { nodes { id } }
}
"""
PLACEHOLDER = re.compile(r'"(\w+):[^"]*…"')
ASKS_STEP_BY_STEP = "hub exception request "


async def check_queries(folder: Path) -> None:
    """None has an error or is answered with nothing; one that shows its answer is answered so."""
    ids = await known(folder)
    variables = ("--var", f"request={ids['ApprovalRequest']}", "--var", "name=heaviest")
    queries = [asked for asked in documents() if not asked.block.text.startswith("mutation")]
    for asked in queries:
        text = PLACEHOLDER.sub(lambda found: f'"{ids[found[1]]}"', asked.block.text)
        data = orjson.loads(await answer(folder, text, *variables))["data"]
        assert None not in data.values(), str(asked.block)
        assert asked.answer is None or data == orjson.loads(asked.answer), str(asked.block)
    assert len(queries) >= 7


async def known(folder: Path) -> dict[str, str]:
    """The id of one of each kind that examples speak of, by its type."""
    return {id.partition(":")[0]: id for id in re.findall(r'"id": "([^"]+)"', await answer(folder, IDS))}


async def check_downloads(folder: Path) -> None:
    """What the pages fetch with curl is there."""
    ids = await known(folder)
    stands_for = {
        "http://127.0.0.1:8000": (folder / "url").read_text().strip(),
        "/APPROVAL_REQUEST.": f"/{ids['ApprovalRequest']}.",
        "/VERSION/": f"/{ids['ModelVersion']}/",
    }
    lines = [line for block in blocks() for line in block.text.splitlines() if re.match(r"curl .*127\.0\.0\.1", line)]
    for line in lines:
        for placeholder, meant in stands_for.items():
            line = line.replace(placeholder, meant)
        shell = environment(HUB_TOKEN=(folder / "token").read_text().strip())
        process = await asyncio.create_subprocess_shell(
            f"{line} -sS --fail", env=shell, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        assert (process.returncode, len(said) > 1_000) == (0, True), f"{line}\n{said[:1_000]!r}"
    assert len(lines) >= 3


async def answer(folder: Path, query: str, *variables: str) -> str:
    said = await command("query", "-", *variables, "--data", str(folder), given=query)
    assert said.code == 0, f"{query}\n{said.out}"
    return said.out


async def check_readme(folder: Path) -> None:
    """Each of its commands as it stands, in a shell; they end with the exit code that is said beside them, else 0."""
    shell = environment(HUB_DATA=str(folder), PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    shown = [block.text for block in blocks() if block.page == "README.md" and block.text.startswith("hub ")]
    lines = [line for text in shown for line in re.sub(r"\\\n", "", text).splitlines()]
    for line in lines:
        if line.startswith(ASKS_STEP_BY_STEP):
            continue
        process = await asyncio.create_subprocess_shell(
            line, cwd=folder.parent, env=shell, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
        expected = re.search(r"# .*exit code (\d)", line)
        assert process.returncode == (int(expected[1]) if expected else 0), f"{line}\n{said.decode()}"
    assert len(lines) >= 12
