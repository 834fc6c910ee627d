"""The documents of a model's results, `metrics.json` and `curves.json`, as types.

A document is a plain `dict` that its `TypedDict` describes; the order of keys in a file is the order here, and the published
JSON Schema is made from the same types. A document may grow: a field added since the first results is `NotRequired`, and
absent from the documents of older commits. A field whose meaning changes needs another SCHEMA_VERSION and, in `reading`, an
upgrade from the last one.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypedDict

SCHEMA_VERSION = 1
NAMED_RECALL = 0.9  # captions quote the precision at this recall
Measured = Annotated[float, "rounded to 6 significant digits"]
Params = dict[str, Any]


class Value(TypedDict):
    """A value without an interval."""

    value: Measured | None


class Estimate(TypedDict):
    """A value with its 95 % interval; null where it is undefined."""

    value: Measured | None
    low: Measured | None
    high: Measured | None


class DatasetInfo(TypedDict):
    """What a model was measured on; `digest` is the SHA-256 of the four IDX files, decompressed and concatenated."""

    name: str
    digest: str
    profile: str | None
    n_train: int
    n_test: int
    classes: list[str]


class Candidate(TypedDict):
    """One point of the grid and its accuracy on each fold."""

    params: Params
    scores: list[Measured]


class Edge(TypedDict):
    """An ordered parameter whose winner is the first or last of three or more values.

    `gain` is the mean score of the winner minus that of its neighbour; `fold_sd` is the standard deviation of the
    winner's fold scores.
    """

    param: str
    value: Any
    gain: Measured
    fold_sd: Measured


class Search(TypedDict):
    """The grid search on the training images alone."""

    scoring: str
    n_splits: int
    random_state: int
    best_params: Params
    best_score: Measured
    at_edge: list[Edge]
    candidates: list[Candidate]


class Convergence(TypedDict):
    """How many times scikit-learn warned that a fit had not converged: in all fits of the search, and in the final one."""

    search: int
    final_fit: int


class InSample(TypedDict):
    """In-sample accuracy; `method` says whether each image was left out of its own vote."""

    method: Literal["resubstitution", "leave-one-out"]
    accuracy: Value


class ClassFigures(TypedDict):
    """Metrics of one class against the rest."""

    auc: Estimate
    precision: Estimate
    recall: Estimate
    f1: Estimate
    support: int


class Calibration(TypedDict):
    """How far the predicted probabilities can be trusted."""

    expected_calibration_error: Value
    brier_score: Value
    log_loss: NotRequired[Estimate]


class OutOfSample(TypedDict):
    """Out-of-sample metrics, on the test images."""

    accuracy: Estimate
    macro_auc: Estimate
    macro_f1: Estimate
    calibration: Calibration | None
    per_class: dict[str, ClassFigures]
    confusion: list[list[int]]


class SeedAccuracy(TypedDict):
    """Test accuracy of each refit and their standard deviation."""

    values: list[Measured]
    sd: Measured


class Seeds(TypedDict):
    """The spread of test accuracy due to the seed alone."""

    n: int
    random_states: list[int]
    accuracy: SeedAccuracy


class Metrics(TypedDict):
    """`metrics.json`: the same bytes whenever the same commit runs on an x86-64 processor with AVX2."""

    schema_version: int
    name: str
    title: str
    family: str
    features: str
    estimator: str
    scores: Literal["predict_proba", "decision_function"]
    distinct_scores: int | None
    dataset: DatasetInfo
    search: Search
    convergence_warnings: NotRequired[Convergence]
    train: InSample
    test: OutOfSample
    seeds: Seeds | None


class Roc(TypedDict):
    """Points of the ROC curve, thinned so that interpolation has a small error; see `evaluate`."""

    fpr: list[Measured]
    tpr: list[Measured]


class PrecisionRecall(TypedDict):
    """Points of the precision-recall curve, thinned in the same way."""

    recall: list[Measured]
    precision: list[Measured]


class Reliability(TypedDict):
    """One row per bin of equal count: mean confidence, accuracy with its interval, number of images."""

    confidence: list[Measured]
    accuracy: list[Measured]
    low: list[Measured]
    high: list[Measured]
    count: list[int]


class Curves(TypedDict):
    """`curves.json`."""

    schema_version: int
    name: str
    roc: dict[str, Roc]
    precision_recall: dict[str, PrecisionRecall]
    reliability: Reliability | None
