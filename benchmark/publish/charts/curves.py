"""Charts of a model's scores: ROC, precision-recall and reliability curves."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go

from benchmark.publish.chart import Chart, axis, chart, class_line, label_width, line_labels, rounded
from benchmark.results import NAMED_RECALL, ModelResult
from benchmark.results.numbers import auc_text, percent


def roc(model: ModelResult, order: list[str]) -> Chart:
    """One-vs-rest ROC curves over a logarithmic false-positive rate, each named where it begins."""
    classes = model.metrics["dataset"]["classes"]
    negatives = sum(f["support"] for f in model.metrics["test"]["per_class"].values())
    floor = 1 / negatives
    traces, rows, starts = [], [], {}
    for name in order:
        curve = model.curves["roc"][name]
        xs = [max(x, floor) for x in curve["fpr"]]
        starts[name] = max(y for x, y in zip(xs, curve["tpr"], strict=True) if x <= floor)
        traces.append(
            class_line(
                xs, curve["tpr"], classes.index(name), name, ": %{y} of the class at %{customdata} of the others"
            )
        )
        traces[-1].customdata = rounded(curve["fpr"])  # 0 has no place on the axis, and is 0 all the same
        rows.append((name, auc_text(model.metrics["test"]["per_class"][name]["auc"])))
    aucs = {name: model.metrics["test"]["per_class"][name]["auc"]["value"] or 0.0 for name in order}
    worst, best = min(aucs, key=lambda n: aucs[n]), max(aucs, key=lambda n: aucs[n])
    return chart(
        f"{model.name}-roc",
        "ROC curve of each class against the rest",
        f"Best told apart: {best} (AUC {aucs[best]:.4f}); worst: {worst} ({aucs[worst]:.4f}).",
        traces,
        {
            "xaxis": axis(
                "false-positive rate (log)", type="log", dtick=1, exponentformat="none", range=[math.log10(floor), 0]
            ),
            "yaxis": axis("true-positive rate", range=[0, 1.01], side="right"),
            "annotations": line_labels(starts, classes, 0.0, (0, 1.01)),
            "margin": {"l": label_width(order)},
            "showlegend": False,
        },
        ("class", "AUC, 95 % interval"),
        rows,
        height=520,
    )


FROM_RECALL = 0.5  # below it every curve of a useful model lies at the top


def precision_recall(model: ModelResult, order: list[str]) -> Chart:
    """Precision-recall curves, each named at the right in the order of its precision at 90 % recall."""
    classes = model.metrics["dataset"]["classes"]
    traces, at_90 = [], {}
    for name in order:
        curve = model.curves["precision_recall"][name]
        told = ": precision %{y} at recall %{x}"
        traces.append(class_line(curve["recall"], curve["precision"], classes.index(name), name, told))
        at_90[name] = max(
            (p for r, p in zip(curve["recall"], curve["precision"], strict=True) if r >= NAMED_RECALL), default=0.0
        )
    hard = min(at_90, key=lambda name: at_90[name])
    return chart(
        f"{model.name}-precision-recall",
        "Precision against recall of each class",
        f"At the threshold that finds 90 % of {hard}, the hardest there, {percent(at_90[hard])} of what passes is {hard}. "
        "Names stand in the order of the lines there.",
        traces,
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


def reliability(model: ModelResult) -> Chart | None:
    """Accuracy against top-label confidence, or None where scores are no probabilities."""
    curve, calibration = model.curves["reliability"], model.metrics["test"]["calibration"]
    if curve is None or calibration is None:
        return None
    error = calibration["expected_calibration_error"]["value"] or 0.0
    lean = float(np.average(np.subtract(curve["confidence"], curve["accuracy"]), weights=curve["count"]))
    trace = go.Scatter(
        x=rounded(curve["confidence"]),
        y=rounded(curve["accuracy"]),
        mode="markers+lines",
        meta="lead",
        error_y={
            "type": "data",
            "symmetric": False,
            "width": 3,
            "array": rounded(np.subtract(curve["high"], curve["accuracy"]).tolist()),
            "arrayminus": rounded(np.subtract(curve["accuracy"], curve["low"]).tolist()),
        },
        hovertemplate="said %{x}, right %{y}<extra></extra>",
        showlegend=False,
    )
    ideal = go.Scatter(
        x=[0, 1], y=[0, 1], mode="lines", meta="muted", line={"dash": "dot"}, hoverinfo="skip", showlegend=False
    )
    low = max(0.0, min(*curve["confidence"], *curve["accuracy"]) - 0.05)
    rows = [
        (f"{c:.3f}", f"{a:.3f}", f"{l:.3f}–{h:.3f}", str(n))
        for c, a, l, h, n in zip(*(curve[k] for k in ("confidence", "accuracy", "low", "high", "count")), strict=True)  # noqa: E741
    ]
    return chart(
        f"{model.name}-reliability",
        "Share right against the probability given to the predicted class",
        f"Probabilities are {100 * error:.1f} points off on average, {_leaning(lean, error)}.",
        [ideal, trace],
        {
            "xaxis": axis("probability of the predicted class", range=[low, 1.01]),
            "yaxis": axis("share right", range=[low, 1.01]),
        },
        ("mean probability", "share right", "95 % interval", "images"),
        rows,
    )


def _leaning(lean: float, error: float) -> str:
    """Return in which direction probabilities err: in both, where what is too much and what is too little nearly cancel."""
    if abs(lean) < error / 2:
        return "some too sure of themselves, some too modest"
    return "too sure of themselves" if lean > 0 else "too modest"
