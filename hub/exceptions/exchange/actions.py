"""The verb that asks for many exceptions, each by itself: for good, or tried out and undone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from hub.db import Tx
from hub.errors import Code, Refused
from hub.events.answers import Answer, once
from hub.events.canonical import digest_of
from hub.exceptions.asking import actions as asking
from hub.exceptions.rules import Deviation
from hub.people.access import Permission, Principal
from hub.people.acting import acting

MOST = 50


class ImportOutcome(StrEnum):
    """What became of one of them."""

    ASKED = "ASKED"
    ASKED_BEFORE = "ASKED_BEFORE"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Wish:
    """An exception that is asked for: as it was given, by which it is known again, and how that is read."""

    given: Mapping[str, object]
    read: Callable[[], Deviation]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one, with the request that there is of it; a trial leaves none of those that it made."""

    became: ImportOutcome
    exception_id: UUID | None = None
    refused: Refused | None = None


async def ask_each(tx: Tx, who: Principal, wishes: Sequence[Wish], *, dry_run: bool) -> list[Outcome]:
    """Ask for each; one that is refused leaves the others, one that this person imported before is not asked anew.

    A dry run does the very same and undoes all of it.
    """
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    if not 1 <= len(wishes) <= MOST:
        why = f"{len(wishes)} exceptions given; 1 to {MOST} are taken at once, split them into several requests"
        raise Refused(Code.BAD_INPUT, why, field="exceptions")
    if not dry_run:
        return [await _ask(tx, who, one) for one in wishes]
    async with tx.trial():
        tried = [await _ask(tx, who, one) for one in wishes]
    undone = {one.exception_id for one in tried if one.became is ImportOutcome.ASKED}
    return [Outcome(one.became, None, one.refused) if one.exception_id in undone else one for one in tried]


async def _ask(tx: Tx, who: Principal, wish: Wish) -> Outcome:
    became = ImportOutcome.ASKED_BEFORE

    async def act() -> Answer:
        nonlocal became
        became = ImportOutcome.ASKED
        return Answer("exception", (await asking.request(tx, who, wish.read())).id)

    try:
        async with tx.part():
            answer = await once(tx, f"import {digest_of(wish.given)}", "importExceptions", wish.given, act)
    except Refused as refused:
        return Outcome(ImportOutcome.REFUSED, refused=refused)
    return Outcome(became, answer.id)
