"""The page *History*: a chart a metric, and the commits with their steps."""

from __future__ import annotations

from typing import Any

from benchmark.compare.history import History
from benchmark.publish.charts.history import history_chart
from benchmark.publish.past import Past
from benchmark.results import METRICS, Results
from benchmark.statistics import LEVEL


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
