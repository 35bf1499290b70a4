"""How an exception stands after something was done to it."""

from collections.abc import Mapping
from typing import Any


def say(found: Mapping[str, Any], done: str) -> None:
    """Print what was done, and how the exception stands by now."""
    from hub.cli import printing
    from hub.cli.approvals import when
    from hub.cli.approvals.naming import called
    from hub.cli.exception.sheet import scope
    from hub.cli.gate.inert import inert

    printing.line(f"{scope(found)} from {inert(found['policy']['key'])}: {done}")
    until = f", until {when.said(when.of(found['expiresAt']))}" if found["status"] in ("APPROVED", "ACTIVE") else ""
    printing.line(f"{inert(found['status'])}{until}; owned by {called(found['owner'])}")
