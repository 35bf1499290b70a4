"""What people opened, in the graph: their own, and for auditors and admins everybody's."""

from datetime import datetime

from hub.approvals import tables
from hub.approvals.graph import ApprovalRequest
from hub.approvals.tables import Channel
from hub.graph.declare import Visible, column, extends, many, one, planned
from hub.graph.types import Connection, Node
from hub.people.access import Sight
from hub.people.graph import Person


@planned(
    tables.ApprovalOpening,
    visible=Visible({Sight.ALL: "", Sight.MEMBER: "{t}.person_id = {person}"}),
    orders={"OPENED_AT": "opened_at"},
    default="-OPENED_AT",
)
class ApprovalOpening(Node):
    """When somebody first opened what was put before them; seen by themselves, auditors and admins."""

    is_dossier: bool = column("Whether it was the dossier; otherwise a piece of evidence.", sql="{t}.thing_id IS NULL")
    channel: Channel = column("Through which door.")
    opened_at: datetime = column("When.")
    person: Person | None = one("Who.", by="person_id", implied=True)
    request: ApprovalRequest | None = one("In which request.", by="request_id")


@extends(ApprovalRequest)
class RequestOpenings:
    openings: Connection[ApprovalOpening] = many(
        "What you opened of it; for auditors and admins, what everybody did.", by="request_id"
    )
