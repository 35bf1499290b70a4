"""What reviewers are to read is frozen when they are asked."""

from uuid import UUID

from hub.checks.dossier import KIND
from hub.checks.dossiers import store
from hub.db import Tx
from hub.events.reactions import Happened, on


@on("approval.requested")
async def freeze(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """The dossiers of the versions that approval is asked for, under the digests that the requests bind to."""
    asked = []
    for event in happened:
        about = event.data["subject"]
        if isinstance(about, dict) and about["kind"] == KIND and event.subject.digest is not None:
            asked.append((UUID(str(about["id"])), str(event.data["stage"]), event.subject.digest))
    if asked:
        await store.freeze(tx, asked)
