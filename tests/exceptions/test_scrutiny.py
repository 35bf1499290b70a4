"""The longer or riskier an exception is, the more it needs: which row of the matrix it is asked under, and why."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.db import Db
from hub.errors import Code, Refused
from hub.exceptions import actions
from hub.exceptions.tables import ExceptionKind, PolicyException, RiskTreatment
from hub.models.tables import ModelTag, RiskTier, Stage
from hub.people.access import Principal
from hub.people.tables import Discipline, Role
from hub.policies.tables import Severity
from tests.asking import Ask
from tests.make import Make
from tests.steps import sign_off

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LONG = {"expires_at": NOON + timedelta(days=91)}
BAD = {"risk_before": Severity.CRITICAL, "risk_after": Severity.HIGH}
BORNE = {"recommended_treatment": RiskTreatment.ACCEPT, "kind": ExceptionKind.RISK_ACCEPTANCE}

WHICH = """query($m: ID!, $stage: Stage, $days: Int!, $risk: Severity!, $treatment: RiskTreatment!) {
  approvalRuleForException(model: $m, stage: $stage, days: $days, riskAfter: $risk, treatment: $treatment) {
    tags why rule { tag tier } steps(first: 5) { nodes { name quorum signers(first: 10) { nodes { handle } } } } } }"""


async def decide(db: Db, who: Principal, asked: PolicyException) -> PolicyException:
    async with db.write(actor=who.person_id, operation="op") as tx:
        return await actions.decide(tx, who, asked.id, approve=True, note="Weighed.")


@pytest.mark.parametrize(
    ("tier", "asked", "tag", "needs"),
    [
        (RiskTier.HIGH, {}, None, 1),
        (RiskTier.HIGH, {"expires_at": NOON + timedelta(days=90)}, None, 1),
        (RiskTier.HIGH, LONG, "term:long", 2),
        (RiskTier.MINIMAL, LONG, "term:long", 2),
        (RiskTier.MINIMAL, BAD, "risk:high", 2),
        (RiskTier.HIGH, {**LONG, **BAD}, "risk:high", 2),
        (RiskTier.UNCLASSIFIED, BORNE, "risk:high", 2),
        (RiskTier.LIMITED, BORNE, None, 1),
        (RiskTier.MINIMAL, {}, None, 1),
    ],
)  # fmt: skip
async def test_what_is_long_or_risky_is_asked_of_two_disciplines(
    db: Db, make: Make, tier: RiskTier, asked: dict[str, Any], tag: str | None, needs: int
) -> None:
    policy, model = await make.policy(longest_exception_days=365), await make.model(tier=tier)
    made = await make.exception(policy, model, granted=False, **asked)
    row = await db.reads.fetchrow(
        "SELECT rule ->> 'tag' AS tag, rule ->> 'tier' AS tier, (wants ->> 'lacking')::int AS lacking"
        " FROM approval_requests WHERE subject_id = $1",
        made.id,
    )
    of_tier = "MINIMAL" if tier is RiskTier.MINIMAL and tag is None else None
    assert tuple(row) == (tag, of_tier, needs)


async def test_a_long_one_is_granted_once_risk_and_compliance_have_both_signed(db: Db, make: Make) -> None:
    policy, model = await make.policy(longest_exception_days=365), await make.model()
    rita = await make.person("rita", disciplines=[Discipline.RISK])
    cora = await make.person("cora", disciplines=[Discipline.COMPLIANCE])
    pat = await make.person("pat", Role.POLICY_OWNER)
    made = await make.exception(policy, model, granted=False, **LONG)
    with pytest.raises(Refused) as refused:
        await decide(db, pat, made)
    assert refused.value.code is Code.FORBIDDEN
    assert (await decide(db, rita, made)).state == "UNDER_REVIEW"
    assert (await decide(db, cora, made)).state == "APPROVED"


async def test_of_the_rows_for_a_tag_the_one_that_asks_for_most_wins(db: Db, make: Make) -> None:
    policy, model = await make.policy(longest_exception_days=365), await make.model()
    await make.rule(subject_kind="exception", tier=RiskTier.HIGH, stage=None, tag="risk:high", quorum=1)
    # The model carries this tag, for which three are asked: more than for either of the exception's own.
    await make.add(ModelTag(model_id=model.id, key="pii", value="yes"))
    three = [sign_off(3, [Discipline.RISK, Discipline.LEGAL, Discipline.COMPLIANCE])]
    await make.rule(subject_kind="exception", tier=None, stage=None, tag="pii=yes", steps=three, term_days=4)
    await make.exception(policy, model, granted=False, **LONG, **BAD)
    assert await db.reads.fetchval("SELECT rule ->> 'term_days' FROM approval_requests") == "4"


async def test_the_graph_says_which_row_applies_why_and_who_could_sign(make: Make, ask: Ask) -> None:
    model = await make.model("scans")
    await make.version(model, author="cora")
    dev = await make.person("dev", Role.DEVELOPER)
    await make.person("rita", disciplines=[Discipline.RISK])
    await make.person("cora", disciplines=[Discipline.COMPLIANCE])
    await make.person("carl", disciplines=[Discipline.COMPLIANCE])
    await make.person("pat", Role.POLICY_OWNER)
    values = {"m": f"Model:{model.id}", "stage": None, "days": 30, "risk": "MEDIUM", "treatment": "MITIGATE"}

    async def told(**more: Any) -> dict[str, Any]:
        return dict((await ask(dev, WHICH, **{**values, **more}))["approvalRuleForException"])

    usual = await told()
    assert (usual["tags"], usual["rule"]) == ([], {"tag": None, "tier": None})
    assert usual["why"] == "nothing about it asks for more than the usual row; it needs 1 signature"
    assert [one["handle"] for one in usual["steps"]["nodes"][0]["signers"]["nodes"]] == ["carl", "pat", "rita"]
    long = await told(days=91, stage=Stage.PRODUCTION)
    assert long["why"] == "it lasts longer than 90 days; it needs 2 signatures"
    assert [one["handle"] for one in long["steps"]["nodes"][0]["signers"]["nodes"]] == ["carl", "rita"]
    borne = await told(treatment="ACCEPT")
    assert (borne["tags"], borne["rule"]) == (["risk:high"], {"tag": "risk:high", "tier": None})
    assert borne["why"] == "what is left of the risk is HIGH or worse, or borne for a HIGH model; it needs 2 signatures"


async def test_which_row_applies_to_a_hidden_model_is_not_told(make: Make, ask: Ask) -> None:
    hidden, dev = await make.model(restricted=True), await make.person("dev", Role.DEVELOPER)
    values = {"m": f"Model:{hidden.id}", "days": 30, "risk": "MEDIUM", "treatment": "MITIGATE"}
    assert await ask(dev, WHICH, **values) == {"approvalRuleForException": None}


async def test_an_exception_says_what_about_it_asks_for_more(make: Make, ask: Ask) -> None:
    policy, model = await make.policy(longest_exception_days=365), await make.model()
    dev = await make.person("dev", Role.DEVELOPER)
    await make.exception(policy, model, by=dev, granted=False, **LONG, **BAD)
    found = await ask(dev, "{ exceptions(first: 1) { nodes { asksForMore approvalRequest { rule } } } }")
    (one,) = found["exceptions"]["nodes"]
    assert one["asksForMore"] == ["risk:high", "term:long"]
    assert one["approvalRequest"]["rule"]["tag"] == "risk:high"
