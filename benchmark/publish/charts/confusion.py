"""Charts of what is taken for what: a model's matrix, its classes, and a class over all models."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go

from benchmark.publish.chart import Chart, axis, chart, dots, rounded, rows_axis, whiskers
from benchmark.results import ModelResult, Results
from benchmark.results.numbers import auc_text, interval, listed, percent, short_percent


def confusion(model: ModelResult, order: list[str], thumbnails: dict[str, str]) -> Chart:
    """The confusion matrix in percent of each row, colour on a log scale, zero empty; a thumbnail beside each class.

    `thumbnails` are images by class, as data addresses.
    """
    classes = model.metrics["dataset"]["classes"]
    places = [classes.index(name) for name in order]
    counts = np.array(model.metrics["test"]["confusion"])[np.ix_(places, places)]
    shares = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    off = counts - np.diag(np.diag(counts))
    row, column = np.unravel_index(int(off.argmax()), off.shape)
    equals = int((off == off.max()).sum()) - 1
    equally = f", and {equals} more pair{'s' if equals > 1 else ''} of classes as often" if equals else ""
    n = len(order)
    trace = go.Heatmap(
        z=[[round(math.log10(value), 3) if value else None for value in line] for line in shares],
        text=[[short_percent(value) for value in line] for line in shares],
        texttemplate="%{text}",
        customdata=[
            [f"{true} taken for {predicted}: {count} images" for predicted, count in zip(order, line, strict=True)]
            for true, line in zip(order, counts.tolist(), strict=True)
        ],
        x=list(range(n)),
        y=list(range(n)),
        zmin=-1,  # a tenth of a percent, so that models share one scale
        zmax=2,
        meta="sequential",
        showscale=False,
        xgap=1,
        ygap=1,
        hovertemplate="%{customdata}, %{text} %<extra></extra>",
        hoverongaps=False,
    )
    pictures = [
        {"source": thumbnails[name], "x": x, "y": y, "xref": "x", "yref": "y", "sizex": 0.8, "sizey": 0.8,
         "xanchor": "center", "yanchor": "middle"}
        for i, name in enumerate(order) if name in thumbnails
        for x, y in ((-1, i), (i, n))
    ]  # fmt: skip
    ticks = {"tickvals": list(range(n)), "ticktext": order, "showgrid": False}
    return chart(
        f"{model.name}-confusion",
        "Confusion matrix, true class a row, predicted class a column, percent of the row",
        f"{order[row]} is most often taken for {order[column]}: {off[row, column]:,} of {counts[row].sum():,} images "
        f"({shares[row, column]:.1f} %){equally}.",
        [trace],
        {
            "xaxis": axis("predicted", tickangle=-45, range=[-1.5, n - 0.5], **ticks),
            "yaxis": axis("true", range=[n + 0.5, -0.5], **ticks),
            "images": pictures,
        },
        ("true \\ predicted", *order),
        [(name, *map(str, line.tolist())) for name, line in zip(order, counts, strict=True)],
        height=600,
    )


def per_class(model: ModelResult, leader: ModelResult, order: list[str]) -> Chart:
    """Recall and precision of each class with intervals; the leader's recall in grey."""
    own = model.metrics["test"]["per_class"]
    traces = []
    if leader is not model:
        traces.append(
            dots(
                leader.metrics["test"]["per_class"],
                order,
                "recall",
                "muted",
                f"recall, {leader.metrics['title']}",
                "line-ns-open",
            )
        )
    traces.append(dots(own, order, "recall", "lead", "recall", "circle", -0.14))
    traces.append(dots(own, order, "precision", "second", "precision", "diamond-open", 0.14))
    recalls = {name: own[name]["recall"]["value"] or 0.0 for name in order}
    least = min(recalls.values())
    worst = [name for name in order if recalls[name] == least]
    if len(worst) > 1:
        caption = f"{listed(worst)} are its hardest classes: it finds {percent(least)} of each."
    else:
        precision = own[worst[0]]["precision"]
        called = (
            f"calls nothing {worst[0]}"
            if precision["value"] is None
            else f"{interval(precision)} of what it calls {worst[0]} is right"
        )
        caption = f"{worst[0]} is its hardest class: it finds {interval(own[worst[0]]['recall'])} of it, and {called}."
    return chart(
        f"{model.name}-classes",
        "Recall and precision of each class with 95 % intervals",
        caption,
        traces,
        {
            "xaxis": axis("%"),
            "yaxis": rows_axis(order),
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        },
        (
            "class",
            "recall",
            "precision",
            "F1",
            "AUC",
            *(() if leader is model else (f"recall, {leader.metrics['title']}",)),
        ),
        [
            (
                name,
                interval(own[name]["recall"]),
                interval(own[name]["precision"]),
                interval(own[name]["f1"]),
                auc_text(own[name]["auc"]),
                *(() if leader is model else (interval(leader.metrics["test"]["per_class"][name]["recall"]),)),
            )
            for name in order
        ],
        height=140 + 38 * len(order),
    )


def class_recalls(stored: Results, name: str) -> Chart:
    """Recall of one class by each model, with intervals."""
    board = sorted(stored.contestants, key=lambda m: -(m.metrics["test"]["per_class"][name]["recall"]["value"] or 0.0))
    values = [model.metrics["test"]["per_class"][name]["recall"] for model in board]
    titles = [model.metrics["title"] for model in board]
    trace = go.Scatter(
        x=rounded([100 * (v["value"] or 0) for v in values]),
        y=titles,
        mode="markers",
        meta="lead",
        marker={"size": 10},
        error_x=whiskers(values, width=4),
        hovertemplate="%{y}: %{x} %<extra></extra>",
    )
    rows = [
        (
            model.metrics["title"],
            interval(model.metrics["test"]["per_class"][name]["recall"]),
            interval(model.metrics["test"]["per_class"][name]["precision"]),
        )
        for model in board
    ]
    return chart(
        f"class-{name}-recall",
        f"Recall of {name} by each model with 95 % intervals",
        f"{titles[0]} has the highest recall of {name}: {rows[0][1]}; {titles[-1]} the lowest: {rows[-1][1]}.",
        [trace],
        {"xaxis": axis("recall, %"), "yaxis": axis("", autorange="reversed")},
        ("model", "recall", "precision"),
        rows,
        height=100 + 34 * len(board),
    )


def class_confusions(stored: Results, name: str) -> Chart:
    """What a class is taken for, over all contestants."""
    classes = stored.dataset["classes"]
    label = classes.index(name)
    total = np.sum([model.metrics["test"]["confusion"][label] for model in stored.contestants], axis=0)
    shares = 100 * total / max(1, total.sum())
    others = sorted((i for i in range(len(classes)) if i != label), key=lambda i: -shares[i])
    titles = [classes[i] for i in others]
    trace = go.Bar(
        x=rounded([shares[i] for i in others], 3),
        y=titles,
        orientation="h",
        meta="lead",
        hovertemplate="taken for %{y}: %{x} %<extra></extra>",
    )
    return chart(
        f"class-{name}-taken-for",
        f"What {name} is taken for, percent of its images, mean over the models",
        _taken_for(name, [(classes[i], shares[i]) for i in others]),
        [trace],
        {"xaxis": axis("% of its images"), "yaxis": axis("", autorange="reversed")},
        ("taken for", "% of its images"),
        [(classes[i], f"{shares[i]:.2f}") for i in others],
        height=100 + 30 * len(others),
    )


def _taken_for(name: str, others: list[tuple[str, float]]) -> str:
    told = [f"{other} ({share:.1f} %" for other, share in others if share][:2]
    if not told:
        return f"No model takes {name} for another class."
    first = f"Over all models {name} is most often taken for {told[0]} of its images)"
    return first + (f", then {told[1]})." if len(told) > 1 else ", and for nothing else.")
