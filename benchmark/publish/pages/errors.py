"""The page *Errors*: the images that a model takes for another class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.publish.explorer import Choice, Explorer, Garment

N_SHOWN = 20  # images on the page before anybody chooses
STRONGEST = 30  # percent of a cell's colour


class MatrixCell(NamedTuple):
    """How many images, and how strongly the cell is coloured, in percent."""

    n: int
    share: int


class MatrixRow(NamedTuple):
    """A true class, and a cell a predicted class."""

    name: str
    cells: list[MatrixCell]


@dataclass(frozen=True)
class Matrix:
    """The leader's confusion, and the cell chosen at first: its true class, the class predicted, and `n` images, shown in part.

    `n_missed` images are missed by at least one model, `n_all` by all of them.
    """

    classes: list[str]
    rows: list[MatrixRow]
    truth: str
    predicted: str
    n: int
    items: list[Garment]
    n_missed: int
    n_all: int


@dataclass(frozen=True)
class ErrorsPage:
    """The page's content; `matrix` is None where there is no contestant."""

    models: list[Choice]
    matrix: Matrix | None


def errors_page(explorer: Explorer) -> ErrorsPage:
    """Return what *Errors* shows without a script: the leader's confusion, and its images in the fullest cell."""
    return ErrorsPage(explorer.choices, _matrix(explorer) if explorer.models else None)


def _matrix(explorer: Explorer) -> Matrix:
    leader = explorer.models[0]
    classes = explorer.stored.dataset["classes"]
    places = [classes.index(name) for name in explorer.order]
    counts = np.array(leader.metrics["test"]["confusion"])[np.ix_(places, places)]
    off = counts - np.diag(np.diag(counts))
    row, column = (int(k) for k in np.unravel_index(int(off.argmax()), off.shape))
    chosen = [
        i for i in explorer.tiles
        if explorer.stored.test_labels[i] == places[row] and leader.predictions[i] == places[column]
    ][:N_SHOWN]  # fmt: skip
    cells = [list(map(MatrixCell, *pair)) for pair in zip(counts.tolist(), _shares(off), strict=True)]
    return Matrix(
        classes=list(explorer.order),
        rows=list(map(MatrixRow, explorer.order, cells)),
        truth=explorer.order[row],
        predicted=explorer.order[column],
        n=int(off[row, column]),
        items=explorer.garments(chosen, leader),
        n_missed=int((explorer.missed > 0).sum()),
        n_all=int((explorer.missed == len(explorer.models)).sum()),
    )


def _shares(off: NDArray[np.int64]) -> list[list[int]]:
    """Return how strongly each cell is coloured, in percent, on a logarithmic scale, as the script does."""
    return np.rint(STRONGEST * np.log1p(off) / np.log1p(max(1, off.max()))).astype(int).tolist()  # type: ignore[no-any-return]
