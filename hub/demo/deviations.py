"""Exceptions of the demo: one that ends soon, one that ended, one that waits for a decision."""

from dataclasses import dataclass
from datetime import timedelta

from hub.demo.company import Company
from hub.exceptions import actions
from hub.exceptions.rules import Control, Criterion, Deviation
from hub.exceptions.tables import ExceptionKind, RiskTreatment


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked to be excepted from; `granted` by lea.brandt a day later."""

    what: str
    policy: str
    model: str
    version: str
    asked_by: str
    owner: str
    days_ago: int
    days: int
    why: str
    controls: tuple[str, ...]
    criteria: str
    granted: bool = True


WISHES = (
    Wish(
        what="an exception that ends in five days",
        policy="performance-by-segment",
        model="breast-cancer-diagnosis",
        version="2",
        asked_by="tomas.lindqvist",
        owner="ines.moreau",
        days_ago=71,
        days=76,
        why="The pilot clinics cannot go back to reading alone while version 3 is reviewed. Small tumours are read"
        " twice by people in the meantime.",
        controls=(
            "Every sample with a mean radius under 14 is read by two cytologists, whatever the model says.",
            "Missed tumours are counted each week; three in a week end the pilot.",
        ),
        criteria="Version 3, with recall of at least 0.8 in every segment, is in production.",
    ),
    Wish(
        what="an exception that ended nine days ago",
        policy="performance-overall",
        model="wine-cultivar",
        version="1",
        asked_by="jonas.okafor",
        owner="jonas.okafor",
        days_ago=40,
        days=31,
        why="The old bottling line's computer runs nothing newer; it is replaced this month.",
        controls=("A cellar master looks at every label of that line before the bottles leave.",),
        criteria="Version 2 runs on both lines.",
    ),
    Wish(
        what="an exception that waits for a decision",
        policy="performance-by-segment",
        model="wine-cultivar",
        version="3",
        asked_by="jonas.okafor",
        owner="jonas.okafor",
        days_ago=1,
        days=45,
        why="The laboratory's new sampling plan, by vineyard, is evaluated next month; the segments come with it.",
        controls=("Bottles from vineyards with fewer than eight samples are checked by hand.",),
        criteria="Recall by vineyard is logged.",
        granted=False,
    ),
)


async def deviate(company: Company) -> None:
    """Ask for each, and decide those that were."""
    for wish in WISHES:
        if (wish.policy, wish.model, wish.version) in (await company.seen()).excepted:
            continue
        await _ask(company, wish)
        company.say(f"{wish.what}: {wish.model} {wish.version} from {wish.policy}")


async def _ask(company: Company, wish: Wish) -> None:
    seen, versions = await company.seen(), await company.versions()
    async with company.acting(wish.asked_by, days_ago=wish.days_ago) as (tx, who):
        asked = Deviation(
            policy_id=seen.policies[wish.policy],
            model_id=seen.models[wish.model],
            version_id=versions[wish.model, wish.version],
            kind=ExceptionKind.WAIVER,
            recommended_treatment=RiskTreatment.MITIGATE,
            justification=wish.why,
            controls=tuple(map(Control, wish.controls)),
            criteria=(Criterion(wish.criteria),),
            owner_id=seen.people[wish.owner],
            expires_at=tx.at + timedelta(days=wish.days),
            review_at=tx.at + timedelta(days=wish.days // 2),
        )
        made = await actions.request(tx, who, asked)
    if wish.granted:
        async with company.acting("lea.brandt", days_ago=wish.days_ago - 1) as (tx, lea):
            await actions.decide(tx, lea, made.id, approve=True, note="Granted with the controls as written.")
