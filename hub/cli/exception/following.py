"""How an exception stands after it was asked for, or something was done to it."""

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


def asked(made: Mapping[str, Any]) -> None:
    """Print as what an exception was asked for, and who decides about it."""
    from hub.cli.approvals import following
    from hub.cli.approvals.naming import bare

    request = made["approvalRequest"]
    following.say(request, [], f"asked as exception {bare(made['id'])}, in request {bare(request['id'])}")
