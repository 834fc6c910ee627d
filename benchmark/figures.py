"""Charts as data: from results to a Plotly figure, a caption that states the finding, and a table of the numbers.

Colours are named here ("c0" to "c9", "lead", "muted", in a trace's `meta`, an annotation's or a shape's `name`) and given by
the stylesheet, so that they follow the reader's scheme. Numbers are rounded to what an eye can use.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from benchmark.gallery import Tile
from benchmark.results import (
    NAMED_RECALL,
    ClassFigures,
    DatasetStudy,
    Estimate,
    LearningCurve,
    Metric,
    ModelResult,
    PublishedResult,
    Results,
    slug,
)
from benchmark.statistics import wilson_interval

__all__ = ["Figure", "axis", "figure", "interval", "percent", "rounded", "three_digits"]


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

    @property
    def tile_height(self) -> int:
        """How high the image is that a chosen point shows beside the chart's line, 0 where it shows none."""
        return int(self.spec["layout"].get("meta", {}).get("tiles", {}).get("height", 0))


def rounded(values: Iterable[Any], digits: int = 4) -> list[Any]:
    """Return numbers at `digits` significant digits, as a plain list; Plotly would pack an array into base64."""
    return [None if value is None else float(f"{float(value):.{digits}g}") for value in values]


def three_digits(value: float) -> str:
    """Return a positive number to three digits, a large one to the last before the point, not as a power of ten."""
    return f"{value:,.0f}" if value >= 99.95 else f"{value:#.3g}"  # noqa: PLR2004


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
def accuracies(stored: Results, published: Sequence[PublishedResult]) -> Figure:
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
                error_x=_whiskers([estimate for _, estimate, _ in own], width=3),
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
    return figure(
        "accuracies",
        "Accuracy of each model and of published results, with 95 % intervals",
        caption,
        [trace for trace in traces if trace.x],
        {
            "xaxis": axis("accuracy, %"),
            "yaxis": _rows_axis(titles),
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "showlegend": bool(published),
        },
        ("model", "accuracy, 95 % interval", "source"),
        [(title, interval(estimate, 2), source or "measured here") for title, estimate, source in rows],
        height=110 + 34 * len(rows),  # a narrow chart breaks names over two lines
    )


def _rows_axis(titles: Sequence[str]) -> dict[str, Any]:
    """Return an axis with a row a title, the first on top."""
    return axis("", range=[len(titles) - 0.5, -0.5], tickvals=list(range(len(titles))), ticktext=list(titles))


def cost(stored: Results, metric: Metric, scale: float, unit: str) -> Figure:
    """Accuracy against a cost on a logarithmic axis, and the models that none beats in both.

    `scale` turns the metric into `unit`; seconds of a prediction are given an image.
    """
    board = stored.leaderboard()
    costs = [_run_value(model, metric) * scale for model in board]
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
        error_y=_whiskers([model.metrics["test"]["accuracy"] for model in board], width=0, thickness=1.5),
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
        + _listed(told)
        + ". Numbers, where names find no room, are places on the leaderboard."
    )
    return figure(
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


def _listed(items: Sequence[str]) -> str:
    """Return items as an English list: "a, b and c"."""
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


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


def _run_value(model: ModelResult, metric: Metric) -> float:
    value: Any = model.run if metric.document == "run.json" else model.metrics
    for key in metric.path:
        value = value[key]
    return float(value) / (model.run["n_predict_many"] if metric.name == "predict_seconds" else 1)


PANEL_COLUMNS = 2


def class_panels(stored: Results, order: list[str]) -> Figure:
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
                error_x=_whiskers(recalls[name], width=0, thickness=1.5),
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
        layout[f"yaxis{number}"] = _rows_axis([model.name for model in board]) | {
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
    return figure(
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


# ------------------------------------------------------------------------------------------------------------- a model
def roc(model: ModelResult, order: list[str]) -> Figure:
    """One-vs-rest ROC curves over a logarithmic false-positive rate, each named where it begins."""
    classes = model.metrics["dataset"]["classes"]
    negatives = sum(f["support"] for f in model.metrics["test"]["per_class"].values())
    floor = 1 / negatives
    traces, rows, starts = [], [], {}
    for name in order:
        curve = model.curves["roc"][name]
        xs = [max(x, floor) for x in curve["fpr"]]
        starts[name] = max(y for x, y in zip(xs, curve["tpr"], strict=True) if x <= floor)
        traces.append(
            _class_line(
                xs, curve["tpr"], classes.index(name), name, ": %{y} of the class at %{customdata} of the others"
            )
        )
        traces[-1].customdata = rounded(curve["fpr"])  # 0 has no place on the axis, and is 0 all the same
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
            "yaxis": axis("true-positive rate", range=[0, 1.01], side="right"),
            "annotations": line_labels(starts, classes, 0.0, (0, 1.01)),
            "margin": {"l": label_width(order)},
            "showlegend": False,
        },
        ("class", "AUC, 95 % interval"),
        rows,
        height=520,
    )


def _class_line(x: Sequence[float], y: Sequence[float], label: int, name: str, told: str) -> Any:
    return go.Scatter(
        x=rounded(x),
        y=rounded(y),
        mode="lines",
        name=name,
        meta=f"c{label % 10}",
        line={"width": 2, "dash": _dash(label)},
        hovertemplate=name + told + "<extra></extra>",
    )


LABEL_GAP = 0.045  # of the axis, between names beside lines


def label_width(names: Sequence[str]) -> int:
    """Return the pixels that names beside lines need; a margin grows for ticks alone by itself."""
    return 16 + round(7.5 * max(map(len, names)))


def line_labels(
    heights: dict[str, float], colours: list[str], side: float, limits: tuple[float, float]
) -> list[dict[str, Any]]:
    """Return a name beside each line, at the left edge (`side` 0) or the right (1), moved apart where they would meet.

    A name's place among `colours` says its colour; heights on a logarithmic axis are logarithms.
    """
    gap = min(LABEL_GAP, 1 / len(heights)) * (limits[1] - limits[0])
    names = sorted(heights, key=lambda name: heights[name])
    places: list[float] = []
    for name in names:
        places.append(max(heights[name], places[-1] + gap if places else limits[0]))
    excess = max(0.0, places[-1] - limits[1] + gap / 2)
    for i in reversed(range(len(places))):
        ceiling = places[-1] - excess if i == len(places) - 1 else places[i + 1] - gap
        places[i] = min(places[i], ceiling)
    return [
        {
            "text": name,
            "name": f"c{colours.index(name) % 10}",
            "x": side,
            "xref": "paper",
            "xanchor": "right" if side == 0 else "left",
            "xshift": -4 if side == 0 else 4,
            "y": round(place, 4),
            "yanchor": "middle",
            "showarrow": False,
        }
        for name, place in zip(names, places, strict=True)
    ]


def _auc(estimate: Estimate) -> str:
    if estimate["low"] is None:
        return "–" if estimate["value"] is None else f"{estimate['value']:.4f}"
    return f"{estimate['value']:.4f} [{estimate['low']:.4f}, {estimate['high']:.4f}]"


def _dash(label: int) -> str:
    return ("solid", "dash", "dot", "dashdot")[(label + label // 20) % 4]  # colours come again after ten


FROM_RECALL = 0.5  # below it every curve of a useful model lies at the top


def precision_recall(model: ModelResult, order: list[str]) -> Figure:
    """Precision-recall curves, each named at the right in the order of its precision at 90 % recall."""
    classes = model.metrics["dataset"]["classes"]
    traces, at_90 = [], {}
    for name in order:
        curve = model.curves["precision_recall"][name]
        told = ": precision %{y} at recall %{x}"
        traces.append(_class_line(curve["recall"], curve["precision"], classes.index(name), name, told))
        at_90[name] = max(
            (p for r, p in zip(curve["recall"], curve["precision"], strict=True) if r >= NAMED_RECALL), default=0.0
        )
    hard = min(at_90, key=lambda name: at_90[name])
    return figure(
        f"{model.name}-precision-recall",
        "Precision against recall of each class",
        f"At the threshold that finds 90 % of {hard}, the hardest there, {percent(at_90[hard])} of what passes is {hard}. "
        "Names stand in the order of the lines there.",
        traces,
        {
            "xaxis": axis("recall", range=[FROM_RECALL, 1.005]),
            "yaxis": axis("precision", range=[0, 1.01]),
            "annotations": line_labels(at_90, classes, 1.0, (0, 1.01)),
            "margin": {"r": label_width(order)},
            "showlegend": False,
        },
        ("class", "precision at 90 % recall"),
        [(name, percent(at_90[name])) for name in order],
        height=520,
    )


def reliability(model: ModelResult) -> Figure | None:
    """Accuracy against top-label confidence, or None where scores are no probabilities."""
    curve, calibration = model.curves["reliability"], model.metrics["test"]["calibration"]
    if curve is None or calibration is None:
        return None
    error = calibration["expected_calibration_error"]["value"] or 0.0
    lean = float(np.average(np.subtract(curve["confidence"], curve["accuracy"]), weights=curve["count"]))
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
        f"Probabilities are {100 * error:.1f} points off on average, {_leaning(lean, error)}.",
        [ideal, trace],
        {
            "xaxis": axis("probability of the predicted class", range=[low, 1.01]),
            "yaxis": axis("share right", range=[low, 1.01]),
        },
        ("mean probability", "share right", "95 % interval", "images"),
        rows,
    )


def _leaning(lean: float, error: float) -> str:
    """Return in which direction probabilities err: in both, where what is too much and what is too little nearly cancel."""
    if abs(lean) < error / 2:
        return "some too sure of themselves, some too modest"
    return "too sure of themselves" if lean > 0 else "too modest"


def confusion(model: ModelResult, order: list[str], thumbnails: dict[str, str]) -> Figure:
    """The confusion matrix in percent of each row, colour on a log scale, zero empty; a thumbnail beside each class.

    `thumbnails` are images by class, as data addresses.
    """
    classes = model.metrics["dataset"]["classes"]
    places = [classes.index(name) for name in order]
    counts = np.array(model.metrics["test"]["confusion"])[np.ix_(places, places)]
    shares = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    off = counts - np.diag(np.diag(counts))
    row, column = np.unravel_index(int(off.argmax()), off.shape)
    equals = int((off == off.max()).sum()) - 1
    equally = f", and {equals} more pair{'s' if equals > 1 else ''} of classes as often" if equals else ""
    n = len(order)
    trace = go.Heatmap(
        z=[[round(math.log10(value), 3) if value else None for value in line] for line in shares],
        text=[[_short_percent(value) for value in line] for line in shares],
        texttemplate="%{text}",
        customdata=[
            [f"{true} taken for {predicted}: {count} images" for predicted, count in zip(order, line, strict=True)]
            for true, line in zip(order, counts.tolist(), strict=True)
        ],
        x=list(range(n)),
        y=list(range(n)),
        zmin=-1,  # a tenth of a percent, so that models share one scale
        zmax=2,
        meta="sequential",
        showscale=False,
        xgap=1,
        ygap=1,
        hovertemplate="%{customdata}, %{text} %<extra></extra>",
        hoverongaps=False,
    )
    pictures = [
        {"source": thumbnails[name], "x": x, "y": y, "xref": "x", "yref": "y", "sizex": 0.8, "sizey": 0.8,
         "xanchor": "center", "yanchor": "middle"}
        for i, name in enumerate(order) if name in thumbnails
        for x, y in ((-1, i), (i, n))
    ]  # fmt: skip
    ticks = {"tickvals": list(range(n)), "ticktext": order, "showgrid": False}
    return figure(
        f"{model.name}-confusion",
        "Confusion matrix, true class a row, predicted class a column, percent of the row",
        f"{order[row]} is most often taken for {order[column]}: {off[row, column]:,} of {counts[row].sum():,} images "
        f"({shares[row, column]:.1f} %){equally}.",
        [trace],
        {
            "xaxis": axis("predicted", tickangle=-45, range=[-1.5, n - 0.5], **ticks),
            "yaxis": axis("true", range=[n + 0.5, -0.5], **ticks),
            "images": pictures,
        },
        ("true \\ predicted", *order),
        [(name, *map(str, line.tolist())) for name, line in zip(order, counts, strict=True)],
        height=600,
    )


def _short_percent(value: float) -> str:
    """Return a percentage as short as a cell on a phone is narrow."""
    if not value:
        return ""
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"  # noqa: PLR2004


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
    least = min(recalls.values())
    worst = [name for name in order if recalls[name] == least]
    if len(worst) > 1:
        caption = f"{_listed(worst)} are its hardest classes: it finds {percent(least)} of each."
    else:
        precision = figures[worst[0]]["precision"]
        called = (
            f"calls nothing {worst[0]}"
            if precision["value"] is None
            else f"{interval(precision)} of what it calls {worst[0]} is right"
        )
        caption = (
            f"{worst[0]} is its hardest class: it finds {interval(figures[worst[0]]['recall'])} of it, and {called}."
        )
    return figure(
        f"{model.name}-classes",
        "Recall and precision of each class with 95 % intervals",
        caption,
        traces,
        {
            "xaxis": axis("%"),
            "yaxis": _rows_axis(order),
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        },
        (
            "class",
            "recall",
            "precision",
            "F1",
            "AUC",
            *(() if leader is model else (f"recall, {leader.metrics['title']}",)),
        ),
        [
            (
                name,
                interval(figures[name]["recall"]),
                interval(figures[name]["precision"]),
                interval(figures[name]["f1"]),
                _auc(figures[name]["auc"]),
                *(() if leader is model else (interval(leader.metrics["test"]["per_class"][name]["recall"]),)),
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


def learning_curve(model: ModelResult, leader: ModelResult) -> Figure | None:
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
    return figure(
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
        error_y=_whiskers(estimates, width=3),
        hovertemplate="%{x} images: %{y} %<extra></extra>",
    )


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
        f"{titles[0]} has the highest recall of {name}: {rows[0][1]}; {titles[-1]} the lowest: {rows[-1][1]}.",
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
        _taken_for(name, [(classes[i], shares[i]) for i in others]),
        [trace],
        {"xaxis": axis("% of its images"), "yaxis": axis("", autorange="reversed")},
        ("taken for", "% of its images"),
        [(classes[i], f"{shares[i]:.2f}") for i in others],
        height=100 + 30 * len(others),
    )


def _taken_for(name: str, others: list[tuple[str, float]]) -> str:
    told = [f"{other} ({share:.1f} %" for other, share in others if share][:2]
    if not told:
        return f"No model takes {name} for another class."
    first = f"Over all models {name} is most often taken for {told[0]} of its images)"
    return first + (f", then {told[1]})." if len(told) > 1 else ", and for nothing else.")


def spectrum(study: DatasetStudy, chosen: dict[int, str]) -> Figure:
    """Cumulative explained variance of the principal components of the scaled pixels; `chosen` names models by number."""
    total = np.cumsum(study["explained_variance_ratio"])
    marks = {share: int(np.searchsorted(total, share)) + 1 for share in (0.5, 0.8, 0.9) if total[-1] >= share}
    inside = {n: names for n, names in sorted(chosen.items()) if n <= len(total)}
    traces = [
        go.Scatter(
            x=list(range(1, len(total) + 1)),
            y=rounded((100 * total).tolist()),
            mode="lines",
            meta="lead",
            hovertemplate="%{x} components: %{y} %<extra></extra>",
        )
    ]
    if inside:
        traces.append(
            go.Scatter(
                x=list(inside),
                y=rounded([100 * total[n - 1] for n in inside]),
                text=[str(n) for n in inside],
                customdata=list(inside.values()),
                mode="markers+text",
                textposition="top center",
                meta="second",
                cliponaxis=False,
                marker={"size": 10, "symbol": "diamond"},
                hovertemplate="%{customdata}: %{x} components, %{y} %<extra></extra>",
            )
        )
    beyond = [f"{n} ({names})" for n, names in sorted(chosen.items()) if n > len(total)]
    caption = (
        "Of the variance of the scaled pixels, "
        + ", ".join(
            f"{n} component{'s' if n > 1 else ''} hold{'' if n > 1 else 's'} {percent(share, 0)}"
            for share, n in marks.items()
        )
        + "."
    )
    if chosen:
        told = [f"{n} ({names})" for n, names in inside.items()] + beyond
        caption += f" Models on these components take {_listed(told)} of them."
    return figure(
        f"{study['name']}-spectrum",
        "Cumulative explained variance of the principal components",
        caption,
        traces,
        {"xaxis": axis("components"), "yaxis": axis("variance explained, %", range=[0, 101]), "showlegend": False},
        ("components", "variance explained"),
        [(str(n), percent(float(total[n - 1]))) for n in (1, 2, 5, 10, 20, 50, 100, 200) if n <= len(total)],
    )


SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up")


def class_map(
    study: DatasetStudy,
    labels: Sequence[int],
    order: list[str],
    classes: list[str],
    tiles: dict[int, Tile],
) -> Figure:
    """Training images in the plane, a colour and a mark a class; the tile of a chosen point is shown."""
    places = np.column_stack([study["map"]["x"], study["map"]["y"]])
    own = np.array(labels)
    apart = np.linalg.norm(places[:, np.newaxis] - places[np.newaxis], axis=2)
    np.fill_diagonal(apart, np.inf)
    same = {
        name: float(np.mean(own[apart[own == i].argmin(axis=1)] == i))
        for i, name in enumerate(classes)
        if (own == i).any()
    }
    one = next(iter(tiles.values()))
    files = {path: i for i, path in enumerate(dict.fromkeys(tile.path for tile in tiles.values()))}
    traces, annotations = [], []
    for name in order:
        label = classes.index(name)
        rows = np.flatnonzero(own == label)
        if not len(rows):
            continue
        traces.append(
            go.Scatter(
                x=rounded(places[rows, 0], 3),
                y=rounded(places[rows, 1], 3),
                mode="markers",
                name=name,
                meta=f"c{label % 10}",
                marker={
                    "size": 5,
                    "symbol": SYMBOLS[(label + label // 10) % len(SYMBOLS)],
                    "opacity": 0.75,
                },
                customdata=[
                    [files[tile.path], tile.x, tile.y] for tile in (tiles[study["map"]["index"][i]] for i in rows)
                ],
                hovertemplate=name + "<extra></extra>",
            )
        )
        centre = np.median(places[rows], axis=0)
        annotations.append(
            {"text": f"<b>{name}</b>", "name": f"c{label % 10}", "x": round(float(centre[0]), 1), "y": round(float(centre[1]), 1),
             "showarrow": False}
        )  # fmt: skip
    loosest = min(same, key=lambda name: same[name])
    tightest = max(same, key=lambda name: same[name])
    blank = {"showticklabels": False, "showgrid": False, "zeroline": False, "ticks": "", "title": {"text": ""}}
    return figure(
        f"{study['name']}-map",
        f"{len(own):,} training images in the plane, neighbours near each other",
        f"On the map the nearest neighbour of {percent(same[tightest], 0)} of {tightest} is another {tightest}; of {loosest}, "
        f"{percent(same[loosest], 0)}. Choose a point to see its image. Axes have no unit: only nearness means something.",
        traces,
        {
            "xaxis": blank,
            "yaxis": blank,
            "annotations": annotations,
            "showlegend": False,
            "meta": {"tiles": {"width": one.width, "height": one.height, "files": list(files)}},
        },
        ("class", "images", "nearest neighbour of the same class"),
        [(name, str(int((own == classes.index(name)).sum())), percent(same[name])) for name in order if name in same],
        height=560,
    )
