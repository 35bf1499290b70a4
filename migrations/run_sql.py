"""Runs a file of several statements in a migration."""

from pathlib import Path

from alembic import op


def run_file(name: str) -> None:
    run_script((Path(__file__).parent / "sql" / name).read_text())


def run_script(script: str) -> None:
    """Run statements as one simple query: the driver's prepared statements take one at a time only."""
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.run_async(lambda raw: raw.execute(script))  # type: ignore[attr-defined]
