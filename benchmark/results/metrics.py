"""The metrics, each declared once: name, unit, direction, definition, and where in a result its value is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from benchmark.errors import ResultsError
from benchmark.results.stored import ModelResult


@dataclass(frozen=True)
class Metric:
    """A metric, declared once: nothing infers a unit or a direction from a name.

    `better` is "higher" or "lower"; `path` leads to the value in `document`. A metric `of_scores` cannot be compared
    between probabilities and decision values.
    """

    name: str
    title: str
    unit: str
    better: Literal["higher", "lower"]
    definition: str
    document: Literal["metrics.json", "run.json"]
    path: tuple[str, ...]
    of_scores: bool = False


METRICS: tuple[Metric, ...] = (
    Metric(
        "accuracy",
        "Accuracy",
        "share",
        "higher",
        "Share of the test images whose predicted class is the true one: right / all.",
        "metrics.json",
        ("test", "accuracy"),
    ),
    Metric(
        "macro_auc",
        "Macro AUC",
        "share",
        "higher",
        "Mean over the classes of the area under the one-vs-rest ROC curve: P(score of an image of the class > score of another) "
        "+ P(equal) / 2.",
        "metrics.json",
        ("test", "macro_auc"),
        of_scores=True,
    ),
    Metric(
        "macro_f1",
        "Macro F1",
        "share",
        "higher",
        "Mean over the classes of F1 = 2TP / (2TP + FP + FN).",
        "metrics.json",
        ("test", "macro_f1"),
    ),
    Metric(
        "cv_accuracy",
        "Cross-validated accuracy",
        "share",
        "higher",
        "Mean accuracy of the chosen parameters over the folds of the training images: (a₁ + … + a_k) / k.",
        "metrics.json",
        ("search", "best_score"),
    ),
    Metric(
        "train_accuracy",
        "In-sample accuracy",
        "share",
        "higher",
        "Accuracy on the training images themselves; for k-nearest neighbours each image is left out of its own vote.",
        "metrics.json",
        ("train", "accuracy"),
    ),
    Metric(
        "expected_calibration_error",
        "Expected calibration error",
        "share",
        "lower",
        "Σ n_b / n · |share right in bin b − mean top probability in bin b|, over bins of nearly equal count n_b; equal "
        "probabilities share a bin (Naeini, Cooper and Hauskrecht 2015).",
        "metrics.json",
        ("test", "calibration", "expected_calibration_error"),
    ),
    Metric(
        "brier_score",
        "Brier score",
        "squared distance",
        "lower",
        "1/n · Σ (p − y)² over images and classes, with y 1 for the true class and 0 for the others (Brier 1950).",
        "metrics.json",
        ("test", "calibration", "brier_score"),
    ),
    Metric(
        "fit_seconds",
        "Fit time",
        "s",
        "lower",
        "Wall seconds to fit the chosen pipeline on all training images, features included.",
        "run.json",
        ("seconds", "fit"),
    ),
    Metric(
        "search_seconds",
        "Search time",
        "s",
        "lower",
        "Wall seconds of all fits and scorings of the grid search, one after the other; the features, which models "
        "share, aside.",
        "run.json",
        ("seconds", "search"),
    ),
    Metric(
        "predict_seconds",
        "Predict time",
        "s",
        "lower",
        "Median wall seconds of three predictions of 10,000 raw test images (of all, where there are fewer), features included.",
        "run.json",
        ("seconds", "predict_many"),
    ),
    Metric(
        "predict_one_seconds",
        "Predict time, one image",
        "s",
        "lower",
        "Median wall seconds to predict one raw image, features included.",
        "run.json",
        ("seconds", "predict_one"),
    ),
    Metric(
        "peak_memory_bytes",
        "Peak memory",
        "B",
        "lower",
        "Peak resident memory of the process that fitted the chosen pipeline and predicted the test images.",
        "run.json",
        ("peak_memory_bytes",),
    ),
    Metric("pickle_bytes", "Pickle size", "B", "lower", "Size of model.pkl.", "run.json", ("pickle", "bytes")),
)


CLASS_METRICS: tuple[Metric, ...] = (
    Metric(
        "auc",
        "AUC",
        "share",
        "higher",
        "Area under the ROC curve of the class against the rest: P(score of an image of the class > score of another) + P(equal) / 2.",
        "metrics.json",
        ("auc",),
        of_scores=True,
    ),
    Metric(
        "precision",
        "Precision",
        "share",
        "higher",
        "Share of the images predicted as the class that are of it: TP / (TP + FP).",
        "metrics.json",
        ("precision",),
    ),
    Metric(
        "recall",
        "Recall",
        "share",
        "higher",
        "Share of the images of the class that are predicted as it: TP / (TP + FN).",
        "metrics.json",
        ("recall",),
    ),
    Metric("f1", "F1", "share", "higher", "2TP / (2TP + FP + FN); 0 where TP is 0.", "metrics.json", ("f1",)),
)


def metric_named(name: str) -> Metric:
    """Return the declared metric called `name`.

    Raises
    ------
    ResultsError
        If there is none.

    """
    for metric in METRICS:
        if metric.name == name:
            return metric
    raise ResultsError(
        f"there is no metric {name!r}", expected="one of " + ", ".join(m.name for m in METRICS), found=name
    )


def metric_figure(metric: Metric, model: ModelResult | None) -> dict[str, float | None] | None:
    """Return the value of a metric with its interval, None where there is no model or no such value."""
    if model is None:
        return None
    value: Any = model.metrics if metric.document == "metrics.json" else model.run
    for key in metric.path:
        value = value[key] if value is not None else None
    if value is None or isinstance(value, dict):
        return value
    return {"value": float(value)}


def run_value(model: ModelResult, metric: Metric) -> float:
    """Return the value of a cost; seconds of predicting many are given an image."""
    value: Any = model.run if metric.document == "run.json" else model.metrics
    for key in metric.path:
        value = value[key]
    return float(value) / (model.run["n_predict_many"] if metric.name == "predict_seconds" else 1)


def history_value(document: Any, metric: Metric) -> dict[str, float | None] | None:
    """Return the value of a metric in a document of any commit, None where it is undefined."""
    value = document
    for key in metric.path:
        value = value[key] if value is not None else None
    if isinstance(value, dict):
        return None if value["value"] is None else value
    return None if value is None else {"value": value}
