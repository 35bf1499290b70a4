"""The bundled data sets as tables with readable columns, their derived features and their segments."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split

TARGET = "target"


@dataclass(frozen=True)
class Table:
    """Features and target of one data set, the origin its authors published it under, and how its rows are grouped.

    `groups` gives, for each attribute, a group's name per row; metrics are also measured within each group. `even`
    names the attributes that must make no difference to the people in the rows.
    """

    name: str
    origin: str
    frame: pd.DataFrame
    groups: dict[str, pd.Series]
    classes: bool = True
    even: tuple[str, ...] = ()

    def split(self, seed: int, test_share: float = 0.3) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Train and test rows; classes keep their shares."""
        kept = self.frame[TARGET] if self.classes else None
        train, test = train_test_split(self.frame, test_size=test_share, random_state=seed, stratify=kept)
        return train, test


def breast_cancer() -> Table:
    bunch = datasets.load_breast_cancer(as_frame=True)
    frame = _plain(bunch.data)
    # The bundled target is 1 for benign; a diagnosis is asked for the malignant ones.
    frame[TARGET] = (bunch.target == 0).astype("int64")
    groups = {
        "tumour_size": _bands(frame["mean_radius"], {"small": 14.0, "large": float("inf")}),
        "texture": _bands(frame["mean_texture"], {"even": 20.0, "coarse": float("inf")}),
        # Stain and scanner are not recorded; grey values that scatter within one sample stand in for its preparation.
        "preparation": _bands(frame["texture_error"], {"smooth": 1.108, "uneven": float("inf")}),
    }
    origin = "https://archive.ics.uci.edu/dataset/17/breast+cancer+wisconsin+diagnostic"
    return Table("wdbc", origin, frame, groups, even=("preparation",))


def wine() -> Table:
    bunch = datasets.load_wine(as_frame=True)
    frame = _plain(bunch.data)
    frame[TARGET] = bunch.target.astype("int64")
    groups = {
        "strength": _bands(frame["alcohol"], {"light": 13.0, "strong": float("inf")}),
        "colour": _bands(frame["color_intensity"], {"pale": 4.7, "deep": float("inf")}),
    }
    return Table("wine-chemistry", "https://archive.ics.uci.edu/dataset/109/wine", frame, groups)


def iris() -> Table:
    bunch = datasets.load_iris(as_frame=True)
    frame = _plain(bunch.data)
    frame[TARGET] = bunch.target.astype("int64")
    groups = {"sepal": _bands(frame["sepal_length_cm"], {"short": 5.8, "long": float("inf")})}
    return Table("iris-measurements", "https://archive.ics.uci.edu/dataset/53/iris", frame, groups)


def diabetes() -> Table:
    bunch = datasets.load_diabetes(as_frame=True, scaled=False)
    names = {"s1": "total_cholesterol", "s2": "ldl", "s3": "hdl", "s4": "cholesterol_ratio",
             "s5": "log_triglycerides", "s6": "glucose", "bp": "blood_pressure"}  # fmt: skip
    frame = bunch.data.rename(columns=names).astype("float64")
    frame[TARGET] = bunch.target.astype("float64")
    groups = {
        # The authors code sex as 1 and 2 and do not say which is which.
        "sex": frame["sex"].map({1.0: "one", 2.0: "two"}),
        "age": _bands(frame["age"], {"under_50": 50.0, "from_50": float("inf")}),
        "weight": _bands(frame["bmi"], {"bmi_under_27": 27.0, "bmi_from_27": float("inf")}),
    }
    origin = "https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html"
    return Table("diabetes-baseline", origin, frame, groups, classes=False, even=("sex", "age"))


def digits() -> Table:
    bunch = datasets.load_digits(as_frame=True)
    frame = bunch.data.astype("float64")
    ink = frame.mean(axis=1)
    frame[TARGET] = bunch.target.astype("int64")
    groups = {"stroke": _bands(ink, {"thin": 4.9, "thick": float("inf")})}
    origin = "https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits"
    return Table("handwritten-digits", origin, frame, groups)


def nucleus_shape(raw: pd.DataFrame) -> pd.DataFrame:
    """How irregular the nuclei are, independent of the image's scale, beside the few sizes that matter."""
    made = pd.DataFrame(index=raw.index)
    for kind in ("mean", "worst"):
        made[f"{kind}_roundness"] = raw[f"{kind}_area"] / raw[f"{kind}_perimeter"] ** 2
        made[f"{kind}_dent"] = raw[f"{kind}_concave_points"] * raw[f"{kind}_concavity"]
        made[f"{kind}_radius"] = raw[f"{kind}_radius"]
        made[f"{kind}_texture"] = raw[f"{kind}_texture"]
    made["size_spread"] = raw["worst_radius"] / raw["mean_radius"]
    made["worst_smoothness"] = raw["worst_smoothness"]
    made["worst_concave_points"] = raw["worst_concave_points"]
    made["radius_error"] = raw["radius_error"]
    made[TARGET] = raw[TARGET]
    return made


def metabolic_ratios(raw: pd.DataFrame) -> pd.DataFrame:
    """Ratios that clinicians read (LDL to HDL, pressure by age) beside the raw values."""
    made = raw.drop(columns=TARGET)
    made["ldl_to_hdl"] = raw["ldl"] / raw["hdl"]
    made["pressure_by_age"] = raw["blood_pressure"] / raw["age"]
    made["bmi_by_triglycerides"] = raw["bmi"] * raw["log_triglycerides"]
    made[TARGET] = raw[TARGET]
    return made


Derive = Callable[[pd.DataFrame], pd.DataFrame]


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    plain = {name: name.replace("(cm)", "cm").replace("/", "_").strip().replace(" ", "_") for name in frame.columns}
    return frame.rename(columns=plain).astype("float64")


def _bands(values: pd.Series, tops: dict[str, float]) -> pd.Series:
    """The name of the first band whose top, excluded, lies above the value."""
    edges = [float("-inf"), *tops.values()]
    return pd.cut(values, bins=edges, labels=list(tops), right=False).astype("object")
