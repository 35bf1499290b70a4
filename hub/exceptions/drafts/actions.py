"""Verbs on drafts. Only its author sees to one; to everybody else it is not there."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from hub import words
from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.record import Subject, record
from hub.exceptions import holding
from hub.exceptions.asking import actions as asking
from hub.exceptions.drafts import store
from hub.exceptions.rules import Deviation
from hub.exceptions.tables import ExceptionDraft, ExceptionStatus, PolicyException
from hub.models import actions as models
from hub.people.access import Permission, Principal
from hub.people.acting import acting

LONGEST = 50_000


async def draft(tx: Tx, who: Principal, policy_id: UUID, model_id: UUID, says: Mapping[str, Any]) -> ExceptionDraft:
    """Keep what is written so far, however little it is; only the policy and the model are there."""
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    kept = _fit(says)
    await models.visible_model(tx, who, model_id)
    await holding.policy_of(tx, policy_id)
    made = ExceptionDraft(
        id=new_id(),
        author_id=who.person_id,
        policy_id=policy_id,
        model_id=model_id,
        says=kept,
        created_at=tx.at,
        updated_at=tx.at,
    )
    await store.add(tx, made)
    # What is drafted is told to nobody; that something is, stands in the trail of the model.
    await record(tx, "exception.drafted", Subject("exception_draft", made.id), {}, scope_id=model_id)
    return made


async def change(
    tx: Tx, who: Principal, draft_id: UUID, policy_id: UUID, model_id: UUID, says: Mapping[str, Any]
) -> UUID:
    """Keep what is written now, in place of what was before."""
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    kept = _fit(says)
    await _open(tx, who, draft_id)
    await models.visible_model(tx, who, model_id)
    await holding.policy_of(tx, policy_id)
    await store.change(tx, draft_id, policy_id=policy_id, model_id=model_id, says=kept, updated_at=tx.at)
    return draft_id


async def submit(
    tx: Tx, who: Principal, draft_id: UUID, read: Callable[[Mapping[str, Any]], Deviation]
) -> PolicyException:
    """Ask for what a draft says, as any request is asked; refused, it stays a draft."""
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    found = await _open(tx, who, draft_id)
    made = await asking.request(tx, who, read(found.says))
    await store.change(tx, draft_id, state=ExceptionStatus.SUBMITTED, exception_id=made.id, updated_at=tx.at)
    return made


async def discard(tx: Tx, who: Principal, draft_id: UUID) -> UUID:
    """Give a draft up."""
    acting(tx, who, Permission.REQUEST_EXCEPTION)
    await _open(tx, who, draft_id)
    await store.change(tx, draft_id, state=ExceptionStatus.WITHDRAWN, updated_at=tx.at)
    return draft_id


async def _open(tx: Tx, who: Principal, draft_id: UUID) -> ExceptionDraft:
    found = await store.held(tx, draft_id, who.person_id)
    if found is None:
        raise Refused(Code.NOT_FOUND, "there is no such draft of yours", field="draft")
    if found.state is not ExceptionStatus.DRAFT:
        told = "was submitted" if found.state is ExceptionStatus.SUBMITTED else "was discarded"
        raise Refused(Code.WRONG_STATE, f"this draft {told}; begin another", field="draft")
    return found


def _fit(says: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept; refused when it is more than a request ever holds, or no text."""
    words.optional("".join(_texts(dict(says))), "the draft", most=LONGEST)
    return dict(says)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
