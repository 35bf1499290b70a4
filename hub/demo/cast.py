"""Who and what the demo begins with: people, teams, roles, owners, risk tiers."""

from dataclasses import dataclass

from hub.models.tables import RiskTier
from hub.people.tables import Discipline, PersonKind, Role


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

OWNERS = {
    "breast-cancer-diagnosis": ("ines.moreau", "clinical-ml"),
    "diabetes-progression": ("ines.moreau", "clinical-ml"),
    "wine-cultivar": ("jonas.okafor", "cellar-analytics"),
    "iris-species": ("mei.tanaka", "field-guide"),
    "postal-digit-reader": ("omar.haddad", "mailroom-automation"),
}
