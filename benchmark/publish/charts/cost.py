"""A chart of accuracy against a cost of all models, from stored results."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from benchmark.publish.chart import Chart, axis, chart, log_axis, rounded, whiskers
from benchmark.results import Metric, ModelResult, Results
from benchmark.results.numbers import interval, listed, percent, three_digits
from benchmark.text import chart_text

NAME_WIDTH, NAME_HEIGHT = 7, 15  # pixels of a letter, of a line of text
LEAST = 1e-9  # of a cost that a coarse clock takes for 0, which has no place on a logarithmic axis
PLOT = 700, 330  # pixels of a wide chart between its axes


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


def on_front(costs: Sequence[float], accuracies: Sequence[float]) -> list[bool]:
    """Return for each model whether it is on the Pareto front: no other is as good in both and better in one."""
    models = list(zip(costs, accuracies, strict=True))
    return [not any(_beats(other, model) for other in models) for model in models]


def _beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one != other and one[0] <= other[0] and one[1] >= other[1]


def _named_dots(dots: Sequence[Dot], unit: str) -> Any:
    costs = [dot.cost for dot in dots]
    labels = room_for_names([dot.model.name for dot in dots], costs, [dot.accuracy for dot in dots])
    return go.Scatter(
        x=rounded(costs),
        y=rounded([dot.accuracy for dot in dots]),
        text=[_spaced(chart_text(label)) for label in labels],
        customdata=[f"{chart_text(dot.title)}: {interval(dot.model.metrics['test']['accuracy'])}" for dot in dots],
        mode="markers+text",
        ids=[_spaced(str(place)) for place in range(1, len(dots) + 1)],  # shown where a narrow chart has no room
        textposition=[f"middle {roomier_side(costs, x)}" for x in costs],
        meta="lead",
        cliponaxis=False,
        marker={"size": 10, "symbol": ["circle" if dot.front else "circle-open" for dot in dots]},
        error_y=whiskers([dot.model.metrics["test"]["accuracy"] for dot in dots], width=0, thickness=1.5),
        hovertemplate="%{customdata}, %{x} " + unit + "<extra></extra>",
    )


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
    told = [f"{dot.title} ({percent(dot.model.accuracy)}, {three_digits(dot.cost)} {short})" for dot in front]
    if len(dots) == 1:
        return f"The only ranked model: {listed(told)}."
    return (
        f"The Pareto front, filled: no model has both a higher accuracy and a lower {metric.title.lower()} than "
        f"{listed(told)}. Numbers, where names find no room, are places on the leaderboard."
    )


def _row(dot: Dot) -> tuple[str, ...]:
    return dot.title, percent(dot.model.accuracy, 2), three_digits(dot.cost), "yes" if dot.front else ""


def room_for_names(names: Sequence[str], costs: Sequence[float], accuracies: Sequence[float]) -> list[str]:
    """Return what stands beside each dot of a wide chart: its name, or its place where the name would meet another dot or name."""
    dots = _pixels(costs, accuracies)
    taken = [(x - 6, x + 6, y) for x, y in dots]  # from, to, height
    shown = []
    for place, (name, (x, y)) in enumerate(zip(names, dots, strict=True)):
        ahead = roomier_side(costs, costs[place]) == "right"
        width = NAME_WIDTH * len(name)
        box = (x + 7, x + 14 + width, y) if ahead else (x - 14 - width, x - 7, y)
        free = not any(_meet(box, other) for other in taken)
        taken += [box] if free else []
        shown.append(name if free else str(place + 1))
    return shown


def _pixels(costs: Sequence[float], accuracies: Sequence[float]) -> list[tuple[float, float]]:
    """Return where dots are on a wide chart; the height has no fixed origin."""
    width = math.log(max(costs) / min(costs)) or 1.0
    height = (max(accuracies) - min(accuracies)) or 1.0
    return [
        (PLOT[0] * math.log(x / min(costs)) / width, PLOT[1] * y / height)
        for x, y in zip(costs, accuracies, strict=True)
    ]


def _meet(one: tuple[float, float, float], other: tuple[float, float, float]) -> bool:
    """Return whether two texts meet, each given by its left end, its right end and its height."""
    return one[0] < other[1] and other[0] < one[1] and abs(one[2] - other[2]) < NAME_HEIGHT


def roomier_side(costs: Sequence[float], x: float) -> str:
    """Return the side of a dot on which its label stays inside a logarithmic axis."""
    low, high = math.log(min(costs)), math.log(max(costs))
    return "left" if math.log(x) > low + 0.75 * (high - low) and high > low else "right"
