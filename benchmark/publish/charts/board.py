"""Charts of all models: accuracy, cost, and recall by class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from benchmark.publish.chart import Chart, axis, chart, rounded, rows_axis, whiskers
from benchmark.results import Estimate, Metric, PublishedResult, Results, run_value
from benchmark.results.numbers import interval, listed, percent, three_digits
from benchmark.statistics import wilson_interval


def accuracies(stored: Results, published: Sequence[PublishedResult]) -> Chart:
    """Accuracy of each model with its interval, and of published results among them."""
    rows: list[tuple[str, Estimate, str]] = [
        (model.metrics["title"], model.metrics["test"]["accuracy"], "") for model in stored.leaderboard()
    ]
    for result in published:
        low, high = wilson_interval(round(result["accuracy"] * result["n_images"]), result["n_images"])
        source = f"{result['source']}, read {result['read']}"
        rows.append((result["title"], {"value": result["accuracy"], "low": low, "high": high}, source))
    rows.sort(key=lambda row: -(row[1]["value"] or 0.0))
    titles = [title for title, _, _ in rows]
    traces = []
    for name, color, symbol, theirs in (
        ("measured here", "lead", "circle", False),
        ("published, not measured here", "muted", "circle-open", True),
    ):
        own = [row for row in rows if bool(row[2]) == theirs]
        traces.append(
            go.Scatter(
                x=rounded([100 * (estimate["value"] or 0) for _, estimate, _ in own]),
                y=[titles.index(title) for title, _, _ in own],
                text=[title for title, _, _ in own],
                mode="markers",
                name=name,
                meta=color,
                marker={"size": 9, "symbol": symbol},
                error_x=whiskers([estimate for _, estimate, _ in own], width=3),
                hovertemplate="%{text}: %{x} %<extra></extra>",
            )
        )
    best = stored.leaderboard()[0]
    above = [title for title, estimate, source in rows if source and (estimate["value"] or 0) > best.accuracy]
    under = [title for title, estimate, source in rows if source and (estimate["value"] or 0) <= best.accuracy]
    caption = f"{best.metrics['title']} reaches {interval(best.metrics['test']['accuracy'])}"
    if published:
        caption += (
            f", more than {len(under)} of the {len(published)} published results drawn here"
            + (f"; {' and '.join(above)} report{'s' if len(above) == 1 else ''} more" if above else "")
            + ". What is published was not measured here, nor on a paired test; its intervals are Wilson's, of the figure given."
        )
    else:
        caption += "."
    return chart(
        "accuracies",
        "Accuracy of each model and of published results, with 95 % intervals",
        caption,
        [trace for trace in traces if trace.x],
        {
            "xaxis": axis("accuracy, %"),
            "yaxis": rows_axis(titles),
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "showlegend": bool(published),
        },
        ("model", "accuracy, 95 % interval", "source"),
        [(title, interval(estimate, 2), source or "measured here") for title, estimate, source in rows],
        height=110 + 34 * len(rows),  # a narrow chart breaks names over two lines
    )


def cost(stored: Results, metric: Metric, scale: float, unit: str) -> Chart:
    """Accuracy against a cost on a logarithmic axis, and the models that none beats in both.

    `scale` turns the metric into `unit`; seconds of a prediction are given an image.
    """
    board = stored.leaderboard()
    costs = [run_value(model, metric) * scale for model in board]
    front = sorted(
        (
            i
            for i, model in enumerate(board)
            if not any(
                costs[j] <= costs[i]
                and other.accuracy >= model.accuracy
                and (costs[j], other.accuracy) != (costs[i], model.accuracy)
                for j, other in enumerate(board)
            )
        ),
        key=lambda i: costs[i],
    )
    names = {i: board[i].metrics["title"] for i in range(len(board))}
    points = go.Scatter(
        x=rounded(costs),
        y=rounded([100 * model.accuracy for model in board]),
        text=_room_for_names([model.name for model in board], costs, [100 * model.accuracy for model in board]),
        customdata=list(names.values()),
        mode="markers+text",
        ids=[
            f"\u2002{i + 1}\u2002" for i in range(len(board))
        ],  # what stands beside a dot where there is no room for a name
        textposition=[f"middle {_roomier_side(costs, x)}" for x in costs],
        meta="lead",
        cliponaxis=False,
        marker={"size": 10, "symbol": ["circle" if i in front else "circle-open" for i in range(len(board))]},
        error_y=whiskers([model.metrics["test"]["accuracy"] for model in board], width=0, thickness=1.5),
        hovertemplate="%{customdata}: %{y} %, %{x} " + unit + "<extra></extra>",
    )
    line = go.Scatter(
        x=rounded([costs[i] for i in front]),
        y=rounded([100 * board[i].accuracy for i in front]),
        mode="lines",
        meta="muted",
        line={"width": 1.5, "dash": "dot", "shape": "hv"},
        hoverinfo="skip",
    )
    short = unit.partition(" ")[0]  # the axis says of what
    told = [f"{names[i]} ({percent(board[i].accuracy)}, {three_digits(costs[i])} {short})" for i in front]
    caption = (
        f"The Pareto front, filled: no model has both a higher accuracy and a lower {metric.title.lower()} than "
        + listed(told)
        + ". Numbers, where names find no room, are places on the leaderboard."
    )
    return chart(
        f"accuracy-against-{metric.name}",
        f"Accuracy against {metric.title.lower()} for each model",
        caption,
        [line, points],
        {
            "xaxis": axis(f"{metric.title}, {unit} (log)", type="log", dtick="D2", exponentformat="none"),
            "yaxis": axis("accuracy, %"),
            "showlegend": False,
        },
        ("model", "accuracy", f"{metric.title}, {unit}", "on the front"),
        [
            (names[i], percent(board[i].accuracy, 2), three_digits(costs[i]), "yes" if i in front else "")
            for i in range(len(board))
        ],
        height=440,
    )


def _room_for_names(names: list[str], costs: list[float], accuracies: list[float]) -> list[str]:
    """Return what stands beside each dot of a wide chart: its name, or its place where the name would meet another dot or name."""
    spread = math.log(max(costs) / min(costs)) or 1.0, (max(accuracies) - min(accuracies)) or 1.0
    dots = [
        (700 * math.log(x / min(costs)) / spread[0], 330 * y / spread[1])
        for x, y in zip(costs, accuracies, strict=True)
    ]
    taken = [(x - 6, x + 6, y) for x, y in dots]  # from, to, height; a line of text is some 15 pixels high
    shown = []
    for place, (name, (x, y)) in enumerate(zip(names, dots, strict=True)):
        ahead = _roomier_side(costs, costs[place]) == "right"
        box = (x + 7, x + 14 + 7 * len(name), y) if ahead else (x - 14 - 7 * len(name), x - 7, y)
        free = not any(box[0] < right and left < box[1] and abs(height - y) < 15 for left, right, height in taken)  # noqa: PLR2004
        taken += [box] if free else []
        shown.append(f"\u2002{name if free else place + 1}\u2002")
    return shown


def _roomier_side(costs: list[float], x: float) -> str:
    """Return the side of a dot on which its label stays inside a logarithmic axis."""
    low, high = math.log(min(costs)), math.log(max(costs))
    return "left" if math.log(x) > low + 0.75 * (high - low) and high > low else "right"


PANEL_COLUMNS = 2


def class_panels(stored: Results, order: list[str]) -> Chart:
    """Recall of each class by each model, a small panel a class, all on one scale."""
    board = stored.leaderboard()
    titles = [model.metrics["title"] for model in board]
    recalls = {name: [m.metrics["test"]["per_class"][name]["recall"] for m in board] for name in order}
    means = {name: 100 * float(np.mean([r["value"] or 0.0 for r in recalls[name]])) for name in order}
    floor = 100 * min(r["low"] or 0.0 for row in recalls.values() for r in row)
    start = max(0, 20 * math.floor(floor / 20))
    n_rows = -(-len(order) // PANEL_COLUMNS)
    traces, annotations = [], []
    layout: dict[str, Any] = {"showlegend": False}
    for place, name in enumerate(order):
        row, column = divmod(place, PANEL_COLUMNS)
        number = "" if place == 0 else str(place + 1)
        best = max(range(len(board)), key=lambda i: recalls[name][i]["value"] or 0.0)
        traces.append(
            go.Scatter(
                x=rounded([100 * (r["value"] or 0.0) for r in recalls[name]]),
                y=list(range(len(board))),
                text=titles,
                xaxis=f"x{number}",
                yaxis=f"y{number}",
                mode="markers",
                meta="lead",
                marker={"size": 7, "symbol": ["diamond" if i == best else "circle" for i in range(len(board))]},
                error_x=whiskers(recalls[name], width=0, thickness=1.5),
                hovertemplate="%{text}: " + name + " %{x} %<extra></extra>",
            )
        )
        left = column / PANEL_COLUMNS + (0.07 if column else 0)
        top = 1 - row / n_rows
        right = (column + 1) / PANEL_COLUMNS - (
            0.03 if column + 1 < PANEL_COLUMNS else 0
        )  # its 100 and the next one's least
        domain = {"x": [left, right], "y": [top - 0.74 / n_rows, top - 0.14 / n_rows]}
        layout[f"xaxis{number}"] = axis(
            "recall, %" if row == n_rows - 1 else "",
            domain=domain["x"],
            anchor=f"y{number}",
            range=[start, 101],
            tickvals=[start, (start + 100) / 2, 100],
        )
        layout[f"yaxis{number}"] = rows_axis([model.name for model in board]) | {
            "domain": domain["y"],
            "anchor": f"x{number}",
            "showticklabels": column == 0,
        }
        annotations.append(
            {
                "text": f"<b>{name}</b> {means[name]:.1f}",
                "x": left,
                "y": top - 0.02 / n_rows,
                "xref": "paper",
                "yref": "paper",
                "xanchor": "left",
                "yanchor": "top",
                "showarrow": False,
            }
        )
    layout["annotations"] = annotations
    hardest, easiest = min(order, key=lambda n: means[n]), max(order, key=lambda n: means[n])
    return chart(
        "recall-by-class",
        "Recall of each class by each model, a panel a class, with 95 % intervals",
        f"{hardest} is the hardest class: the models find {means[hardest]:.1f} % of it on average; {easiest} the easiest, "
        f"{means[easiest]:.1f} %. Beside each name is the mean; a diamond marks the highest recall.",
        traces,
        layout,
        ("model", *order),
        [(title, *(percent(recalls[name][i]["value"]) for name in order)) for i, title in enumerate(titles)],
        height=n_rows * (60 + 17 * len(board)),
    )
