"""The company's policies: the starter pack from Git, one change of it in review, one draft that runs in shadow."""

from dataclasses import replace

from hub.demo.company import Company
from hub.models.tables import RiskTier, Stage
from hub.policies.bundles import reading
from hub.policies.changes import actions, applying
from hub.policies.rules import Wording
from hub.policies.tables import DecisionPoint, Enforcement, Severity

PACK = "The starter pack as it came with the hub: agreed on in the model risk round."
TIGHTER = (
    "HIGH models that are judged by recall must find 95 of 100: the clinics' own readers together do. Nine in ten was"
    " the mark for the pilot."
)
IN_SHADOW = "What would it mean to ask for calibration? It runs beside the policies for a month before anybody decides."

OPENED = """
query Opened($summary: String!) { policyChanges(first: 1, filter: {text: $summary}) { nodes { id } } }
"""

CALIBRATED = Wording(
    key="calibration-known",
    title="A stated certainty means what it says",
    rule="metrics.calibration_error <= 0.05",
    rationale="People lean on the certainty that they are shown. Where it says nine in ten, nine in ten must be right.",
    remediation="Calibrate on held-out rows, log calibration_error, and register a new version.",
    severity=Severity.MEDIUM,
    enforcement=Enforcement.WARNING,
    decision_points=(DecisionPoint.PROMOTE,),
    tiers=(RiskTier.HIGH, RiskTier.LIMITED),
    stages=(Stage.PRODUCTION,),
    model_types=("tabular-classifier",),
    tags=("performance",),
)


async def adopt(company: Company) -> None:
    """One person brings the pack from Git as changes, another one approves each of them."""
    bundle = reading.read(reading.STARTER).sound()
    wordings = [policy.wording for policy in bundle.policies]
    async with company.acting("sofia.marchetti", days_ago=400) as (tx, sofia):
        plan = await applying.apply(tx, sofia, bundle.name, wordings, summary=PACK)
    async with company.acting("lea.brandt", days_ago=399) as (tx, lea):
        for one in plan:
            if one.change_id is not None:
                await actions.decide(tx, lea, one.change_id, approve=True, note="As agreed in the round.")
    company.say(f"{len(plan)} policies of the starter pack proposed by sofia.marchetti, approved by lea.brandt")


async def draft(company: Company) -> None:
    """A policy that nobody has to keep yet, asked beside the others."""
    if await told(company, IN_SHADOW):
        return
    async with company.acting("sofia.marchetti", days_ago=6) as (tx, sofia):
        change = await actions.propose(tx, sofia, CALIBRATED, summary=IN_SHADOW)
        await actions.shadow(tx, sofia, change.id, on=True)
    company.say("a draft in shadow: calibration-known")


async def tighten(company: Company) -> None:
    """The pack from a branch in Git where one rule asks for more; what that would do is counted by a backtest."""
    if await told(company, TIGHTER):
        return
    bundle = reading.read(reading.STARTER).sound()
    wordings = [tightened(policy.wording) for policy in bundle.policies]
    async with company.acting("sofia.marchetti") as (tx, sofia):
        await applying.apply(tx, sofia, bundle.name, wordings, summary=TIGHTER)
    company.say("a change in review, with its backtest: performance-overall asks for a recall of 0.95")


async def told(company: Company, summary: str) -> bool:
    """Whether a change was opened with these words, whatever became of it."""
    return bool((await company.ask(OPENED, summary=summary))["policyChanges"]["nodes"])


def tightened(wording: Wording) -> Wording:
    """The wording as the branch has it."""
    if wording.key != "performance-overall":
        return wording
    more = '(model.tier != "HIGH" || model.tags["target.metric"] != "recall" || metrics.recall >= 0.95)'
    return replace(wording, rule=f"{wording.rule.strip()}\n&& {more}")
