"""A chart of accuracy against a cost of all models, from stored results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from benchmark.compare.choice import on_front
from benchmark.publish.chart import Chart, axis, chart, log_axis, rounded, value_or_zero, whiskers
from benchmark.publish.charts.labels import logarithmic, places, span
from benchmark.results import Estimate, Metric, ModelResult, Results
from benchmark.results.numbers import interval, listed, percent, three_digits
from benchmark.text import chart_text

LEAST = 1e-9  # of a cost that a coarse clock takes for 0, which has no place on a logarithmic axis
WIDE, NARROW = (640, 310), (230, 310)  # pixels between the outermost dots of a chart


@dataclass(frozen=True)
class Dot:
    """A model in the chart; `front` says that none beats it in both accuracy and cost."""

    model: ModelResult
    cost: float
    front: bool

    @property
    def title(self) -> str:
        """The model's title."""
        return self.model.metrics["title"]

    @property
    def accuracy(self) -> float:
        """The model's accuracy in percent."""
        return 100 * self.model.accuracy


def cost(stored: Results, metric: Metric, scale: float, unit: str) -> Chart:
    """Accuracy against a cost on a logarithmic axis, and the models that none beats in both.

    `scale` turns the metric, of one item where it counts several, into `unit`.
    """
    dots = _dots(stored.leaderboard(), metric, scale)
    front = sorted((dot for dot in dots if dot.front), key=lambda dot: dot.cost)
    return chart(
        f"accuracy-against-{metric.name}",
        f"Accuracy against {metric.title.lower()} for each model",
        _front_caption(dots, front, metric, unit),
        [_front_line(front), _named_dots(dots, unit)],
        {
            "xaxis": log_axis(f"{metric.title}, {unit}"),
            "yaxis": axis("accuracy, %"),
            "showlegend": False,
        },
        ("model", "accuracy", f"{metric.title}, {unit}", "on the front"),
        [_row(dot) for dot in dots],
        height=440,
    )


def _dots(board: Sequence[ModelResult], metric: Metric, scale: float) -> list[Dot]:
    costs = [max(metric.each(model) * scale, LEAST) for model in board]
    front = on_front(costs, [model.accuracy for model in board])
    return [Dot(*found) for found in zip(board, costs, front, strict=True)]


def _named_dots(dots: Sequence[Dot], unit: str) -> Any:
    costs, accuracies, names = (
        [dot.cost for dot in dots],
        [dot.accuracy for dot in dots],
        [dot.model.name for dot in dots],
    )
    front = sorted((i for i, dot in enumerate(dots) if dot.front), key=lambda i: costs[i])
    estimates = [dot.model.metrics["test"]["accuracy"] for dot in dots]
    bars = [_bar(estimate, WIDE[1] / span(accuracies)) for estimate in estimates]
    wide, narrow = (
        places(names, logarithmic(costs, accuracies, size), bars, front, size[0]) for size in (WIDE, NARROW)
    )
    return go.Scatter(
        x=rounded(costs),
        y=rounded(accuracies),
        text=_labels(names, wide),
        customdata=[f"{chart_text(dot.title)}: {interval(dot.model.metrics['test']['accuracy'])}" for dot in dots],
        mode="markers+text",
        textposition=[place or "middle right" for place in wide],
        # of a narrow chart (look.js); not in `ids`, for Plotly draws one dot an id
        hovertext=[f"{place or ''}|{name}" for place, name in zip(narrow, _labels(names, narrow), strict=True)],
        meta="lead",
        cliponaxis=False,
        marker={"size": 10, "symbol": ["circle" if dot.front else "circle-open" for dot in dots]},
        error_y=whiskers(estimates, width=0, thickness=1.5),
        hovertemplate="%{customdata}, %{x} " + unit + "<extra></extra>",
    )


def _bar(estimate: Estimate, scale: float) -> tuple[float, float]:
    """Return how long an error bar is below and above its dot, in pixels, where a point of accuracy is `scale`."""
    value = value_or_zero(estimate)
    low, high = (value if end is None else end for end in (estimate["low"], estimate["high"]))
    return 100 * scale * (value - low), 100 * scale * (high - value)


def _labels(names: Sequence[str], found: Sequence[str | None]) -> list[str]:
    return [_spaced(chart_text(name)) if place else "" for name, place in zip(names, found, strict=True)]


def _spaced(label: str) -> str:
    return f"\u2002{label}\u2002"


def _front_line(front: Sequence[Dot]) -> Any:
    return go.Scatter(
        x=rounded([dot.cost for dot in front]),
        y=rounded([dot.accuracy for dot in front]),
        mode="lines",
        meta="muted",
        line={"width": 1.5, "dash": "dot", "shape": "hv"},
        hoverinfo="skip",
    )


def _front_caption(dots: Sequence[Dot], front: Sequence[Dot], metric: Metric, unit: str) -> str:
    short = unit.partition(" ")[0]  # the axis says of what
    told = [f"{dot.title} ({percent(dot.model.accuracy, 2)}, {three_digits(dot.cost)} {short})" for dot in front]
    if len(dots) == 1:
        return f"The only ranked model: {listed(told)}."
    return (
        f"The Pareto front, filled: no model has both a higher accuracy and a lower {metric.title.lower()} than "
        f"{listed(told)}."
    )


def _row(dot: Dot) -> tuple[str, ...]:
    return dot.title, percent(dot.model.accuracy, 2), three_digits(dot.cost), "yes" if dot.front else ""
