"""Who answers for a policy: at first whoever proposed it, then whom they or an ADMIN name."""

from uuid import uuid4

import pytest

from hub.db import Db
from hub.errors import Code, Refused
from hub.people.access import Principal
from hub.people.tables import PersonKind, Role
from hub.policies.actions import set_owner
from hub.policies.tables import Policy, PolicyVersion
from tests.asking import Ask
from tests.make import Make

SET = """
mutation Set($input: SetPolicyOwnerInput!) {
  setPolicyOwner(input: $input) {
    __typename
    ... on PolicyOwnerSet { policy { key owner { handle } } }
    ... on Refusal { code why field }
  }
}
"""


@pytest.fixture
async def version(make: Make, ada: Principal) -> PolicyVersion:
    return await make.policy("recall", by=ada)


async def given(db: Db, who: Principal, version: PolicyVersion, owner: Principal) -> Policy:
    async with db.write(actor=who.person_id, operation="op") as tx:
        return await set_owner(tx, who, version.policy_id, owner_id=owner.person_id)


async def test_its_owner_gives_a_policy_away_and_cannot_take_it_back(
    db: Db, make: Make, version: PolicyVersion, ada: Principal, ben: Principal
) -> None:
    assert (await given(db, ada, version, ben)).owner_id == ben.person_id
    with pytest.raises(Refused, match="only the owner of recall or an ADMIN gives it to somebody") as refused:
        await given(db, ada, version, ada)
    assert (refused.value.code, refused.value.field) == (Code.FORBIDDEN, "policy")
    assert await db.reads.fetchval("SELECT owner_id FROM policies") == ben.person_id
    assert (await make.events()).count("policy.owner_set") == 1


async def test_an_admin_gives_what_its_owner_left_and_the_same_again_is_nothing(
    db: Db, make: Make, version: PolicyVersion, ada: Principal, ben: Principal
) -> None:
    root = await make.person("root", Role.ADMIN)
    await make.deactivate(ada)
    for _ in range(2):
        assert (await given(db, root, version, ben)).owner_id == ben.person_id
    told = await db.reads.fetchval(
        "SELECT convert_from(body, 'UTF8')::json->'data' FROM events ORDER BY seq DESC LIMIT 1"
    )
    assert told == f'{{"before":"{ada.person_id}","owner":"{ben.person_id}"}}'
    assert (await make.events()).count("policy.owner_set") == 1


async def test_nobody_who_cannot_answer_becomes_an_owner(
    db: Db, make: Make, version: PolicyVersion, ada: Principal
) -> None:
    robot = await make.person("ci", Role.SERVICE, kind=PersonKind.SERVICE)
    gone = await make.person("gone", Role.POLICY_OWNER)
    await make.deactivate(gone)
    before = await make.events()
    for owner, why in ((robot, "service account"), (gone, "not active")):
        with pytest.raises(Refused, match=why) as refused:
            await given(db, ada, version, owner)
        assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, "owner")
    with pytest.raises(Refused, match="only the owner"):
        await given(db, robot, version, ada)
    assert await db.reads.fetchval("SELECT owner_id FROM policies") == ada.person_id
    assert await make.events() == before


async def test_what_is_not_there_has_no_owner(db: Db, ada: Principal) -> None:
    with pytest.raises(Refused) as refused:
        async with db.write(actor=ada.person_id, operation="op") as tx:
            await set_owner(tx, ada, uuid4(), owner_id=ada.person_id)
    assert (refused.value.code, refused.value.field) == (Code.NOT_FOUND, "policy")


async def test_an_owner_is_set_over_graphql_for_a_bundles_policy_too(
    ask: Ask, db: Db, make: Make, version: PolicyVersion, ada: Principal, ben: Principal
) -> None:
    async with db.write(actor=None, operation="op") as tx:
        await (await tx.raw()).execute("UPDATE policies SET bundle = 'starter'")
    asked = {"policy": f"Policy:{version.policy_id}", "owner": f"Person:{ben.person_id}"}
    done = await ask(ada, SET, input=asked)
    assert done["setPolicyOwner"] == {
        "__typename": "PolicyOwnerSet",
        "policy": {"key": "recall", "owner": {"handle": "ben"}},
    }
    dora = await make.person("dora", Role.DEVELOPER)
    refused = (await ask(dora, SET, input=asked))["setPolicyOwner"]
    assert (refused["code"], "PROPOSE_POLICY" in refused["why"]) == ("FORBIDDEN", True)
