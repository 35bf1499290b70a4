"""Where the hub of this machine is: its data folder, its database, its door, its token."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.errors import Code, Refused

if TYPE_CHECKING:
    from hub.settings import Settings

VERSIONS = Path(__file__).parent.parent.parent / "migrations" / "versions"
CONNECT_WITHIN_S = 5.0


def chosen(**given: Any) -> "Settings":
    """The settings, with what was given on the command line over them."""
    from hub.settings import settings

    for name, value in given.items():
        if value is not None:
            # As part of the environment, so that every module that asks for the settings finds the same.
            os.environ[f"HUB_{name.upper()}"] = str(value)
    settings.cache_clear()
    return settings()


def named_url(chosen: "Settings") -> str | None:
    """HUB_DATABASE_URL as asyncpg takes it, None when there is none. Refuses what is no PostgreSQL address."""
    if chosen.database_url is None:
        return None
    from hub.db import plain_url

    return plain_url(chosen.database_url.get_secret_value())


def database_url(chosen: "Settings") -> str:
    """The database to work on: the one named, or that of the hub that runs in the data folder."""
    from hub.embedded import Embedded

    found = named_url(chosen) or Embedded.running(chosen.data.resolve())
    if found is None:
        raise Refused(Code.OFF, f"no hub runs in {chosen.data} and HUB_DATABASE_URL is not set; start one with: hub up")
    return found


def known_revisions() -> list[str]:
    """Every revision this hub knows, oldest first, by the names of their files."""
    return sorted(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))


async def revision(url: str) -> str | None:
    """The revision of a database, None for an empty one. Refuses, by the way out, a database that cannot be reached."""
    import asyncpg

    from hub.cli import store

    host, name, user = _parts(url)
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_WITHIN_S)
    except asyncpg.InvalidCatalogNameError:
        why, way = f"the server at {host} has no database {name}", f"make it (createdb {name}) or name another"
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
        why, way = f"the server at {host} refused user {user}", "give the right user and password"
    except asyncpg.TooManyConnectionsError:
        why, way = f"the server at {host} has no connection left", "raise its max_connections or end some"
    except TimeoutError:
        why, way = f"nothing answered at {host} within {CONNECT_WITHIN_S:.0f} s", "see whether it is up and reachable"
    except OSError as error:
        said = (error.strerror or str(error)).splitlines()[0]
        why, way = f"no PostgreSQL answers at {host} ({said})", "start it, or give its address"
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        why, way = f"the server at {host} cannot be used ({str(error).splitlines()[0][:200]})", "change the address"
    else:
        try:
            return await store.revision(connection)
        finally:
            await connection.close()
    raise Refused(
        Code.UNAVAILABLE,
        f"{why}; {way} in HUB_DATABASE_URL, or unset it to use an embedded one",
        field="HUB_DATABASE_URL",
    )


async def check_migrated(url: str) -> None:
    """Refuses a database whose tables are not those of this hub."""
    at, known = await revision(url), known_revisions()
    if at == known[-1]:
        return
    if at is not None and at not in known:
        raise Refused(Code.NEWER_DATA, f"the database is at revision {at}, of a newer hub; start that one")
    raise Refused(
        Code.WRONG_STATE,
        f"the database is at revision {at or 'none'}, this hub needs {known[-1]}; bring it there with: hub migrate",
    )


def remember(data: Path, name: str, text: str) -> None:
    """Keep a line in the data folder, for this user's eyes only, whole or not at all."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        half = data / f".{name}.{os.getpid()}"
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(f"{text}\n")
        half.replace(data / name)
    except OSError as error:
        raise Refused(
            Code.SETTING,
            f"{data} cannot be written to ({error.strerror}); give another folder with --data",
            field="data",
        ) from None


def remembered(data: Path, name: str) -> str | None:
    """A line kept in the data folder."""
    try:
        return (data / name).read_text().strip() or None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise Refused(
            Code.FORBIDDEN,
            f"{data / name} belongs to another user; run as that user, or give another folder with --data",
        ) from None


def _parts(url: str) -> tuple[str, str, str]:
    from sqlalchemy.engine import make_url

    parsed = make_url(url)
    host = parsed.host or str(parsed.query.get("host", "localhost"))
    return (f"{host}:{parsed.port}" if parsed.port else host), parsed.database or "?", parsed.username or "?"
