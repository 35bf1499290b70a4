"""Which row applies to a version, and why, in words; who could sign it today, and who may not."""

from typing import Any

import pytest

from hub.approvals.steps import Group, Step
from hub.db import Db
from hub.models.tables import Model, ModelTag, ModelVersion, RiskTier, Stage
from hub.people import actions as people
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from tests.approvals.matrix.desk import LEGAL, PRODUCT, RISK
from tests.asking import Ask
from tests.make import Make
from tests.steps import sign_off

EXPLAIN = """query Explain($version: ID!, $stage: Stage!) { approvalRuleFor(version: $version, stage: $stage) {
    stage why version { name } rule { tier stage tag }
    steps(first: 10) { nodes {
        step name quorum disciplines different roles group team signers(first: 2) { totalCount nodes { name } } } }
    considered(first: 50) { nodes { applies why rule { tier stage tag } } }
    excluded(first: 50) { nodes { name why person { handle } } } } }"""


UNCLASSIFIED = "it is for MINIMAL models, and this one is UNCLASSIFIED, which is treated as HIGH"


@pytest.fixture
async def eve(make: Make) -> Principal:
    return await make.person("eve", Role.EXECUTIVE)


async def explained(ask: Ask, who: Principal, version: ModelVersion, stage: str = "PRODUCTION") -> dict[str, Any]:
    data = await ask(who, EXPLAIN, version=f"ModelVersion:{version.id}", stage=stage)
    return dict(data["approvalRuleFor"])


async def tagged(make: Make, model: Model, key: str, value: str) -> None:
    await make.add(ModelTag(model_id=model.id, key=key, value=value))


def rows(found: dict[str, Any]) -> list[tuple[str | None, str | None, str | None, str]]:
    return [(*one["rule"].values(), one["why"]) for one in found["considered"]["nodes"]]


async def test_the_row_that_applies_and_why_the_others_do_not(ask: Ask, make: Make, eve: Principal) -> None:
    await make.rule(RISK, LEGAL, quorum=2)
    await make.rule(RISK, LEGAL, PRODUCT, quorum=3, tag="pii=yes")
    await make.rule(RISK, stage=Stage.STAGING)
    await make.rule(quorum=0, tier=RiskTier.MINIMAL)
    await make.rule(RISK, LEGAL, quorum=2, stage=None)
    await make.rule(RISK, LEGAL, quorum=2, tier=None)
    version = await make.version(await make.model("fraud"), "3")
    found = await explained(ask, eve, version)
    assert (found["stage"], found["version"], found["rule"]) == (
        "PRODUCTION",
        {"name": "3"},
        {"tier": "HIGH", "stage": "PRODUCTION", "tag": None},
    )
    assert found["why"] == (
        "HIGH models to PRODUCTION; a row for the tag pii=yes was not chosen because the model does not carry it"
    )
    assert rows(found) == [
        ("HIGH", "PRODUCTION", None, "it applies"),
        ("HIGH", None, None, "a row for the stage comes before one for any"),
        (None, "PRODUCTION", None, "a row for the tier comes before one for any"),
        ("HIGH", "PRODUCTION", "pii=yes", "the model does not carry the tag pii=yes"),
        ("HIGH", "STAGING", None, "it is for the stage STAGING"),
        ("MINIMAL", "PRODUCTION", None, "it is for MINIMAL models, and this one is HIGH"),
    ]
    assert [one["applies"] for one in found["considered"]["nodes"]] == [True, *[False] * 5]


async def test_a_tag_that_the_model_carries_comes_before_its_tier(ask: Ask, make: Make, eve: Principal) -> None:
    await make.rule(RISK, LEGAL, quorum=2)
    await make.rule(RISK, LEGAL, PRODUCT, quorum=3, tag="pii=yes")
    await make.rule(RISK, LEGAL, quorum=2, tag="domain")
    await make.rule(RISK, LEGAL, quorum=2, tag="children")
    await make.rule(RISK, LEGAL, quorum=2, tag="aaa", stage=None)
    model = await make.model()
    for key, value in (("pii", "yes"), ("domain", "health"), ("children", "")):
        await tagged(make, model, key, value)
    found = await explained(ask, eve, await make.version(model))
    assert found["why"] == (
        "HIGH models with the tag pii=yes to PRODUCTION;"
        " a row for the tag aaa was not chosen because the model does not carry it"
    )
    assert rows(found) == [
        ("HIGH", "PRODUCTION", "pii=yes", "it applies"),
        ("HIGH", "PRODUCTION", "children", "the row for the tag pii=yes asks for more signatures"),
        ("HIGH", "PRODUCTION", "domain", "the row for the tag pii=yes asks for more signatures"),
        ("HIGH", "PRODUCTION", None, "a row for a tag that the model carries comes before it"),
        ("HIGH", None, "aaa", "the model does not carry the tag aaa"),
    ]


async def test_of_two_tags_that_ask_alike_the_first_by_name(ask: Ask, make: Make, eve: Principal) -> None:
    for tag in ("b", "a"):
        await make.rule(RISK, LEGAL, quorum=2, tag=tag)
    model = await make.model()
    for tag in ("a", "b"):
        await tagged(make, model, tag, "")
    assert rows(await explained(ask, eve, await make.version(model))) == [
        ("HIGH", "PRODUCTION", "a", "it applies"),
        ("HIGH", "PRODUCTION", "b", "the row for the tag a asks for as many, and comes first by name"),
    ]


@pytest.mark.parametrize(
    ("tier", "stage", "why"),
    [
        (RiskTier.UNCLASSIFIED, "PRODUCTION", "HIGH models to PRODUCTION, as which an UNCLASSIFIED one is treated"),
        (RiskTier.MINIMAL, "PRODUCTION", "MINIMAL models to PRODUCTION, where checks alone suffice"),
        (RiskTier.LIMITED, "STAGING", "any models to STAGING"),
        (RiskTier.PROHIBITED, "STAGING", "nobody may approve a PROHIBITED model"),
        (
            RiskTier.HIGH,
            "ARCHIVED",
            "no row fits HIGH models to ARCHIVED: nobody may approve it until a row is added"
            " (hub approvals matrix propose)",
        ),
    ],
)
async def test_every_answer_in_words(
    ask: Ask, make: Make, eve: Principal, tier: RiskTier, stage: str, why: str
) -> None:
    await make.rule(RISK, LEGAL, quorum=2)
    await make.rule(quorum=0, tier=RiskTier.MINIMAL)
    await make.rule(RISK, tier=None, stage=Stage.STAGING)
    found = await explained(ask, eve, await make.version(await make.model(tier=tier)), stage)
    assert found["why"] == why
    assert (found["rule"] is None) is (tier is RiskTier.PROHIBITED or stage == "ARCHIVED")
    asked = found["rule"] is not None and tier is not RiskTier.MINIMAL
    assert len(found["steps"]["nodes"]) == int(asked)
    if tier is RiskTier.PROHIBITED:
        assert {why for *_, why in rows(found)} == {"nobody may approve a PROHIBITED model"}
    if tier is RiskTier.UNCLASSIFIED:
        assert ("MINIMAL", "PRODUCTION", None, UNCLASSIFIED) in rows(found)


async def test_who_could_sign_each_step_today(ask: Ask, make: Make, db: Db, eve: Principal) -> None:
    safety = await make.team("safety")
    steps = [
        sign_off(2, (RISK, LEGAL), name="Board"),
        Step("Owner", 1, roles=(Role.MODEL_OWNER, Role.MODEL_APPROVER), group=Group.OWNERS),
        Step("Safety", 1, roles=(Role.POLICY_OWNER,), group=Group.TEAM, team="safety"),
    ]
    await make.rule(steps=steps)
    owner = await make.person("owner", Role.MODEL_OWNER)
    for name in ("zoe", "rita", "lee"):
        await make.person(name, disciplines=[LEGAL if name == "lee" else RISK])
    await make.person("both", disciplines=[RISK, LEGAL])
    await make.person("ops", disciplines=[Discipline.OPERATIONS])
    await make.person("sam", Role.POLICY_OWNER, teams=[safety])
    await make.person("pat", Role.POLICY_OWNER)
    gone = await make.person("gone", disciplines=[RISK])
    await make.deactivate(gone)
    await make.person("author", disciplines=[RISK], email="author@corp")
    version = await make.version(await make.model(owner=owner), author="Author@Corp")
    found = (await explained(ask, eve, version))["steps"]["nodes"]
    assert [(one["step"], one["name"], one["quorum"]) for one in found] == [
        (0, "Board", 2),
        (1, "Owner", 1),
        (2, "Safety", 1),
    ]
    assert [one["signers"]["totalCount"] for one in found] == [4, 1, 1]
    assert [[who["name"] for who in one["signers"]["nodes"]] for one in found] == [["Both", "Lee"], ["Owner"], ["Sam"]]
    assert found[0] | {"signers": None} == {
        "step": 0,
        "name": "Board",
        "quorum": 2,
        "disciplines": {"RISK": 1, "LEGAL": 1},
        "different": 2,
        "roles": ["MODEL_APPROVER"],
        "group": "ANYBODY",
        "team": None,
        "signers": None,
    }
    assert (found[2]["group"], found[2]["team"]) == ("TEAM", "safety")


async def test_only_those_who_see_a_restricted_model_could_sign(ask: Ask, make: Make) -> None:
    await make.rule(RISK, LEGAL, quorum=2)
    core = await make.team("core")
    member = await make.person("member", disciplines=[RISK], teams=[core])
    outsider = await make.person("outsider", disciplines=[LEGAL])
    version = await make.version(await make.model(restricted=True, team=core))
    (step,) = (await explained(ask, member, version))["steps"]["nodes"]
    assert (step["signers"]["totalCount"], step["signers"]["nodes"]) == (1, [{"name": "Member"}])
    # Whoever does not see the model learns nothing of it.
    data = await ask(outsider, EXPLAIN, version=f"ModelVersion:{version.id}", stage="PRODUCTION")
    assert data == {"approvalRuleFor": None}


async def test_who_is_excluded_and_why(ask: Ask, make: Make, db: Db, eve: Principal) -> None:
    await make.rule(RISK)
    await make.person("mia", disciplines=[RISK])
    tom = await make.person("tom", disciplines=[RISK])
    thomas = await make.person("thomas", disciplines=[RISK])
    async with db.write(actor=None, operation="make") as tx:
        await people.link_identity(tx, None, person_id=tom.person_id, issuer="mlflow", subject="tom-the-trainer")
        await people.link_identity(tx, None, person_id=thomas.person_id, issuer="https://git", subject="TOM")
    model = await make.model()
    version = await make.version(model, author="Mia", run_author="Tom-The-Trainer")
    answer = await explained(ask, eve, version)
    assert answer["steps"]["nodes"][0]["signers"]["totalCount"] == 0
    found = answer["excluded"]["nodes"]
    assert sorted(found, key=lambda one: (one["name"], one["why"])) == [
        {"name": "mia", "why": "made the version", "person": {"handle": "mia"}},
        {
            "name": "tom-the-trainer",
            "why": "made its run, known there as tom-the-trainer",
            "person": {"handle": "tom"},
        },
        {
            "name": "tom-the-trainer",
            "why": "made its run, under another account of the same human being",
            "person": {"handle": "thomas"},
        },
    ]
    alone = await make.version(model, author="ghost", run_author="Ghost")
    assert (await explained(ask, eve, alone))["excluded"]["nodes"] == [
        {"name": "ghost", "why": "made the version and its run; nobody is known here by this name", "person": None}
    ]
    unsigned = await make.version(model)
    found = await explained(ask, eve, unsigned)
    assert found["excluded"]["nodes"] == []
    assert found["steps"]["nodes"][0]["signers"]["totalCount"] == 3


async def test_what_is_no_version_is_not_explained(ask: Ask, make: Make, eve: Principal) -> None:
    data = await ask(eve, EXPLAIN, version=f"ModelVersion:{eve.person_id}", stage="PRODUCTION")
    assert data == {"approvalRuleFor": None}
    reply = await ask.reply(eve, EXPLAIN, version=f"Model:{eve.person_id}", stage="PRODUCTION")
    assert reply.json()["errors"][0]["extensions"]["code"] == "BAD_ID"
