"""Waiting while people decide: asks again and again, says what changes, and bears a hub that is away for a while."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hub.cli.gate import asking, reading
from hub.cli.gate.decision import Intent
from hub.cli.gate.inert import inert
from hub.cli.remote import Remote
from hub.errors import Code, Refused

FIRST_S, LONGEST_S, GROWTH = 2.0, 15.0, 1.3
WAITING = "AWAITING_APPROVAL"
OPEN = (WAITING, "CHECKING")
TERM = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?")
LONGEST_TERM_S = 7 * 24 * 3600


class TimedOut(Exception):
    """The time given is over; `away` is why the hub cannot be asked, where that is so."""

    def __init__(self, away: str | None) -> None:
        super().__init__(away)
        self.away = away


@dataclass(slots=True)
class Patience:
    """How long to wait, how time passes, and where the intent stood when it was last looked at."""

    term_s: float
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    pause_s: float = FIRST_S
    status: str = ""
    _ends: float = field(init=False)

    def __post_init__(self) -> None:
        self._ends = self.now() + self.term_s

    def pause(self) -> bool:
        """Let some time pass, a little more each time; False when the term is over."""
        left = self._ends - self.now()
        if left <= 0:
            return False
        self.sleep(min(self.pause_s, left))
        self.pause_s = min(self.pause_s * GROWTH, LONGEST_S)
        return True


def term(text: str) -> float:
    """Seconds of a term such as 90s, 30m or 1h30m."""
    found = TERM.fullmatch(text.strip())
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    total = hours * 3600 + minutes * 60 + seconds
    if not 0 < total <= LONGEST_TERM_S:
        raise Refused(
            Code.BAD_INPUT, f"--timeout {inert(text, 50)}: write 90s, 30m or 1h30m, at most 168h", field="timeout"
        )
    return float(total)


def until_decided(hub: Remote, intent: Intent, patience: Patience, say: Callable[[str], None]) -> Intent:
    """The intent once nobody is waited for any more. Raises TimedOut."""
    heard = {f"{one.decision} {one.person.called}" for one in intent.approval.signatures} if intent.approval else set()
    away = None
    while patience.pause():
        try:
            seen = asking.look(hub, intent.id)
            if seen["status"] not in OPEN:
                return asking.again(hub, intent.id)
        except Refused as refused:
            if refused.code is not Code.UNAVAILABLE:
                raise
            if away is None:
                say(f"the hub is away, and is asked again until it is back: {inert(refused.why, 300)}")
            away = refused.why
            continue
        if away is not None:
            say("the hub is back")
            away = None
        for line in _news(seen, heard):
            say(line)
        if seen["status"] != patience.status:
            patience.status = seen["status"]
            say("the checks have ended; waiting for people" if patience.status == WAITING else inert(patience.status))
    raise TimedOut(away)


def _news(seen: dict[str, Any], heard: set[str]) -> list[str]:
    approval = seen["approvalRequest"]
    if approval is None:
        return []
    lines = []
    open = reading.open_disciplines(approval)
    for row, line in zip(approval["signOffs"]["nodes"], reading.signed(approval), strict=True):
        person = row["person"] or {}
        known = f"{inert(row['decision'])} {inert(person.get('name', ''))} ({inert(person.get('handle', ''))})"
        if known not in heard:
            heard.add(known)
            rest = f"; {', '.join(open)} {'is' if len(open) == 1 else 'are'} open" if open else ""
            lines.append(f"{line}{rest}")
    return lines
