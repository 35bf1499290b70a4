"""What is to go to production: one that waits for a signature, one that was let through, one that is shut out."""

from dataclasses import dataclass

from hub.approvals import actions as approvals
from hub.approvals.tables import SignOffDecision
from hub.demo.company import Company
from hub.deployments import actions
from hub.models.tables import Stage


@dataclass(frozen=True, slots=True)
class Wish:
    """A version that somebody wants in production, what to go back to, and who signed for it with which words."""

    what: str
    model: str
    version: str
    asked_by: str
    reason: str
    back_to: str | None = None
    signed: tuple[tuple[str, str], ...] = ()


WISHES = (
    Wish(
        what="signed by priya.raman for RISK, waits for COMPLIANCE",
        model="breast-cancer-diagnosis",
        version="3",
        asked_by="tomas.lindqvist",
        reason="Finds nine in ten small tumours where version 2 finds six; reviewed, and easier to explain.",
        back_to="2",
        signed=(
            (
                "priya.raman",
                "Segments hold, calibration is good. Watch the worst-cell measures in the first month.",
            ),
        ),
    ),
    Wish(
        what="let through by lea.brandt, with a permit",
        model="iris-species",
        version="3",
        asked_by="mei.tanaka",
        reason="The app can say when it is unsure.",
        back_to="2",
        signed=(("lea.brandt", "Nothing personal in it, and the reader sees the flower."),),
    ),
    Wish(
        what="shut out, no legal basis for the handwriting",
        model="postal-digit-reader",
        version="3",
        asked_by="omar.haddad",
        reason="It sorts the mail of all sites already; the papers are to follow.",
    ),
)


async def ask(company: Company) -> None:
    """Ask the gate for each, and sign."""
    versions = await company.versions()
    for wish in WISHES:
        if (wish.model, wish.version) in (await company.seen()).intents:
            continue
        async with company.acting(wish.asked_by) as (tx, who):
            intent = await actions.request(
                tx,
                who,
                versions[wish.model, wish.version],
                Stage.PRODUCTION,
                reason=wish.reason,
                rollback_version_id=versions[wish.model, wish.back_to] if wish.back_to else None,
            )
        for handle, comment in wish.signed:
            assert intent.approval_request_id is not None, intent.status_why
            async with company.acting(handle) as (tx, who):
                await approvals.sign(
                    tx, who, intent.approval_request_id, decision=SignOffDecision.APPROVE, comment=comment
                )
        company.say(f"{wish.model} {wish.version} to production: {wish.what}")
