"""Charts of what is taken for what: a model's matrix, its classes, and a class over all models."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from benchmark.publish.chart import (
    Chart,
    axis,
    chart,
    legend_above,
    percents,
    rounded,
    row_dots,
    rows_axis,
    value_or_zero,
    whiskers,
)
from benchmark.results import ClassFigures, Estimate, ModelResult, Results
from benchmark.results.numbers import (
    class_words,
    classes_words,
    decimal_interval,
    images,
    interval,
    listed,
    percent,
    short_percent,
)
from benchmark.text import chart_text


@dataclass(frozen=True)
class Matrix:
    """A model's confusion matrix, a row a true class, a column a predicted one, in the order of `names`.

    `counts` are images, `shares` percent of the row, both of shape (n_classes, n_classes).
    """

    names: list[str]
    counts: NDArray[np.int64]
    shares: NDArray[np.float64]


def confusion(model: ModelResult, order: list[str], thumbnails: dict[str, str]) -> Chart:
    """The confusion matrix in percent of each row, colour on a log scale, zero empty; a thumbnail beside each class.

    `thumbnails` are images by class, as data addresses.
    """
    matrix = ordered_matrix(model, order)
    n = len(order)
    ticks = {"tickvals": list(range(n)), "ticktext": list(map(chart_text, order)), "showgrid": False}
    return chart(
        f"{model.name}-confusion",
        "Confusion matrix, true class a row, predicted class a column, percent of the row",
        _most_confused(matrix),
        [_cells(matrix)],
        {
            "xaxis": axis("predicted", tickangle=-45, range=[-1.5, n - 0.5], **ticks),
            "yaxis": axis("true", range=[n + 0.5, -0.5], **ticks),
            "images": [
                _thumbnail(thumbnails[name], x, y)
                for i, name in enumerate(order)
                if name in thumbnails
                for x, y in ((-1, i), (i, n))
            ],
        },
        ("true \\ predicted", *order),
        [(name, *map(str, line)) for name, line in zip(order, matrix.counts.tolist(), strict=True)],
        height=max(600, 120 + 14 * n),
    )


def ordered_matrix(model: ModelResult, order: list[str]) -> Matrix:
    """Return the confusion matrix of a model with its classes in `order`."""
    places = [model.metrics["dataset"]["classes"].index(name) for name in order]
    counts = np.array(model.metrics["test"]["confusion"])[np.ix_(places, places)]
    return Matrix(order, counts, 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True)))


def _cells(matrix: Matrix) -> Any:
    n = len(matrix.names)
    return go.Heatmap(
        z=[[round(math.log10(value), 3) if value else None for value in line] for line in matrix.shares],
        text=[[short_percent(value) for value in line] for line in matrix.shares],
        texttemplate="%{text}",
        customdata=[
            [
                f"{chart_text(true)} taken for {chart_text(name)}: {images(count)}" + (f", {text} %" if text else "")
                for name, count, text in zip(matrix.names, line, map(short_percent, shares), strict=True)
            ]
            for true, line, shares in zip(matrix.names, matrix.counts.tolist(), matrix.shares, strict=True)
        ],
        x=list(range(n)),
        y=list(range(n)),
        zmin=-1,  # a tenth of a percent, so that models share one scale
        zmax=2,
        meta="sequential",
        showscale=False,
        xgap=1,
        ygap=1,
        hovertemplate="%{customdata}<extra></extra>",  # also of an empty cell: a reader with a keyboard stands on it
    )


def _thumbnail(source: str, x: float, y: float) -> dict[str, Any]:
    size = {"sizex": 0.8, "sizey": 0.8, "xanchor": "center", "yanchor": "middle"}
    return {"source": source, "x": x, "y": y, "xref": "x", "yref": "y", **size}


def _most_confused(matrix: Matrix) -> str:
    """Return which class is most often taken for which other, and how many pairs are confused as often."""
    off = matrix.counts - np.diag(np.diag(matrix.counts))
    if not off.any():
        return "No test image is taken for another class."
    row, column = np.unravel_index(int(off.argmax()), off.shape)
    equals = int((off == off.max()).sum()) - 1
    equally = f", and {equals} more pair{'s' if equals > 1 else ''} of classes as often" if equals else ""
    true, taken = class_words(matrix.names[row], first=True), class_words(matrix.names[column])
    n = int(matrix.counts[row].sum())
    return (
        f"{true} is most often taken for {taken}: {off[row, column]:,} of {images(n)} "
        f"({matrix.shares[row, column]:.1f} %){equally}."
    )


def per_class(model: ModelResult, leader: ModelResult, order: list[str]) -> Chart:
    """Recall and precision of each class with intervals; the leader's recall in grey."""
    own = _in_order(model, order)
    theirs = _in_order(leader, order) if leader is not model else {}
    told = f"recall, {leader.metrics['title']}"
    recalls, precisions = _each(own, "recall"), _each(own, "precision")
    traces = [row_dots(order, _each(theirs, "recall"), "muted", told, "line-ns-open")] if theirs else []
    traces.append(row_dots(order, recalls, "lead", "recall", "circle", -0.14))
    traces.append(row_dots(order, precisions, "second", "precision", "diamond-open", 0.14))
    return chart(
        f"{model.name}-classes",
        "Recall and precision of each class with 95 % intervals",
        _hardest_classes(own),
        traces,
        {"xaxis": axis("%"), "yaxis": rows_axis(order), "legend": legend_above()},
        ("class", "recall", "precision", "F1", "AUC", *((told,) if theirs else ())),
        [(name, *_class_cells(own[name]), *((interval(theirs[name]["recall"]),) if theirs else ())) for name in order],
        height=140 + 38 * len(order),
    )


def _in_order(model: ModelResult, order: list[str]) -> dict[str, ClassFigures]:
    return {name: model.metrics["test"]["per_class"][name] for name in order}


def _each(classes: dict[str, ClassFigures], metric: Literal["recall", "precision"]) -> list[Estimate]:
    return [found[metric] for found in classes.values()]


def _class_cells(found: ClassFigures) -> tuple[str, ...]:
    return (*(interval(found[metric]) for metric in ("recall", "precision", "f1")), decimal_interval(found["auc"]))


def _hardest_classes(classes: dict[str, ClassFigures]) -> str:
    """Return which class a model finds least of, and how far its word for it can be trusted; or which several."""
    found = {name: figures["recall"]["value"] for name, figures in classes.items()}
    recalls = {name: recall for name, recall in found.items() if recall is not None}  # of classes with test images
    least = min(recalls.values(), default=1.0)
    worst = [name for name in recalls if recalls[name] == least]
    if least == 1:
        return "It finds every test image of every class."
    if len(worst) == len(classes) > 1:
        return f"It finds {percent(least)} of each class."
    if len(worst) > 1:
        told = classes_words(worst, first=True)
        return f"{told} are its hardest classes: it finds {percent(least)} of each."
    (name,), words = worst, class_words(worst[0])
    precision = classes[name]["precision"]
    called = (
        f"calls nothing {words}"
        if precision["value"] is None
        else f"{interval(precision)} of what it calls {words} is right"
    )
    return f"{class_words(name, first=True)} is its hardest class: it finds {interval(classes[name]['recall'])} of it, and {called}."


def class_recalls(stored: Results, name: str, address: str) -> Chart:
    """Recall of one class by each model, with intervals; `address` is its part of file names."""
    classes = [(model.metrics["title"], model.metrics["test"]["per_class"][name]) for model in stored.contestants]
    classes.sort(key=lambda row: -value_or_zero(row[1]["recall"]))
    titles, recalls = [title for title, _ in classes], [found["recall"] for _, found in classes]
    trace = go.Scatter(
        x=percents(recalls),
        y=list(range(len(titles))),
        text=list(map(chart_text, titles)),
        mode="markers",
        meta="lead",
        marker={"size": 10},
        error_x=whiskers(recalls, width=4),
        customdata=list(map(interval, recalls)),
        hovertemplate="%{text}: %{customdata}<extra></extra>",
    )
    rows = [(title, interval(found["recall"]), interval(found["precision"])) for title, found in classes]
    return chart(
        f"class-{address}-recall",
        f"Recall of {name} by each model with 95 % intervals",
        _recalls_caption(name, titles, recalls),
        [trace],
        {"xaxis": axis("recall, %"), "yaxis": rows_axis(titles)},
        ("model", "recall", "precision"),
        rows,
        height=100 + 34 * len(titles),
    )


def _recalls_caption(name: str, titles: Sequence[str], recalls: Sequence[Estimate]) -> str:
    """Return which model finds most of a class, and which least, or that all of them find as much; the best one first."""
    words, best, least = class_words(name), recalls[0], recalls[-1]
    if len(titles) == 1:
        return f"{titles[0]} finds {interval(best)} of {words}."
    if best["value"] == least["value"]:
        return f"All models find {interval(best)} of {words}."
    first = listed([title for title, recall in zip(titles, recalls, strict=True) if recall["value"] == best["value"]])
    have = "has" if recalls[1]["value"] != best["value"] else "have"
    return (
        f"{first} {have} the highest recall of {words}: {interval(best)}; {titles[-1]} the lowest: {interval(least)}."
    )


def class_confusions(stored: Results, name: str, address: str) -> Chart:
    """What a class is taken for, over all contestants; `address` is its part of file names."""
    classes = stored.dataset["classes"]
    label = classes.index(name)
    total = np.sum([model.metrics["test"]["confusion"][label] for model in stored.contestants], axis=0)
    shares = 100 * total / max(1, total.sum())
    others = sorted((i for i in range(len(classes)) if i != label), key=lambda i: -shares[i])
    titles = [classes[i] for i in others]
    trace = go.Bar(
        x=rounded([shares[i] for i in others], 3),
        y=list(range(len(titles))),
        hovertext=list(map(chart_text, titles)),
        orientation="h",
        meta="lead",
        hovertemplate="taken for %{hovertext}: %{x} %<extra></extra>",
    )
    return chart(
        f"class-{address}-taken-for",
        f"What {name} is taken for, percent of its images, mean over the models",
        _taken_for(name, [(classes[i], shares[i]) for i in others], [m.metrics["title"] for m in stored.contestants]),
        [trace],
        {"xaxis": axis("% of its images"), "yaxis": rows_axis(titles)},
        ("taken for", "% of its images"),
        [(classes[i], f"{shares[i]:.2f}") for i in others],
        height=100 + 30 * len(others),
    )


def _taken_for(name: str, others: list[tuple[str, float]], models: Sequence[str]) -> str:
    told = [f"{class_words(other)} ({share:.1f} %" for other, share in others if share][:2]
    alone = len(models) == 1
    if not told:
        return f"{f'{models[0]} never' if alone else 'No model'} takes {class_words(name)} for another class."
    first = f"{f'By {models[0]}' if alone else 'Over all models'} {class_words(name)} is most often taken for {told[0]} of its images)"
    return first + (f", then {told[1]})." if len(told) > 1 else ", and for nothing else.")
