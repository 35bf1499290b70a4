"""Under which row a new one is decided: of those that it would come before, the one that asks for most."""

import pytest

from hub.approvals.matrix.rules import Selector
from hub.models.tables import RiskTier, Stage
from tests.approvals.matrix.desk import HIGH, LEGAL, PRODUCT, RISK, Desk, content
from tests.make import Make
from tests.steps import sign_off

MINE = sign_off(2, (RISK, LEGAL))
PRODUCTION, STAGING = Stage.PRODUCTION, Stage.STAGING


async def rows(make: Make) -> dict[str, object]:
    """HIGH to PRODUCTION by three, LIMITED to PRODUCTION by two, HIGH to STAGING by one; the last resort."""
    return {
        "high": (await make.rule(RISK, LEGAL, PRODUCT, quorum=3)).id,
        "limited": (await make.rule(RISK, quorum=2, tier=RiskTier.LIMITED)).id,
        "staging": (await make.rule(RISK, stage=STAGING)).id,
        "last": await make.db.reads.fetchval("SELECT id FROM approval_rules WHERE subject_kind = 'matrix_change'"),
    }


@pytest.mark.parametrize(
    ("which", "under"),
    [
        (Selector("version", RiskTier.HIGH, PRODUCTION, "demo"), "high"),
        (Selector("version", RiskTier.HIGH, None, "demo"), "high"),
        (Selector("version", None, PRODUCTION, "demo"), "high"),
        (Selector("version", None, None, "demo"), "high"),
        (Selector("version", None, STAGING, "demo"), "staging"),
        (Selector("version", RiskTier.LIMITED, PRODUCTION, "demo"), "limited"),
        (Selector("version", RiskTier.LIMITED, None, "demo"), "limited"),
        # What comes after the rows that are there applies where none did.
        (Selector("version", RiskTier.HIGH), "last"),
        (Selector("version", None, PRODUCTION), "last"),
        (Selector("version", RiskTier.LIMITED, STAGING, "demo"), "last"),
        (Selector("exception", RiskTier.HIGH, None, "demo"), "exception"),
    ],
)
async def test_a_new_row_is_decided_under_the_one_that_it_would_come_before(
    desk: Desk, make: Make, which: Selector, under: str
) -> None:
    found = await rows(make)
    # Two rows for a tag ask for two signatures, the others for one; of equal ones the first in the order of tags.
    found["exception"] = await make.db.reads.fetchval("SELECT id FROM approval_rules WHERE tag = 'risk:high'")
    assert await desk.under(await desk.propose(which, content(MINE))) == found[under]


async def test_a_tag_that_would_relax_a_high_rule_is_decided_under_the_high_rule(desk: Desk, make: Make) -> None:
    await rows(make)
    which = Selector("version", None, None, "fast-lane")
    change = await desk.propose(which, content(MINE))
    await desk.signed(change, desk.rita, desk.lee)
    assert (await desk.status(change), await desk.row(which)) == ("IN_REVIEW", None)
    await desk.sign(desk.pru, change)
    made = await desk.row(which)
    assert made is not None and (await desk.status(change), made["asks"]) == ("APPLIED", 2)


async def test_a_tag_that_a_model_may_carry_beside_another_is_decided_under_that_ones_row(
    desk: Desk, make: Make
) -> None:
    await rows(make)
    strict = await make.rule(RISK, LEGAL, PRODUCT, quorum=4, tag="pii")
    greater = await desk.propose(
        Selector("version", RiskTier.HIGH, PRODUCTION, "eu"), content(sign_off(5, (RISK, LEGAL)))
    )
    assert await desk.under(greater) == strict.id
    # One that asks for less leaves the row for the other tag in its place.
    less = await desk.propose(Selector("version", RiskTier.HIGH, PRODUCTION, "us"), content(MINE))
    assert (await desk.row(HIGH) or {})["id"] == await desk.under(less)
    # A value of the same tag: who carries it carries the tag, and the row for that goes first.
    value = await desk.propose(
        Selector("version", RiskTier.HIGH, PRODUCTION, "pii=yes"), content(sign_off(5, (RISK, LEGAL)))
    )
    assert await desk.under(value) == strict.id


async def test_a_row_for_any_tier_leaves_prohibited_models_without_one(desk: Desk, make: Make) -> None:
    await make.rule(RISK, LEGAL, quorum=2, tier=None, stage=None)
    model = await make.model(tier=RiskTier.PROHIBITED)
    found = [
        await make.db.reads.fetchval("SELECT approval_rule('version', $1, 'PRODUCTION', $2)", tier, model.id)
        for tier in ("PROHIBITED", "UNCLASSIFIED")
    ]
    assert (found[0], found[1] is not None) == (None, True)
