"""The types of `study.json`, of a model and of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

from benchmark.results.documents import Estimate, Measured


def all_classes(classes: Sequence[str]) -> str:
    """Return what the picture of all classes together is called: "all", in brackets where a class has that name."""
    name = "all"
    while name in classes:
        name = f"({name})"
    return name


class Mistake(TypedDict):
    """A misclassified test image; `margin` is the score of the predicted class minus that of the true class."""

    index: int
    true: str
    predicted: str
    margin: Measured


class CurvePoint(TypedDict):
    """Accuracy on the held-out images after fitting on `n_train` images."""

    n_train: int
    accuracy: Estimate


class LearningCurve(TypedDict):
    """The chosen pipeline fitted on growing shares of one fold's training part, scored on its held-out images.

    Each share contains the smaller ones; the intervals reflect the held-out images, not another draw of the share.
    """

    fold: int
    n_held_out: int
    points: list[CurvePoint]


class Importance(TypedDict):
    """What a model looks at: one picture of `shape` for all classes (`all_classes`) or for each class.

    "permutation": accuracy (all classes) or recall (a class) lost when a block of pixels is exchanged between `n_images`
    held-out training images. "coefficients": change in the class's score with each scaled pixel. "impurity": share of
    the total impurity reduction that is due to splits on the pixel.
    """

    method: Literal["permutation", "coefficients", "impurity"]
    shape: list[int]
    block: int
    n_images: int | None
    pictures: dict[str, list[Measured]]


class Study(TypedDict):
    """`study.json` of a model: what its page shows that needs scores or a fitted model."""

    schema_version: int
    name: str
    confident_mistakes: list[Mistake]
    learning_curve: LearningCurve | None
    importances: list[Importance]


class Twin(TypedDict):
    """A test image and the training image nearest to it; `distance` is relative to the test image's own norm."""

    test: int
    train: int
    distance: Measured


class Twins(TypedDict):
    """Near-duplicates across the splits: how many test images have a training image within each distance."""

    distances: list[float]
    counts: list[int]
    nearest: list[Twin]
    n_other_class: int


class Map(TypedDict):
    """Training images in two dimensions; coordinates in the order of `index`."""

    method: str
    index: list[int]
    x: list[Measured]
    y: list[Measured]


class DatasetStudy(TypedDict):
    """`study.json` of a data set: what its page shows that is computed from its images."""

    schema_version: int
    name: str
    digest: str
    image_shape: list[int]
    class_means: dict[str, list[int]]
    pixel_sd: list[Measured]
    explained_variance_ratio: list[Measured]
    components: list[list[Measured]]
    map: Map
    near_duplicates: Twins
