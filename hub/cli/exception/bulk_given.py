"""What is done to which exceptions, as options say it and as the graph takes it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hub.cli.approvals import when
from hub.cli.approvals.naming import global_id, person, word
from hub.cli.exception import viewing
from hub.cli.exception.given import LISTS
from hub.cli.exception.narrowing import Narrowing
from hub.cli.remote import Remote
from hub.errors import Code, Refused

NEEDS = {"ASSIGN_OWNER": "to", "SET_REVIEW": "review", "SET_TICKET": "ticket", "REVOKE": "reason"}
"""The option that each action takes."""


@dataclass(frozen=True, slots=True)
class Doing:
    """An action by its name, and what it needs."""

    action: str
    to: str | None = None
    review: str | None = None
    ticket: str | None = None
    reason: str | None = None

    def input(self, hub: Remote) -> dict[str, Any]:
        """The same as the graph takes it; refused as `check` does."""
        found: dict[str, Any] = {"action": self.check()}
        if self.to is not None:
            found["owner"] = person(hub, self.to, field="to")["id"]
        if self.review is not None:
            at = when.instant(self.review, option="--review", since=datetime.now(UTC), ends=False)
            found["reviewAt"] = at.isoformat()
        if self.ticket is not None:
            found["ticketUrl"] = self.ticket
        if self.reason is not None:
            found["reason"] = self.reason
        return found

    def check(self) -> str:
        """The action in the graph's word; refused where there is none, without what it needs, or with another's."""
        from hub.exceptions.bulk.rules import BulkAction

        action = word(self.action, BulkAction, option="ACTION")
        # The hub says the same by the names of its arguments, of which one is called as a filter is here.
        wanted = NEEDS[action]
        for option in NEEDS.values():
            is_given = getattr(self, option) is not None
            if option == wanted and not is_given:
                raise Refused(Code.BAD_INPUT, f"{action} needs --{wanted}", field=wanted)
            if option != wanted and is_given:
                why = f"--{option} is not for {action}, which takes --{wanted}; leave it out"
                raise Refused(Code.BAD_INPUT, why, field=option)
        return action


def chosen(hub: Remote, ids: Sequence[str], narrowing: Narrowing, view: str | None) -> dict[str, Any]:
    """The exceptions by their ids, or by options of a list, or by a kept view; refused unless it is one of them."""
    if bool(ids) + narrowing.says_something + (view is not None) != 1:
        why = (
            "choose exceptions by --ids, or by options as hub exception list takes them, or by --view; one of the three"
        )
        raise Refused(Code.BAD_INPUT, why, field="exceptions")
    if view is not None:
        return {"filter": viewing.kept(hub, view)["filter"]}
    if not ids:
        return {"filter": narrowing.filter(hub)}
    each = [one for some in ids for one in re.split(r"[\s,]+", some) if one]
    return {"exceptions": [global_id(one, "PolicyException", field="exception", see=LISTS) for one in each]}
