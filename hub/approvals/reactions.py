"""What follows for requests when people come, go, or may do something else than before."""

from uuid import UUID

from hub.approvals.asked import actions as asked
from hub.db import Tx
from hub.events.reactions import Happened, on


@on("role.granted", "role.revoked", "person.deactivated")
async def ask_others(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Whoever may sign now is asked, whoever may not any more is not."""
    await asked.ask_anew(tx, [event.subject.id for event in happened])


@on("person.created", "person.identity_linked")
async def find_out(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Whoever turns out to have made what is asked about is not asked about it, and what they signed does not count."""
    for event in happened:
        await asked.find_out(tx, event.subject.id)


@on("team.member_added")
async def ask_member(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Whoever joined a team sees its models and sits on its boards."""
    await asked.ask_anew(tx, [_person(event) for event in happened])


@on("model.owner_set")
async def ask_owner(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Requests about a model ask its new owner, where they ask owners."""
    people = {event.data[key] for event in happened for key in ("owner", "before") if event.data.get(key)}
    await asked.ask_anew(tx, [UUID(str(one)) for one in people])


def _person(event: Happened) -> UUID:
    return UUID(str(event.data["person"]))
