"""Verbs on digests: have them made, have them made no more, make one."""

from uuid import UUID
from zoneinfo import ZoneInfo

from hub.db import Tx, new_id
from hub.errors import Code, Refused
from hub.events.record import Subject, record
from hub.people import store as people
from hub.people.access import Permission, Principal
from hub.people.acting import acting
from hub.summaries import document, wording
from hub.summaries.digests import rules, store
from hub.summaries.digests.rules import Wish
from hub.summaries.digests.tables import Digest, DigestSubscription
from hub.summaries.facts import Summary
from hub.summaries.periods import Period


async def subscribe(tx: Tx, who: Principal, wish: Wish) -> DigestSubscription:
    """Have digests made, the first of the period that goes on now.

    A team's are asked for by its members, others by whoever runs the hub.
    """
    acting(tx, who, Permission.SUBSCRIBE_DIGEST)
    rules.sound(wish)
    _may(who, wish.team_id)
    if wish.team_id is not None and await people.team(tx, wish.team_id) is None:
        raise Refused(Code.NOT_FOUND, "there is no such team", field="team")
    if strangers := await store.strangers(tx, wish.people):
        raise Refused(Code.NOT_FOUND, f"{strangers} of those named are no people with an open account", field="people")
    row = _row(tx, who, wish)
    if not await store.add_subscription(tx, row):
        raise Refused(
            Code.CONFLICT,
            f"such a digest is made already, each {wish.period.lower()} in {wish.zone}; end that one to change it",
            field="audience",
        )
    await record(tx, "summary.subscribed", Subject("digest_subscription", row.id), _told(row))
    return row


async def unsubscribe(tx: Tx, who: Principal, id: UUID) -> DigestSubscription:
    """Have no more digests made; those that were made stay."""
    acting(tx, who, Permission.SUBSCRIBE_DIGEST)
    row = await store.subscription(tx, id)
    if row is None:
        raise Refused(Code.NOT_FOUND, "there is no such subscription", field="subscription")
    _may(who, row.team_id)
    if not row.enabled:
        raise Refused(Code.WRONG_STATE, f"it ended at {row.ended_at:%Y-%m-%d %H:%M} UTC", field="subscription")
    await store.end(tx, id)
    await record(tx, "summary.unsubscribed", Subject("digest_subscription", id), _told(row))
    return row


async def make(tx: Tx, row: DigestSubscription, period: Period, summary: Summary) -> Digest | None:
    """Keep the digest of a period and tell of it, once; None when it is there already."""
    made = Digest(
        id=new_id(),
        subscription_id=row.id,
        team_id=row.team_id,
        begins=period.begins,
        ends=period.ends,
        zone=period.zone,
        as_of=summary.as_of,
        facts=document.document(summary),
        facts_digest=document.digest(summary),
        changes=wording.changes(summary),
        made_at=tx.at,
        late=rules.late(period, row, tx.at),
    )
    if not await store.add(tx, made):
        return None
    told = {
        **_told(row),
        "subscription": row.id,
        "begins": period.begins.isoformat(),
        "ends": period.ends.isoformat(),
        "late": made.late,
    }
    await record(tx, "summary.digest_made", Subject("digest", made.id, made.facts_digest), told)
    return made


def _may(who: Principal, team_id: UUID | None) -> None:
    if Permission.MANAGE_PEOPLE in who.permissions or (team_id is not None and team_id in who.teams):
        return
    why = "only its members and an ADMIN say which digests a team gets" if team_id else "only an ADMIN says so"
    raise Refused(
        Code.FORBIDDEN, f"{why}; for a summary at any time: hub summary", field="team" if team_id else "audience"
    )


def _row(tx: Tx, who: Principal, wish: Wish) -> DigestSubscription:
    today = tx.at.astimezone(ZoneInfo(wish.zone)).date()
    first = rules.period_of(wish.period, today, wish.zone)
    return DigestSubscription(
        id=new_id(),
        audience=wish.audience,
        team_id=wish.team_id,
        period=wish.period,
        zone=wish.zone,
        on_day=wish.on_day,
        hour=wish.hour,
        roles=[str(role) for role in rules.told(wish)],
        people=list(wish.people),
        next_begins=first.begins,
        next_at=rules.due_at(first, wish.on_day, wish.hour),
        created_by_id=who.person_id,
        created_at=tx.at,
    )


def _told(row: DigestSubscription) -> dict[str, object]:
    """For whom: whatever sends it needs no more than this and the digest."""
    return {
        "audience": row.audience,
        "team": row.team_id,
        "period": row.period,
        "zone": row.zone,
        "roles": row.roles,
        "people": row.people,
    }
