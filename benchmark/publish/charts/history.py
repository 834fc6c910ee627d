"""A chart of one metric of every model over the commits, from a history."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from benchmark.compare.history import History, Point
from benchmark.publish.chart import (
    Chart,
    axis,
    chart,
    colour,
    dash,
    error_bars,
    label_width,
    legend_above,
    line_labels,
    log_axis,
    rounded,
)
from benchmark.results import Metric
from benchmark.results.numbers import MINUS, decimal, three_digits
from benchmark.text import chart_text

MOST_TICKS = 8  # names of commits below a chart
MARKS = {"improved": "triangle-up", "regressed": "triangle-down", "rerun": "circle-open"}


@dataclass(frozen=True)
class Scale:
    """How a metric is drawn: costs on a logarithmic axis, all else on a linear one; `change` formats a difference."""

    factor: float
    unit: str
    linear: bool
    text: Callable[[float], str]
    change: str

    def named(self, what: str) -> str:
        """Return a heading with the unit, where there is one."""
        return f"{what}, {self.unit}" if self.unit else what

    def values_axis(self, title: str, limits: tuple[float, float]) -> dict[str, Any]:
        """Return the axis of the values between limits; those of a logarithmic axis are logarithms."""
        return (axis if self.linear else log_axis)(self.named(title), range=limits)


SCALES = {
    "share": Scale(100.0, "%", linear=True, text="{:.2f}".format, change="+z.2f"),
    "probability": Scale(1.0, "", linear=True, text=decimal, change="+z.4f"),
    "squared distance": Scale(1.0, "squared distance", linear=True, text=decimal, change="+z.4f"),
    "nats": Scale(1.0, "nats", linear=True, text=decimal, change="+z.4f"),
    "s": Scale(1.0, "s", linear=False, text=three_digits, change="+z#.3g"),
    "B": Scale(1e-6, "MB", linear=False, text=three_digits, change="+z#.3g"),
}


@dataclass(frozen=True)
class Mark:
    """A value at a commit with its interval, scaled and rounded as drawn; `value` is None where the line breaks."""

    commit: int
    value: float | None
    below: float
    above: float
    symbol: str
    text: str


def history_chart(history: History, metric: Metric, titles: dict[str, str]) -> Chart | None:
    """Draw one metric of every model over the commits: broken where data change, hollow where another machine repeated it."""
    scale = SCALES[metric.unit]
    measured = {name: measured_points(history, name, metric) for name in titles}
    lines = {name: _marks(history, points, metric, scale) for name, points in measured.items() if points}
    if not lines:
        return None
    ends = {name: latest_ends(measured[name], metric, scale) for name in lines}
    broken = {titles[name] for name in lines if len({point["series"] for point in measured[name]}) > 1}
    limits = _limits([mark for marks in lines.values() for mark in marks], scale)
    colours = list(titles)  # a model looks the same on every chart, also where another has no such value
    heights = _heights({name: last for name, (_, last, _) in ends.items()}, scale)
    rows = [(titles[name], *_row(*found, scale)) for name, found in ends.items()]
    return chart(
        f"history-{metric.name}",
        f"{metric.title} of each model at every commit that changed results",
        _moved_most(
            {titles[name]: found for name, found in ends.items()}, broken, metric, scale, len(history["commits"])
        ),
        [_line(marks, colours.index(name), titles[name]) for name, marks in lines.items()],
        {
            "xaxis": _commits_axis([commit["sha"][:7] for commit in history["commits"]]),
            "yaxis": scale.values_axis(metric.title, limits),
            "annotations": line_labels(heights, colours, 1.0, limits) if heights else [],
            "margin": {"r": label_width(list(lines))},
            "showlegend": False,
            "legend": legend_above(),  # on a linear axis alone (look.js)
        },
        ("model", "commits", scale.named("first"), scale.named("last"), "change"),
        rows,
        height=560,
    )


def measured_points(history: History, name: str, metric: Metric) -> list[Point]:
    """Return the points of a model at which the metric is defined."""
    return [p for p in history["points"] if p["model"] == name and _value(p, metric) is not None]


def _value(point: Point, metric: Metric) -> float | None:
    return (point["values"].get(metric.name) or {"value": None})["value"]


def latest_ends(points: Sequence[Point], metric: Metric, scale: Scale) -> tuple[float, float, int]:
    """Return the first and the last value on the data of the last point, and the number of points on them."""
    latest = [point for point in points if point["series"] == points[-1]["series"]]  # older ones are of other data
    first, last = (scale.factor * (_value(point, metric) or 0.0) for point in (latest[0], latest[-1]))
    return first, last, len(latest)


def _row(first: float, last: float, n_commits: int, scale: Scale) -> tuple[str, ...]:
    return str(n_commits), scale.text(first), scale.text(last), f"{last - first:{scale.change}}".replace("-", MINUS)


def _moved_most(
    ends: dict[str, tuple[float, float, int]], broken: Collection[str], metric: Metric, scale: Scale, n_commits: int
) -> str:
    """Return the caption: the model, by its title, whose rounded values differ most between its first and its last.

    Of the models in `broken`, lines that break, these are the ends of the newest part.
    """
    moved = {title: abs(float(format(last - first, scale.change))) for title, (first, last, _) in ends.items()}
    title = max(moved, key=lambda title: moved[title])
    if not moved[title]:
        return f"{metric.title} moved in no model over {n_commits} commit{'' if n_commits == 1 else 's'} with results."
    first, last = map(scale.text, ends[title][:2])
    since = "the first result and the last of its newest line" if title in broken else "its first result and its last"
    return f"{title} differs most between {since}: from {first} to {last} {scale.unit}".rstrip() + "."


def _heights(values: dict[str, float], scale: Scale) -> dict[str, float]:
    """Return where values are on the axis; those with no place on a logarithmic one are left out."""
    return values if scale.linear else {name: math.log10(value) for name, value in values.items() if value > 0}


def _limits(marks: Iterable[Mark], scale: Scale) -> tuple[float, float]:
    """Return the ends of the axis that all values fit on with their intervals; those of a logarithmic axis are logarithms."""
    drawn = [(mark.value, mark) for mark in marks if mark.value is not None]
    ends = [end for value, mark in drawn for end in (value - mark.below, value + mark.above)]
    if not scale.linear:
        ends = [math.log10(end) for end in ends if end > 0] or [0.0, 1.0]
    room = 0.04 * (max(ends) - min(ends)) or 0.1
    return round(min(ends) - room, 4), round(max(ends) + room, 4)


def _commits_axis(names: Sequence[str]) -> dict[str, Any]:
    """Return an axis of the commits, of which a few are named."""
    shown = range(0, len(names), max(1, -(-len(names) // MOST_TICKS)))
    return axis(
        "commit",
        tickangle=-45,  # turned the other way the last would pass the edge, and be left out
        tickvals=list(shown),
        ticktext=[names[number] for number in shown],
    )


def _marks(history: History, points: Sequence[Point], metric: Metric, scale: Scale) -> list[Mark]:
    """Return a mark a point, and one without a value where data or labels changed."""
    marks: list[Mark] = []
    for previous, point in zip([None, *points], points, strict=False):
        if previous and previous["series"] != point["series"]:
            marks.append(Mark(point["commit"], None, 0.0, 0.0, "circle", ""))
        elsewhere = previous is not None and previous["machine"] != point["machine"]
        marks.append(_mark(history, point, metric, scale, elsewhere=elsewhere))
    return marks


def _mark(history: History, point: Point, metric: Metric, scale: Scale, *, elsewhere: bool) -> Mark:
    """Return the mark of a point; hollow if it was not judged because another machine measured the same once more."""
    found, commit = point["values"][metric.name], history["commits"][point["commit"]]
    value = found["value"] or 0.0
    low, high = (value if bound is None else bound for bound in (found.get("low"), found.get("high")))
    below, above = rounded([scale.factor * (value - low), scale.factor * (high - value)])
    step = point["step"] if metric.name == "accuracy" or point["step"] == "rerun" else ""
    return Mark(
        commit=point["commit"],
        value=rounded([scale.factor * value], 6)[0],
        below=below,
        above=above,
        symbol=MARKS["rerun"] if elsewhere and point["step"] == "unchanged" else MARKS.get(step, "circle"),
        text=f"{commit['sha'][:7]}, {commit['date'][:10]}: {chart_text(commit['subject'], 60)}<br>{step}",
    )


def _line(marks: Sequence[Mark], number: int, title: str) -> Any:
    symbols = [mark.symbol for mark in marks]
    return go.Scatter(
        x=[mark.commit for mark in marks],
        y=[mark.value for mark in marks],
        name=chart_text(title),
        mode="lines+markers",
        connectgaps=False,
        meta=colour(number),
        line={"width": 2, "dash": dash(number)},
        marker={"size": [15 if symbol.startswith("triangle") else 9 for symbol in symbols], "symbol": symbols},
        error_y=error_bars([mark.below for mark in marks], [mark.above for mark in marks], width=2),
        text=[mark.text for mark in marks],
        hovertemplate=chart_text(title) + ": %{y}<br>%{text}<extra></extra>",
    )
