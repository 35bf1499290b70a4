"""`python -m hub.cli` is `hub`."""

from hub.cli.main import app

app()
