"""Metrics of a fitted model, overall and within each segment of the test rows."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn import metrics as m

Measured = dict[str, float]

FEWEST_ROWS = 8


def in_segment(metric: str, attribute: str, group: str) -> str:
    """The metric's name within one segment: `recall/segment.tumour_size.small`.

    MLflow allows letters, digits, `_`, `-`, `.`, space and `/` in names everywhere (a colon not on Windows). A name is
    `<metric>` or `<metric>/segment.<attribute>.<group>`; metric and attribute hold neither `/` nor `.`, so that the
    first `/segment.` and the first dot after it part them. Any other `/` belongs to the metric's own name.
    """
    return f"{metric}/segment.{attribute}.{group}"


def binary(truth: np.ndarray, chance: np.ndarray) -> Measured:
    """`chance` holds the predicted probability of class 1; classes are told apart at one half."""
    said = (chance >= 0.5).astype(int)
    found = {"accuracy": m.accuracy_score(truth, said), "brier_score": m.brier_score_loss(truth, chance)}
    found["precision"] = m.precision_score(truth, said, zero_division=0.0)
    if truth.any():
        found["recall"] = m.recall_score(truth, said)
        found["f1"] = m.f1_score(truth, said)
    if not truth.all():
        found["specificity"] = m.recall_score(truth, said, pos_label=0)
    if truth.any() and not truth.all():
        found["roc_auc"] = m.roc_auc_score(truth, chance)
    found["calibration_error"] = _calibration_error(truth == 1, chance)
    return found


def several(truth: np.ndarray, chances: np.ndarray) -> Measured:
    """`chances` holds a column for each class; precision and recall are means over the classes."""
    said = chances.argmax(axis=1)
    classes = np.unique(truth)
    found = {
        "accuracy": m.accuracy_score(truth, said),
        "precision": m.precision_score(truth, said, labels=classes, average="macro", zero_division=0.0),
        "recall": m.recall_score(truth, said, labels=classes, average="macro"),
        "f1": m.f1_score(truth, said, labels=classes, average="macro"),
        "calibration_error": _calibration_error(said == truth, chances.max(axis=1)),
    }
    if len(classes) == chances.shape[1]:
        found["roc_auc"] = m.roc_auc_score(truth, chances, multi_class="ovr")
        found["log_loss"] = m.log_loss(truth, chances)
    return found


def regression(truth: np.ndarray, said: np.ndarray) -> Measured:
    """`bias` is the mean of predicted less true: above zero the model says too much."""
    return {
        "r2": m.r2_score(truth, said),
        "rmse": float(np.sqrt(m.mean_squared_error(truth, said))),
        "mae": m.mean_absolute_error(truth, said),
        "bias": float(np.mean(said - truth)),
    }


def by_segment(
    measure: Callable[[np.ndarray, np.ndarray], Measured],
    kept: tuple[str, ...],
    truth: np.ndarray,
    said: np.ndarray,
    groups: dict[str, pd.Series],
) -> Measured:
    """The `kept` metrics within every group of at least FEWEST_ROWS rows, and each group's rows."""
    found: Measured = {}
    for attribute, group_of in groups.items():
        for group in sorted(group_of.unique()):
            inside = (group_of == group).to_numpy()
            found[in_segment("rows", attribute, group)] = float(inside.sum())
            if inside.sum() < FEWEST_ROWS:
                continue
            local = measure(truth[inside], said[inside])
            found |= {in_segment(name, attribute, group): local[name] for name in kept if name in local}
    return found


def _calibration_error(right: np.ndarray, chance: np.ndarray, bins: int = 10) -> float:
    """Mean distance of promised and kept shares over equal bins of probability, weighted by rows."""
    bin_of = np.minimum((chance * bins).astype(int), bins - 1)
    error = 0.0
    for inside in (bin_of == one for one in np.unique(bin_of)):
        error += inside.mean() * abs(right[inside].mean() - chance[inside].mean())
    return float(error)
