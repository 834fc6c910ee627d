"""A chart of one metric of every model over the commits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import plotly.graph_objects as go

from benchmark.compare.history import History, Point
from benchmark.publish.chart import Chart, axis, chart, label_width, line_labels, rounded
from benchmark.results import Metric
from benchmark.results.numbers import three_digits

SHARE = 100.0
LOG = {"type": "log", "dtick": "D2", "exponentformat": "none"}
MOST_TICKS = 8  # names of commits below a chart
MARKS = {"improved": "triangle-up", "regressed": "triangle-down", "rerun": "circle-open"}


def history_chart(history: History, metric: Metric, titles: dict[str, str]) -> Chart | None:
    """Draw one metric of every model over the commits: broken where data change, hollow where another machine repeated."""
    models = [
        name for name in titles if any(_value(p, metric) is not None for p in history["points"] if p["model"] == name)
    ]
    if not models:
        return None
    scale, unit = {"share": (SHARE, "%"), "B": (1e-6, "MB")}.get(metric.unit, (1.0, metric.unit))
    traces: list[Any] = []
    rows = []
    last: dict[str, float] = {}
    colours = list(titles)  # a model looks the same on every chart, also where another has no such value
    for name in models:
        points = [p for p in history["points"] if p["model"] == name and _value(p, metric) is not None]
        traces.append(_line(history, points, metric, scale, colours.index(name), titles[name]))
        recent = [point for point in points if point["series"] == points[-1]["series"]]  # older ones are of other data
        ends = [scale * (_value(p, metric) or 0.0) for p in (recent[0], recent[-1])]
        last[name] = ends[1]
        digits = "+.2f" if scale == SHARE else "+#.3g"
        rows.append((titles[name], str(len(recent)), *map(_shown(scale), ends), f"{ends[1] - ends[0]:{digits}}"))
    moved = max(rows, key=lambda row: abs(float(row[4])))
    caption = (
        f"{moved[0]} differs most between its first result and its last: from {moved[2]} to {moved[3]} {unit}."
        if float(moved[4])
        else f"No model's {metric.title.lower()} moved over {len(history['commits'])} commits with results."
    )
    limits, heights = _limits(traces, scale), last
    if scale != SHARE:
        heights = {name: math.log10(value) for name, value in last.items() if value > 0}
    shown = range(0, len(history["commits"]), max(1, -(-len(history["commits"]) // MOST_TICKS)))
    return chart(
        f"history-{metric.name}",
        f"{metric.title} of each model at every commit that changed results",
        caption,
        traces,
        {
            "xaxis": axis(
                "commit",
                tickangle=-45,  # turned the other way the last would pass the edge, and be left out
                tickvals=list(shown),
                ticktext=[history["commits"][number]["sha"][:7] for number in shown],
            ),
            "yaxis": axis(
                f"{metric.title}, {unit}{'' if scale == SHARE else ' (log)'}",
                range=limits,
                **({} if scale == SHARE else LOG),
            ),
            "annotations": line_labels(heights, colours, 1.0, limits) if heights else [],
            "margin": {"r": label_width(models)},
            "showlegend": False,
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},  # on a linear axis alone (look.js)
        },
        ("model", "commits", f"first, {unit}", f"last, {unit}", "change"),
        rows,
        height=560,
    )


def _shown(scale: float) -> Callable[[float], str]:
    """Return what writes a value: a percentage with two decimals, anything else with three digits."""
    return "{:.2f}".format if scale == SHARE else three_digits


def _limits(traces: Sequence[Any], scale: float) -> tuple[float, float]:
    """Return the ends of the axis that all values fit on with their intervals; those of a logarithmic axis are logarithms."""
    ends = [
        (y - down, y + up)
        for trace in traces
        for y, down, up in zip(trace.y, trace.error_y.arrayminus, trace.error_y.array, strict=True)
        if y is not None
    ]
    low, high = min(end for end, _ in ends), max(end for _, end in ends)
    if scale != SHARE:
        positive = [end for pair in ends for end in pair if end > 0]
        low, high = (math.log10(end) for end in (min(positive), max(positive))) if positive else (0.0, 1.0)
    room = 0.04 * (high - low) or 0.1
    return round(low - room, 4), round(high + room, 4)


def _value(point: Point, metric: Metric) -> float | None:
    return (point["values"].get(metric.name) or {"value": None})["value"]


def _line(history: History, points: list[Point], metric: Metric, scale: float, number: int, title: str) -> Any:
    x: list[Any] = []
    y: list[Any] = []
    up: list[float] = []
    down: list[float] = []
    symbols: list[str] = []
    texts: list[str] = []
    for i, point in enumerate(points):
        if i and point["series"] != points[i - 1]["series"]:
            x, y, up, down = [*x, point["commit"]], [*y, None], [*up, 0.0], [*down, 0.0]
            symbols, texts = [*symbols, "circle"], [*texts, ""]
        found = point["values"][metric.name]
        value = found["value"] or 0.0
        commit = history["commits"][point["commit"]]
        x.append(point["commit"])
        y.append(scale * value)
        up.append(scale * ((found.get("high") or value) - value))
        down.append(scale * (value - (found.get("low") or value)))
        step = point["step"] if metric.name == "accuracy" or point["step"] == "rerun" else ""
        symbols.append(MARKS.get(step, "circle"))
        texts.append(f"{commit['sha'][:7]}, {commit['date'][:10]}: {commit['subject'][:60]}<br>{step}")
    return go.Scatter(
        x=x,
        y=rounded(y, 6),
        name=title,
        mode="lines+markers",
        connectgaps=False,
        meta=f"c{number % 10}",
        line={"width": 2, "dash": ("solid", "dash", "dot", "dashdot")[number % 4]},
        marker={"size": [15 if mark.startswith("triangle") else 9 for mark in symbols], "symbol": symbols},
        error_y={"type": "data", "symmetric": False, "array": rounded(up), "arrayminus": rounded(down), "width": 2},
        text=texts,
        hovertemplate=title + ": %{y}<br>%{text}<extra></extra>",
    )
