"""The metrics, each declared once: name, unit, direction, definition, and where a result stores its value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from benchmark.command import Command
from benchmark.errors import ResultsError
from benchmark.results.stored import ModelResult

Reading = dict[str, float | None]  # value, and low and high where there is an interval


@dataclass(frozen=True)
class Metric:
    """A metric, declared once: nothing infers a unit or a direction from a name.

    `better` is "higher" or "lower"; `path` leads to the value in `document`, and `per`, if given, to the number of
    items that the value covers. A metric `of_scores` cannot be compared between probabilities and decision values.
    """

    name: str
    title: str
    unit: str
    better: Literal["higher", "lower"]
    definition: str
    document: Literal["metrics.json", "run.json"]
    path: tuple[str, ...]
    of_scores: bool = False
    per: str = ""

    def of(self, result: ModelResult) -> Reading | None:
        """Return the value in a model's result; see `read`."""
        return self.read(self._document(result))

    def each(self, result: ModelResult) -> float:
        """Return the value per item, for instance seconds per image; 0 if there is no value, so ask `of` first."""
        document = self._document(result)
        value = (self.read(document) or {"value": None})["value"]
        return float(value or 0.0) / (document[self.per] if self.per else 1)

    def read(self, document: Mapping[str, Any]) -> Reading | None:
        """Return the value in a document, with its interval if it has one; None where there is none.

        There is none where a part of the document that would hold it is null (a model without probabilities has no
        calibration), or where the document is older than the metric; `is_recorded` tells these apart.
        """
        value: Any = document
        for key in self.path:
            value = None if value is None else value.get(key)
        return value if value is None or isinstance(value, dict) else {"value": float(value)}

    def is_recorded(self, result: ModelResult) -> bool:
        """Return whether a result was written by a version that knows the metric, even if it has no value."""
        return self.is_in(self._document(result))

    def is_in(self, document: Mapping[str, Any]) -> bool:
        """Return the same for a document."""
        value: Any = document
        for key in self.path:
            if value is None:
                return True
            if key not in value:
                return False
            value = value[key]
        return True

    def _document(self, result: ModelResult) -> Any:
        return result.metrics if self.document == "metrics.json" else result.run


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
        "probability",
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
        "log_loss",
        "Log loss",
        "nats",
        "lower",
        "Mean of −ln p over the images, with p the probability given to the true class, clipped at 1e-15 (Good 1952).",
        "metrics.json",
        ("test", "calibration", "log_loss"),
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
        per="n_predict_many",
    ),
    Metric(
        "predict_one_seconds",
        "Predict time for one image",
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
        "probability",
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
    names = [metric.name for metric in METRICS]
    close = get_close_matches(name, names, n=1)
    raise ResultsError(
        f"there is no metric {name!r}",
        expected="one of " + ", ".join(names),
        found=name,
        remedy=Command("history", metric=(close or ["accuracy"])[0]),
    )
