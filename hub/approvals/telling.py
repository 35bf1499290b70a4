"""Every line that the trail gets of a request is written here: each tells what the request is about."""

from collections.abc import Mapping, Sequence

from hub.approvals.rules import event_subject, told
from hub.approvals.tables import ApprovalRequest
from hub.db import Tx
from hub.events.record import Entry, record_all
from hub.statements import Write


def entry(asked: ApprovalRequest, more: Mapping[str, object]) -> Entry:
    """What happened to a request, for a line of its own."""
    return Entry(event_subject(asked), {**told(asked), **more}, asked.scope_id)


async def tell(
    tx: Tx, happened: str, asked: ApprovalRequest, more: Mapping[str, object], besides: Sequence[Write] = ()
) -> None:
    """Record that something happened to a request, by one statement with what is written besides."""
    await tell_all(tx, happened, [entry(asked, more)], besides)


async def tell_all(tx: Tx, happened: str, entries: Sequence[Entry], besides: Sequence[Write] = ()) -> None:
    """The same of several, each with what is told of it."""
    await record_all(tx, f"approval.{happened}", entries, besides)
