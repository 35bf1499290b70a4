"""Who PostgreSQL runs as. It refuses to run as root, so root lends it an unprivileged account."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from hub.errors import Code, Refused

# A system's database account where there is one, else the account that owns nothing.
_LENT = ("postgres", "_postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """An account that PostgreSQL runs as in place of root."""

    uid: int
    gid: int
    name: str

    def reaches(self, path: Path) -> bool:
        """Whether the account may pass through every folder down to this path, judged by mode bits alone."""
        return all(self._passes(folder.stat()) for folder in (path, *path.parents))

    def own(self, path: Path) -> None:
        """Give the path, and everything below it, to the account."""
        for name in (path, *path.rglob("*")):
            os.chown(name, self.uid, self.gid, follow_symlinks=False)

    def _passes(self, found: os.stat_result) -> bool:
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        return bool(found.st_mode & (stat.S_IXGRP if found.st_gid == self.gid else stat.S_IXOTH))


def account_for(data: Path) -> Account | None:
    """Who runs the server on this data: None means ourselves, an Account is lent by root.

    Data that already belongs to an account stays with it, so a machine that gains one later changes nothing.
    """
    owner = data.stat().st_uid if data.exists() else None
    ours = os.geteuid()
    if ours != 0:
        if owner is not None and owner != ours:
            raise Refused(
                Code.FORBIDDEN,
                f"{data} belongs to {_name(owner)}, the hub runs as {_name(ours)}; start the hub as its owner or as "
                f"root, change the owner with chown -R, or give another folder with --data",
            )
        _known(ours)
        return None
    if owner:
        known = _known(owner)
        return Account(known.pw_uid, known.pw_gid, known.pw_name)
    for name in _LENT:
        try:
            known = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(known.pw_uid, known.pw_gid, known.pw_name)
    raise Refused(
        Code.SETTING,
        f"PostgreSQL does not run as root and this system has none of the accounts {', '.join(_LENT)}; start the hub "
        "as another user, or name a server in HUB_DATABASE_URL",
    )


def _known(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise Refused(
            Code.SETTING,
            f"user id {uid} has no name on this system and PostgreSQL needs one; add it to /etc/passwd, or name a "
            "server in HUB_DATABASE_URL",
        ) from None


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"
