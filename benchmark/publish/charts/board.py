"""Charts of all models: accuracy among published results, and recall by class, from stored results."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from benchmark.publish.chart import (
    Chart,
    annotation,
    axis,
    chart,
    legend_above,
    percents,
    rows_axis,
    value_or_zero,
    whiskers,
)
from benchmark.results import Estimate, ModelResult, PublishedResult, Results
from benchmark.results.numbers import classes_words, interval, listed, percent, points
from benchmark.statistics import wilson_interval
from benchmark.text import chart_text


@dataclass(frozen=True)
class Row:
    """An accuracy in the chart; `source` says who published it, "" for what was measured here."""

    title: str
    accuracy: Estimate
    source: str = ""


def accuracies(stored: Results, published: Sequence[PublishedResult]) -> Chart:
    """Accuracy of each model with its interval, and of published results among them."""
    rows = accuracy_rows(stored.leaderboard(), published)
    traces = [
        _accuracy_dots(rows, "measured here", "lead", "circle", published=False),
        _accuracy_dots(rows, "published, not measured here", "muted", "circle-open", published=True),
    ]
    return chart(
        "accuracies",
        "Accuracy of each model and of published results, with 95 % intervals",
        _accuracies_caption(stored.leaderboard()[0], rows),
        [trace for trace in traces if trace.x],
        {
            "xaxis": axis("accuracy, %"),
            "yaxis": rows_axis([row.title for row in rows]),
            "legend": legend_above(),
            "showlegend": bool(published),
        },
        ("model", "accuracy, 95 % interval", "source"),
        [(row.title, interval(row.accuracy, 2), row.source or "measured here") for row in rows],
        height=110 + 34 * len(rows),  # a narrow chart breaks names over two lines
    )


def accuracy_rows(board: Sequence[ModelResult], published: Sequence[PublishedResult]) -> list[Row]:
    """Return the accuracies of models and of published results, the highest first."""
    rows = [Row(model.metrics["title"], model.metrics["test"]["accuracy"]) for model in board]
    rows += [_published_row(result) for result in published]
    return sorted(rows, key=lambda row: -value_or_zero(row.accuracy))


def _published_row(result: PublishedResult) -> Row:
    low, high = wilson_interval(round(result["accuracy"] * result["n_images"]), result["n_images"])
    estimate: Estimate = {"value": result["accuracy"], "low": low, "high": high}
    checked = "" if result.get("checked") else ", not checked"
    return Row(result["title"], estimate, f"{result['source']}, read {result['read']}{checked}")


def _accuracy_dots(rows: Sequence[Row], name: str, colour: str, symbol: str, *, published: bool) -> Any:
    shown = [(place, row) for place, row in enumerate(rows) if bool(row.source) == published]
    return go.Scatter(
        x=percents([row.accuracy for _, row in shown]),
        y=[place for place, _ in shown],
        text=[chart_text(row.title) for _, row in shown],
        mode="markers",
        name=name,
        meta=colour,
        marker={"size": 9, "symbol": symbol},
        error_x=whiskers([row.accuracy for _, row in shown], width=3),
        customdata=[interval(row.accuracy) for _, row in shown],
        hovertemplate="%{text}: %{customdata}<extra></extra>",
    )


def _accuracies_caption(best: ModelResult, rows: Sequence[Row]) -> str:
    reached = f"{best.metrics['title']} reaches {interval(best.metrics['test']['accuracy'])}"
    published = [row for row in rows if row.source]
    if not published:
        return f"{reached}."
    above = [row.title for row in published if value_or_zero(row.accuracy) > best.accuracy]
    return (
        f"{reached}, more than {len(published) - len(above)} of the {len(published)} published results drawn here"
        + (f"; {listed(above)} report{'s' if len(above) == 1 else ''} more" if above else "")
        + ". What is published was not measured here, nor on a paired test; its intervals are Wilson's, of the figure given."
    )


PANEL_COLUMNS = 2


@dataclass(frozen=True)
class Panel:
    """Where a small panel is, by its place in reading order among `n_rows` rows; coordinates are shares of the chart."""

    place: int
    n_rows: int

    @property
    def number(self) -> str:
        """What Plotly appends to the names of its axes."""
        return "" if self.place == 0 else str(self.place + 1)

    @property
    def row(self) -> int:
        """The row, 0 on top."""
        return self.place // PANEL_COLUMNS

    @property
    def column(self) -> int:
        """The column, 0 at the left."""
        return self.place % PANEL_COLUMNS

    @property
    def top(self) -> float:
        """The upper edge, above the panel's title."""
        return 1 - self.row / self.n_rows

    @property
    def x_domain(self) -> list[float]:
        """From where to where its horizontal axis goes, apart from the next one's."""
        left = self.column / PANEL_COLUMNS + (0.07 if self.column else 0)
        gap = 0.03 if self.column + 1 < PANEL_COLUMNS else 0  # between its 100 and the next one's least
        return [left, (self.column + 1) / PANEL_COLUMNS - gap]

    @property
    def y_domain(self) -> list[float]:
        """From where to where its vertical axis goes, below its title."""
        return [self.top - 0.74 / self.n_rows, self.top - 0.14 / self.n_rows]


def class_panels(stored: Results, order: list[str]) -> Chart:
    """Recall of each class by each model, a small panel a class, all on one scale."""
    board = stored.leaderboard()
    titles = [model.metrics["title"] for model in board]
    recalls = {name: [m.metrics["test"]["per_class"][name]["recall"] for m in board] for name in order}
    means = mean_recalls(board, order)
    n_rows = -(-len(order) // PANEL_COLUMNS)
    panels = {name: Panel(place, n_rows) for place, name in enumerate(order)}
    start = axis_start([recall for row in recalls.values() for recall in row])
    layout: dict[str, Any] = {
        "showlegend": False,
        "annotations": [_panel_title(panel, _panel_words(name, means)) for name, panel in panels.items()],
    }
    for panel in panels.values():
        layout |= _panel_axes(panel, [model.name for model in board], start)
    return chart(
        "recall-by-class",
        "Recall of each class by each model, a panel a class, with 95 % intervals",
        _panels_caption(means, titles),
        [_panel_dots(panel, name, recalls[name], titles) for name, panel in panels.items()],
        layout,
        ("model", *order),
        [(title, *(percent(recalls[name][i]["value"]) for name in order)) for i, title in enumerate(titles)],
        height=n_rows * (60 + 17 * len(board)),
    )


def mean_recalls(models: Sequence[ModelResult], order: Sequence[str]) -> dict[str, float]:
    """Return the mean recall over the models of each class that has test images."""
    found = {name: [m.metrics["test"]["per_class"][name]["recall"]["value"] for m in models] for name in order}
    defined = {name: [recall for recall in recalls if recall is not None] for name, recalls in found.items()}
    return {name: float(np.mean(recalls)) for name, recalls in defined.items() if recalls}


def axis_start(estimates: Sequence[Estimate]) -> int:
    """Return the multiple of 20 % from which an axis holds all intervals."""
    lows = [estimate["low"] or 0.0 for estimate in estimates if estimate["value"] is not None]
    return max(0, min(80, 20 * math.floor(100 * min(lows, default=0.0) / 20)))


def _panel_dots(panel: Panel, name: str, recalls: Sequence[Estimate], titles: list[str]) -> Any:
    most = max(map(value_or_zero, recalls))
    return go.Scatter(
        x=percents(recalls),
        y=list(range(len(recalls))),
        text=list(map(chart_text, titles)),
        xaxis=f"x{panel.number}",
        yaxis=f"y{panel.number}",
        mode="markers",
        meta="lead",
        marker={"size": 7, "symbol": ["diamond" if value_or_zero(recall) == most else "circle" for recall in recalls]},
        error_x=whiskers(recalls, width=0, thickness=1.5),
        customdata=list(map(interval, recalls)),
        hovertemplate="%{text}: " + chart_text(name) + " %{customdata}<extra></extra>",
    )


def _panel_axes(panel: Panel, names: list[str], start: int) -> dict[str, Any]:
    """Return a panel's axes; only the last row says what they measure, only the first column names the models."""
    across = axis(
        "recall, %" if panel.row == panel.n_rows - 1 else "",
        domain=panel.x_domain,
        anchor=f"y{panel.number}",
        range=[start, 101],
        tickvals=[start, (start + 100) / 2, 100],
    )
    place = {"domain": panel.y_domain, "anchor": f"x{panel.number}", "showticklabels": panel.column == 0}
    return {f"xaxis{panel.number}": across, f"yaxis{panel.number}": rows_axis(names) | place}


def _panel_title(panel: Panel, text: str) -> dict[str, Any]:
    left, top = panel.x_domain[0], panel.top - 0.02 / panel.n_rows
    return annotation(text, x=left, y=top, xref="paper", yref="paper", xanchor="left", yanchor="top")


def _panel_words(name: str, means: dict[str, float]) -> str:
    title = f"<b>{chart_text(name)}</b>"
    return f"{title} {points(means[name], digits=1)}" if name in means else title


def _panels_caption(means: dict[str, float], titles: Sequence[str]) -> str:
    """Return which class is found least and which most, on average over the models where there are several."""
    alone = len(titles) == 1
    find, average = (f"{titles[0]} finds", "") if alone else ("the models find", " on average")
    beside = "" if alone else " Beside each name is the mean; a diamond marks the highest recall."
    least, most = min(means.values()), max(means.values())
    if least == most:
        return f"{find if alone else 'The models find'} {percent(least)} of each class{average}.{beside}"
    hardest, easiest = ([name for name in means if means[name] == end] for end in (least, most))
    one = len(hardest) == 1
    return (
        f"{classes_words(hardest, first=True)} {'is the hardest class' if one else 'are the hardest classes'}: {find} "
        f"{percent(least)} of {'it' if one else 'each'}{average}; {classes_words(easiest)} the easiest, {percent(most)}.{beside}"
    )
