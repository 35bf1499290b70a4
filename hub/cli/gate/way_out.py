"""How somebody asks for an exception: the command, with every id filled in."""

import shlex
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from hub.cli.gate.decision import Check, Report
from hub.cli.gate.queries import REQUEST_EXCEPTION

LONGEST_DAYS = 30
"""What is asked for when the policy would allow more; whoever needs more time says so."""

OWNER = "Person:WHO-ANSWERS"
WHY = "WHY IT CANNOT BE KEPT YET"
CONTROL = "WHAT LOWERS THE RISK MEANWHILE"


@dataclass(frozen=True, slots=True)
class WayOut:
    """An exception that may be asked for; the words in capitals are for a person to replace."""

    check: Check
    document: str
    input: dict[str, Any]

    @property
    def command(self) -> str:
        """One line for a shell."""
        import orjson

        given = f"i={orjson.dumps(self.input).decode()}"
        return f"hub query {shlex.quote(self.document)} --var {shlex.quote(given)}"


def ways_out(report: Report) -> tuple[WayOut, ...]:
    """For each policy that closes the gate and allows exceptions, how one is asked for."""
    intent = report.intent
    if intent is None:
        return ()
    found = []
    for check in intent.checks:
        if not (check.blocking and check.policy_id and check.longest_exception_days > 0):
            continue
        days = min(check.longest_exception_days, LONGEST_DAYS)
        # A minute before the term's last instant, so that it is not past the longest when it arrives.
        ends = (report.now.astimezone(UTC) + timedelta(days=days)).replace(microsecond=0) - timedelta(minutes=1)
        asked = {
            "policy": check.policy_id,
            "model": intent.model_id,
            "version": intent.version_id,
            "stage": intent.stage,
            "owner": intent.owner.id if intent.owner else OWNER,
            "justification": WHY,
            "controls": [CONTROL],
            "expiresAt": ends.isoformat().replace("+00:00", "Z"),
        }
        found.append(WayOut(check, REQUEST_EXCEPTION, asked))
    return tuple(found)
