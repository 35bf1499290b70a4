"""How somebody asks for an exception: the command, with everything filled in that the gate knows."""

import shlex
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from hub.cli.gate.decision import Check, Intent, Report
from hub.cli.gate.queries import REQUEST_EXCEPTION

LONGEST_DAYS = 30
"""What is asked for when the policy would allow more; whoever needs more time says so."""

OWNER, HANDLE = "Person:WHO-ANSWERS", "WHO-ANSWERS"
WHY = "WHY IT CANNOT BE KEPT YET"
CONTROL = "WHAT LOWERS THE RISK MEANWHILE"


@dataclass(frozen=True, slots=True)
class WayOut:
    """An exception that may be asked for; the words in capitals are for a person to replace."""

    check: Check
    document: str
    input: dict[str, Any]
    options: dict[str, str]

    @property
    def command(self) -> str:
        """One line for a shell."""
        words = ["hub", "exception", "request"]
        for option, value in self.options.items():
            words += [option, value]
        return shlex.join(words)


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
            "controls": [{"description": CONTROL}],
            "expiresAt": ends.isoformat().replace("+00:00", "Z"),
        }
        found.append(WayOut(check, REQUEST_EXCEPTION, asked, _options(intent, check, days)))
    return tuple(found)


def _options(intent: Intent, check: Check, days: int) -> dict[str, str]:
    """The same for `hub exception request`."""
    return {
        "--policy": check.key,
        "--model": intent.model,
        "--registry": intent.registry,
        "--version": intent.version,
        "--to": intent.stage.lower(),
        "--owner": intent.owner.handle if intent.owner else HANDLE,
        "--expires": f"{days}d",
        "--justification": WHY,
        "--control": CONTROL,
    }
