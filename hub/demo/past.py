"""A year of exceptions in the demo's company: what executives see trends of."""

from dataclasses import dataclass
from enum import StrEnum

from hub.exceptions.tables import ExceptionKind, RiskTreatment
from hub.policies.tables import Severity


class End(StrEnum):
    """What became of one in the end."""

    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    RESOLVED = "RESOLVED"
    REVOKED = "REVOKED"
    LASTS = "LASTS"


@dataclass(frozen=True, slots=True)
class Past:
    """One exception: asked for so many days ago, for so many days; decided and ended so many days after that."""

    policy: str
    model: str
    days_ago: int
    days: int
    why: str
    control: str
    criterion: str
    decided_after: int = 2
    end: End = End.EXPIRED
    ended_after: int = 0
    extended_by: int = 0
    before: Severity = Severity.MEDIUM
    after: Severity = Severity.LOW
    kind: ExceptionKind = ExceptionKind.EXCEPTION
    treatment: RiskTreatment = RiskTreatment.MITIGATE


CANCER, DIABETES, WINE = "breast-cancer-diagnosis", "diabetes-progression", "wine-cultivar"
IRIS, POSTAL = "iris-species", "postal-digit-reader"

PAST = (
    Past("training-data-known", WINE, 372, 60, "The first harvest's samples were never entered in the catalog.",
         "The cellar's paper records are kept beside the model.", "The samples are in the catalog.",
         end=End.RESOLVED, ended_after=41),
    Past("robustness-tested", CANCER, 365, 45, "The noise suite is being moved to the new scanner's images.",
         "A cytologist reads every image that the scanner marks as blurred.", "The suite passes on the new images.",
         end=End.RESOLVED, ended_after=30, before=Severity.HIGH, after=Severity.MEDIUM),
    Past("load-tested", DIABETES, 351, 60, "The consultation rooms open one by one; full load comes in spring.",
         "At most five rooms use it.", "A load test at forty rooms passes.", end=End.EXPIRED),
    Past("model-card", IRIS, 344, 45, "The field guide's authors write the section on ethical considerations.",
         "The guide says that the suggestion may be wrong.", "The card is complete.", end=End.RESOLVED, ended_after=38,
         after=Severity.INFO),
    Past("explainability-tested", DIABETES, 330, 60, "The explanations for the new feature are being reviewed.",
         "The clinician sees the three features that counted most.", "The report on explanations passes.",
         end=End.RESOLVED, ended_after=52),
    Past("fairness-parity", CANCER, 322, 60, "Too few patients under forty in the pilot to tell.",
         "Patients under forty are always read twice.", "Two hundred patients under forty are in the test data.",
         decided_after=6, before=Severity.HIGH, after=Severity.MEDIUM, end=End.EXPIRED, extended_by=20),
    Past("performance-by-segment", WINE, 310, 30, "The northern vineyard sends its first samples next month.",
         "Northern bottles are checked by hand.", "Recall by vineyard is logged.", end=End.EXPIRED),
    Past("version-pinned", POSTAL, 301, 30, "The image that it was built in is gone; it is rebuilt this month.",
         "The old machine is kept as it is.", "The version names its artifact's digest.", end=End.RESOLVED,
         ended_after=19, after=Severity.INFO),
    Past("security-tested", DIABETES, 288, 60, "The penetration test is booked for next quarter.",
         "The endpoint answers inside the clinic's network only.", "The report has no open finding.",
         decided_after=4, end=End.RESOLVED, ended_after=55),
    Past("drift-in-bounds", WINE, 270, 20, "The hot summer moved the acidity of every vineyard.",
         "A cellar master looks at every label.", "Drift is within bounds with the new year's samples.",
         end=End.REJECTED, decided_after=3),
    Past("performance-by-segment", WINE, 262, 60, "The northern vineyard's samples are fewer than planned.",
         "Northern bottles are checked by hand.", "Recall by vineyard is logged.", end=End.EXPIRED),
    Past("privacy-tested", CANCER, 255, 40, "The test for membership inference runs on the new data only next month.",
         "Outputs are rounded to whole percents.", "The attack finds no more than chance.", decided_after=7,
         before=Severity.HIGH, after=Severity.MEDIUM, end=End.RESOLVED, ended_after=33),
    Past("third-party-licence", IRIS, 240, 30, "The photographs' licence is being cleared with their museum.",
         "No photograph is shown, only names.", "The museum's letter is on file.", end=End.RESOLVED, ended_after=26),
    Past("peer-review", DIABETES, 229, 14, "The second statistician is on leave until the end of the month.",
         "The change touches two lines and is shown in the request.", "The review is on record.",
         decided_after=1, end=End.WITHDRAWN),
    Past("kpis-defined", WINE, 215, 45, "The bottling line counts recalls only from next month on.",
         "Recalls are counted by hand.", "The recall rate is a KPI of the version.", end=End.RESOLVED, ended_after=44),
    Past("fairness-opportunity", CANCER, 204, 60, "Groups by age are too small to tell since the second clinic joined.",
         "Patients under forty are always read twice.", "Every group has two hundred patients.", decided_after=9,
         before=Severity.CRITICAL, after=Severity.HIGH, end=End.REVOKED, ended_after=31),
    Past("data-validated", WINE, 190, 60, "The new sensor's ranges are not in the schema yet.",
         "Values outside the old ranges stop the line.", "The schema knows the sensor.", end=End.RESOLVED,
         ended_after=35),
    Past("no-data-leakage", POSTAL, 181, 15, "Two test images look like training images; they are being compared.",
         "The two are left out of the figures.", "The comparison is on file.", kind=ExceptionKind.FALSE_POSITIVE,
         end=End.RESOLVED, ended_after=9, after=Severity.INFO),
    Past("performance-by-segment", WINE, 172, 60, "The southern vineyard changed its grapes.",
         "Southern bottles are checked by hand.", "Recall by vineyard is logged.", end=End.EXPIRED),
    Past("load-tested", CANCER, 160, 60, "The second clinic's network is measured in July.",
         "Images queue, and nobody waits for the model to decide.", "A load test with both clinics passes.",
         before=Severity.MEDIUM, after=Severity.LOW, end=End.RESOLVED, ended_after=47),
    Past("explainability-tested", WINE, 151, 60, "The tool for explanations does not know the new library yet.",
         "A cellar master looks at every label that surprises.", "The report on explanations passes.",
         treatment=RiskTreatment.ACCEPT, end=End.EXPIRED),
    Past("human-oversight", CANCER, 140, 14, "The new form for overriding the model is printed next week.",
         "Overriding is written on paper.", "The form is in use.", decided_after=1, before=Severity.HIGH,
         after=Severity.MEDIUM, end=End.RESOLVED, ended_after=12),
    Past("evidence-reproducible", DIABETES, 133, 60, "The seed of the March run was not kept.",
         "The run is repeated with a seed and compared.", "A repeated run agrees within 0.01.", end=End.RESOLVED,
         ended_after=50),
    Past("drift-in-bounds", DIABETES, 121, 25, "The summer's patients are younger than the year's.",
         "The clinician is told that it may be off.", "Drift is within bounds in September.", end=End.EXPIRED),
    Past("rollback-known", POSTAL, 110, 14, "The old reader is being taken out of the sorting machine.",
         "Letters are sorted by hand when it fails.", "Version 1 is kept as the way back.", end=End.RESOLVED,
         ended_after=10, after=Severity.INFO),
    Past("robustness-tested", WINE, 98, 60, "The suite's noise for the new sensor is being agreed on.",
         "Values outside the old ranges stop the line.", "The suite passes for the new sensor.", end=End.EXPIRED,
         extended_by=14),
    Past("security-tested", CANCER, 84, 60, "The scanner's maker patches its firmware in the autumn.",
         "The scanner is in a network of its own.", "The report has no open finding.", decided_after=8,
         before=Severity.HIGH, after=Severity.MEDIUM, end=End.LASTS, extended_by=25),
    Past("fairness-parity", DIABETES, 66, 80, "Patients over eighty are few; two more practices join in December.",
         "Advice for patients over eighty is read by a second clinician.", "Every group has a hundred patients.",
         end=End.LASTS),
    Past("load-tested", WINE, 45, 90, "The second line is built in winter.",
         "One line uses it.", "A load test with both lines passes.", end=End.LASTS),
    Past("model-card", POSTAL, 33, 60, "The caveats wait for the handwriting study.",
         "Unsure letters go to a person.", "The card is complete.", end=End.LASTS, after=Severity.INFO),
    Past("privacy-tested", DIABETES, 21, 60, "The attack suite is being moved to the new library.",
         "Outputs are rounded to whole percents.", "The attack finds no more than chance.", end=End.LASTS,
         before=Severity.HIGH, after=Severity.MEDIUM),
    Past("explainability-tested", WINE, 12, 90, "The tool for explanations does not know the new library yet.",
         "A cellar master looks at every label that surprises.", "The report on explanations passes.", end=End.LASTS),
)  # fmt: skip
"""Each is asked for by its model's owner or developer; nobody decides about what they own."""
