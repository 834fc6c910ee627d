"""The page *Compare*: any two models on the same test images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from benchmark.compare.sentences import standing
from benchmark.publish.explorer import Choice, Explorer, Garment, ModelPair
from benchmark.results import ModelResult
from benchmark.results.numbers import images, percent, points

N_BESIDE = 8  # of each of two models


class Fact(NamedTuple):
    """A line of the table about a pair."""

    name: str
    value: str


@dataclass(frozen=True)
class OneRight:
    """The `n` images that one model gets right and the other wrong, of which `items` are shown."""

    title: str
    n: int
    items: list[Garment]


@dataclass(frozen=True)
class FirstPair:
    """The leader against the second, in the words that the script uses for any pair."""

    label: str
    verdict: str
    facts: list[Fact]
    sides: list[OneRight]


@dataclass(frozen=True)
class ComparePage:
    """The page's content; `pair` is None where there are no two contestants."""

    models: list[Choice]
    n_pairs: int
    pair: FirstPair | None
    rows: list[tuple[str, ...]]


def compare_page(explorer: Explorer) -> ComparePage:
    """Return what *Compare* shows before anybody chooses: the leader against the second, and against each other model."""
    pairs = [explorer.pair(0, j) for j in range(1, len(explorer.models))]
    return ComparePage(
        models=explorer.choices,
        n_pairs=len(explorer.board.pairs),
        pair=_first_pair(explorer, pairs[0]) if pairs else None,
        rows=[_row(explorer.choices[pair.second].title, pair) for pair in pairs],
    )


def _row(title: str, pair: ModelPair) -> tuple[str, ...]:
    counts = (str(n) for n in (pair.only_first, pair.only_second, pair.both_wrong))
    return (title, _interval(pair, ""), pair.p_adjusted, *counts, percent(pair.agree))


def _first_pair(explorer: Explorer, pair: ModelPair) -> FirstPair:
    first, second = explorer.models[:2]
    one, other = first.metrics["title"], second.metrics["title"]
    noise = "a real difference" if pair.real else "within noise"
    agree = f"{percent(pair.agree)} of {len(explorer.stored.test_labels):,}"
    return FirstPair(
        label=f"{one} against {other}",
        verdict=f"{standing(one, other, pair.difference)}: {noise}.",
        facts=[
            Fact("Difference, 95 % interval", _interval(pair, "+")),
            Fact("McNemar mid-p; adjusted over all pairs", f"{pair.p}; {pair.p_adjusted}"),
            Fact(f"Only {one} right", str(pair.only_first)),
            Fact(f"Only {other} right", str(pair.only_second)),
            Fact("Both wrong", str(pair.both_wrong)),
            Fact("Same prediction", agree),
        ],
        sides=[_side(explorer, first, second), _side(explorer, second, first)],
    )


def _side(explorer: Explorer, right: ModelResult, wrong: ModelResult) -> OneRight:
    """Return the first of the images that one model gets right and the other wrong."""
    alone = explorer.stored.correct(right) & ~explorer.stored.correct(wrong)
    n = int(alone.sum())
    return OneRight(
        title=f"{right.metrics['title']} is right, {wrong.metrics['title']} wrong: {images(n)}",
        n=n,
        items=explorer.garments([i for i in explorer.tiles if alone[i]][:N_BESIDE], wrong),
    )


def _interval(pair: ModelPair, sign: str) -> str:
    """Return a paired difference with its interval, in points."""
    ends = pair.difference, pair.low, pair.high
    value, low, high = (points(end, sign) for end in ends)
    return f"{value} points [{low}, {high}]" if sign else f"{value} [{low}, {high}]"
