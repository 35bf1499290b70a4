"""The server's configuration: what every embedded server gets, and the files that say so."""

from collections.abc import Mapping
from pathlib import Path

PORT = 5432  # names the socket's file; nothing listens on a network

_HEAD = """\
# Written by the hub at each start. What ALTER SYSTEM sets lies in postgresql.auto.conf, is kept, and wins over this.
"""
_DOORS = """\
# Written by the hub at each start. The socket's folder is closed to all but its owner; there is no other way in.
local all all trust
"""
_LAPTOP = {
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "max_wal_size": "512MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    # Nothing replicates from an embedded server.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_checkpoints": "off",
}


def write(data: Path, door: Path, settings: Mapping[str, str]) -> None:
    """Both configuration files, with the socket in folder `door` and these settings over the usual ones."""
    doubled = str(door).replace('"', '""')
    chosen = {
        **_LAPTOP,
        **settings,
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": f'"{doubled}"',
        "unix_socket_permissions": "0700",
    }
    lines = [f"{name} = '{_quoted(value)}'\n" for name, value in chosen.items()]
    (data / "postgresql.conf").write_text(_HEAD + "".join(lines))
    (data / "pg_hba.conf").write_text(_DOORS)


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")
