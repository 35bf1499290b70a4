"""Where a data folder's parts lie on disk, and who holds them.

Two parts may have to live elsewhere; then the folder keeps a link with the part's own name:

- As root, when the lent account cannot pass through the folders above (a checkout below /root), the data goes to a
  folder of its own under ELSEWHERE. No mode of a folder that is not the hub's is ever changed.
- A Unix socket's path holds about a hundred bytes. When the folder's own path is longer, the socket goes to a private
  folder in the system's temporary one, new at each start. So it does when the path holds a comma.
"""

import fcntl
import os
import tempfile
from pathlib import Path

from hub.embedded.account import Account
from hub.embedded.config import PORT
from hub.errors import Code, Refused

ELSEWHERE = Path("/var/lib/governance-hub")
FORMAT = 1  # of the data folder's layout; one more when an older hub could no longer use the folder
_SOCKET_PATH_BYTES = 103  # 104 with the final NUL on macOS, 108 on Linux; the same limit everywhere
SOCKET_FILE = f".s.PGSQL.{PORT}"
_LOCK_FILE = f"{SOCKET_FILE}.lock"


def prepare(folder: Path) -> None:
    """Make the data folder when it is not there, open for passing through when root will lend it to an account."""
    if not folder.is_dir():
        folder.mkdir(parents=True, mode=0o700)
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)


def home_of(folder: Path, account: Account | None) -> Path:
    """The folder that really holds the data: the data folder, or for root the one its link points to."""
    link = folder / "postgres"
    if not link.is_symlink() and account is not None and not account.reaches(folder):
        if link.exists():
            raise Refused(
                Code.FORBIDDEN,
                f"{account.name}, who runs PostgreSQL in place of root, cannot reach {link}; move the data folder to "
                "where every user may pass, or start the hub as another user",
            )
        ELSEWHERE.mkdir(parents=True, exist_ok=True, mode=0o755)
        home = Path(tempfile.mkdtemp(prefix=f"{folder.name.strip('.')}-", dir=ELSEWHERE))
        home.chmod(0o711)
        link.symlink_to(home / "postgres")
    if not link.is_symlink():
        return folder
    home = link.readlink().parent
    if not home.is_dir():
        raise Refused(
            Code.WRONG_STATE,
            f"{link} points to {home}, which is gone; bring it back, or remove the link to begin with an empty one",
        )
    return home.resolve()


def lock(home: Path, folder: Path) -> int:
    """The descriptor that holds the folder for this process until it is closed; Refused while another hub has it."""
    held = os.open(home / "hub.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(held, 32, 0).decode(errors="replace").strip()
        os.close(held)
        raise Refused(
            Code.CONFLICT,
            f"{folder} is in use by {f'pid {pid}' if pid else 'another hub'}; stop that hub, or give another folder "
            "with --data",
        ) from None
    os.ftruncate(held, 0)
    os.pwrite(held, f"{os.getpid()}\n".encode(), 0)
    return held


def check_format(folder: Path) -> None:
    """Mark a folder that has no mark; Refused when a newer hub marked it."""
    mark = folder / "format"
    if not mark.exists():
        mark.write_text(f"{FORMAT}\n")
    written = mark.read_text(errors="replace").strip()[:20]
    if not written.isdecimal():
        raise Refused(Code.WRONG_STATE, f"{mark} says {written!r} where a number is expected; is {folder} a hub's?")
    if int(written) > FORMAT:
        raise Refused(
            Code.NEWER_DATA,
            f"{folder} has format {written}, this hub knows {FORMAT}; start the newer hub that wrote it, or give "
            "another folder with --data",
        )


def major_of(data: Path) -> int | None:
    """The major version that wrote the data; None when there is no data yet."""
    if not data.exists():
        return None
    mark = data / "PG_VERSION"
    if mark.is_file():
        return int(mark.read_text().strip())
    if any(data.iterdir()):
        raise Refused(Code.WRONG_STATE, f"{data} holds something else than PostgreSQL's data; give another folder")
    data.rmdir()
    return None


def socket_in(home: Path, account: Account | None) -> Path:
    """A folder for the socket, closed to all but its owner, with a path short enough; made anew where it must be."""
    near = home / "socket"
    if _fits(near):
        if near.is_symlink():
            near.unlink()
        near.mkdir(mode=0o700, exist_ok=True)
        door = near
    else:
        leave_socket(home)
        _remove(near)
        door = _short(account)
        near.symlink_to(door)
    if account is not None:
        account.own(door)
    door.chmod(0o700)
    return door


def leave_socket(home: Path) -> None:
    """Remove a socket folder that lay outside the data folder, and the link to it.

    A copied data folder brings along a link to the original's socket: that one is not ours to remove.
    """
    link = home / "socket"
    if not link.is_symlink():
        return
    door = link.readlink()
    link.unlink()
    told = door / _LOCK_FILE
    if not told.exists() or told.read_text().splitlines()[1:2] == [str(home / "postgres")]:
        _remove(door)


def _fits(door: Path) -> bool:
    # A comma in an address separates hosts.
    return len(os.fsencode(door / SOCKET_FILE)) <= _SOCKET_PATH_BYTES and "," not in str(door)


def _short(account: Account | None) -> Path:
    for above in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 - mkdtemp makes it private
        if _fits(above / "hub-12345678") and (account is None or account.reaches(above)):
            return Path(tempfile.mkdtemp(prefix="hub-", dir=above))
    raise Refused(Code.SETTING, "no temporary folder has a path short enough for a Unix socket; set TMPDIR to one")


def _remove(door: Path) -> None:
    # File by file, because a link may have been turned to a folder that holds more than a socket.
    for name in (SOCKET_FILE, _LOCK_FILE):
        (door / name).unlink(missing_ok=True)
    if door.is_dir() and not any(door.iterdir()):
        door.rmdir()
