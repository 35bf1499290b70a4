"""What every long-running command has in common."""

import gc
import re
from pathlib import Path

import pytest

from hub.cli import running


@pytest.mark.parametrize("command", ["up", "serve"])
def test_whoever_turns_the_collector_off_turns_it_on_again(command: str) -> None:
    text = (Path(running.__file__).parent / f"{command}.py").read_text()
    lives = len(re.findall(r"running\.run\(", text))
    assert lives == text.count("running.collect_garbage()") > 0


def test_the_collector_is_set_in_one_place() -> None:
    house = Path(running.__file__).parent.parent
    setting = [path for path in house.rglob("*.py") if re.search(r"\bgc\.(freeze|set_threshold)\(", path.read_text())]
    assert setting == [Path(running.__file__)]


def test_garbage_is_collected_from_then_on() -> None:
    before = gc.get_threshold()
    gc.disable()
    try:
        running.collect_garbage()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
        gc.enable()
