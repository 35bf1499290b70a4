"""Verbs on data sets."""

from hub import words
from hub.db import Tx, new_id
from hub.events.canonical import digest_of_text
from hub.events.record import Subject, record
from hub.lineage import store
from hub.lineage.rules import Description, checked, digest
from hub.lineage.tables import DatasetDescription
from hub.people.access import Permission, Principal
from hub.people.acting import acting


async def describe(tx: Tx, who: Principal, namespace: str, name: str, asked: Description) -> DatasetDescription:
    """Say what a data set holds and whether it may be used, whatever its digest; nothing happens when that was said.

    It need not be there yet: what must not be used is best said before somebody does.
    """
    acting(tx, who, Permission.DESCRIBE_DATASET)
    said = checked(asked)
    row = DatasetDescription(
        id=new_id(),
        namespace=words.wanted(namespace, "namespace", most=300),
        name=words.wanted(name, "name", most=500),
        categories=list(said.categories),
        source_name=said.source_name,
        legal_basis=said.legal_basis,
        consent=said.consent,
        licence=said.licence,
        prohibited=said.prohibited,
        note=said.note,
        described_by=who.person_id,
        described_at=tx.at,
    )
    before = await store.put_description(tx, row)
    if before is not None:
        if _said(before) == said:
            return before
        row.id = before.id
        await store.change_description(tx, row)
    told = {
        "categories": row.categories,
        "categories_before": before.categories if before is not None else [],
        "prohibited": row.prohibited,
        "note_digest": digest_of_text(row.note),
    }
    content = digest(row.namespace, row.name, said)
    await record(tx, "dataset.described", Subject("dataset_description", row.id, content), told)
    return row


def _said(row: DatasetDescription) -> Description:
    return Description(
        categories=tuple(row.categories),
        source_name=row.source_name,
        legal_basis=row.legal_basis,
        consent=row.consent,
        licence=row.licence,
        prohibited=row.prohibited,
        note=row.note,
    )
