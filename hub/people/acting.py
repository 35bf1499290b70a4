"""That whoever a transaction names as its actor is the one who acts, and may."""

from hub.db import Tx
from hub.people.access import Permission, Principal


def acting(tx: Tx, who: Principal, permission: Permission) -> None:
    """Refuse what this person may not do, before any SQL."""
    # The trail takes its actor from the transaction; were it another person, the trail would lie.
    assert tx.actor == who.person_id, "the transaction's actor is not the one who acts"
    who.require(permission)
