"""Charts of the hardest class: each model's recall, precision and F1, and what it is confused with, both ways."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from benchmark.publish.chart import Chart, axis, chart, legend_above, rounded, row_dots, rows_axis, value_or_zero
from benchmark.results import Estimate, ModelResult, Results
from benchmark.results.numbers import NOTHING, class_words, interval, listed
from benchmark.text import chart_text


class Neighbour(NamedTuple):
    """Another class: how many images of the hardest one a model takes for it and of it for the hardest one, mean over the models.

    Shares are of the images of either class; that of a class without test images is None.
    """

    name: str
    lost: float
    won: float
    lost_share: float
    won_share: float | None


def neighbours(stored: Results, name: str) -> list[Neighbour]:
    """Return the other classes, that which is confused most with the class `name` first, both ways together."""
    classes = stored.dataset["classes"]
    label = classes.index(name)
    mean = np.mean([model.metrics["test"]["confusion"] for model in stored.contestants], axis=0)
    sizes = mean.sum(axis=1)
    found = [
        Neighbour(
            name=classes[other],
            lost=float(mean[label, other]),
            won=float(mean[other, label]),
            lost_share=float(mean[label, other] / max(1, sizes[label])),
            won_share=float(mean[other, label] / sizes[other]) if sizes[other] else None,
        )
        for other in range(len(classes))
        if other != label
    ]
    return sorted(found, key=lambda near: -(near.lost + near.won))


def class_scores(stored: Results, name: str) -> Chart:
    """Recall, precision and F1 of one class by each ranked model with intervals, the highest F1 first."""
    models = sorted(stored.leaderboard(), key=lambda model: -value_or_zero(_figures(model, name)["f1"]))
    titles = [model.metrics["title"] for model in models]
    f1, recall, precision = (
        [_figures(model, name)[metric] for model in models] for metric in ("f1", "recall", "precision")
    )
    return chart(
        "hardest-class-scores",
        f"F1, recall and precision of {name} by each model with 95 % intervals",
        _best_and_least(name, titles, f1),
        [
            row_dots(titles, f1, "muted", "F1", "square", -0.22),
            row_dots(titles, recall, "lead", "recall", "circle"),
            row_dots(titles, precision, "second", "precision", "diamond-open", 0.22),
        ],
        {"xaxis": axis("%"), "yaxis": rows_axis(titles), "legend": legend_above()},
        ("model", "F1", "recall", "precision", "found", "of", "others taken for it"),
        [_row(stored, model, name) for model in models],
        height=140 + 42 * len(titles),
    )


def _figures(model: ModelResult, name: str) -> Any:
    return model.metrics["test"]["per_class"][name]


def _row(stored: Results, model: ModelResult, name: str) -> tuple[str, ...]:
    found, label = _figures(model, name), stored.dataset["classes"].index(name)
    confusion = model.metrics["test"]["confusion"]
    hits, called = confusion[label][label], sum(row[label] for row in confusion)
    figures = (interval(found[metric]) for metric in ("f1", "recall", "precision"))
    return (model.metrics["title"], *figures, f"{hits:,}", f"{found['support']:,}", f"{called - hits:,}")


def _best_and_least(name: str, titles: list[str], f1: list[Estimate]) -> str:
    """Return which model has the highest F1 of a class and which the lowest; the models are sorted by it."""
    words, best, least = class_words(name), f1[0], f1[-1]
    if len(titles) == 1:
        return f"{titles[0]} has an F1 of {interval(best)} for {words}."
    if best["value"] == least["value"]:
        return f"All models have an F1 of {interval(best)} for {words}."
    first = [title for title, found in zip(titles, f1, strict=True) if found["value"] == best["value"]]
    return (
        f"{listed(first)} {'has' if len(first) == 1 else 'have'} the highest F1 for {words}: {interval(best)}; "
        f"{titles[-1]} the lowest: {interval(least)}."
    )


def confused_with(stored: Results, name: str, near: list[Neighbour]) -> Chart:
    """What a class is taken for and what is taken for it, in percent of each class's images, mean over the ranked models."""
    shown = [other for other in near if other.lost or other.won]
    titles = [other.name for other in shown]
    words = class_words(name)
    return chart(
        "hardest-class-confusions",
        f"What {name} is taken for and what is taken for it, percent of each class's images, mean over the models",
        _both_ways(name, shown[0], [model.metrics["title"] for model in stored.contestants]),
        [
            _bars(titles, [other.lost_share for other in shown], "lead", f"{words} taken for this class"),
            _bars(titles, [other.won_share or 0.0 for other in shown], "second", f"this class taken for {words}"),
        ],
        {
            "xaxis": axis("% of the images of the true class"),
            "yaxis": rows_axis(titles),
            "barmode": "group",
            "legend": legend_above() | {"traceorder": "normal"},
        },
        ("class", f"{name} taken for this class, %", "images", f"this class taken for {name}, %", "images"),
        [
            (
                other.name,
                f"{100 * other.lost_share:.2f}",
                f"{other.lost:,.1f}",
                NOTHING if other.won_share is None else f"{100 * other.won_share:.2f}",
                f"{other.won:,.1f}",
            )
            for other in near
        ],
        height=140 + 42 * len(titles),
    )


def _bars(titles: list[str], shares: list[float], colour: str, name: str) -> Any:
    return go.Bar(
        x=rounded([100 * share for share in shares], 3),
        y=list(range(len(titles))),
        hovertext=list(map(chart_text, titles)),
        orientation="h",
        name=chart_text(name),
        meta=colour,
        hovertemplate="%{hovertext}: " + chart_text(name) + ", %{x} %<extra></extra>",
    )


def _both_ways(name: str, near: Neighbour, models: list[str]) -> str:
    words, other = class_words(name), class_words(near.name)
    who = f"By {models[0]}" if len(models) == 1 else "Over all models"
    back = "" if near.won_share is None else f", and {100 * near.won_share:.1f} % of {other} for {words}"
    return f"{who} {words} and {other} are confused most: {100 * near.lost_share:.1f} % of {words} is taken for {other}{back}."
