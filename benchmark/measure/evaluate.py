"""Evaluation: from scores, predictions and labels of the test images to unrounded `metrics.json` and `curves.json`."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from benchmark.dataset import Dataset
from benchmark.results import (
    NAMED_RECALL,
    SCHEMA_VERSION,
    Calibration,
    ClassFigures,
    Curves,
    Entry,
    Estimate,
    Metrics,
    OutOfSample,
    PrecisionRecall,
    Reliability,
    Roc,
    Search,
    Seeds,
    confusion_matrix,
)
from benchmark.statistics import (
    auc_interval,
    brier_score,
    equal_count_bins,
    expected_calibration_error,
    f1_intervals,
    f1_scores,
    log_loss_interval,
    macro_auc_interval,
    wilson_interval,
)

CURVE_TOLERANCE = 0.001  # largest error of the interpolated rate on a linear axis
LOG_TOLERANCE = 0.01  # the same on a log10 axis of false-positive rates
MAX_POINTS = 300
FEW_SCORES = 0.1  # below this share of the test images, a model has few distinct scores
Scores = NDArray[Any]
Indices = NDArray[np.int64]
Kind = Literal["predict_proba", "decision_function"]


@dataclass(frozen=True)
class Scored:
    """A model's output on the test images: scores of shape (n_samples, n_classes), the rest of shape (n_samples,)."""

    kind: Kind
    scores: Scores
    labels: Indices
    predictions: Indices


def metrics_document(
    entry: Entry,
    dataset: Dataset,
    search: Search,
    final: Mapping[str, Any],
    seeds: Seeds | None,
    test: Scored,
    search_warnings: int,
) -> Metrics:
    """Return `metrics.json`.

    `final` is the record of the final fit, see `fit.FinalFit`; `search_warnings` is the number of convergence warnings of
    the search.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "name": entry["name"],
        "title": entry["title"],
        "family": entry["family"],
        "features": entry["features"],
        "estimator": entry["estimator"],
        "scores": test.kind,
        "distinct_scores": distinct_scores(test.scores),
        "dataset": {
            "name": dataset.entry.name,
            "digest": dataset.digest,
            "profile": dataset.profile,
            "n_train": dataset.n_train,
            "n_test": dataset.n_test,
            "classes": list(dataset.class_names),
        },
        "search": search,
        "convergence_warnings": {"search": search_warnings, "final_fit": final["convergence_warnings"]},
        "train": {"method": final["train_method"], "accuracy": {"value": final["train_accuracy"]}},
        "test": out_of_sample(test.scores, test.kind, test.labels, test.predictions, list(dataset.class_names)),
        "seeds": seeds,
    }


def out_of_sample(scores: Scores, kind: str, labels: Indices, predictions: Indices, classes: list[str]) -> OutOfSample:
    """Return the test metrics with their 95 % intervals.

    Parameters
    ----------
    scores : ndarray of shape (n_samples, n_classes)
    kind : {"predict_proba", "decision_function"}
    labels, predictions : ndarray of shape (n_samples,)
    classes : list of str
        Names in the order of the columns.
    """
    confusion = confusion_matrix(labels, predictions, len(classes))
    right = int(np.trace(confusion))
    macro_auc = macro_auc_interval(scores, labels)
    class_f1, (f1_low, f1_high) = f1_intervals(confusion)
    f1 = f1_scores(confusion)
    per_class: dict[str, ClassFigures] = {}
    for label, name in enumerate(classes):
        hits, support, predicted = (
            int(n) for n in (confusion[label, label], confusion[label].sum(), confusion[:, label].sum())
        )
        interval = auc_interval(macro_auc.class_aucs[label], macro_auc.class_variances[label])
        per_class[name] = {
            "auc": _estimate(macro_auc.class_aucs[label], interval),
            "precision": _share(hits, predicted),
            "recall": _share(hits, support),
            "f1": _estimate(f1[label], (class_f1[label][0], class_f1[label][1])),
            "support": support,
        }
    return {
        "accuracy": _share(right, len(labels)),
        "macro_auc": _estimate(macro_auc.value, None if macro_auc.low is None else (macro_auc.low, macro_auc.high)),  # type: ignore[arg-type]
        "macro_f1": _estimate(f1.mean(), (f1_low, f1_high)),
        "calibration": _calibration(scores, labels) if kind == "predict_proba" else None,
        "per_class": per_class,
        "confusion": confusion.tolist(),
    }


def distinct_scores(scores: Scores) -> int | None:
    """Return the number of distinct scores if a model has few, otherwise None."""
    number = int(np.unique(scores).size)
    return number if number < FEW_SCORES * len(scores) else None


def curves(name: str, scores: Scores, kind: str, labels: Indices, classes: list[str]) -> Curves:
    """Return the ROC, precision-recall and reliability curves, thinned without a visible difference."""
    return {
        "schema_version": SCHEMA_VERSION,
        "name": name,
        "roc": {title: _roc(scores[:, label], labels == label) for label, title in enumerate(classes)},
        "precision_recall": {
            title: _precision_recall(scores[:, label], labels == label) for label, title in enumerate(classes)
        },
        "reliability": _reliability(scores, labels) if kind == "predict_proba" else None,
    }


def thin_curve(x: NDArray[Any], y: NDArray[Any], *, log_floor: float | None = None) -> Indices:
    """Return the indices of the points of a curve to keep, so that interpolation between them has a small error.

    The point with the largest error is added first until all are within `CURVE_TOLERANCE` (and, over log10 of `x` from
    `log_floor` on, within `LOG_TOLERANCE`) or `MAX_POINTS` are kept (Douglas and Peucker 1973, with vertical distances).

    Parameters
    ----------
    x, y : ndarray of shape (n_points,)
        `x` is monotone.
    """
    axes = [(x, CURVE_TOLERANCE)]
    if log_floor is not None:
        axes.append((np.log10(np.maximum(x, log_floor)), LOG_TOLERANCE))
    kept = {0, len(x) - 1}
    segments = [_worst(axes, y, 0, len(x) - 1)]
    while segments and len(kept) < MAX_POINTS:
        excess, start, middle, stop = heapq.heappop(segments)
        if excess >= -1:  # within tolerance: the heap holds nothing worse
            break
        kept.add(middle)
        for ends in ((start, middle), (middle, stop)):
            heapq.heappush(segments, _worst(axes, y, *ends))
    return np.array(sorted(kept))


def _worst(
    axes: list[tuple[NDArray[Any], float]], y: NDArray[Any], start: int, stop: int
) -> tuple[float, int, int, int]:
    """Return minus the largest error between two kept points, in units of the tolerance, and its location."""
    if stop - start < 2:  # noqa: PLR2004
        return 0.0, start, start, stop
    errors = np.zeros(stop - start + 1)
    for x, tolerance in axes:
        run = x[stop] - x[start]
        share = (x[start : stop + 1] - x[start]) / run if run else np.nan
        between = y[start] + (y[stop] - y[start]) * share
        errors = np.fmax(errors, np.abs(y[start : stop + 1] - between) / tolerance)
    middle = start + 1 + int(np.argmax(errors[1:-1]))
    return -float(errors[middle - start]), start, middle, stop


def _roc(scores: NDArray[Any], is_positive: NDArray[np.bool_]) -> Roc:
    fpr, tpr, _ = roc_curve(is_positive, scores)
    kept = thin_curve(fpr, tpr, log_floor=0.5 / max(1, int((~is_positive).sum())))
    return {"fpr": fpr[kept].tolist(), "tpr": tpr[kept].tolist()}


def _precision_recall(scores: NDArray[Any], is_positive: NDArray[np.bool_]) -> PrecisionRecall:
    precision, recall, _ = precision_recall_curve(is_positive, scores, drop_intermediate=True)
    named = np.flatnonzero(recall >= NAMED_RECALL)
    best = named[precision[named].argmax()]  # captions quote its precision
    kept = np.union1d(thin_curve(recall, precision), best)
    return {"recall": recall[kept].tolist(), "precision": precision[kept].tolist()}


def _reliability(probabilities: Scores, labels: Indices) -> Reliability:
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = equal_count_bins(confidence)
    rows: Reliability = {"confidence": [], "accuracy": [], "low": [], "high": [], "count": []}
    for number in np.unique(bins):
        inside = bins == number
        low, high = wilson_interval(int(right[inside].sum()), int(inside.sum()))
        rows["confidence"].append(float(confidence[inside].mean()))
        rows["accuracy"].append(float(right[inside].mean()))
        rows["low"].append(low)
        rows["high"].append(high)
        rows["count"].append(int(inside.sum()))
    return rows


def _calibration(probabilities: Scores, labels: Indices) -> Calibration:
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    error = expected_calibration_error(confidence, right, equal_count_bins(confidence))
    loss, low, high = log_loss_interval(probabilities, labels)
    return {
        "expected_calibration_error": {"value": float(error)},
        "brier_score": {"value": float(brier_score(probabilities, labels))},
        "log_loss": _estimate(loss, (low, high)),
    }


def _share(successes: int, n: int) -> Estimate:
    if n == 0:
        return {"value": None, "low": None, "high": None}
    return _estimate(successes / n, wilson_interval(successes, n))


def _estimate(value: float, interval: tuple[float, float] | None) -> Estimate:
    low, high = (float(end) for end in interval) if interval else (None, None)
    return {"value": float(value), "low": low, "high": high}
