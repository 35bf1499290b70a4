"""Every line that the trail gets of a request is written here: each tells what the request is about."""

from collections.abc import Mapping, Sequence

from hub.approvals.rules import event_subject, told
from hub.approvals.tables import ApprovalRequest
from hub.db import Tx
from hub.events.record import record
from hub.statements import Write


async def tell(
    tx: Tx, happened: str, asked: ApprovalRequest, more: Mapping[str, object], besides: Sequence[Write] = ()
) -> None:
    """Record that something happened to a request, by one statement with what is written besides."""
    said = {**told(asked), **more}
    await record(tx, f"approval.{happened}", event_subject(asked), said, scope_id=asked.scope_id, besides=besides)
