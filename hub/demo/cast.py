"""Who and what the demo begins with: people, teams, roles, and the policies they agreed on."""

from dataclasses import dataclass

from hub.models.tables import RiskTier
from hub.people.tables import Discipline, PersonKind, Role
from hub.policies.rules import Wording
from hub.policies.tables import DecisionPoint, Enforcement, Severity


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the demo: what they are called, where they belong, what they may do."""

    handle: str
    name: str
    roles: tuple[Role, ...]
    team: str | None = None
    disciplines: tuple[Discipline, ...] = ()
    kind: PersonKind = PersonKind.HUMAN


TEAMS = {
    "clinical-ml": "Clinical machine learning",
    "cellar-analytics": "Cellar analytics",
    "field-guide": "Field guide",
    "mailroom-automation": "Mailroom automation",
    "model-risk": "Model risk",
}

MEMBERS = (
    Member("ines.moreau", "Inès Moreau", (Role.MODEL_OWNER,), "clinical-ml"),
    Member("tomas.lindqvist", "Tomas Lindqvist", (Role.DEVELOPER,), "clinical-ml"),
    Member("jonas.okafor", "Jonas Okafor", (Role.MODEL_OWNER, Role.DEVELOPER), "cellar-analytics"),
    Member("mei.tanaka", "Mei Tanaka", (Role.MODEL_OWNER, Role.DEVELOPER), "field-guide"),
    Member("omar.haddad", "Omar Haddad", (Role.MODEL_OWNER, Role.DEVELOPER), "mailroom-automation"),
    Member("mira.osei", "Mira Osei", (Role.DATA_STEWARD,), "clinical-ml"),
    Member("priya.raman", "Priya Raman", (Role.MODEL_APPROVER,), "model-risk", (Discipline.RISK,)),
    Member("lea.brandt", "Lea Brandt", (Role.MODEL_APPROVER,), "model-risk", (Discipline.COMPLIANCE,)),
    Member("sofia.marchetti", "Sofia Marchetti", (Role.POLICY_OWNER,), "model-risk"),
    Member("henrik.vale", "Henrik Vale", (Role.EXECUTIVE,)),
    Member("ada.kline", "Ada Kline", (Role.AUDITOR,)),
    Member("retrain-job", "Scheduled retraining", (Role.SERVICE,), "clinical-ml", kind=PersonKind.SERVICE),
)

TIERS = {
    "breast-cancer-diagnosis": (RiskTier.HIGH, "A missed tumour harms a patient; clinicians act on its advice."),
    "diabetes-progression": (RiskTier.LIMITED, "Informs a conversation about treatment, decides nothing."),
    "wine-cultivar": (RiskTier.LIMITED, "A wrong label costs a recall of bottles, and harms nobody."),
    "iris-species": (RiskTier.MINIMAL, "A field guide's suggestion; the reader sees the flower."),
    "postal-digit-reader": (RiskTier.MINIMAL, "A misread digit delays a letter by a day."),
}

PROMOTION = (DecisionPoint.REGISTER, DecisionPoint.PROMOTE)

OWNERS = {
    "breast-cancer-diagnosis": ("ines.moreau", "clinical-ml"),
    "diabetes-progression": ("ines.moreau", "clinical-ml"),
    "wine-cultivar": ("jonas.okafor", "cellar-analytics"),
    "iris-species": ("mei.tanaka", "field-guide"),
    "postal-digit-reader": ("omar.haddad", "mailroom-automation"),
}

POLICIES = (
    Wording(
        key="named-owner",
        title="Every model has an owner",
        rule="model.owner != null",
        rationale="A model that nobody answers for is a model that nobody mends.",
        remediation="Set the model's owner: setModelOwner, or the tag `owner` in the registry.",
        severity=Severity.HIGH,
        enforcement=Enforcement.BLOCKING,
        decision_points=PROMOTION,
        service_level_days=7,
    ),
    Wording(
        key="model-card",
        title="A model card says what it is for and what it was made from",
        rule="has(card.intended_use) && has(card.training_data) && has(card.ethical_considerations)"
        " && has(card.caveats_and_recommendations)",
        rationale="Whoever uses a model must know what it was made for, and where it ends.",
        remediation="Write the missing sections as card.* tags of the version and sync again.",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.BLOCKING,
        decision_points=PROMOTION,
        service_level_days=30,
        longest_exception_days=90,
    ),
    Wording(
        key="recall-overall",
        title="Diagnosis finds at least nine in ten malignant tumours",
        rule="metrics.recall >= 0.9",
        rationale="The second reader it replaces finds nine in ten; a tool that finds fewer does harm.",
        remediation="Train on more malignant cases, or lower the decision threshold, and evaluate again.",
        severity=Severity.CRITICAL,
        enforcement=Enforcement.BLOCKING,
        decision_points=PROMOTION,
        tiers=(RiskTier.HIGH,),
        service_level_days=14,
        longest_exception_days=30,
    ),
    Wording(
        key="recall-by-segment",
        title="No group of patients is served much worse",
        rule="segments.recall.all(group, segments.recall[group] >= 0.8)",
        rationale="An average hides whom it fails: small tumours are found late, and are the ones that can be cured.",
        remediation="Report recall by segment; add training cases of the weak segment or restrict the intended use.",
        severity=Severity.HIGH,
        enforcement=Enforcement.BLOCKING,
        decision_points=PROMOTION,
        tiers=(RiskTier.HIGH,),
        service_level_days=30,
        longest_exception_days=90,
    ),
    Wording(
        key="peer-review",
        title="Somebody else has looked at it",
        rule='"review.by" in version.tags && version.tags["review.by"] != version.author',
        rationale="Whoever builds does not see what they overlook.",
        remediation="Have a colleague review the version and set the tags review.by and review.note.",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.WARNING,
        decision_points=PROMOTION,
        tiers=(RiskTier.HIGH, RiskTier.LIMITED),
        service_level_days=14,
    ),
    Wording(
        key="segments-reported",
        title="Performance is reported by segment",
        rule="size(segments) > 0",
        rationale="Fairness that is not measured cannot be argued about.",
        remediation="Log at least one metric by segment: metric/segment.attribute.group.",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.BLOCKING,
        decision_points=PROMOTION,
        tiers=(RiskTier.HIGH, RiskTier.LIMITED),
        service_level_days=30,
    ),
    Wording(
        key="training-data-known",
        title="The data it was trained on is known",
        rule="lineage.training_datasets > 0",
        rationale="What a model was made from decides what may be done with it.",
        remediation="Log the training data set with its digest in the training run.",
        severity=Severity.HIGH,
        enforcement=Enforcement.ADVISORY,
        decision_points=PROMOTION,
    ),
)
