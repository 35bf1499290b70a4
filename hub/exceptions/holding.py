"""An exception held by whoever is about to move it, and what is looked at of them as of now."""

from uuid import UUID

from hub.db import Tx
from hub.errors import Code, Refused
from hub.exceptions import rules, store
from hub.exceptions.tables import PolicyException
from hub.models import actions as models
from hub.people import store as people
from hub.people.access import Permission, Principal
from hub.people.tables import PersonKind
from hub.policies import store as policies
from hub.policies.tables import Policy, PolicyVersion


async def held(tx: Tx, who: Principal, exception_id: UUID, *, lock: bool = True) -> PolicyException:
    """An exception whose model this person sees, locked; refused alike when it is hidden and when it is absent."""
    absent = Refused(Code.NOT_FOUND, "there is no such exception", field="exception")
    found = await store.one(tx, exception_id, lock=lock)
    if found is None:
        raise absent
    try:
        await models.visible_model(tx, who, found.model_id)
    except Refused as error:
        raise absent from error
    return found


async def standing(tx: Tx, who: Principal) -> Principal:
    """Whoever acts, as of now: what the reader of their token knew may have been taken away since."""
    now = await people.standing(tx, who.person_id, who.scopes)
    if now is None:
        raise Refused(Code.FORBIDDEN, "your account is not active; nothing was decided")
    return now


async def check_uninvolved(tx: Tx, now: Principal, found: PolicyException) -> None:
    """Nobody looks at what is their own; `now` is who acts as of now."""
    now.require(Permission.DECIDE_EXCEPTION)
    names = await store.authors(tx, found.model_id, found.version_id)
    rules.check_decider(
        await people.alike(tx, [now.person_id]),
        is_service=now.kind is PersonKind.SERVICE,
        requested_by=found.requested_by,
        owner_id=found.owner_id,
        authors=await people.alike(tx, (), names),
    )


async def policy_of(tx: Tx, policy_id: UUID) -> tuple[Policy, PolicyVersion]:
    """A policy with the wording in force; refused while there is none."""
    policy = await policies.policy(tx, policy_id)
    if policy is None or policy.current_version_id is None:
        raise Refused(Code.NOT_FOUND, "there is no such published policy", field="policy")
    wording = await policies.version(tx, policy.current_version_id)
    assert wording is not None
    return policy, wording
