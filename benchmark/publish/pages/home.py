"""The first page: the leader in a sentence, the leaderboard, cost, and the hardest classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from benchmark.compare.growth import all_costs
from benchmark.compare.leaderboard import Leaderboard, Row
from benchmark.compare.sentences import leading
from benchmark.publish.chart import Chart
from benchmark.publish.charts.board import accuracies, class_panels, mean_recalls
from benchmark.publish.charts.cost import cost
from benchmark.publish.charts.growth import growths
from benchmark.publish.gallery import Picture
from benchmark.publish.pages.choice import ChoiceSection, choice_section
from benchmark.publish.pages.methods import Circumstance, circumstances
from benchmark.publish.site import FEW_GREYS, Site, one_of_each
from benchmark.results import METRICS, Metrics, Results, about_data
from benchmark.results.numbers import (
    NOTHING,
    class_words,
    decimal,
    duration,
    listed,
    megabytes,
    percent,
    percent_range,
    points,
    points_interval,
    points_range,
)

MOST_LEADERS = 3  # named in a headline


@dataclass(frozen=True)
class Ahead:
    """How far the leader is ahead of the second, with its interval, and whether that is a real difference."""

    second: str
    gap: str
    verdict: str


class Leader(NamedTuple):
    """A model that leads, with its page's name."""

    title: str
    name: str


@dataclass(frozen=True)
class Hero:
    """The sentence about the leader, or about those that lead together: `gets` is what follows their names.

    `interval` is "" where none is stored, `ahead` None where a leader is alone or not the only one, and `better` names the references
    that get more images right.
    """

    leaders: list[Leader]
    gets: str
    accuracy: str
    interval: str
    ahead: Ahead | None
    better: str


class Cell(NamedTuple):
    """What a cell of the table shows, and the number that it is sorted by."""

    text: str
    sort: float


class Span(NamedTuple):
    """Where a drawn interval begins, lies and ends, in percent of the line."""

    low: str
    at: str
    high: str


@dataclass(frozen=True)
class BoardRow:
    """A row of the table, found by its `words`; `bar` is in percent of its cell, `span` is None where there is no interval to draw."""

    name: str
    words: str
    title: str
    baseline: bool
    rank: Cell
    accuracy: Cell
    bar: str
    interval: str
    gap: Cell
    gap_interval: str
    span: Span | None
    auc: Cell
    scores: str
    distinct: int | None
    hardest: str
    recall: Cell
    fit: Cell
    one: Cell
    many: str
    pickle: Cell


class HardClass(NamedTuple):
    """A class by its name inside a sentence, its part of addresses, and its mean recall over the contestants."""

    words: str
    slug: str
    recall: str


class Apart(NamedTuple):
    """A model that is not ranked because it was measured on other data, and which these are."""

    name: str
    data: str


@dataclass(frozen=True)
class HomePage:
    """The page's content; without contestants there is no hero, no chart and no hardest class."""

    headline: str
    hero: Hero | None
    strip: Picture
    rows: list[BoardRow]
    bar_start: str
    missing: list[str]
    misfits: dict[str, str]
    apart: list[Apart]
    mixed_scores: bool
    choice: ChoiceSection | None
    accuracies: Chart | None
    costs: list[Chart]
    recalls: Chart | None
    hardest: list[HardClass]
    profile: str | None
    circumstances: list[Circumstance]


def home_page(site: Site) -> HomePage:
    """Return what the first page shows; without contestants, the table of baselines alone."""
    stored, board = site.stored, site.board
    farthest = max((row.behind.high for row in board.ranked if row.behind), default=0.0)
    start = bar_start([row.accuracy["value"] or 0.0 for row in board.ranked])
    published = site.published["results"] if site.published else []
    return HomePage(
        headline=headline(board),
        hero=_hero(board),
        strip=site.gallery.sheet("home-strip", one_of_each(site) & FEW_GREYS, columns=len(site.order), scale=1),
        rows=[_board_row(row, stored.model(row.name).metrics, farthest, start) for row in board.rows],
        bar_start=percent(start, 0) if start else "",
        missing=stored.missing,
        misfits=stored.misfits,
        apart=[Apart(model.name, about_data(model.metrics["dataset"])) for model in stored.apart],
        mixed_scores=len({row.scores for row in board.ranked}) > 1,
        choice=choice_section(site),
        accuracies=accuracies(stored, published) if board.ranked else None,
        costs=_costs(stored) if board.ranked else [],
        recalls=class_panels(stored, site.order) if board.ranked else None,
        hardest=_hardest(site) if board.ranked else [],
        profile=stored.dataset["profile"],
        circumstances=circumstances(stored),
    )


def _costs(stored: Results) -> list[Chart]:
    by_name = {metric.name: metric for metric in METRICS}
    n_images = stored.leaderboard()[0].run["n_predict_many"]
    growth = growths(stored, all_costs(stored))
    return [
        cost(stored, by_name["fit_seconds"], 1, "s"),
        cost(stored, by_name["predict_one_seconds"], 1e3, "ms"),
        cost(stored, by_name["predict_seconds"], 1e6, f"µs an image of {n_images:,}"),
        cost(stored, by_name["pickle_bytes"], 1e-6, "MB"),
        *([growth] if growth else []),
    ]


def _hardest(site: Site) -> list[HardClass]:
    """Return the three classes with the lowest mean recall over the contestants, of those that have an error or more."""
    means = mean_recalls(site.stored.contestants, site.order)
    hard = sorted((name for name in means if means[name] < 1), key=lambda name: means[name])[:3]
    return [HardClass(class_words(name), site.addresses[name], percent(means[name])) for name in hard]


def _hero(board: Leaderboard) -> Hero | None:
    if not board.ranked:
        return None
    leader, *others = board.ranked
    accuracy = leader.accuracy
    better = [row for row in board.rows if not row.rank and row.behind and row.behind.difference < 0]
    return Hero(
        leaders=[Leader(row.title, row.name) for row in board.leaders],
        gets=leading(len(board.leaders), len(board.ranked)),
        accuracy=percent(accuracy["value"]),
        interval=percent_range(accuracy),
        ahead=_ahead(board, others[0]) if others and len(board.leaders) == 1 else None,
        better=listed([f"{row.title} ({percent(row.accuracy['value'])})" for row in better]),
    )


def headline(board: Leaderboard) -> str:
    """Return who leads and with which share of the images, as the beginning of a sentence; "" where nobody is ranked."""
    if not board.ranked:
        return ""
    gets = leading(len(board.leaders), len(board.ranked))
    titles = [row.title for row in board.leaders]
    named = (
        titles
        if len(titles) <= MOST_LEADERS
        else [*titles[: MOST_LEADERS - 1], f"{len(titles) - MOST_LEADERS + 1} more"]
    )
    return f"{listed(named)} {gets} {percent(board.ranked[0].accuracy['value'])}"


def _ahead(board: Leaderboard, second: Row) -> Ahead:
    pair = board.pairs[0, 1]
    gap = pair.test
    return Ahead(
        second=second.title,
        gap=f"{points(gap.difference)} points (95 % interval {points_interval(gap.low, gap.high)})",
        verdict=pair.verdict,
    )


def bar_start(accuracies: Sequence[float]) -> float:
    """Return the accuracy at which the bars of the table begin: the highest tenth that leaves the shortest bar a third of the line.

    Bars that began at 0 would all look alike where models are good.
    """
    least = min(accuracies, default=0.0)
    tenths = [tenth / 10 for tenth in range(9) if least - tenth / 10 >= (1 - tenth / 10) / 3]
    return max(tenths, default=0.0)


def _board_row(row: Row, metrics: Metrics, farthest: float, start: float) -> BoardRow:
    accuracy, auc, gap = row.accuracy["value"] or 0.0, row.macro_auc["value"], row.behind
    return BoardRow(
        name=row.name,
        words=" ".join((row.name, metrics["family"], metrics["features"])),
        title=row.title,
        baseline=row.rank is None,
        rank=Cell(row.rank.text, row.rank.place) if row.rank else Cell(NOTHING, 10**6),
        accuracy=Cell(percent(accuracy, 2), accuracy),
        bar=f"{100 * max(0.0, accuracy - start) / (1 - start):.1f}",
        interval=percent_range(row.accuracy, "–", 2),
        gap=Cell(points(gap.difference), gap.difference) if gap else Cell(NOTHING, 0.0),
        gap_interval=points_range(gap.low, gap.high) if gap else "",
        span=_span(row, farthest),
        auc=Cell(decimal(auc), auc or 0.0),
        scores="probabilities" if row.scores == "predict_proba" else "decision values",
        distinct=row.distinct_scores,
        hardest=row.hardest,
        recall=Cell(percent(row.least_recall), row.least_recall),
        fit=Cell(duration(row.fit_seconds), row.fit_seconds),
        one=Cell(duration(row.predict_one_seconds), row.predict_one_seconds),
        many=duration(row.predict_seconds),
        pickle=Cell(megabytes(row.pickle_bytes), row.pickle_bytes),
    )


def _span(row: Row, farthest: float) -> Span | None:
    """Return a contestant's interval behind the leader on a line of the length `farthest`."""
    if not farthest or not row.rank or not row.behind or not row.behind.high:
        return None
    ends = max(0.0, row.behind.low), row.behind.difference, row.behind.high
    return Span(*(f"{100 * end / farthest:.1f}%" for end in ends))
