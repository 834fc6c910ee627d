"""The page *History*: a chart a metric, and the commits with their steps."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.compare.history import History
from benchmark.publish.chart import Chart
from benchmark.publish.charts.history import history_chart
from benchmark.publish.past import Past
from benchmark.results import METRICS, Results
from benchmark.results.numbers import points
from benchmark.statistics import LEVEL


@dataclass(frozen=True)
class CommitRow:
    """A commit that changed results, and what it did to which model; `link` is empty where the repository is on no web."""

    sha: str
    link: str
    date: str
    subject: str
    tests: int
    steps: str


@dataclass(frozen=True)
class Record:
    """Every metric over the commits, the commits newest first, and how many tests were made."""

    charts: list[Chart]
    commits: list[CommitRow]
    n_tests: int
    n_families: int
    n_real: int
    expected_false: str
    truncated: bool
    unreadable: list[str]


@dataclass(frozen=True)
class HistoryPage:
    """The page's content; where there is no history, what is missing and the command that gets it."""

    record: Record | None
    missing: str
    remedy: str


def history_page(past: Past, stored: Results) -> HistoryPage:
    """Return what *History* shows: a chart a metric, and the commits with their steps."""
    record = _record(past.history, stored) if past.history else None
    return HistoryPage(record, past.missing, past.remedy)


def _record(history: History, stored: Results) -> Record:
    families = [commit["tests"] for commit in history["commits"] if commit["tests"]]
    titles = {entry["name"]: entry["title"] for entry in stored.entries}
    titles |= {point["model"]: point["model"] for point in history["points"] if point["model"] not in titles}  # removed
    baselines = {entry["name"] for entry in stored.entries if entry["baseline"]}
    drawn = {name: title for name, title in titles.items() if name not in baselines}
    return Record(
        charts=[chart for metric in METRICS if (chart := history_chart(history, metric, drawn)) is not None],
        commits=[_commit_row(history, titles, i) for i in reversed(range(len(history["commits"])))],
        n_tests=sum(families),
        n_families=len(families),
        n_real=sum(point["step"] in ("improved", "regressed") for point in history["points"]),
        expected_false=f"{LEVEL * len(families):.2g}",
        truncated=history["truncated"],
        unreadable=history["unreadable"],
    )


def _commit_row(history: History, titles: dict[str, str], number: int) -> CommitRow:
    commit = history["commits"][number]
    own = [point for point in history["points"] if point["commit"] == number]
    told = [
        f"{titles[point['model']]} {point['step']}"
        + ("" if point["difference"] is None else f" ({points(point['difference'], '+')})")
        for point in own
        if point["step"] not in ("first", "unchanged")
    ]
    quiet = [f"{n} {step}" for step in ("first", "unchanged") if (n := sum(p["step"] == step for p in own))]
    return CommitRow(
        sha=commit["sha"][:10],
        link=history["web"] + commit["sha"] if history["web"] else "",
        date=commit["date"][:10],
        subject=commit["subject"],
        tests=commit["tests"],
        steps="; ".join([*told, *quiet]),
    )
