"""Charts of how a model was chosen: the search over its grid, and the learning curve."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from benchmark.publish.chart import Chart, axis, chart, rounded, whiskers
from benchmark.results import LearningCurve, ModelResult
from benchmark.results.numbers import interval, percent


def search(model: ModelResult) -> Chart | None:
    """Cross-validated accuracy over the grid: a heatmap of its two longest parameters, or a line of one; None without a choice."""
    found = model.metrics["search"]
    varying = {
        name: sorted({_plain(c["params"][name]) for c in found["candidates"]}, key=lambda v: (isinstance(v, str), v))
        for name in found["best_params"]
    }
    names = sorted((name for name in varying if len(varying[name]) > 1), key=lambda name: -len(varying[name]))[:2]
    if not names:
        return None
    fixed = {name: value for name, value in found["best_params"].items() if name not in names}
    shown = [c for c in found["candidates"] if all(c["params"][name] == value for name, value in fixed.items())]
    best = {name: _plain(found["best_params"][name]) for name in names}
    scores = {tuple(_plain(c["params"][name]) for name in names): c["scores"] for c in shown}
    spread = float(np.std(scores[tuple(best.values())], ddof=1))
    caption = (
        ", ".join(f"{_short(name)} = {best[name]}" for name in names)
        + f" wins with {percent(found['best_score'], 2)} over {found['n_splits']} folds, which differ by {100 * spread:.2f} points "
        + "(standard deviation)"
        + (f"; shown at {', '.join(f'{_short(k)} = {v}' for k, v in fixed.items())}." if fixed else ".")
    )
    rows = [
        (*(str(value) for value in key), percent(float(np.mean(s)), 2), " ".join(percent(x, 2) for x in s))
        for key, s in scores.items()
    ]
    header = (*(_short(name) for name in names), "mean", "folds")
    if len(names) == 1:
        keys = sorted(scores)
        trace: Any = go.Scatter(
            x=[str(key[0]) for key in keys],
            y=rounded([100 * np.mean(scores[key]) for key in keys], 5),
            mode="markers+lines",
            meta="lead",
            error_y={"type": "data", "array": rounded([100 * np.std(scores[key], ddof=1) for key in keys])},
        )
        axes: dict[str, Any] = {"xaxis": axis(_short(names[0]), type="category"), "yaxis": axis("accuracy, %")}
    else:
        columns, lines = varying[names[0]], varying[names[1]]
        z = [
            rounded(
                [100 * np.mean(scores[column, line]) if (column, line) in scores else None for column in columns], 5
            )
            for line in lines
        ]
        spreads = [
            [
                f"{100 * np.std(scores[column, line], ddof=1):.2f}" if (column, line) in scores else ""
                for column in columns
            ]
            for line in lines
        ]
        trace = go.Heatmap(
            z=z,
            text=spreads,
            x=[str(v) for v in columns],
            y=[str(v) for v in lines],
            meta="sequential",
            showscale=False,
            xgap=2,
            ygap=2,
            texttemplate="%{z:.2f}<br>± %{text}",
            hovertemplate="%{x}, %{y}: %{z} %, folds ± %{text}<extra></extra>",
        )
        column, line = columns.index(best[names[0]]), lines.index(best[names[1]])
        axes = {
            "xaxis": axis(_short(names[0]), type="category", showgrid=False),
            "yaxis": axis(_short(names[1]), type="category", showgrid=False),
            "shapes": [
                {"type": "rect", "name": "second", "x0": column - 0.5, "x1": column + 0.5, "y0": line - 0.5,
                 "y1": line + 0.5, "line": {"width": 3}}
            ],
        }  # fmt: skip
        caption += " The winner is framed; ± is the standard deviation over the folds."
    return chart(
        f"{model.name}-search",
        "Cross-validated accuracy over the grid",
        caption,
        [trace],
        axes,
        header,
        rows,
        height=360,
    )


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, float, str)) else str(value)


def _short(name: str) -> str:
    return name.rpartition("__")[2]


def learning_curve(model: ModelResult, leader: ModelResult) -> Chart | None:
    """Accuracy on held-out training images over the number of images fitted on; the leader's in grey."""
    curve = model.study["learning_curve"]
    if curve is None:
        return None
    others = leader.study["learning_curve"] if leader is not model else None
    traces = [_growth(others, "muted", leader.metrics["title"], "dot")] if others else []
    traces.append(_growth(curve, "lead", model.metrics["title"], "solid"))
    points = curve["points"]
    theirs = {point["n_train"]: interval(point["accuracy"], 2) for point in (others["points"] if others else ())}
    caption = f"Scored on {curve['n_held_out']:,} held-out training images."
    if len(points) > 1:
        first, last = points[-2:]
        gain = 100 * ((last["accuracy"]["value"] or 0) - (first["accuracy"]["value"] or 0))
        caption = (
            f"From {first['n_train']:,} to {last['n_train']:,} images it gained {gain:.2f} points, "
            f"to {percent(last['accuracy']['value'], 2)} of {curve['n_held_out']:,} held-out training images."
        )
    return chart(
        f"{model.name}-learning-curve",
        "Accuracy over the number of training images",
        caption,
        traces,
        {
            "xaxis": axis(
                "training images (log)",
                type="log",
                tickvals=[point["n_train"] for point in points],
                ticktext=[f"{point['n_train']:,}" for point in points],
            ),
            "yaxis": axis("accuracy, %"),
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "showlegend": bool(others),
        },
        ("training images", "accuracy, 95 % interval", *((leader.metrics["title"],) if others else ())),
        [
            (
                f"{point['n_train']:,}",
                interval(point["accuracy"], 2),
                *((theirs.get(point["n_train"], "–"),) if others else ()),
            )
            for point in points
        ],
        height=380,
    )


def _growth(curve: LearningCurve, color: str, name: str, dash: str) -> Any:
    estimates = [point["accuracy"] for point in curve["points"]]
    return go.Scatter(
        x=[point["n_train"] for point in curve["points"]],
        y=rounded([100 * (estimate["value"] or 0) for estimate in estimates]),
        mode="lines+markers",
        name=name,
        meta=color,
        line={"width": 2, "dash": dash},
        error_y=whiskers(estimates, width=3),
        hovertemplate="%{x} images: %{y} %<extra></extra>",
    )
