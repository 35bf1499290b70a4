"""Model cards: what people wrote about each model; the figures in them come from the measurement itself.

The sections are those of Mitchell et al. 2019. A card becomes version tags named `card.<section>`.
"""

from training.measures import Measured

SECTIONS = (
    "model_details", "intended_use", "factors", "metrics", "evaluation_data", "training_data",
    "quantitative_analyses", "ethical_considerations", "caveats_and_recommendations",
)  # fmt: skip

Card = dict[str, str]

DIAGNOSIS: Card = {
    "intended_use": "Second reading of fine-needle aspirates of the breast. A cytologist reads the sample first; the "
    "model points out samples whose nuclei look malignant so that they are read again. It is not to be used alone, "
    "nor for screening people without a finding.",
    "factors": "Tumour size and texture of the nuclei, both from the image; how evenly the sample was prepared, told "
    "from how far grey values scatter within it. Age, ethnicity, scanner and staining are not recorded in the data, so "
    "differences between such groups cannot be measured here.",
    "metrics": "Recall on malignant samples comes first, because a missed cancer costs more than a second reading; "
    "then precision, ROC AUC, the Brier score and the calibration error of the probability shown to the cytologist.",
    "evaluation_data": "30 % of the Wisconsin Diagnostic samples, drawn by class and never seen in training.",
    "training_data": "70 % of the Wisconsin Diagnostic samples: 569 aspirates of one hospital, described by ten "
    "measures of the nuclei (mean, standard error, worst).",
    "ethical_considerations": "A false negative can delay treatment, a false positive means a second reading and some "
    "days of worry. All samples come from one hospital of the early 1990s; other populations may fare worse.",
    "caveats_and_recommendations": "Validate on local samples before first use and after each change of scanner or "
    "staining. Do not show the result before the first human reading. Recalibrate each quarter.",
}

CULTIVAR: Card = {
    "intended_use": "Checks at bottling whether the chemistry of a batch fits the cultivar on its label. A mismatch "
    "stops the label printer until a cellar master has looked.",
    "factors": "Alcoholic strength and depth of colour; both change with the vintage.",
    "metrics": "Recall averaged over the three cultivars, because the rarest must not be neglected; log loss for the "
    "certainty shown to the cellar master.",
    "evaluation_data": "30 % of the batches, drawn by cultivar.",
    "training_data": "70 % of 178 batches of three cultivars grown in one region of Italy, thirteen chemical measures "
    "each.",
    "ethical_considerations": "No personal data. A wrong answer costs a second look, not a person.",
    "caveats_and_recommendations": "One region only: not valid for grapes from elsewhere. Retrain after each vintage.",
}

IRIS: Card = {
    "intended_use": "Suggests the species of an iris in the field guide app from four measures that the visitor "
    "enters.",
    "factors": "Length of the sepal, the measure visitors get wrong most often.",
    "metrics": "Recall averaged over the three species; accuracy for comparison with the printed key.",
    "evaluation_data": "30 % of the flowers, drawn by species.",
    "training_data": "70 % of 150 flowers of three species, from a collection published in 1936.",
    "ethical_considerations": "None of weight: no personal data, and a wrong suggestion harms nobody.",
    "caveats_and_recommendations": "Three species only; every other iris gets one of these names. Show the picture "
    "beside it.",
}

PROGRESSION: Card = {
    "intended_use": "Estimates how far diabetes has progressed a year after the first visit, to plan the number of "
    "nurse appointments per clinic. Not for decisions about a single patient's treatment.",
    "factors": "Sex, age and body mass index: planning must not systematically give one group fewer appointments.",
    "metrics": "Mean absolute error in points of the progression index, and the bias within each group, where below "
    "zero means a group is planned too little.",
    "evaluation_data": "30 % of the patients, drawn at random.",
    "training_data": "70 % of 442 patients with ten measures from the first visit. The coding of sex is as published: "
    "one, two.",
    "ethical_considerations": "Health data and a protected attribute. Sex is used as an input, so its bias is "
    "reported with each version; age groups are compared as well.",
    "caveats_and_recommendations": "Explains about half of the variance: use sums over a clinic, never a single "
    "figure. Compare planned with real appointments every six months.",
}

DIGITS: Card = {
    "intended_use": "Reads single handwritten digits of postal codes on internal mail; unsure ones go to a person.",
    "factors": "Thickness of the stroke, which follows the pen.",
    "metrics": "Accuracy and recall averaged over the ten digits; calibration error, because the hand-over to a "
    "person hangs on the stated certainty.",
    "evaluation_data": "30 % of the digits, drawn by class; the same writers occur in training.",
    "training_data": "70 % of 1,797 digits, 8 by 8 pixels each, from forms filled in by several dozen writers.",
    "ethical_considerations": "Handwriting can point to a person: images are deleted after sorting.",
    "caveats_and_recommendations": "Single digits only, already cut out and scaled. Writers are shared between "
    "training and test, so expect less on new writers.",
}


def filled(card: Card, details: str, measured: Measured) -> Card:
    """All nine sections: the written ones, the details of this version, and an analysis made of its figures."""
    return {"model_details": details, **card, "quantitative_analyses": analysis(measured)}


def analysis(measured: Measured) -> str:
    """The figures in prose, with the segment that fares worst."""
    figures = ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in measured.items() if "/" not in name)
    text = f"On the held-out rows: {figures}."
    for name, worst in (("recall", min), ("mae", max)):
        inside = {key: value for key, value in measured.items() if key.startswith(f"{name}/segment.")}
        if inside:
            weakest = worst(inside, key=inside.__getitem__)
            words = weakest.partition("/segment.")[2].replace(".", " ").replace("_", " ")
            text += f" Weakest segment by {name}: {words}, {inside[weakest]:.3f}."
    return text
