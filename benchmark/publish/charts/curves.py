"""Charts of a model's scores: ROC, precision-recall and reliability curves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

from benchmark.publish.chart import (
    Chart,
    axis,
    chart,
    class_line,
    error_bars,
    label_width,
    line_labels,
    log_axis,
    rounded,
)
from benchmark.results import NAMED_RECALL, ModelResult, PrecisionRecall, Reliability, Roc
from benchmark.results.numbers import class_words, classes_words, decimal, decimal_interval, percent


def roc(model: ModelResult, order: list[str]) -> Chart:
    """One-vs-rest ROC curves over a logarithmic false-positive rate, each named where it begins."""
    classes = model.metrics["dataset"]["classes"]
    found, curves = model.metrics["test"]["per_class"], model.curves["roc"]
    floor = 1 / sum(row["support"] for row in found.values())
    starts = {name: true_positives_at(curves[name], floor) for name in order}
    return chart(
        f"{model.name}-roc",
        "ROC curve of each class against the rest",
        _best_and_worst({name: auc for name in order if (auc := found[name]["auc"]["value"]) is not None}),
        [_roc_line(curves[name], classes.index(name), name, floor) for name in order],
        {
            "xaxis": log_axis("false-positive rate", dtick=1, range=[math.log10(floor), 0]),
            "yaxis": axis("true-positive rate", range=[0, 1.01], side="right"),
            "annotations": line_labels(starts, classes, 0.0, (0, 1.01)),
            "margin": {"l": label_width(order)},
            "showlegend": False,
        },
        ("class", "AUC, 95 % interval"),
        [(name, decimal_interval(found[name]["auc"])) for name in order],
        height=520,
    )


def true_positives_at(curve: Roc, rate: float) -> float:
    """Return the highest true-positive rate of a curve at a false-positive rate of no more than `rate`."""
    points = zip(curve["fpr"], curve["tpr"], strict=True)
    return max((tpr for fpr, tpr in points if fpr <= rate), default=0.0)


def _roc_line(curve: Roc, label: int, name: str, floor: float) -> Any:
    xs = [max(fpr, floor) for fpr in curve["fpr"]]
    line = class_line(xs, curve["tpr"], label, name, ": %{y} of the class at %{customdata} of the others")
    line.customdata = rounded(curve["fpr"])  # 0 has no place on the axis, and is 0 all the same
    return line


def _best_and_worst(aucs: dict[str, float]) -> str:
    if not aucs:
        return "No class can be told apart: none has test images."
    least, most = min(aucs.values()), max(aucs.values())
    if least == most:
        return f"All classes are told apart alike (AUC {decimal(most)})."
    worst, best = (classes_words([name for name in aucs if aucs[name] == end]) for end in (least, most))
    return f"Best told apart: {best} (AUC {decimal(most)}); worst: {worst} ({decimal(least)})."


FROM_RECALL = 0.5  # below it every curve of a useful model lies at the top


def precision_recall(model: ModelResult, order: list[str]) -> Chart:
    """Precision-recall curves, each named at the right in the order of its precision at 90 % recall."""
    classes = model.metrics["dataset"]["classes"]
    curves = model.curves["precision_recall"]
    at_90 = {name: precision_at(curves[name], NAMED_RECALL) for name in order}
    told = ": precision %{y} at recall %{x}"
    return chart(
        f"{model.name}-precision-recall",
        "Precision against recall of each class",
        f"{_hardest_at_90(at_90)} Names stand in the order of the lines there.",
        [
            class_line(curves[name]["recall"], curves[name]["precision"], classes.index(name), name, told)
            for name in order
        ],
        {
            "xaxis": axis("recall", range=[FROM_RECALL, 1.005]),
            "yaxis": axis("precision", range=[0, 1.01]),
            "annotations": line_labels(at_90, classes, 1.0, (0, 1.01)),
            "margin": {"r": label_width(order)},
            "showlegend": False,
        },
        ("class", "precision at 90 % recall"),
        [(name, percent(at_90[name])) for name in order],
        height=520,
    )


def _hardest_at_90(precisions: dict[str, float]) -> str:
    least = min(precisions.values())
    hardest = [name for name in precisions if precisions[name] == least]
    if len(hardest) == 1:
        name = class_words(hardest[0])
        return (
            f"To find 90 % of {name}, the hardest class there, the model has to be wrong in {percent(1 - least)} of the images that it "
            f"calls {name} (precision {percent(least)})."
        )
    which = "each class" if len(hardest) == len(precisions) else f"{classes_words(hardest)}, the hardest classes there,"
    return f"To find 90 % of {which}, precision falls to {percent(least)}."


def precision_at(curve: PrecisionRecall, recall: float) -> float:
    """Return the highest precision of a curve at `recall` or more, 0 where it does not reach there."""
    points = zip(curve["recall"], curve["precision"], strict=True)
    return max((precision for found, precision in points if found >= recall), default=0.0)


def reliability(model: ModelResult) -> Chart | None:
    """Accuracy against top-label confidence, or None where scores are no probabilities."""
    curve, calibration = model.curves["reliability"], model.metrics["test"]["calibration"]
    if curve is None or calibration is None:
        return None
    error = calibration["expected_calibration_error"]["value"] or 0.0
    lean = float(np.average(np.subtract(curve["confidence"], curve["accuracy"]), weights=curve["count"]))
    low = max(0.0, min(*curve["confidence"], *curve["accuracy"]) - 0.05)
    return chart(
        f"{model.name}-reliability",
        "Share right against the probability given to the predicted class",
        f"Probabilities are {100 * error:.1f} points off on average, {_leaning(lean, error)}.",
        [_ideal(), _bins(curve)],
        {
            "xaxis": axis("probability of the predicted class", range=[low, 1.01]),
            "yaxis": axis("share right", range=[low, 1.01]),
        },
        ("mean probability", "share right", "95 % interval", "images"),
        _bin_rows(curve),
    )


def _ideal() -> Any:
    look = {"mode": "lines", "meta": "muted", "line": {"dash": "dot"}}
    return go.Scatter(x=[0, 1], y=[0, 1], hoverinfo="skip", showlegend=False, **look)


def _bins(curve: Reliability) -> Any:
    accuracy = np.array(curve["accuracy"])
    return go.Scatter(
        x=rounded(curve["confidence"]),
        y=rounded(accuracy),
        mode="markers+lines",
        meta="lead",
        error_y=error_bars(accuracy - curve["low"], curve["high"] - accuracy, width=3),
        hovertemplate="said %{x}, right %{y}<extra></extra>",
        showlegend=False,
    )


def _bin_rows(curve: Reliability) -> list[tuple[str, ...]]:
    bins = zip(curve["confidence"], curve["accuracy"], curve["low"], curve["high"], curve["count"], strict=True)
    return [
        (f"{confidence:.3f}", f"{accuracy:.3f}", f"{low:.3f}–{high:.3f}", str(count))
        for confidence, accuracy, low, high, count in bins
    ]


def _leaning(lean: float, error: float) -> str:
    """Return in which direction probabilities err: in both, where what is too much and what is too little nearly cancel."""
    if abs(lean) < error / 2:
        return "some too sure of themselves, some too modest"
    return "too sure of themselves" if lean > 0 else "too modest"
