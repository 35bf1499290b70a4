"""Tests beyond accuracy: what each measures of a fitted model, and from where on it is passed.

A figure is a metric named `<kind>.<figure>`, so that a reader of the registry knows which test it belongs to; what is
concluded stands in the version's tag `evidence.<kind>.verdict`. Reading what a model looks at, or looking through its
artefact, is for people: no conclusion is drawn here.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.inspection import permutation_importance
from sklearn.metrics import roc_auc_score
from training.data import TARGET

Figures = dict[str, float]

NOISE = 0.05  # of each feature's spread: about what two readings of one sample differ by
CALLS = 100
BANDS = 5
STRONGEST = 5
COPY = 0.98

LEAST_STEADY = 0.95
MOST_UNFAIR = 0.1
MOST_TOLD = 0.6
MOST_DRIFT = 0.2
MOST_LOST = 0.15
MOST_P95_MS = 500.0


@dataclass(frozen=True)
class Trial:
    """A fitted model with the rows it was made from, those held back, and what its answers mean.

    `groups` gives the group of every held-out row for each attribute that must not matter. In a regression an answer
    counts as a yes from `yes_from` on, and as changed when it moved by more than `moved_by`.
    """

    model: object
    task: str
    train: pd.DataFrame
    test: pd.DataFrame
    seed: int
    groups: dict[str, pd.Series]
    yes_from: float = 0.5
    moved_by: float = 0.0

    @property
    def features(self) -> pd.DataFrame:
        return self.test.drop(columns=TARGET)

    @property
    def truth(self) -> np.ndarray:
        return self.test[TARGET].to_numpy()

    def answers(self, features: pd.DataFrame) -> np.ndarray:
        return np.asarray(self.model.predict(features), dtype=float)


def robustness(trial: Trial) -> tuple[Figures, bool]:
    """The share of answers that stay when every feature is a little off."""
    random = np.random.default_rng(trial.seed)
    spread = trial.train.drop(columns=TARGET).std().to_numpy()
    off = trial.features + random.normal(size=trial.features.shape) * spread * NOISE
    moved = np.abs(trial.answers(off) - trial.answers(trial.features))
    steady = float(np.mean(moved <= trial.moved_by))
    return {"noise": NOISE, "answers_kept": steady}, steady >= LEAST_STEADY


def fairness(trial: Trial) -> tuple[Figures, bool]:
    """The widest difference between groups: in the share of yes, and in the share of true yes that is found."""
    yes, true = trial.answers(trial.features) >= trial.yes_from, trial.truth >= trial.yes_from
    parity, opportunity = [0.0], [0.0]
    for of in trial.groups.values():
        inside = [(of == group).to_numpy() for group in sorted(of.unique())]
        parity.append(_widest([yes[rows].mean() for rows in inside]))
        opportunity.append(_widest([yes[rows & true].mean() for rows in inside if (rows & true).any()]))
    found = {
        "demographic_parity_difference": max(parity),
        "equal_opportunity_difference": max(opportunity),
        "attributes": float(len(trial.groups)),
    }
    return found, max(*parity, *opportunity) <= MOST_UNFAIR


def privacy(trial: Trial) -> tuple[Figures, bool]:
    """How well one can tell from its answers whether a row was trained on: 0.5 is guessing, 1 is always."""
    told = roc_auc_score(
        np.r_[np.ones(len(trial.train)), np.zeros(len(trial.test))],
        np.r_[_certainty(trial, trial.train), _certainty(trial, trial.test)],
    )
    return {"membership_told": float(told)}, told <= MOST_TOLD


def data_validation(trial: Trial) -> tuple[Figures, bool]:
    """Whether the rows are whole, alike in both sets, and their labels belong to them."""
    train, test = trial.train.drop(columns=TARGET), trial.features
    shifts = [_shift(train[name].to_numpy(), test[name].to_numpy()) for name in train.columns]
    label, held_out = _associations(trial.train), _associations(trial.test)
    found = {
        "missing_values": float(train.isna().sum().sum() + test.isna().sum().sum()),
        "duplicate_rows": float(trial.train.duplicated().sum()),
        "population_stability_index": float(np.mean(shifts)),
        "leaking_features": float((label > COPY).sum()),
        "label_association": float(label.max()),
        "label_association_held_out": float(held_out.max()),
    }
    sound = found["missing_values"] == 0 and found["population_stability_index"] <= MOST_DRIFT
    return found, sound and held_out.max() - label.max() <= MOST_LOST


def explainability(trial: Trial) -> tuple[Figures, None]:
    """What is lost when a feature is shuffled, for the features that the model looks at most."""
    looked = permutation_importance(trial.model, trial.features, trial.truth, n_repeats=2, random_state=trial.seed)
    order = np.argsort(looked.importances_mean)[::-1][:STRONGEST]
    return {trial.features.columns[at]: float(looked.importances_mean[at]) for at in order}, None


def load(trial: Trial) -> tuple[Figures, bool]:
    """How long one process takes for one answer, in milliseconds: the median, and what 95 of 100 stay below."""
    one, took = trial.features.iloc[[0]], []
    for _ in range(CALLS):
        began = time.perf_counter()
        trial.answers(one)
        took.append((time.perf_counter() - began) * 1000)
    p95 = float(np.quantile(took, 0.95))
    return {"p50_ms": float(np.median(took)), "p95_ms": p95, "calls": float(CALLS)}, p95 <= MOST_P95_MS


KINDS: dict[str, Callable[[Trial], tuple[Figures, bool | None]]] = {
    "robustness": robustness,
    "fairness": fairness,
    "privacy": privacy,
    "data_validation": data_validation,
    "explainability": explainability,
    "load": load,
}


def run(trial: Trial) -> tuple[Figures, dict[str, bool]]:
    """Every test that fits: metrics by name, and what was concluded by kind. Fairness needs groups of people."""
    metrics: Figures = {}
    verdicts: dict[str, bool] = {}
    for kind, measure in KINDS.items():
        if kind == "fairness" and not trial.groups:
            continue
        figures, passed = measure(trial)
        metrics |= {f"{kind}.{name}": round(value, 6) for name, value in figures.items()}
        if passed is not None:
            verdicts[kind] = bool(passed)
    return metrics, verdicts


def on_target(measured: Figures, tags: dict[str, str]) -> dict[str, bool]:
    """Whether a model's targets are met, overall and by segment, where its team set them and it was measured."""
    metric = tags.get("target.metric", "")
    found: dict[str, bool] = {}
    if metric in measured:
        found["performance"] = _within(measured[metric], tags, "target.")
    inside = [value for name, value in measured.items() if name.startswith(f"{metric}/segment.")]
    if metric and inside:
        found["segments"] = all(_within(value, tags, "target.segment.") for value in inside)
    return found


def _within(value: float, tags: dict[str, str], prefix: str) -> bool:
    least, most = float(tags.get(f"{prefix}least", "-inf")), float(tags.get(f"{prefix}most", "inf"))
    return least <= value <= most


def _widest(shares: list[float]) -> float:
    return float(max(shares) - min(shares)) if shares else 0.0


def _certainty(trial: Trial, rows: pd.DataFrame) -> np.ndarray:
    """How sure the model is of the truth of each row."""
    features, truth = rows.drop(columns=TARGET), rows[TARGET].to_numpy()
    if trial.task == "regression":
        return -np.abs(trial.answers(features) - truth)
    return trial.model.predict_proba(features)[np.arange(len(rows)), truth.astype(int)]


def _shift(before: np.ndarray, after: np.ndarray) -> float:
    """The population stability index of one feature over bands of equal size."""
    edges = np.unique(np.quantile(before, np.linspace(0, 1, BANDS + 1))[1:-1])
    shares = [
        np.clip(np.bincount(np.searchsorted(edges, rows), minlength=len(edges) + 1) / len(rows), 1e-4, None)
        for rows in (before, after)
    ]
    return float(np.sum((shares[0] - shares[1]) * np.log(shares[0] / shares[1])))


def _associations(rows: pd.DataFrame) -> pd.Series:
    """How far each feature goes with the target, by rank."""
    return rows.drop(columns=TARGET).corrwith(rows[TARGET], method="spearman").abs().fillna(0.0)
