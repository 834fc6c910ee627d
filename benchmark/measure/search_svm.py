"""Support vector machines of a search: many on the same images, so what they have in common is computed once.

That is the distances within each pair of classes, in float32, and the kernel of each `gamma`. Held-out images are
decided by each machine alone: the last bits would depend on which others there are, and so might a score.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVC

from benchmark import svm
from benchmark.svm import KERNEL_ROWS, RbfSVC, fit_kernel, fit_rows, most_rows, parts_of

SHARED_ROWS = 10_000  # distances within a larger pair, over 0.4 GB, are computed for each kernel: no bit changes


def fit_together(machines: Sequence[RbfSVC], X: NDArray[Any], y: NDArray[Any]) -> Iterator[RbfSVC]:
    """Yield each machine fitted on the same rows; distances are computed once, kernels once per `gamma`.

    LIBSVM solves the two-class problems of `RbfSVC.fit`, with the same result up to the float32 rounding of kernel values. The kernel of m rows takes 8 m^2 bytes, its distances 4 m^2 if they are kept;
    more than `svm.PAIR_ROWS` rows have none.

    Parameters
    ----------
    machines : sequence of RbfSVC
        Unfitted; each `gamma` is a number.
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    """
    classes, labels = np.unique(y, return_inverse=True)
    members = [np.flatnonzero(labels == label) for label in range(len(classes))]
    fitted: list[list[SVC]] = [[] for _ in machines]
    most = most_rows(members)
    rooms = np.empty(min(most, SHARED_ROWS) ** 2, np.float32), np.empty(most**2)  # reused: allocating new pages is slow
    for pair in combinations(range(len(classes)), 2):
        rows = np.concatenate([X[members[label]] for label in pair])
        sides = np.repeat([0, 1], [len(members[label]) for label in pair])
        for own, one in zip(fitted, _fit_pair_together(machines, rows, sides, rooms), strict=True):
            own.append(one)
    for machine, own in zip(machines, fitted, strict=True):
        yield RbfSVC(C=machine.C, gamma=machine.gamma).assemble(own, classes, members, X)


def _fit_pair_together(
    machines: Sequence[RbfSVC],
    rows: NDArray[Any],
    sides: NDArray[np.int64],
    rooms: tuple[NDArray[np.float32], NDArray[np.float64]],
) -> list[SVC]:
    """Return each machine fitted on the rows of one pair of classes."""
    if len(rows) > svm.PAIR_ROWS:
        return [fit_rows(machine, machine.gamma, rows, sides) for machine in machines]
    gammas = list(dict.fromkeys(machine.gamma for machine in machines))
    kept = len(gammas) > 1 and len(rows) <= SHARED_ROWS
    room = rooms[0] if kept else rooms[1].view(np.float32)[len(rows) ** 2 :]  # a kernel overwrites what has been read
    fitted: dict[int, SVC] = {}
    for gamma in gammas:
        if not kept or gamma == gammas[0]:
            distances = _squared_distances(rows, room)
        kernel = _kernel(distances, gamma, rooms[1])
        fitted |= {i: fit_kernel(one.C, kernel, sides) for i, one in enumerate(machines) if one.gamma == gamma}
    return [fitted[i] for i in range(len(machines))]


def _squared_distances(rows: NDArray[Any], room: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the squared distances of all pairs of rows, of shape (n_rows, n_rows), stored in `room`."""
    rows = rows.astype(np.float32)
    squares = np.einsum("ij,ij->i", rows, rows)
    distances = room[: len(rows) ** 2].reshape(len(rows), len(rows))
    for part in parts_of(len(rows)):  # parts that fit into the processor's cache take a fraction of the time
        chunk = np.matmul(rows[part], rows.T, out=distances[part])
        chunk *= -2
        chunk += squares
        chunk += squares[part, np.newaxis]
    np.fill_diagonal(distances, 0)
    return distances


def _kernel(distances: NDArray[np.float32], gamma: float, room: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the kernel at these distances, of shape (n_rows, n_rows), stored in `room`."""
    kernel = room[: distances.size].reshape(distances.shape)
    buffer = np.empty((KERNEL_ROWS, len(distances)), np.float32)  # reused: allocating it for each part takes longer
    for part in parts_of(len(distances)):
        chunk = np.multiply(distances[part], np.float32(-gamma), out=buffer[: part.stop - part.start])
        kernel[part] = np.exp(chunk, out=chunk)
    return kernel
