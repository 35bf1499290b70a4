"""What each action does to one exception, registered by its name."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from hub import words
from hub.db import Tx
from hub.errors import Code, Refused
from hub.events.canonical import digest_of_text
from hub.exceptions import holding, store
from hub.exceptions.bulk import rules
from hub.exceptions.bulk.rules import Arguments, BulkAction, Chosen
from hub.exceptions.tables import PolicyException
from hub.exceptions.telling import tell
from hub.people.access import Permission, Principal
from hub.people.acting import acting

Do = Callable[[Tx, Principal, Chosen, Arguments], Awaitable[str]]
"""Does it to one exception that is held, and says what was done; refuses what it would refuse of one alone."""

LONGEST_URL = 2_000

_KINDS: dict[BulkAction, Do] = {}


def kind(action: BulkAction) -> Callable[[Do], Do]:
    """Have a function do this action."""

    def register(do: Do) -> Do:
        _KINDS[action] = do
        return do

    return register


def doing(action: BulkAction) -> Do:
    """What does this action."""
    if action not in _KINDS:
        raise Refused(Code.OFF, f"{action} is not done to many at once here; do it to each", field="action")
    return _KINDS[action]


@kind(BulkAction.SET_REVIEW)
async def set_review(tx: Tx, who: Principal, one: Chosen, given: Arguments) -> str:
    """Say when a granted exception is to be looked at next; nothing happens when that was said.

    Its owner may bring it forward; putting it off is for somebody who decides, and has no hand in it.
    """
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    assert one.row is not None and given.review_at is not None
    if given.review_at.tzinfo is None:
        raise Refused(Code.BAD_INPUT, "reviewAt has no time zone; write it as 2026-11-21T12:00:00Z", field="reviewAt")
    rules.check_granted(one.status, "review")
    rules.check_within(one.row, given.review_at, tx.at)
    now = await holding.standing(tx, who)
    if not rules.brings_forward(now, one.row, given.review_at):
        await holding.check_uninvolved(tx, now, one.row)
    before = one.row.review_at
    if before == given.review_at:
        return "is looked at then already"
    await store.change(tx, one.id, review_at=given.review_at)
    await tell(tx, "exception.review_set", await _again(tx, one.id), review_at=given.review_at, was_review_at=before)
    return f"looked at on {given.review_at:%Y-%m-%d} instead of {f'{before:%Y-%m-%d}' if before else 'never'}"


@kind(BulkAction.SET_TICKET)
async def set_ticket(tx: Tx, who: Principal, one: Chosen, given: Arguments) -> str:
    """Say which ticket elsewhere a granted exception has, or with an empty one that it has none."""
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    assert one.row is not None and given.ticket_url is not None
    url = words.optional(given.ticket_url, "ticketUrl", most=LONGEST_URL)
    if url and not url.startswith(("https://", "http://")):
        raise Refused(Code.BAD_INPUT, "ticketUrl is no address; it begins with https:// or http://", field="ticketUrl")
    rules.check_granted(one.status, "ticket")
    rules.check_keeper(await holding.standing(tx, who), one.row)
    if one.row.ticket_url == url:
        return "names this ticket already"
    told = "names another ticket" if one.row.ticket_url else "names a ticket"
    await store.change(tx, one.id, ticket_url=url)
    await tell(tx, "exception.ticket_set", await _again(tx, one.id), ticket_digest=digest_of_text(url))
    return told if url else "names no ticket"


async def _again(tx: Tx, exception_id: UUID) -> PolicyException:
    found = await store.one(tx, exception_id)
    assert found is not None
    return found
