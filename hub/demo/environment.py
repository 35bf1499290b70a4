"""The Python that has MLflow: its dependencies contradict the hub's own, so it lives in an environment to itself.

Looked for in this order: the one named in HUB_MLFLOW_PYTHON, the project's `.mlflow/` that `make setup` makes, and
`mlflow-env/` in the data folder, which is made here. The last two count only when `.lock-digest` says that they are
whole: it is written when everything is installed, and holds the digest of the lock it was installed from.
"""

import asyncio
import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import hub
from hub.errors import Code, Refused

SETTING = "HUB_MLFLOW_PYTHON"
PACKAGE_ROOT = Path(hub.__file__).resolve().parent
_MARK = ".lock-digest"
_STEP = 20  # packages between two words of progress


def python_in(environment: Path) -> Path:
    """Where a virtual environment keeps its interpreter."""
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def named(setting: str) -> Path:
    """The interpreter a person named; Refused when there is none at that path."""
    python = Path(setting).expanduser()
    if not os.access(python, os.X_OK) or python.is_dir():
        raise Refused(
            Code.SETTING,
            f"{SETTING} is {setting}, where no program is; name the interpreter of an environment that has MLflow, or "
            "leave it unset to have one made",
            field=SETTING,
        )
    return python


def whole(environment: Path, lock: Path | None = None) -> bool:
    """Whether an environment was installed to its end; from this very lock, when one is given."""
    mark = environment / _MARK
    if not mark.is_file() or not python_in(environment).exists():
        return False
    return lock is None or mark.read_text().strip() == digest(lock)


def digest(lock: Path) -> str:
    """What `.lock-digest` holds for this lock: SHA-256, in hexadecimal."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def lock_file(package_root: Path = PACKAGE_ROOT) -> Path | None:
    """The lock of MLflow's environment: in the checkout, or beside this module when it was packed into a wheel."""
    candidates = (package_root.parent / "requirements" / "mlflow.txt", package_root / "demo" / "mlflow.txt")
    return next((lock for lock in candidates if lock.is_file()), None)


def found(data: Path, setting: str | None, package_root: Path = PACKAGE_ROOT) -> Path | None:
    """The interpreter to use if one is there already; Refused when the one named in the setting is not."""
    if setting:
        return named(setting)
    if whole(package_root.parent / ".mlflow"):
        return python_in(package_root.parent / ".mlflow")
    lock = lock_file(package_root)
    # A changed lock makes the data folder's environment anew; without a lock the one that is there must do.
    return python_in(data / "mlflow-env") if whole(data / "mlflow-env", lock) else None


async def ensure(data: Path, say: Callable[[str], None], package_root: Path = PACKAGE_ROOT) -> Path:
    """An interpreter that has MLflow, in an environment made now when there is none; takes minutes then.

    Refused when the named one is absent, the lock is not at hand, or the installation fails, with pip's last word.
    """
    python = found(data, os.environ.get(SETTING), package_root)
    if python is not None:
        return python
    lock = lock_file(package_root)
    if lock is None:
        raise Refused(
            Code.SETTING,
            "the demo needs MLflow in an environment of its own, and this installation does not carry its lock; run "
            f"the demo from a checkout, or make an environment with mlflow 3.17 and scikit-learn and name its Python "
            f"in {SETTING}",
            field=SETTING,
        )
    environment = data / "mlflow-env"
    say(f"making an environment for MLflow in {environment}: once, about 600 MB")
    shutil.rmtree(environment, ignore_errors=True)
    environment.parent.mkdir(parents=True, exist_ok=True)
    await _run([sys.executable, "-m", "venv", str(environment)], say)
    pip = [str(python_in(environment)), "-m", "pip", "install", "--no-compile", "--disable-pip-version-check"]
    await _run([*pip, "--require-hashes", "-r", str(lock)], say)
    (environment / _MARK).write_text(f"{digest(lock)}\n")
    return python_in(environment)


async def _run(command: list[str], say: Callable[[str], None]) -> None:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    fetched, last = 0, "no word"
    try:
        async for line in process.stdout:
            word = line.decode(errors="replace").strip()
            last = word or last
            fetched += word.startswith("Collecting ")
            if word.startswith("Collecting ") and fetched % _STEP == 0:
                say(f"MLflow's environment: {fetched} packages found")
            elif word.startswith("Installing collected packages"):
                say(f"MLflow's environment: installing {fetched} packages")
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code != 0:
        raise Refused(
            Code.UNAVAILABLE,
            f"MLflow's environment could not be made: {last[:500]}; try again, or name a Python that has MLflow in "
            f"{SETTING} (on Debian and Ubuntu making environments needs python3-venv)",
            field=SETTING,
        )
