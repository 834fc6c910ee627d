"""The page *Errors*: the images that a model takes for another class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.publish.explorer import Choice, Explorer, Garment
from benchmark.results.numbers import images

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
    """The leader's confusion, and the cell chosen at first: its true class, the class predicted, and its images, shown in part.

    Both classes are "" where the leader misses no image. `chosen` says in words what is shown, `missed` how many images are missed.
    """

    classes: list[str]
    rows: list[MatrixRow]
    truth: str
    predicted: str
    chosen: str
    n: int
    items: list[Garment]
    missed: str


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
    n = int(off[row, column])
    truth, predicted = (explorer.order[row], explorer.order[column]) if n else ("", "")
    what = f"{truth or 'Anything'} taken for {predicted or 'another class'} by {leader.metrics['title']}"
    return Matrix(
        classes=list(explorer.order),
        rows=list(map(MatrixRow, explorer.order, cells)),
        truth=truth,
        predicted=predicted,
        chosen=f"{what}: {images(n)}",
        n=n,
        items=explorer.garments(chosen if n else [], leader),
        missed=_missed(explorer),
    )


def _missed(explorer: Explorer) -> str:
    """Return how many test images are missed, in a sentence."""
    n_models, n_test = len(explorer.models), len(explorer.missed)
    any_one, every = int((explorer.missed > 0).sum()), int((explorer.missed == n_models).sum())
    found, is_ = (f"{any_one:,}", "is" if any_one == 1 else "are") if any_one else ("None", "is")
    told = f"{found} of {n_test:,} test images {is_} missed by"
    if n_models == 1:
        return f"{told} {explorer.choices[0].title}, the only ranked model."
    if not any_one:
        return f"{told} any of {n_models} models."
    return f"{told} at least one of {n_models} models, {every:,} by all of them."


def _shares(off: NDArray[np.int64]) -> list[list[int]]:
    """Return how strongly each cell is coloured, in percent, on a logarithmic scale, as the script does."""
    return np.rint(STRONGEST * np.log1p(off) / np.log1p(max(1, off.max()))).astype(int).tolist()  # type: ignore[no-any-return]
