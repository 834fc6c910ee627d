"""Charts of how a model was chosen, from its stored search and study: the grid's scores, and the learning curve."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from benchmark.publish.chart import (
    Chart,
    axis,
    chart,
    legend_above,
    percents,
    rounded,
    value_or_zero,
    whiskers,
)
from benchmark.results import Candidate, LearningCurve, ModelResult, Search
from benchmark.results.numbers import interval, percent, points
from benchmark.text import chart_text

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Grid:
    """The part of a search that a chart shows: one or two parameters vary, the others have their best values.

    `values` are the sorted values of each varying parameter, and a key is one value of each. `best` is the winner's key,
    `scores` are accuracies, one a fold, by key.
    """

    values: dict[str, list[Any]]
    fixed: dict[str, Any]
    best: Key
    scores: dict[Key, list[float]]

    def mean(self, key: Key) -> float | None:
        """Return the mean accuracy in percent, None where the search has no such candidate."""
        return 100 * float(np.mean(self.scores[key])) if key in self.scores else None

    def spread(self, key: Key) -> float:
        """Return the standard deviation over the folds in points."""
        return 100 * float(np.std(self.scores[key], ddof=1))


def search(model: ModelResult) -> Chart | None:
    """Cross-validated accuracy over the grid: a heatmap of its two longest parameters, or a line of one; None without a choice."""
    grid = shown_grid(model.metrics["search"])
    if grid is None:
        return None
    trace, layout = _line(grid) if len(grid.values) == 1 else _heatmap(grid)
    return chart(
        f"{model.name}-search",
        "Cross-validated accuracy over the grid",
        _search_caption(model.metrics["search"], grid),
        [trace],
        layout,
        (*map(_short, grid.values), "mean", "folds"),
        [_grid_row(key, scores) for key, scores in grid.scores.items()],
        height=360,
    )


def shown_grid(found: Search) -> Grid | None:
    """Return what a chart shows of a search, None where no parameter has two values."""
    best = found["best_params"]
    values = _longest({name: _values(found["candidates"], name) for name in best})
    if not values:
        return None
    fixed = {name: value for name, value in best.items() if name not in values}
    shown = [candidate for candidate in found["candidates"] if fixed.items() <= candidate["params"].items()]
    return Grid(
        values,
        fixed,
        _key(best, values),
        {_key(candidate["params"], values): candidate["scores"] for candidate in shown},
    )


def _values(candidates: Sequence[Candidate], name: str) -> list[Any]:
    """Return the values of a parameter, numbers before text, each in order."""
    values = {_plain(candidate["params"][name]) for candidate in candidates}
    return sorted(values, key=lambda value: (isinstance(value, str), value))


def _longest(values: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return the two parameters with most values, the longer first, of those that have two or more."""
    varying = [name for name in values if len(values[name]) > 1]
    return {name: values[name] for name in sorted(varying, key=lambda name: -len(values[name]))[:2]}


def _key(params: dict[str, Any], names: Iterable[str]) -> Key:
    return tuple(_plain(params[name]) for name in names)


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, float, str)) else str(value)


def _short(name: str) -> str:
    return name.rpartition("__")[2]


def _value_text(value: Any) -> str:
    """Return a value as it stands on an axis, whole: two that were cut might be one."""
    return chart_text(str(value), None)


def _search_caption(found: Search, grid: Grid) -> str:
    winner = ", ".join(f"{_short(name)} = {value}" for name, value in zip(grid.values, grid.best, strict=True))
    fixed = ", ".join(f"{_short(name)} = {value}" for name, value in grid.fixed.items())
    caption = (
        f"{winner} wins with {percent(found['best_score'], 2)} over {found['n_splits']} folds, "
        f"which differ by {grid.spread(grid.best):.2f} points (standard deviation)"
        + (f"; shown at {fixed}." if fixed else ".")
    )
    framed = " The winner is framed; ± is the standard deviation over the folds."
    return caption + (framed if len(grid.values) > 1 else "")


def _grid_row(key: Key, scores: list[float]) -> tuple[str, ...]:
    return (*map(str, key), percent(float(np.mean(scores)), 2), " ".join(percent(score, 2) for score in scores))


def _line(grid: Grid) -> tuple[Any, dict[str, Any]]:
    """Return the trace and the layout of one parameter: the mean of each value, with the spread over the folds."""
    (name,) = grid.values
    keys = sorted(grid.scores)
    trace = go.Scatter(
        x=[_value_text(value) for (value,) in keys],
        y=rounded([grid.mean(key) for key in keys], 5),
        mode="markers+lines",
        meta="lead",
        error_y={"type": "data", "array": rounded([grid.spread(key) for key in keys])},
    )
    return trace, {"xaxis": axis(chart_text(_short(name)), type="category"), "yaxis": axis("accuracy, %")}


def _heatmap(grid: Grid) -> tuple[Any, dict[str, Any]]:
    """Return the trace and the layout of two parameters: the mean of each pair in a cell, the winner's framed."""
    (across, columns), (down, lines) = grid.values.items()
    keys = [[(column, line) for column in columns] for line in lines]
    trace = go.Heatmap(
        z=[rounded(map(grid.mean, row), 5) for row in keys],
        text=[[f"{grid.spread(key):.2f}" if key in grid.scores else "" for key in row] for row in keys],
        x=list(map(_value_text, columns)),
        y=list(map(_value_text, lines)),
        meta="sequential",
        showscale=False,
        xgap=2,
        ygap=2,
        texttemplate="%{z:.2f}<br>± %{text}",
        customdata=[[_outcome(grid, key) for key in row] for row in keys],
        hovertemplate="%{x}, %{y}: %{customdata}<extra></extra>",
    )
    return trace, {
        "xaxis": axis(chart_text(_short(across)), type="category", showgrid=False),
        "yaxis": axis(chart_text(_short(down)), type="category", showgrid=False),
        "shapes": [_frame(columns.index(grid.best[0]), lines.index(grid.best[1]))],
    }


def _outcome(grid: Grid, key: Key) -> str:
    mean = grid.mean(key)
    return "not tried" if mean is None else f"{mean:.2f} %, folds ± {grid.spread(key):.2f}"


def _frame(column: int, line: int) -> dict[str, Any]:
    """Return a frame around a cell of a heatmap."""
    ends = {"x0": column - 0.5, "x1": column + 0.5, "y0": line - 0.5, "y1": line + 0.5}
    return {"type": "rect", "name": "second", "line": {"width": 3}, **ends}


def learning_curve(model: ModelResult, leader: ModelResult) -> Chart | None:
    """Accuracy on held-out training images over the number of images fitted on; the leader's in grey."""
    own = model.study["learning_curve"]
    if own is None:
        return None
    theirs = leader.study["learning_curve"] if leader is not model else None
    title = leader.metrics["title"]
    traces = [_growth(theirs, "muted", title, "dot")] if theirs else []
    traces.append(_growth(own, "lead", model.metrics["title"], "solid"))
    sizes = [point["n_train"] for point in own["points"]]
    return chart(
        f"{model.name}-learning-curve",
        "Accuracy over the number of training images",
        _growth_caption(own),
        traces,
        {
            "xaxis": axis(
                "training images (log)", type="log", tickvals=sizes, ticktext=[f"{size:,}" for size in sizes]
            ),
            "yaxis": axis("accuracy, %"),
            "legend": legend_above(),
            "showlegend": bool(theirs),
        },
        ("training images", "accuracy, 95 % interval", *((title,) if theirs else ())),
        _growth_rows(own, theirs),
        height=380,
    )


def _growth(curve: LearningCurve, colour: str, name: str, dash: str) -> Any:
    estimates = [point["accuracy"] for point in curve["points"]]
    return go.Scatter(
        x=[point["n_train"] for point in curve["points"]],
        y=percents(estimates),
        mode="lines+markers",
        name=chart_text(name),
        meta=colour,
        line={"width": 2, "dash": dash},
        error_y=whiskers(estimates, width=3),
        hovertemplate="%{x} images: %{y} %<extra></extra>",
    )


def _growth_caption(curve: LearningCurve) -> str:
    if len(curve["points"]) <= 1:
        return f"Scored on {curve['n_held_out']:,} held-out training images."
    first, last = curve["points"][-2:]
    gain = value_or_zero(last["accuracy"]) - value_or_zero(first["accuracy"])
    return (
        f"From {first['n_train']:,} to {last['n_train']:,} images it {'lost' if gain < 0 else 'gained'} {points(abs(gain))} points, "
        f"to {percent(last['accuracy']['value'], 2)} of {curve['n_held_out']:,} held-out training images."
    )


def _growth_rows(own: LearningCurve, theirs: LearningCurve | None) -> list[tuple[str, ...]]:
    """Return a row a point, with the other curve's accuracy beside it where there is another."""
    rows = [(f"{point['n_train']:,}", interval(point["accuracy"], 2)) for point in own["points"]]
    if theirs is None:
        return list(rows)
    other = {f"{point['n_train']:,}": interval(point["accuracy"], 2) for point in theirs["points"]}
    return [(*row, other.get(row[0], "–")) for row in rows]
