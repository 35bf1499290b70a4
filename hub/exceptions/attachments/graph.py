"""Attachments in the graph: what is known of them; their content is handed out at their path."""

from datetime import datetime

import strawberry

from hub.exceptions import tables
from hub.exceptions.graph import THROUGH_EXCEPTION, PolicyException
from hub.graph.declare import column, extends, many, one, planned, where
from hub.graph.types import Connection, Node
from hub.people.graph import Person


@strawberry.input(description="Which attachments.")
class ExceptionAttachmentFilter:
    sha256: str | None = where("{t}.sha256 = {v}", "Of this content, by its SHA-256 in hexadecimal.")


@planned(
    tables.ExceptionAttachment,
    visible=THROUGH_EXCEPTION,
    orders={"ID": "id"},
    default="ID",
    filter=ExceptionAttachmentFilter,
)
class ExceptionAttachment(Node):
    """A file that was put with an exception."""

    name: str = column("Its name, without folders.")
    media_type: str = column("What whoever sent it called it.")
    size: int = column("Its length in bytes.")
    sha256: str = column("The SHA-256 of its content, in hexadecimal.")
    added_at: datetime = column("When it was added.")
    path: str = column(
        "Where the hub hands it out, to whoever sees the exception.",
        sql="'/exceptions/' || {t}.exception_id || '/attachments/' || {t}.id",
    )
    exception: PolicyException | None = one("The exception.", by="exception_id", implied=True)
    added_by: Person | None = one("Who added it.", by="added_by", implied=True)


@extends(PolicyException)
class AttachmentsOfException:
    attachments: Connection[ExceptionAttachment] = many(
        "Files that were put with it, in their order.", by="exception_id", implied=True
    )
