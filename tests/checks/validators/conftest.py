"""Validators that are installed for one test."""

from pathlib import Path

import plugging
import pytest


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the validators, which this process and those of validators find."""
    plugging.install(tmp_path)
    # Whatever account the tests run under, a validator's process can read it.
    tmp_path.chmod(0o755)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("HUB_MASTER_KEY", "a secret")
    return tmp_path
