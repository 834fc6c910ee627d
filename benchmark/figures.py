"""Charts as data: from results to a Plotly figure, a caption that states the finding, and a table of the numbers.

Colours are named here (`meta`: "c0" to "c9", "lead", "muted") and given by the stylesheet, so that they follow the
reader's scheme. Numbers are rounded to what an eye can use.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from benchmark.leaderboard import paired_models
from benchmark.results import ClassFigures, DatasetStudy, Estimate, Metric, ModelResult, Results, slug

__all__ = ["Figure", "axis", "figure", "interval", "percent", "rounded"]


@dataclass(frozen=True)
class Figure:
    """A chart: its Plotly data and layout as plain lists, what it finds, and its numbers as a table of text."""

    name: str
    alt: str
    caption: str
    spec: dict[str, Any]
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    height: int


def rounded(values: Sequence[Any], digits: int = 4) -> list[Any]:
    """Return numbers at `digits` significant digits, as a plain list; Plotly would pack an array into base64."""
    return [None if value is None else float(f"{float(value):.{digits}g}") for value in values]


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share in percent, a dash where it is undefined."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def interval(estimate: Estimate, digits: int = 1) -> str:
    """Return an estimate with its interval, in percent."""
    if estimate["low"] is None or estimate["high"] is None:
        return percent(estimate["value"], digits)
    return f"{percent(estimate['value'], digits)} [{100 * estimate['low']:.{digits}f}, {100 * estimate['high']:.{digits}f}]"


def figure(
    name: str,
    alt: str,
    caption: str,
    traces: list[Any],
    layout: dict[str, Any],
    header: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    height: int = 420,
) -> Figure:
    """Return a chart of Plotly traces, without Plotly's template."""
    drawn = go.Figure(data=traces, layout=layout)
    drawn.layout.template = None
    spec = drawn.to_plotly_json()
    spec["layout"].pop("template", None)
    return Figure(
        slug(name), alt, caption, {"data": spec["data"], "layout": spec["layout"]}, header, list(rows), height
    )


def axis(title: str, **more: Any) -> dict[str, Any]:
    """Return an axis with its title."""
    return {"title": {"text": title, "standoff": 12}, "automargin": True, "zeroline": False, **more}


def _whiskers(estimates: Sequence[Estimate], **look: Any) -> dict[str, Any]:
    """Return the intervals of estimates, in percent, as Plotly's error bars."""
    ends = [(e["low"] or 0.0, e["value"] or 0.0, e["high"] or 0.0) for e in estimates]
    return {
        "type": "data",
        "symmetric": False,
        "array": rounded([100 * (high - value) for _, value, high in ends]),
        "arrayminus": rounded([100 * (value - low) for low, value, _ in ends]),
        **look,
    }


# ---------------------------------------------------------------------------------------------------- the whole table
def behind_leader(stored: Results) -> Figure:
    """Each model's accuracy behind the leader, with the paired interval."""
    board = stored.leaderboard()
    rows, points = [], []
    for model in board[1:]:
        gap = paired_models(stored, board[0], model)
        difference, low, high = 100 * gap.difference, 100 * gap.low, 100 * gap.high
        points.append((difference, low, high))
        rows.append((model.metrics["title"], f"{difference:.2f}", f"{low:.2f}", f"{high:.2f}"))
    titles = [row[0] for row in rows]
    trace = go.Scatter(
        x=rounded([p[0] for p in points]),
        y=titles,
        mode="markers",
        meta="lead",
        marker={"size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "thickness": 2,
            "width": 6,
            "array": rounded([p[2] - p[0] for p in points]),
            "arrayminus": rounded([p[0] - p[1] for p in points]),
        },
        hovertemplate="%{y}: %{x} points<extra></extra>",
    )
    nearest = rows[0] if rows else None
    for model in stored.baselines:
        gap = paired_models(stored, board[0], model)
        ends = (f"{100 * gap.difference:.2f}", f"{100 * gap.low:.2f}", f"{100 * gap.high:.2f}")
        rows.append((f"{model.metrics['title']} (reference, not drawn)", *ends))
    caption = (
        f"{nearest[0]} comes nearest to {board[0].metrics['title']}, {nearest[1]} points behind "
        f"(95 % interval {nearest[2]} to {nearest[3]}, paired over the same images)."
        if nearest
        else f"{board[0].metrics['title']} is the only model measured."
    )
    return figure(
        "behind-the-leader",
        "Accuracy behind the leader, a dot and a paired 95 % interval for each model",
        caption,
        [trace],
        {"xaxis": axis("points behind", rangemode="tozero"), "yaxis": axis("", autorange="reversed")},
        ("model", "points behind", "low", "high"),
        rows,
        height=90 + 36 * max(1, len(titles)),
    )


def cost(stored: Results, metric: Metric, scale: float, unit: str) -> Figure:
    """Accuracy against a cost on a logarithmic axis, and the models that none beats in both."""
    board = stored.leaderboard()
    costs = [_run_value(model, metric) * scale for model in board]
    front = [
        i
        for i, model in enumerate(board)
        if not any(
            costs[j] <= costs[i]
            and other.accuracy >= model.accuracy
            and (costs[j], other.accuracy) != (costs[i], model.accuracy)
            for j, other in enumerate(board)
        )
    ]
    names = {i: board[i].metrics["title"] for i in range(len(board))}
    trace = go.Scatter(
        x=rounded(costs),
        y=rounded([100 * model.accuracy for model in board]),
        text=[f"\u2002{model.name}\u2002" for model in board],
        mode="markers+text",
        ids=[
            f"\u2002{i + 1}\u2002" for i in range(len(board))
        ],  # what stands beside a dot where there is no room for a name
        textposition=[f"middle {_roomier_side(costs, x)}" for x in costs],
        meta="lead",
        cliponaxis=False,
        marker={"size": 10, "symbol": ["circle" if i in front else "circle-open" for i in range(len(board))]},
        error_y=_whiskers([model.metrics["test"]["accuracy"] for model in board], width=0, thickness=1.5),
        hovertemplate="%{text}: %{y} %, %{x} " + unit + "<extra></extra>",
    )
    caption = (
        f"Filled: no model is both more accurate and cheaper in {metric.title.lower()}: "
        + ", ".join(
            f"{names[i]} ({percent(board[i].accuracy)}, {costs[i]:.3g} {unit})"
            for i in sorted(front, key=lambda i: costs[i])
        )
        + ". Numbers, where names find no room, are places on the leaderboard."
    )
    return figure(
        f"accuracy-against-{metric.name}",
        f"Accuracy against {metric.title.lower()} for each model",
        caption,
        [trace],
        {
            "xaxis": axis(f"{metric.title}, {unit} (log)", type="log", dtick="D2", exponentformat="none"),
            "yaxis": axis("accuracy, %"),
            "showlegend": False,
        },
        ("model", "accuracy", f"{metric.title}, {unit}"),
        [(names[i], percent(board[i].accuracy, 2), f"{costs[i]:.3g}") for i in range(len(board))],
        height=440,
    )


def _roomier_side(costs: list[float], x: float) -> str:
    """Return the side of a dot on which its label stays inside a logarithmic axis."""
    low, high = math.log(min(costs)), math.log(max(costs))
    return "left" if math.log(x) > low + 0.75 * (high - low) and high > low else "right"


def _run_value(model: ModelResult, metric: Metric) -> float:
    value: Any = model.run if metric.document == "run.json" else model.metrics
    for key in metric.path:
        value = value[key]
    return float(value)


def recall_heatmap(stored: Results, order: list[str]) -> Figure:
    """Recall of each class by each model."""
    board = stored.leaderboard()
    values = [[100 * (m.metrics["test"]["per_class"][name]["recall"]["value"] or 0.0) for name in order] for m in board]
    means = np.mean(values, axis=0)
    hardest, easiest = int(np.argmin(means)), int(np.argmax(means))
    titles = [model.metrics["title"] for model in board]
    trace = go.Heatmap(
        z=[rounded(row, 3) for row in values],
        x=order,
        y=titles,
        meta="sequential",
        texttemplate="%{z:.0f}",
        hovertemplate="%{y}<br>%{x}: %{z} %<extra></extra>",
        showscale=False,
        xgap=2,
        ygap=2,
    )
    return figure(
        "recall-by-class",
        "Recall of each class by each model, in percent",
        f"{order[hardest]} is the hardest class: the models find {means[hardest]:.1f} % of it on average; "
        f"{order[easiest]} the easiest, {means[easiest]:.1f} %.",
        [trace],
        {"yaxis": axis("", autorange="reversed"), "xaxis": axis("", tickangle=-45)},
        ("model", *order),
        [(title, *(f"{value:.1f}" for value in row)) for title, row in zip(titles, values, strict=True)],
        height=150 + 34 * len(board),
    )


# ------------------------------------------------------------------------------------------------------------- a model
def roc(model: ModelResult, order: list[str]) -> Figure:
    """One-vs-rest ROC curves over a logarithmic false-positive rate."""
    classes = model.metrics["dataset"]["classes"]
    negatives = sum(f["support"] for f in model.metrics["test"]["per_class"].values())
    floor = 1 / negatives
    traces, rows = [], []
    for name in order:
        curve = model.curves["roc"][name]
        traces.append(
            go.Scatter(
                x=rounded([max(x, floor) for x in curve["fpr"]]),
                y=rounded(curve["tpr"]),
                mode="lines",
                name=name,
                meta=f"c{classes.index(name) % 10}",
                line={"width": 2, "dash": _dash(classes.index(name))},
                hovertemplate=name + ": %{y} of the class at %{x} of the others<extra></extra>",
            )
        )
        rows.append((name, _auc(model.metrics["test"]["per_class"][name]["auc"])))
    aucs = {name: model.metrics["test"]["per_class"][name]["auc"]["value"] or 0.0 for name in order}
    worst, best = min(aucs, key=lambda n: aucs[n]), max(aucs, key=lambda n: aucs[n])
    return figure(
        f"{model.name}-roc",
        "ROC curve of each class against the rest",
        f"Best told apart: {best} (AUC {aucs[best]:.4f}); worst: {worst} ({aucs[worst]:.4f}).",
        traces,
        {
            "xaxis": axis(
                "false-positive rate (log)", type="log", dtick=1, exponentformat="none", range=[math.log10(floor), 0]
            ),
            "yaxis": axis("true-positive rate", range=[0, 1.01]),
            "legend": {"orientation": "h", "y": -0.22},
        },
        ("class", "AUC, 95 % interval"),
        rows,
        height=520,
    )


def _auc(estimate: Estimate) -> str:
    if estimate["low"] is None:
        return "–" if estimate["value"] is None else f"{estimate['value']:.4f}"
    return f"{estimate['value']:.4f} [{estimate['low']:.4f}, {estimate['high']:.4f}]"


def _dash(label: int) -> str:
    return ("solid", "dash", "dot", "dashdot")[label % 4]


def precision_recall(model: ModelResult, order: list[str]) -> Figure:
    """Precision-recall curves."""
    classes = model.metrics["dataset"]["classes"]
    traces, rows = [], []
    for name in order:
        curve = model.curves["precision_recall"][name]
        traces.append(
            go.Scatter(
                x=rounded(curve["recall"]),
                y=rounded(curve["precision"]),
                mode="lines",
                name=name,
                meta=f"c{classes.index(name) % 10}",
                line={"width": 2, "dash": _dash(classes.index(name))},
                hovertemplate=name + ": precision %{y} at recall %{x}<extra></extra>",
            )
        )
        at_90 = max((p for r, p in zip(curve["recall"], curve["precision"], strict=True) if r >= 0.9), default=0.0)  # noqa: PLR2004
        rows.append((name, percent(at_90)))
    hard = min(rows, key=lambda row: float(row[1].split()[0]))
    return figure(
        f"{model.name}-precision-recall",
        "Precision against recall of each class",
        f"To find 90 % of {hard[0]}, the hardest there, {hard[1]} of what is called so is right.",
        traces,
        {
            "xaxis": axis("recall", range=[0, 1.01]),
            "yaxis": axis("precision", range=[0, 1.01]),
            "legend": {"orientation": "h", "y": -0.22},
        },
        ("class", "precision at 90 % recall"),
        rows,
        height=520,
    )


def reliability(model: ModelResult) -> Figure | None:
    """Accuracy against top-label confidence, or None where scores are no probabilities."""
    curve, calibration = model.curves["reliability"], model.metrics["test"]["calibration"]
    if curve is None or calibration is None:
        return None
    error = calibration["expected_calibration_error"]["value"] or 0.0
    gap = float(np.average(np.subtract(curve["confidence"], curve["accuracy"]), weights=curve["count"]))
    trace = go.Scatter(
        x=rounded(curve["confidence"]),
        y=rounded(curve["accuracy"]),
        mode="markers+lines",
        meta="lead",
        error_y={
            "type": "data",
            "symmetric": False,
            "width": 3,
            "array": rounded(np.subtract(curve["high"], curve["accuracy"]).tolist()),
            "arrayminus": rounded(np.subtract(curve["accuracy"], curve["low"]).tolist()),
        },
        hovertemplate="said %{x}, right %{y}<extra></extra>",
        showlegend=False,
    )
    ideal = go.Scatter(
        x=[0, 1], y=[0, 1], mode="lines", meta="muted", line={"dash": "dot"}, hoverinfo="skip", showlegend=False
    )
    low = max(0.0, min(*curve["confidence"], *curve["accuracy"]) - 0.05)
    rows = [
        (f"{c:.3f}", f"{a:.3f}", f"{l:.3f}–{h:.3f}", str(n))
        for c, a, l, h, n in zip(*(curve[k] for k in ("confidence", "accuracy", "low", "high", "count")), strict=True)  # noqa: E741
    ]
    return figure(
        f"{model.name}-reliability",
        "Share right against the probability given to the predicted class",
        f"Probabilities are {percent(error)} off on average, "
        + ("too sure of themselves." if gap > 0 else "too modest."),
        [ideal, trace],
        {
            "xaxis": axis("probability of the predicted class", range=[low, 1.01]),
            "yaxis": axis("share right", range=[low, 1.01]),
        },
        ("mean probability", "share right", "95 % interval", "images"),
        rows,
    )


def confusion(model: ModelResult, order: list[str]) -> Figure:
    """The confusion matrix in percent of each row, colour on a log scale, zero empty."""
    classes = model.metrics["dataset"]["classes"]
    places = [classes.index(name) for name in order]
    counts = np.array(model.metrics["test"]["confusion"])[np.ix_(places, places)]
    shares = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    off = counts - np.diag(np.diag(counts))
    row, column = np.unravel_index(int(off.argmax()), off.shape)
    trace = go.Heatmap(
        z=[[round(math.log10(value), 3) if value else None for value in line] for line in shares],
        text=[[f"{value:.1f}" if value else "" for value in line] for line in shares],
        texttemplate="%{text}",
        customdata=counts.tolist(),
        x=order,
        y=order,
        zmin=-1,  # a tenth of a percent, so that models share one scale
        zmax=2,
        meta="sequential",
        showscale=False,
        xgap=1,
        ygap=1,
        hovertemplate="%{y} taken for %{x}: %{customdata} images, %{text} %<extra></extra>",
        hoverongaps=False,
    )
    return figure(
        f"{model.name}-confusion",
        "Confusion matrix, true class a row, predicted class a column, percent of the row",
        f"{order[row]} is most often taken for {order[column]}: {int(off[row, column])} of {int(counts[row].sum())} images "
        f"({shares[row, column]:.1f} %).",
        [trace],
        {"xaxis": axis("predicted", tickangle=-45), "yaxis": axis("true", autorange="reversed")},
        ("true \\ predicted", *order),
        [(name, *map(str, line.tolist())) for name, line in zip(order, counts, strict=True)],
        height=560,
    )


def per_class(model: ModelResult, leader: ModelResult, order: list[str]) -> Figure:
    """Recall and precision of each class with intervals; the leader's recall in grey."""
    figures = model.metrics["test"]["per_class"]
    traces = []
    if leader is not model:
        traces.append(
            _dots(
                leader.metrics["test"]["per_class"],
                order,
                "recall",
                "muted",
                f"recall, {leader.metrics['title']}",
                "line-ns-open",
            )
        )
    traces.append(_dots(figures, order, "recall", "lead", "recall", "circle", -0.14))
    traces.append(_dots(figures, order, "precision", "second", "precision", "diamond-open", 0.14))
    recalls = {name: figures[name]["recall"]["value"] or 0.0 for name in order}
    worst = min(recalls, key=lambda name: recalls[name])
    return figure(
        f"{model.name}-classes",
        "Recall and precision of each class with 95 % intervals",
        f"{worst} is its hardest class: it finds {interval(figures[worst]['recall'])}, and "
        + (
            f"is right in {interval(figures[worst]['precision'])} of what it calls so."
            if figures[worst]["precision"]["value"] is not None
            else "calls nothing so."
        ),
        traces,
        {
            "xaxis": axis("%"),
            "yaxis": axis("", range=[len(order) - 0.5, -0.5], tickvals=list(range(len(order))), ticktext=order),
            "legend": {"orientation": "h", "y": -0.15},
        },
        ("class", "recall", "precision", "F1", "AUC"),
        [
            (
                name,
                interval(figures[name]["recall"]),
                interval(figures[name]["precision"]),
                interval(figures[name]["f1"]),
                _auc(figures[name]["auc"]),
            )
            for name in order
        ],
        height=140 + 38 * len(order),
    )


def _dots(
    figures: dict[str, ClassFigures], order: list[str], key: str, color: str, name: str, symbol: str, shift: float = 0.0
) -> Any:
    # a row a class; `shift` moves a series off the row's middle, so that intervals do not hide each other
    values: list[Estimate] = [figures[c][key] for c in order]  # type: ignore[literal-required]
    return go.Scatter(
        x=rounded([None if v["value"] is None else 100 * v["value"] for v in values]),
        y=rounded([row + shift for row in range(len(order))]),
        text=order,
        mode="markers",
        name=name,
        meta=color,
        marker={"size": 9, "symbol": symbol},
        error_x=_whiskers(values, width=3),
        hovertemplate="%{text}: " + name + " %{x} %<extra></extra>",
    )


def search(model: ModelResult) -> Figure | None:
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
        axes = {"xaxis": axis(_short(names[0]), type="category"), "yaxis": axis("accuracy, %")}
    else:
        columns, lines = varying[names[0]], varying[names[1]]
        z = [
            rounded(
                [100 * np.mean(scores[column, line]) if (column, line) in scores else None for column in columns], 5
            )
            for line in lines
        ]
        trace = go.Heatmap(
            z=z,
            x=[str(v) for v in columns],
            y=[str(v) for v in lines],
            meta="sequential",
            showscale=False,
            xgap=2,
            ygap=2,
            texttemplate="%{z:.2f}",
            hovertemplate="%{x}, %{y}: %{z} %<extra></extra>",
        )
        axes = {"xaxis": axis(_short(names[0]), type="category"), "yaxis": axis(_short(names[1]), type="category")}
    return figure(
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


# ------------------------------------------------------------------------------------------------ a class, the data set
def class_recalls(stored: Results, name: str) -> Figure:
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
        error_x=_whiskers(values, width=4),
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
    return figure(
        f"class-{name}-recall",
        f"Recall of {name} by each model with 95 % intervals",
        f"{titles[0]} finds most of {name}: {rows[0][1]}; {titles[-1]} least: {rows[-1][1]}.",
        [trace],
        {"xaxis": axis("recall, %"), "yaxis": axis("", autorange="reversed")},
        ("model", "recall", "precision"),
        rows,
        height=100 + 34 * len(board),
    )


def class_confusions(stored: Results, name: str) -> Figure:
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
    return figure(
        f"class-{name}-taken-for",
        f"What {name} is taken for, percent of its images, mean over the models",
        f"Over all models {name} is most often taken for {titles[0]} ({shares[others[0]]:.1f} % of its images), then {titles[1]} "
        f"({shares[others[1]]:.1f} %)."
        if len(others) > 1
        else f"{name} is taken for {titles[0]} only.",
        [trace],
        {"xaxis": axis("% of its images"), "yaxis": axis("", autorange="reversed")},
        ("taken for", "% of its images"),
        [(classes[i], f"{shares[i]:.2f}") for i in others],
        height=100 + 30 * len(others),
    )


def spectrum(study: DatasetStudy) -> Figure:
    """Cumulative explained variance of the principal components of the scaled pixels."""
    total = np.cumsum(study["explained_variance_ratio"])
    marks = {share: int(np.searchsorted(total, share)) + 1 for share in (0.5, 0.8, 0.9) if total[-1] >= share}
    trace = go.Scatter(
        x=list(range(1, len(total) + 1)),
        y=rounded((100 * total).tolist()),
        mode="lines",
        meta="lead",
        hovertemplate="%{x} components: %{y} %<extra></extra>",
    )
    return figure(
        f"{study['name']}-spectrum",
        "Cumulative explained variance of the principal components",
        "Of the variance of the scaled pixels, "
        + ", ".join(
            f"{n} component{'s' if n > 1 else ''} hold{'' if n > 1 else 's'} {percent(share, 0)}"
            for share, n in marks.items()
        )
        + ".",
        [trace],
        {"xaxis": axis("components"), "yaxis": axis("variance explained, %", range=[0, 101])},
        ("components", "variance explained"),
        [(str(n), percent(float(total[n - 1]))) for n in (1, 2, 5, 10, 20, 50, 100) if n <= len(total)],
    )
