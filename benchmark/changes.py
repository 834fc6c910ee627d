"""The pages *Changes* and *History*: what the newest commit with results did, and how every figure came to be.

Comes in: a `Past`, made of tracked files. Goes out: what their templates fill in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from benchmark.diff import LEVEL, Comparison, Flip, ModelChange, compare_results, read_commit, use_of_test_set
from benchmark.errors import BenchmarkError
from benchmark.figures import Figure, axis, figure, label_width, line_labels, rounded, three_digits
from benchmark.gallery import Gallery
from benchmark.history import History, Point, read_history
from benchmark.report import (
    CLASS_HEADER,
    HEADER,
    METRIC_HEADER,
    changed_lines,
    class_rows,
    is_same,
    machine_lines,
    metric_rows,
    model_row,
    notes,
)
from benchmark.repository import Repository
from benchmark.results import METRICS, Metric, Results

__all__ = ["Past", "changes_page", "history_page", "read_past"]

SHARE = 100.0
LOG = {"type": "log", "dtick": "D2", "exponentformat": "none"}
N_FLIPS = 24  # pictures shown of a model's flips in one direction
MOST_TICKS = 8  # names of commits below a chart
MARKS = {"improved": "triangle-up", "regressed": "triangle-down", "rerun": "circle-open"}


@dataclass(frozen=True)
class Past:
    """The history and its newest step; None with the reason and the command that helps in `missing`."""

    history: History | None
    comparison: Comparison | None
    missing: str = ""
    remedy: str = ""


def read_past(repository: Repository | None, folder: str | None, digest: str) -> Past:
    """Return the history of the results in `folder` up to HEAD, and the comparison of its last two commits.

    What cannot be read is no reason to build no site: it is said instead. `digest` is that of the images that the pages
    show; flips of other data have no pictures here.
    """
    if folder is None:
        return Past(None, None, "These results are not tracked by git.", "make bench")
    if repository is None:
        return Past(None, None, "These pages are made from git's history, and this is no clone.", "git clone")
    try:
        history = read_history(repository, repository.commit("HEAD").sha, folder)
    except BenchmarkError as error:
        return _unread(None, error)
    if len(history["commits"]) < 2:  # noqa: PLR2004
        if history["truncated"]:
            return Past(history, None, "This site was built from a shallow clone.", "git fetch --unshallow")
        return Past(history, None, "There are no two commits with results so far, so nothing to compare.", "make bench")
    try:
        before, after = (repository.commit(commit["sha"]) for commit in history["commits"][-2:])
        old, new = (read_commit(repository, commit, commit.sha[:10], folder) for commit in (before, after))
        use = use_of_test_set(repository, after.sha, folder)
    except BenchmarkError as error:
        return _unread(history, error)
    if new[0]["digest"] != digest:
        return Past(history, None, "The newest commit with results measured other images than these.", "make bench")
    return Past(history, compare_results(old, new, use))


def _unread(history: History | None, error: BenchmarkError) -> Past:
    """Return what is missing in the words of the error that says so."""
    problem, *rest = str(error).splitlines()
    remedy = next((line.partition(":")[2].strip() for line in rest if line.startswith("  try:")), "git status")
    return Past(history, None, f"{problem[0].upper()}{problem[1:]}.", remedy)


# ------------------------------------------------------------------------------------------------------------- changes
def changes_page(gallery: Gallery, past: Past, stored: Results, order: Sequence[str]) -> dict[str, Any]:
    """Return what *Changes* shows: the sentence, the table, and the images that flipped; a link where there is a page."""
    comparison = past.comparison
    if comparison is None:
        return {"comparison": None, "missing": past.missing, "remedy": past.remedy}
    models = [model for model in comparison["models"] if not is_same(model)]
    with_page = {model.name for model in stored.models}
    return {
        "comparison": comparison,
        "sides": [_side(comparison, end, past) for end in ("before", "after")],
        "header": HEADER,
        "rows": [(model["title"], *model_row(model)[1:]) for model in comparison["models"]],
        "notes": notes(comparison),
        "models": [_model(gallery, model, order) | {"linked": model["name"] in with_page} for model in models],
    }


def _side(comparison: Comparison, end: str, past: Past) -> dict[str, str]:
    found = comparison["before"] if end == "before" else comparison["after"]
    web = past.history["web"] if past.history else ""
    sha = found["commit"] or ""
    return {
        "end": end,
        "sha": sha[:10],
        "link": web + sha if web else "",
        "date": (found["date"] or "")[:10],
        "subject": found["subject"] or "",
    }


def _model(gallery: Gallery, model: ModelChange, order: Sequence[str]) -> dict[str, Any]:
    return {
        "name": model["name"],
        "title": model["title"],
        "verdict": model["verdict"],
        "reason": model["reason"],
        "changed": [*machine_lines(model), *changed_lines(model)],
        "metric_header": METRIC_HEADER,
        "metric_rows": metric_rows(model),
        "class_header": CLASS_HEADER,
        "class_rows": class_rows(model),
        "flips": [
            flip_gallery(gallery, title, flips, order)
            for title, flips in (
                ("Right before, wrong now", model["right_to_wrong"]),
                ("Wrong before, right now", model["wrong_to_right"]),
            )
            if flips
        ],
    }


def flip_gallery(gallery: Gallery, title: str, flips: Sequence[Flip], order: Sequence[str]) -> dict[str, Any]:
    """Return the first flips of each class in turn, as pictures."""
    places = {name: i for i, name in enumerate(order)}
    seen: dict[str, int] = {}
    turns = []
    for flip in flips:
        seen[flip["true"]] = seen.get(flip["true"], 0) + 1
        turns.append((seen[flip["true"]], places.get(flip["true"], 0), flip))
    shown = [flip for _, _, flip in sorted(turns, key=lambda turn: turn[:2])[:N_FLIPS]]
    tiles = gallery.tiles([flip["index"] for flip in shown])
    return {
        "title": title,
        "n": len(flips),
        "items": [{**flip, "tile": tiles[flip["index"]]} for flip in shown],
    }


# ------------------------------------------------------------------------------------------------------------- history
def history_page(past: Past, stored: Results) -> dict[str, Any]:
    """Return what *History* shows: a chart a metric, and the commits with their steps."""
    history = past.history
    if history is None:
        return {"charts": [], "missing": past.missing, "remedy": past.remedy}
    families = [commit["tests"] for commit in history["commits"] if commit["tests"]]
    real = sum(point["step"] in ("improved", "regressed") for point in history["points"])
    titles = {entry["name"]: entry["title"] for entry in stored.entries}
    titles |= {point["model"]: point["model"] for point in history["points"] if point["model"] not in titles}  # removed
    baselines = {entry["name"] for entry in stored.entries if entry["baseline"]}
    drawn = {name: title for name, title in titles.items() if name not in baselines}
    return {
        "missing": "",
        "charts": [chart for metric in METRICS if (chart := history_chart(history, metric, drawn)) is not None],
        "commits": [_commit_row(history, titles, i) for i in reversed(range(len(history["commits"])))],
        "n_tests": sum(families),
        "n_families": len(families),
        "n_real": real,
        "expected_false": f"{LEVEL * len(families):.2g}",
        "truncated": history["truncated"],
        "unreadable": history["unreadable"],
    }


def _commit_row(history: History, titles: dict[str, str], number: int) -> dict[str, str]:
    commit = history["commits"][number]
    points = [point for point in history["points"] if point["commit"] == number]
    told = [
        f"{titles[point['model']]} {point['step']}"
        + ("" if point["difference"] is None else f" ({100 * point['difference']:+.2f})")
        for point in points
        if point["step"] not in ("first", "unchanged")
    ]
    quiet = [f"{n} {step}" for step in ("first", "unchanged") if (n := sum(p["step"] == step for p in points))]
    return {
        "sha": commit["sha"][:10],
        "link": history["web"] + commit["sha"] if history["web"] else "",
        "date": commit["date"][:10],
        "subject": commit["subject"],
        "tests": str(commit["tests"]),
        "steps": "; ".join([*told, *quiet]),
    }


def history_chart(history: History, metric: Metric, titles: dict[str, str]) -> Figure | None:
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
    colours = list(titles)  # a model looks the same on every chart, also where another has no such figure
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
    return figure(
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
