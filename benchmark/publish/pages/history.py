"""The page *History*: the largest steps, a chart a metric, and the commits with what each changed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from benchmark.compare.history import History, Point
from benchmark.compare.steps import changed_points, figure, groups, largest, titles_of
from benchmark.publish.chart import Chart
from benchmark.publish.charts.history import history_chart
from benchmark.publish.origin import SHORT
from benchmark.publish.pairs import Pairs
from benchmark.publish.past import Past
from benchmark.results import METRICS, Results
from benchmark.statistics import LEVEL


@dataclass(frozen=True)
class CommitLink:
    """A commit, by the beginning of its SHA; `link` is empty where the repository is on no web."""

    sha: str
    link: str
    date: str
    subject: str


@dataclass(frozen=True)
class Changed:
    """The models to which a commit did the same: the step in words, and each model's title with its figure."""

    words: str
    items: list[str]


@dataclass(frozen=True)
class CommitRow:
    """A commit that changed predictions, with what it changed; or else the run of `quiet` ones that did not, newest first.

    `compare` selects it and its predecessor on *Changes*; empty where they cannot be chosen.
    """

    commit: CommitLink | None = None
    changed: list[Changed] = field(default_factory=list)
    compare: str = ""
    quiet: list[CommitLink] = field(default_factory=list)
    days: str = ""


@dataclass(frozen=True)
class Named:
    """One of the largest steps: its model's title, by how many points, the commit and the verdict."""

    title: str
    figure: str
    sha: str
    verdict: str


@dataclass(frozen=True)
class Record:
    """Every metric over the commits, the commits newest first, the largest steps, and how many tests were made."""

    charts: list[Chart]
    chart_titles: list[str]
    commits: list[CommitRow]
    gains: list[Named]
    losses: list[Named]
    n_tests: int
    n_families: int
    n_real: int
    expected_false: str
    truncated: bool
    unreadable: list[str]


@dataclass(frozen=True)
class HistoryPage:
    """The page's content; where there is no history, what is missing and the command that gets it.

    `feed` is whether the site has a feed of these steps.
    """

    record: Record | None
    missing: str
    remedy: str
    pairs: Pairs
    feed: bool


def history_page(past: Past, stored: Results, *, feed: bool = False) -> HistoryPage:
    """Return what *History* shows: the largest steps, a chart a metric, and the commits with what each changed."""
    record = _record(past.history, past.pairs, stored) if past.history else None
    return HistoryPage(record, past.missing, past.remedy, past.pairs, feed)


def _record(history: History, pairs: Pairs, stored: Results) -> Record:
    families = [commit["tests"] for commit in history["commits"] if commit["tests"]]
    titles = titles_of(history, stored)
    baselines = {entry["name"] for entry in stored.entries if entry["baseline"]}
    drawn = {name: title for name, title in titles.items() if name not in baselines}
    charts = {metric.title: chart for metric in METRICS if (chart := history_chart(history, metric, drawn)) is not None}
    gains, losses = ([_named(history, titles, point) for point in points] for points in largest(history))
    return Record(
        charts=list(charts.values()),
        chart_titles=list(charts),
        commits=list(_rows(history, pairs, titles)),
        gains=gains,
        losses=losses,
        n_tests=sum(families),
        n_families=len(families),
        n_real=sum(point["step"] in ("improved", "regressed") for point in history["points"]),
        expected_false=f"{LEVEL * len(families):.2g}",
        truncated=history["truncated"],
        unreadable=history["unreadable"],
    )


def _named(history: History, titles: Mapping[str, str], point: Point) -> Named:
    sha = history["commits"][point["commit"]]["sha"][:SHORT]
    return Named(titles[point["model"]], figure(point), sha, point["step"])


def _rows(history: History, pairs: Pairs, titles: Mapping[str, str]) -> Iterator[CommitRow]:
    """Yield a row a commit that changed predictions, and one a run of commits that did not."""
    changed = changed_points(history)
    newest_first = reversed(range(len(history["commits"])))
    for told, numbers in itertools.groupby(newest_first, key=changed.__contains__):
        if told:
            yield from (_row(history, pairs, titles, number, changed[number]) for number in numbers)
        else:
            quiet = [_link(history, number) for number in numbers]
            days = dict.fromkeys((quiet[-1].date, quiet[0].date))
            yield CommitRow(quiet=quiet, days=" to ".join(days))


def _row(history: History, pairs: Pairs, titles: Mapping[str, str], number: int, changed: Sequence[Point]) -> CommitRow:
    told = [
        Changed(group.words, [f"{titles[point['model']]} {figure(point)}" for point in group.points])
        for group in groups(changed)
    ]
    return CommitRow(_link(history, number), told, pairs.step(history, number))


def _link(history: History, number: int) -> CommitLink:
    commit = history["commits"][number]
    return CommitLink(
        sha=commit["sha"][:SHORT],
        link=history["web"] + commit["sha"] if history["web"] else "",
        date=commit["date"][:10],
        subject=commit["subject"],
    )
