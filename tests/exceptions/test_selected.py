"""One exception for each model that carries some tags: which ones, all or none, each asked by its own row."""

from typing import Any

from hub.models.tables import Model, ModelTag, RiskTier
from hub.people.access import Principal
from hub.people.tables import Role
from tests.asking import Ask
from tests.make import Make

ASK = """mutation($i: RequestExceptionsInput!, $k: String) { requestExceptions(input: $i, idempotencyKey: $k) {
  ... on ExceptionsAsked { batch chosen { model name exception } } ... on Refusal { code field why } } }"""


async def tagged(make: Make, name: str, tier: RiskTier = RiskTier.HIGH, restricted: bool = False, **tags: str) -> Model:
    model = await make.model(name, tier=tier, restricted=restricted)
    for key, value in tags.items():
        await make.add(ModelTag(model_id=model.id, key=key, value=value))
    return model


async def setting(make: Make) -> tuple[Principal, dict[str, Any]]:
    """A policy for HIGH and MINIMAL models, of which two are of the clinic's pilot."""
    policy = await make.policy(tiers=(RiskTier.HIGH, RiskTier.MINIMAL))
    dev = await make.person("dev", Role.DEVELOPER)
    await tagged(make, "scans", pilot="yes", site="clinic")
    await tagged(make, "notes", RiskTier.MINIMAL, pilot="yes", site="clinic")
    await tagged(make, "pilotless", site="clinic")
    await tagged(make, "elsewhere", pilot="yes", site="lab")
    await tagged(make, "unbound", RiskTier.LIMITED, pilot="yes", site="clinic")
    await tagged(make, "hidden", restricted=True, pilot="yes", site="clinic")
    return dev, {
        "policy": f"Policy:{policy.policy_id}", "owner": f"Person:{dev.person_id}", "justification": "A pilot.",
        "controls": [{"description": "Read twice."}], "expiresAt": "2026-12-11T12:00:00Z",
        "tags": [{"key": "pilot"}, {"key": "site", "value": "clinic"}],
    }  # fmt: skip


async def test_a_dry_run_names_the_models_and_asks_nothing(make: Make, ask: Ask) -> None:
    dev, asked = await setting(make)
    told = (await ask(dev, ASK, i={**asked, "dryRun": True}))["requestExceptions"]
    assert told["batch"] is None
    assert [(one["name"], one["exception"]) for one in told["chosen"]] == [("notes", None), ("scans", None)]
    assert await make.count("policy_exceptions") == 0
    assert "exception.requested" not in await make.events()


async def test_each_model_has_an_exception_of_its_own_under_one_batch(make: Make, ask: Ask) -> None:
    dev, asked = await setting(make)
    told = (await ask(dev, ASK, i=asked, k="once"))["requestExceptions"]
    assert [one["name"] for one in told["chosen"]] == ["notes", "scans"]
    assert (await ask(dev, ASK, i=asked, k="once"))["requestExceptions"] == told
    rows = await make.db.reads.fetch(
        "SELECT m.name, e.batch_id::text, e.review_every_days, r.rule ->> 'tier' AS tier FROM policy_exceptions e"
        " JOIN models m ON m.id = e.model_id JOIN approval_requests r ON r.subject_id = e.id ORDER BY m.name"
    )
    assert [tuple(row) for row in rows] == [
        ("notes", told["batch"], 20, "MINIMAL"),
        ("scans", told["batch"], 20, None),
    ]
    # What carries the tags later is another question: a decision binds to what was looked at.
    await tagged(make, "later", pilot="yes", site="clinic")
    assert await make.count("policy_exceptions") == 2


async def test_one_that_is_refused_refuses_all_with_its_name(make: Make, ask: Ask) -> None:
    dev, asked = await setting(make)
    told = (await ask(dev, ASK, i={**asked, "riskBefore": "LOW"}))["requestExceptions"]
    assert (told["code"], told["field"]) == ("BAD_INPUT", "riskAfter")
    assert told["why"].startswith("notes: the risk after the controls is MEDIUM, above LOW")
    assert await make.count("policy_exceptions") == await make.count("approval_requests") == 0


async def test_tags_that_choose_nothing_or_too_much_are_refused(make: Make, ask: Ask) -> None:
    dev, asked = await setting(make)
    many = [{"key": f"k{n}"} for n in range(11)]
    for tags, code, why in (
        ([{"key": "pilot", "value": "no"}], "NOT_FOUND", "the policy applies to no model that you see with pilot=no; "),
        ([], "BAD_INPUT", "0 tags given; 1 to 10 choose models"),
        (many, "BAD_INPUT", "11 tags given; 1 to 10 choose models"),
    ):
        told = (await ask(dev, ASK, i={**asked, "tags": tags}))["requestExceptions"]
        assert (told["code"], told["field"]) == (code, "tags")
        assert told["why"].startswith(why)
    for n in range(101):
        await tagged(make, f"fleet{n}", fleet="yes")
    told = (await ask(dev, ASK, i={**asked, "tags": [{"key": "fleet"}]}))["requestExceptions"]
    assert told["why"].startswith("more than 100 models carry fleet; at most 100 are asked for at once")
    assert await make.count("policy_exceptions") == 0
