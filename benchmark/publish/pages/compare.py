"""The page *Compare*: two to four models on the same test images."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from benchmark.compare.columns import Cell, Column, Group, best, column, groups
from benchmark.compare.sentences import real_or_noise, standing
from benchmark.publish.cells import selection
from benchmark.publish.explorer import Choice, Explorer, Garment, ModelPair
from benchmark.results import ModelResult
from benchmark.results.numbers import images, percent, points
from benchmark.text import with_units

PLACES = ("first", "second", "third", "fourth")  # of models side by side
N_BESIDE = 8  # images of each of two models
PAIR_HEADER = (
    "pair",
    "difference, points [95 %]",
    "McNemar mid-p",
    "adjusted (Holm)",
    "verdict",
    "only the first right",
    "only the second right",
    "same prediction",
)
EACH_HEADER = ("other", "ahead, points [95 %]", "p (Holm)", "only the leader right", "only the other right", "both wrong", "same prediction")  # fmt: skip


class Marked(NamedTuple):
    """A cell, and whether it is the best of its row."""

    cell: Cell
    best: bool


class Row(NamedTuple):
    """A row of figures, a cell a model."""

    title: str
    cells: list[Marked]


class Table(NamedTuple):
    """Rows of figures under one heading."""

    title: str
    rows: list[Row]


class Linked(NamedTuple):
    """A test image, and where *Errors* shows it among its like."""

    garment: Garment
    address: str


@dataclass(frozen=True)
class OneRight:
    """The `n` images that one model alone gets right, of which `items` are shown."""

    title: str
    n: int
    items: list[Linked]


@dataclass(frozen=True)
class Selection:
    """The leader and the second side by side, in the words that the script uses for any models."""

    label: str
    models: list[Choice]
    verdict: str
    pair: tuple[str, ...]
    tables: list[Table]
    counts: list[tuple[str, str, str]]
    sides: list[OneRight]


@dataclass(frozen=True)
class ComparePage:
    """The page's content; `selection` is None where there are no two contestants.

    `fields` are the names of those that choose a model, of which the page has as many as there are models to choose, four at most.
    """

    models: list[Choice]
    fields: tuple[str, ...]
    n_pairs: int
    selection: Selection | None
    pair_header: tuple[str, ...]
    count_header: tuple[str, ...]
    each_header: tuple[str, ...]
    rows: list[tuple[str, ...]]


def compare_page(explorer: Explorer) -> ComparePage:
    """Return what *Compare* shows before anybody chooses: the leader beside the second, and against each other model."""
    pairs = [explorer.pair(0, j) for j in range(1, len(explorer.models))]
    return ComparePage(
        models=explorer.choices,
        fields=PLACES[: len(explorer.models)],
        n_pairs=len(explorer.board.pairs),
        selection=_selection(explorer, pairs[0]) if pairs else None,
        pair_header=PAIR_HEADER,
        count_header=(f"of {images(len(explorer.stored.test_labels))}", "number", "share"),
        each_header=EACH_HEADER,
        rows=[_row(explorer.choices[pair.second].title, pair) for pair in pairs],
    )


def compare_data(explorer: Explorer) -> bytes:
    """Return the figures that the script puts side by side, as JSON: the rows by group, and each contestant's cells."""
    document = {
        "groups": [{"title": group.title, "lines": [line._asdict() for line in group.lines]} for group in _groups(explorer)],
        "models": [_plain(column(model, explorer.order)) for model in explorer.models],
    }  # fmt: skip
    return with_units(json.dumps(document, separators=(",", ":"), ensure_ascii=False)).encode()


def _plain(column: Column) -> dict[str, Any]:
    return asdict(column) | {"cells": [[list(cell) for cell in cells] for cells in column.cells]}


def _groups(explorer: Explorer) -> list[Group]:
    counts = [model.run["n_predict_many"] for model in explorer.models]
    return groups(explorer.order, max(counts, default=0))


def _row(title: str, pair: ModelPair) -> tuple[str, ...]:
    counts = (f"{n:,}" for n in (pair.only_first, pair.only_second, pair.both_wrong))
    return (title, _interval(pair, ""), pair.p_adjusted, *counts, percent(pair.agree))


def _selection(explorer: Explorer, pair: ModelPair) -> Selection:
    first, second = explorer.models[:2]
    one, other = first.metrics["title"], second.metrics["title"]
    noise = real_or_noise(real=pair.real)
    counts = (f"{n:,}" for n in (pair.only_first, pair.only_second))
    return Selection(
        label=f"{one} against {other}",
        models=explorer.choices[:2],
        verdict=f"{standing(one, other, pair.difference)}: {noise}.",
        pair=(f"{one} against {other}", _interval(pair, "+"), pair.p, pair.p_adjusted, noise, *counts, percent(pair.agree)),
        tables=_tables(explorer, [first, second]),
        counts=_counts(explorer, [first, second]),
        sides=[_side(explorer, first, second), _side(explorer, second, first)],
    )  # fmt: skip


def _tables(explorer: Explorer, models: Sequence[ModelResult]) -> list[Table]:
    columns = [column(model, explorer.order) for model in models]
    return [
        Table(group.title, [
            Row(line.title, list(map(Marked, cells, best(line, columns, cells))))
            for line, *cells in zip(group.lines, *(each.cells[k] for each in columns), strict=True)
        ])
        for k, group in enumerate(_groups(explorer))
    ]  # fmt: skip


def _counts(explorer: Explorer, models: Sequence[ModelResult]) -> list[tuple[str, str, str]]:
    """Return on how many of the test images both models are right, one of them alone, and neither: number and share."""
    right = np.array([explorer.stored.correct(model) for model in models])
    numbers = {"Both right": right.all(axis=0)}
    numbers |= {f"Only {m.metrics['title']} right": own & (right.sum(axis=0) == 1) for m, own in zip(models, right, strict=True)}  # fmt: skip
    numbers |= {"Neither right": ~right.any(axis=0)}
    return [(title, f"{int(of.sum()):,}", percent(float(of.mean()))) for title, of in numbers.items()]


def _side(explorer: Explorer, right: ModelResult, wrong: ModelResult) -> OneRight:
    """Return the first of the images that one model gets right and the other wrong."""
    alone = explorer.stored.correct(right) & ~explorer.stored.correct(wrong)
    n = int(alone.sum())
    return OneRight(
        title=f"Only {right.metrics['title']} is right: {images(n)}",
        n=n,
        items=[
            Linked(garment, selection(wrong.name, garment.truth, garment.taken))
            for garment in explorer.garments(explorer.in_order(alone)[:N_BESIDE], wrong)
        ],
    )


def _interval(pair: ModelPair, sign: str) -> str:
    """Return a paired difference with its interval, in points."""
    value, low, high = (points(end, sign) for end in (pair.difference, pair.low, pair.high))
    return f"{value} [{low}, {high}]"
