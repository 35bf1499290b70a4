"""What the data steward says of the data that the demo's models were made from."""

from hub.demo.company import Company
from hub.lineage import actions
from hub.lineage.rules import Description

UCI = "UCI Machine Learning Repository"

DESCRIPTIONS = {
    "wdbc": Description(
        categories=("PERSONAL", "SPECIAL"),
        source_name=f"Breast Cancer Wisconsin (Diagnostic), {UCI}",
        legal_basis="GDPR 9(2)(j), scientific research",
        consent="the published rows name nobody; the pilot's own patients are asked at the clinic",
        licence="CC BY 4.0",
        note="Health data of one hospital. Whoever adds rows of the pilot's clinics asks the ethics board first.",
    ),
    "diabetes-baseline": Description(
        categories=("PERSONAL", "SPECIAL"),
        source_name="Diabetes data of Efron, Hastie, Johnstone and Tibshirani 2004, North Carolina State University",
        legal_basis="GDPR 9(2)(h), planning of care",
        consent="the published rows name nobody; patients of the clinics are asked at the first visit",
        note="The page that publishes it names no licence. Asked; no answer yet.",
    ),
    "wine-chemistry": Description(categories=("PUBLIC",), source_name=f"Wine, {UCI}", licence="CC BY 4.0"),
    "iris-measurements": Description(categories=("PUBLIC",), source_name=f"Iris, {UCI}", licence="CC BY 4.0"),
    "handwritten-digits": Description(
        categories=("PERSONAL",),
        source_name=f"Optical Recognition of Handwritten Digits, {UCI}",
        licence="CC BY 4.0",
        note="Handwriting can point to its writer. On what basis it sorts our mail is being asked of the data"
        " protection officer; until then there is none to write down.",
    ),
}
"""By the name that the tables of one origin begin with; what was split or derived from one is of its kind."""


async def describe(company: Company) -> None:
    """Every data set that nobody has described yet."""
    found = [
        (namespace, name, said)
        for namespace, name in (await company.seen()).undescribed
        for origin, said in DESCRIPTIONS.items()
        if name == origin or name.startswith(f"{origin}-")
    ]
    if not found:
        return
    async with company.acting("mira.osei", days_ago=73) as (tx, mira):
        for namespace, name, said in found:
            await actions.describe(tx, mira, namespace, name, said)
    company.say(f"{len(found)} data sets described by mira.osei")
