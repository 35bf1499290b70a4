"""Which Python runs MLflow, and how an environment for it is made; with a lock that installs nothing."""

import shutil
import sys
from pathlib import Path

import pytest

from hub.demo.environment import SETTING, digest, ensure, found, lock_file, python_in, whole
from hub.errors import Code, Refused


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package folder of a checkout whose lock names no package."""
    monkeypatch.delenv(SETTING, raising=False)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "mlflow.txt").write_text("# nothing\n")
    (tmp_path / "hub").mkdir()
    return tmp_path / "hub"


def made(folder: Path, lock: Path | None) -> Path:
    python_in(folder).parent.mkdir(parents=True)
    python_in(folder).symlink_to(sys.executable)
    if lock is not None:
        (folder / ".lock-digest").write_text(digest(lock) + "\n")
    return python_in(folder)


def test_the_named_python_comes_first(checkout: Path, tmp_path: Path) -> None:
    made(tmp_path / ".mlflow", lock_file(checkout))
    assert found(tmp_path / "data", sys.executable, checkout) == Path(sys.executable)


@pytest.mark.parametrize("setting", ["/nowhere/python", "/"])
def test_a_named_python_that_is_none_is_refused(checkout: Path, tmp_path: Path, setting: str) -> None:
    with pytest.raises(Refused, match=f"^{SETTING} is {setting}, ") as refused:
        found(tmp_path / "data", setting, checkout)
    assert (refused.value.code, refused.value.field) == (Code.SETTING, SETTING)


def test_the_project_s_environment_comes_before_the_data_folder_s(checkout: Path, tmp_path: Path) -> None:
    near = made(tmp_path / "data" / "mlflow-env", lock_file(checkout))
    assert found(tmp_path / "data", None, checkout) == near
    project = made(tmp_path / ".mlflow", lock_file(checkout))
    assert found(tmp_path / "data", "", checkout) == project


def test_an_environment_cut_short_does_not_count(checkout: Path, tmp_path: Path) -> None:
    made(tmp_path / ".mlflow", None)
    made(tmp_path / "data" / "mlflow-env", None)
    assert found(tmp_path / "data", None, checkout) is None


def test_an_environment_of_an_earlier_lock_does_not_count(checkout: Path, tmp_path: Path) -> None:
    lock = lock_file(checkout)
    assert lock is not None
    made(tmp_path / "data" / "mlflow-env", lock)
    lock.write_text("# something\n")
    assert found(tmp_path / "data", None, checkout) is None


def test_a_packed_lock_is_found_beside_the_module(checkout: Path) -> None:
    (checkout.parent / "requirements" / "mlflow.txt").unlink()
    assert lock_file(checkout) is None
    (checkout / "demo").mkdir()
    (checkout / "demo" / "mlflow.txt").write_text("")
    assert lock_file(checkout) == checkout / "demo" / "mlflow.txt"


def test_the_project_s_own_lock_is_at_hand_and_names_no_host() -> None:
    lock = lock_file()
    assert lock is not None
    assert "mlflow==3.17.2" in lock.read_text()
    assert "://" not in lock.read_text()


async def test_an_environment_is_made_once(checkout: Path, tmp_path: Path) -> None:
    heard: list[str] = []
    python = await ensure(tmp_path / "data", heard.append, checkout)
    assert python == tmp_path / "data" / "mlflow-env" / "bin" / "python"
    assert whole(tmp_path / "data" / "mlflow-env", lock_file(checkout))
    assert heard == [f"making an environment for MLflow in {tmp_path}/data/mlflow-env: once, about 600 MB"]
    assert await ensure(tmp_path / "data", heard.append, checkout) == python
    assert len(heard) == 1


async def test_a_failed_installation_is_refused_and_does_not_count(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(Refused, match=f"could not be made: no word; .* {SETTING}") as refused:
        await ensure(tmp_path / "data", lambda _: None, checkout)
    assert refused.value.code == Code.UNAVAILABLE
    assert not (tmp_path / "data" / "mlflow-env" / ".lock-digest").exists()


async def test_without_a_lock_the_way_out_is_named(checkout: Path, tmp_path: Path) -> None:
    (checkout.parent / "requirements" / "mlflow.txt").unlink()
    with pytest.raises(Refused, match=f"from a checkout, or .* {SETTING}") as refused:
        await ensure(tmp_path / "data", lambda _: None, checkout)
    assert refused.value.code == Code.SETTING
    assert not (tmp_path / "data").exists()
