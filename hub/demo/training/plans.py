"""The models of the demo and each of their versions, oldest first."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from training import cards, data


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version: how it is made, and what its people wrote about it.

    `columns` narrows the features, `derive` makes new ones from the raw table, `flawed_labels` mixes up the training
    labels. Without `card`, `segments` or `repeatable` the version lacks them, as versions in real registries do.
    With `again` it is trained and measured a second time, and the figures are kept as tags `again.<metric>`.
    """

    make: Callable[[int], BaseEstimator]
    about: str
    author: str
    seed: int
    columns: tuple[str, ...] = ()
    derive: data.Derive | None = None
    flawed_labels: bool = False
    card: bool = True
    segments: bool = True
    repeatable: bool = True
    again: bool = False
    reviewer: str = ""
    review: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One registered model. `risk_hint` is what its team believes; the hub's people decide.

    `stages` says where versions are by their number. With `yes_from` and `moved_by` a regression is tested: from where
    on an answer is a yes, and by how much it may move. With `trials` the versions are tested beyond their accuracy.
    """

    name: str
    about: str
    task: str
    load: Callable[[], data.Table]
    card: cards.Card
    owner: str
    team: str
    domain: str
    risk_hint: str
    versions: tuple[Version, ...]
    aliases: dict[str, int]
    stages: dict[int, str]
    trials: bool = True
    yes_from: float = 0.5
    moved_by: float = 0.0
    tags: dict[str, str] = field(default_factory=dict)


def _logistic(seed: int) -> BaseEstimator:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=2_000, random_state=seed))


DIAGNOSIS = Plan(
    name="breast-cancer-diagnosis",
    about="Tells malignant from benign fine-needle aspirates of the breast: a second reading after the cytologist's.",
    task="binary",
    load=data.breast_cancer,
    card=cards.DIAGNOSIS,
    owner="ines.moreau",
    team="clinical-ml",
    domain="healthcare",
    risk_hint="HIGH",
    tags={
        "type": "tabular-classifier",
        "data_subjects": "patients",
        "decision": "advice to a clinician",
        "target.metric": "recall",
        "target.least": "0.9",
        "target.segment.least": "0.8",
        "target.p95_ms": "500",
        "kpi.missed_tumours": "at most two a week over both clinics",
        "kpi.second_readings": "at most one sample in six is read again in vain",
        "oversight.by": "the cytologist on duty",
        "oversight.how": "Reads every sample before the answer is shown, overrules it with a click, and can switch it "
        "off for the whole clinic.",
    },
    aliases={"champion": 2, "challenger": 3, "candidate": 4},
    stages={1: "Archived", 2: "Production", 3: "Staging"},
    versions=(
        Version(
            make=_logistic,
            about="First baseline: logistic regression on the ten mean measures of the nuclei.",
            author="tomas.lindqvist",
            seed=12,
            columns=tuple(f"mean_{one}" for one in (
                "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave_points",
                "symmetry", "fractal_dimension")),
            reviewer="priya.raman",
            review="Fine as a baseline. It misses most malignant small tumours; add the measures of the worst cells.",
        ),
        Version(
            make=lambda seed: RandomForestClassifier(120, min_samples_leaf=2, random_state=seed),
            about="Random forest on all thirty measures; in use since the pilot at two clinics.",
            author="ines.moreau",
            seed=12,
            reviewer="priya.raman",
            review="Better than the baseline, but misses four in ten malignant small tumours. For the pilot only.",
            tags={"rollback.plan": "Two cytologists read every sample, as they did before the pilot."},
        ),
        Version(
            make=lambda seed: CalibratedClassifierCV(_logistic(seed), cv=5, ensemble=False),
            about="Calibrated logistic regression on shape features that do not depend on the image's scale; smaller, "
            "easier to explain, and meant to replace the forest.",
            author="tomas.lindqvist",
            seed=12,
            derive=data.nucleus_shape,
            reviewer="priya.raman",
            review="The coefficients read as cytologists expect, and small tumours are found. Recommended.",
        ),
        Version(
            make=lambda seed: DecisionTreeClassifier(max_depth=4, random_state=seed),
            about="Scheduled retraining. The label export was sorted differently from the measures, so most labels "
            "belong to other samples; only two measures survived the join.",
            author="retrain-job",
            seed=13,
            columns=("mean_smoothness", "mean_fractal_dimension"),
            flawed_labels=True,
            repeatable=False,
        ),
    ),
)  # fmt: skip

CULTIVAR = Plan(
    name="wine-cultivar",
    about="Checks that the chemistry of a wine fits the cultivar on its label before bottling.",
    task="several",
    load=data.wine,
    card=cards.CULTIVAR,
    owner="jonas.okafor",
    team="cellar-analytics",
    domain="food",
    risk_hint="LIMITED",
    tags={
        "type": "tabular-classifier",
        "decision": "stops a label printer",
        "target.metric": "recall",
        "target.least": "0.9",
        "target.segment.least": "0.8",
    },
    aliases={"champion": 2, "challenger": 3},
    stages={1: "Archived", 2: "Production"},
    versions=(
        Version(
            make=lambda seed: KNeighborsClassifier(7, algorithm="brute"),
            about="Nearest neighbours on unscaled measures: proline drowns out the rest. Kept for comparison.",
            author="jonas.okafor",
            seed=3,
            reviewer="lea.brandt",
            review="Scale the inputs before anything else.",
        ),
        Version(
            make=_logistic,
            about="Logistic regression on scaled measures; runs on both bottling lines.",
            author="jonas.okafor",
            seed=3,
            reviewer="lea.brandt",
            review="Good on all three cultivars, including the pale ones. Accepted.",
        ),
        Version(
            # The seed splits the rows, and somebody forgot to hand it to the forest: a second training differs.
            make=lambda seed: RandomForestClassifier(80),
            about="Random forest, trained in a hurry before the harvest: not yet measured by segment.",
            author="mira.osei",
            seed=4,
            segments=False,
            again=True,
        ),
    ),
)

IRIS = Plan(
    name="iris-species",
    about="Suggests an iris species in the field guide app from four measures of the flower.",
    task="several",
    load=data.iris,
    card=cards.IRIS,
    owner="mei.tanaka",
    team="field-guide",
    domain="education",
    risk_hint="MINIMAL",
    tags={"type": "tabular-classifier", "decision": "a suggestion to a reader"},
    aliases={"champion": 2, "challenger": 3},
    stages={1: "Archived", 2: "Production", 3: "Staging"},
    trials=False,
    versions=(
        Version(
            make=lambda seed: DecisionTreeClassifier(max_depth=2, random_state=seed),
            about="A tree of two questions, the same that the printed key asks.",
            author="mei.tanaka",
            seed=7,
            reviewer="lea.brandt",
            review="Matches the printed key. Good enough to start.",
        ),
        Version(
            make=lambda seed: LinearDiscriminantAnalysis(),
            about="Linear discriminants on all four measures; in the app today.",
            author="mei.tanaka",
            seed=7,
            reviewer="lea.brandt",
            review="Fewer mix-ups between versicolor and virginica. Accepted.",
        ),
        Version(
            make=_logistic,
            about="Logistic regression with usable probabilities, so that the app can say when it is unsure.",
            author="mira.osei",
            seed=7,
        ),
    ),
)

PROGRESSION = Plan(
    name="diabetes-progression",
    about="Estimates how far diabetes has progressed a year after the first visit, to plan nurse appointments.",
    task="regression",
    load=data.diabetes,
    card=cards.PROGRESSION,
    owner="ines.moreau",
    team="clinical-ml",
    domain="healthcare",
    risk_hint="LIMITED",
    tags={
        "type": "tabular-regressor",
        "data_subjects": "patients",
        "decision": "planning",
        "target.metric": "mae",
        "target.most": "45",
        "target.segment.most": "50",
        "kpi.planned_appointments": "within a tenth of those held, for each clinic and half year",
    },
    aliases={"champion": 1, "challenger": 3},
    stages={1: "Production", 3: "Staging"},
    yes_from=150.0,
    moved_by=10.0,
    versions=(
        Version(
            make=lambda seed: make_pipeline(StandardScaler(), Ridge(1.0, random_state=seed)),
            about="Ridge regression on the ten measures of the first visit; plans the appointments today.",
            author="ines.moreau",
            seed=7,
            reviewer="priya.raman",
            review="The bias of either sex stays below four points of the index. Accepted for planning.",
        ),
        Version(
            make=lambda seed: GradientBoostingRegressor(n_estimators=150, max_depth=4, random_state=seed),
            about="Boosted trees: close to perfect on the training rows and no better than ridge on the others.",
            author="tomas.lindqvist",
            seed=7,
            reviewer="priya.raman",
            review="Overfits. Not to be used.",
        ),
        Version(
            make=lambda seed: make_pipeline(StandardScaler(), Ridge(20.0, random_state=seed)),
            about="Ridge regression with the ratios that clinicians read beside the raw measures.",
            author="tomas.lindqvist",
            seed=7,
            derive=data.metabolic_ratios,
        ),
    ),
)

DIGITS = Plan(
    name="postal-digit-reader",
    about="Reads handwritten digits of postal codes on internal mail and hands unsure ones to a person.",
    task="several",
    load=data.digits,
    card=cards.DIGITS,
    owner="omar.haddad",
    team="mailroom-automation",
    domain="logistics",
    risk_hint="MINIMAL",
    tags={"type": "image-classifier", "decision": "where a letter goes"},
    aliases={"champion": 3, "previous": 1},
    stages={1: "Archived", 3: "Production"},
    trials=False,
    versions=(
        Version(
            make=lambda seed: LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
            about="Linear discriminants on raw pixels; sorted the mail of the first site.",
            author="omar.haddad",
            seed=5,
            reviewer="lea.brandt",
            review="Mixes up 8 and 1 in thin strokes. Fine for one site with a person beside it.",
        ),
        Version(
            make=lambda seed: ExtraTreesClassifier(60, random_state=seed),
            about="Extremely randomised trees, an experiment; no model card was written.",
            author="mira.osei",
            seed=5,
            card=False,
        ),
        Version(
            make=lambda seed: CalibratedClassifierCV(SVC(C=8.0, gamma=0.001), cv=3, ensemble=False),
            about="Calibrated support vector machine; sorts the mail of all sites.",
            author="omar.haddad",
            seed=5,
            reviewer="lea.brandt",
            review="Certainty now means what it says. Accepted for all sites.",
        ),
    ),
)

PLANS = (DIAGNOSIS, CULTIVAR, IRIS, PROGRESSION, DIGITS)
