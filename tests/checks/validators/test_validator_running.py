"""Validators in processes of their own: what they find comes back, and whatever goes wrong stays there."""

import asyncio
import os
from pathlib import Path

import pytest

from hub.checks.validators.port import Finding, Validator
from hub.checks.validators.running import Failed, finding, run
from hub.plugins import CHECKS, one

DOCUMENT = {"version": {"name": "1", "digest": "d"}, "datasets": []}


async def found(name: str) -> Finding:
    validator: Validator = one(CHECKS, name).load()
    return await run(name, validator, DOCUMENT)


async def why(name: str) -> str:
    with pytest.raises(Failed) as failed:
        await found(name)
    return failed.value.why


async def test_a_finding_comes_back_whole(plugged: Path) -> None:
    assert await found("fails") == Finding("FAIL", {"drop": 0.25}, {"noise": "gaussian"}, "worse under noise")


async def test_one_that_hangs_is_ended_with_all_that_it_started(plugged: Path) -> None:
    assert await why("hangs") == "it was not done after 0.5 s, and was ended"
    pids = [int(pid) for pid in (plugged / "pids").read_text().split()]
    assert len(pids) == 2
    for pid in pids:
        await _gone(pid)


async def _gone(pid: int) -> None:
    """Wait until a process is no more; one that nobody has taken leave of yet is no more."""
    while True:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state in ("Z", "X"):
            return
        await asyncio.sleep(0)


async def test_one_that_prints_ten_megabytes_is_heard_all_the_same(plugged: Path) -> None:
    assert await found("prints") == Finding("PASS", {"rows": 3.0})


async def test_a_finding_of_ten_megabytes_is_too_long(plugged: Path) -> None:
    assert await why("tells_too_much") == "its finding is longer than 1000000 bytes; it was ended"


async def test_one_that_breaks_says_what_broke(plugged: Path) -> None:
    assert await why("crashes") == "it ended with exit code 1: ZeroDivisionError: no rows at all"
    assert await why("kills_itself") == "it ended with signal SIGSEGV: it said nothing"


async def test_a_figure_that_is_no_number_is_no_finding(plugged: Path) -> None:
    assert (await why("gives_nan")).startswith("it ended with exit code 1: ValueError: Out of range float values")


async def test_one_that_wants_all_memory_gets_none(plugged: Path) -> None:
    assert await why("allocates") == "it ended with exit code 1: MemoryError"


async def test_one_knows_no_secret_of_the_hub(plugged: Path) -> None:
    assert "HUB_MASTER_KEY" in os.environ
    seen = (await found("looks_around")).details
    assert seen["document"] == DOCUMENT
    assert [name for name in seen["environment"] if name.startswith("HUB")] == []
    known = {"PATH", "PYTHONPATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR", "PYTHONIOENCODING"}
    # LC_CTYPE is Python's own doing where no language is set.
    assert set(seen["environment"]) <= known | {"PYTHONDONTWRITEBYTECODE", "LC_CTYPE"}


async def test_one_that_is_given_up_half_way_is_ended(plugged: Path) -> None:
    task = asyncio.create_task(found("looks_around"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "its finding is no JSON: b''"),
        (b"NaN", "its finding is no JSON: b'NaN'"),
        (b"[]", "its finding has not the fields details, figures, title, verdict"),
        (b'{"verdict": "MAYBE", "figures": {}, "details": {}, "title": ""}', "its verdict is 'MAYBE'"),
        (b'{"verdict": "PASS", "figures": [], "details": {}, "title": ""}', "its figures and details are no mappings"),
    ],
)
def test_an_answer_that_is_no_finding_is_refused(answer: bytes, said: str) -> None:
    with pytest.raises(Failed) as failed:
        finding(answer)
    assert failed.value.why.startswith(said)
