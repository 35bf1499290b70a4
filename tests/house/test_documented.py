"""What can be plugged in is told in the README, and every lock of the database has a key of its own."""

import re
from importlib.metadata import entry_points
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK_KEY = re.compile(r"^\w*LOCK\w* = (\d[\d_]+)$", re.MULTILINE)


def test_every_plugin_has_a_row_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    names = [
        found.name for group in ("hub.registries", "hub.channels", "hub.checks") for found in entry_points(group=group)
    ]
    assert names == ["mlflow", "signature"]
    assert [name for name in names if f"| `{name}` |" not in readme] == []


def test_no_two_advisory_locks_share_a_key() -> None:
    keys = [key.replace("_", "") for path in (ROOT / "hub").rglob("*.py") for key in LOCK_KEY.findall(path.read_text())]
    assert len(keys) >= 3
    assert len(keys) == len(set(keys))
