"""Support vector classification that computes its kernels and decisions by matrix products.

LIBSVM solves the problem of each pair of classes, in a fit several side by side. Where it would need most of a pair's
kernel, a product of float64 matrices makes that in a fraction of the time. A search fits many machines on the same
images, so the distances within each pair are computed only once, in float32. More than `PAIR_ROWS` go without a kernel.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, pairwise
from typing import Any, Self

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.svm import SVC
from sklearn.utils.multiclass import _ovr_decision_function
from sklearn.utils.validation import check_is_fitted, validate_data

__all__ = ["RbfSVC", "accelerated", "fit_together"]

ACCELERATED = "BENCHMARK_ACCELERATED"  # set by --fast, and inherited by the processes that fit
CHUNK_ROWS = 500  # a constant: the last bits of a sum depend on it
KERNEL_ROWS = 200  # a constant for the same reason
PAIR_ROWS = 20_000  # a constant for the same reason: kernels of a larger pair would take over 3.2 GB
SHARED_ROWS = 10_000  # distances within a larger pair, over 0.4 GB, are computed for each kernel: no bit changes
PROBE_STEP, HARD_SHARE = 8, 0.16  # a pair of which more of every 8th row are support vectors is faster with its kernel
PAIR_CACHE = 50  # MB that LIBSVM keeps of a kernel that it is given: more is not faster


def accelerated() -> bool:
    """Return whether scikit-learn-intelex does the fitting in this process."""
    return bool(os.environ.get(ACCELERATED))


class RbfSVC(SVC):  # type: ignore[misc]
    """`sklearn.svm.SVC` with the RBF kernel and one-vs-rest scores, predicting by float32 matrix products.

    Decision values differ from LIBSVM's by about 1e-5; predictions use the same votes of the one-vs-one decisions.
    Support vectors are kept in float32, like the features, which halves the size of the pickle.

    Parameters
    ----------
    C : float
        Penalty.
    gamma : float or {"scale", "auto"}
        Kernel coefficient.
    cache_size : float
        MB of kernel values kept while LIBSVM fits from rows.
    n_jobs : int or None
        Pairs of classes fitted side by side, in threads with a kernel each; None means 1. It changes no bit.
    """

    def __init__(
        self, *, C: float = 1.0, gamma: float | str = "scale", cache_size: float = 1000, n_jobs: int | None = None
    ) -> None:
        super().__init__(C=C, gamma=gamma, cache_size=cache_size)
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on `X` of shape (n_samples, n_features)."""
        if accelerated():
            self._fit_accelerated(X, y, sample_weight)
        else:
            super().fit(X, y, sample_weight)
        self.support_vectors_ = self.support_vectors_.astype(np.float32)  # type: ignore[has-type]
        return self

    def _fit_accelerated(self, X: Any, y: Any, sample_weight: Any) -> None:
        """Copy the attributes that scikit-learn-intelex fitted, so that the pickle loads without it."""
        from sklearnex.svm import SVC as AcceleratedSVC  # an optional extra  # noqa: N811

        fitted = AcceleratedSVC(C=self.C, gamma=self.gamma, cache_size=self.cache_size).fit(X, y, sample_weight)
        for name in ("classes_", "support_", "support_vectors_", "_n_support", "dual_coef_", "intercept_", "_gamma"):
            setattr(self, name, getattr(fitted, name))
        self.n_features_in_ = fitted.n_features_in_
        sign = -1 if len(self.classes_) == 2 else 1  # noqa: PLR2004  # the public ones are turned for two classes
        self._dual_coef_, self._intercept_ = sign * self.dual_coef_, sign * self.intercept_  # type: ignore[has-type]

    def _dense_fit(self, X: Any, y: Any, sample_weight: Any, *args: Any, **kwargs: Any) -> None:
        """Fit each pair of classes where `SVC.fit`, which has checked the input and resolved `gamma`, calls LIBSVM."""
        if len(sample_weight):
            super()._dense_fit(X, y, sample_weight, *args, **kwargs)
            return
        members = [np.flatnonzero(y == label) for label in range(len(self.classes_))]
        machines = self._fit_pairs(X, members)
        self._join(machines, members, X)
        self.fit_status_ = max(machine.fit_status_ for machine in machines)
        self._num_iter = np.concatenate([machine.n_iter_ for machine in machines])
        self._probA = self._probB = np.empty(0)  # no probabilities

    def _fit_pairs(self, X: NDArray[np.float64], members: list[NDArray[np.int64]]) -> list[SVC]:
        """Return the fitted machine of each pair of classes; each thread has a room for the kernel of its pair."""
        n_threads, most = self.n_jobs or 1, _most_rows(members)
        rooms = deque(np.empty(most**2) for _ in range(n_threads))  # reused: allocating new pages is slow

        def fit_pair(pair: tuple[int, int]) -> SVC:
            rows = np.concatenate([X[members[label]] for label in pair])
            sides = np.repeat([0, 1], [len(members[label]) for label in pair])
            if len(rows) > PAIR_ROWS or not _is_hard(self, self._gamma, rows, sides):
                return _fit_rows(self, self._gamma, rows, sides)
            room = rooms.pop()
            machine = _fit_kernel(self.C, _float64_kernel(rows, self._gamma, room), sides)
            rooms.append(room)
            return machine

        with ThreadPoolExecutor(n_threads) as threads:  # LIBSVM and matrix products release the GIL
            return list(threads.map(fit_pair, combinations(range(len(members)), 2)))

    def assemble(
        self, machines: list[SVC], classes: NDArray[Any], members: list[NDArray[np.int64]], X: NDArray[Any]
    ) -> Self:
        """Take over the fitted machines of all pairs of classes, as if `fit` had fitted them."""
        self.classes_ = classes
        self._join(machines, members, X)
        self._dual_coef_, self._intercept_ = self.dual_coef_, self.intercept_  # type: ignore[has-type]
        self.support_vectors_ = self.support_vectors_.astype(np.float32)
        self._gamma, self.n_features_in_ = self.gamma, X.shape[1]
        return self

    def _join(self, machines: list[SVC], members: list[NDArray[np.int64]], X: NDArray[Any]) -> None:
        """Join the machines of all pairs of classes in the layout of LIBSVM."""
        starts = np.concatenate([[0], np.cumsum([len(rows) for rows in members])])
        weights = np.zeros((len(members) - 1, starts[-1]))  # one column per row of X, ordered by class
        for (first, second), machine in zip(combinations(range(len(members)), 2), machines, strict=True):
            of_first = machine.support_ < len(members[first])
            own, other = machine.support_[of_first], machine.support_[~of_first] - len(members[first])
            weights[second - 1, starts[first] + own] = machine._dual_coef_[0, of_first]
            weights[first, starts[second] + other] = machine._dual_coef_[0, ~of_first]
        used = np.flatnonzero(weights.any(axis=0))
        self.support_ = np.concatenate(members)[used].astype(np.int32)
        self.support_vectors_ = X[self.support_]
        self._n_support = np.array(
            [np.sum((start <= used) & (used < end)) for start, end in pairwise(starts)], np.int32
        )
        self.dual_coef_ = np.ascontiguousarray(weights[:, used])
        self.intercept_ = np.array([machine._intercept_[0] for machine in machines])

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return one-vs-rest scores, of shape (n_samples, n_classes), or (n_samples,) for two classes."""
        decisions = self._one_vs_one(X)
        if len(self.classes_) == 2:  # noqa: PLR2004
            return -decisions[:, 0]
        return np.asarray(_ovr_decision_function(decisions < 0, -decisions, len(self.classes_)))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the class with the most one-vs-one votes, the first if tied, of shape (n_samples,)."""
        decisions = self._one_vs_one(X)
        votes = np.zeros((len(decisions), len(self.classes_)), dtype=np.int64)
        for column, (first, second) in enumerate(combinations(range(len(self.classes_)), 2)):
            wins = decisions[:, column] > 0
            votes[:, first] += wins
            votes[:, second] += ~wins
        return np.asarray(self.classes_[votes.argmax(axis=1)])

    def _one_vs_one(self, X: Any) -> NDArray[np.float64]:
        """Return the decisions of all pairs of classes, positive for the first, of shape (n_samples, n_pairs)."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float32, reset=False)
        weights = self._pair_weights()
        vectors = self.support_vectors_
        gamma = np.float32(self._gamma)
        vector_norms = np.einsum("ij,ij->i", vectors, vectors)
        decisions = np.empty((len(rows), weights.shape[1]))
        for start in range(0, len(rows), CHUNK_ROWS):
            chunk = rows[start : start + CHUNK_ROWS]
            distances = chunk @ vectors.T
            distances *= -2
            distances += vector_norms
            distances += np.einsum("ij,ij->i", chunk, chunk)[:, np.newaxis]
            distances *= -gamma
            np.exp(distances, out=distances)
            decisions[start : start + CHUNK_ROWS] = distances @ weights
        return decisions + self._intercept_  # type: ignore[no-any-return]

    def _pair_weights(self) -> NDArray[np.float32]:
        """Return each support vector's weight in each pair's decision, of shape (n_support_vectors, n_pairs)."""
        ends = np.cumsum(self.n_support_)
        starts = ends - self.n_support_
        pairs = list(combinations(range(len(ends)), 2))
        weights = np.zeros((ends[-1], len(pairs)), dtype=np.float32)
        for column, (first, second) in enumerate(pairs):
            own, other = slice(starts[first], ends[first]), slice(starts[second], ends[second])
            weights[own, column] = self._dual_coef_[second - 1, own]
            weights[other, column] = self._dual_coef_[first, other]
        return weights


def fit_together(machines: Sequence[RbfSVC], X: NDArray[Any], y: NDArray[Any]) -> Iterator[RbfSVC]:
    """Yield each machine fitted on the same rows; distances are computed once, kernels once per `gamma`.

    LIBSVM solves the two-class problems of `RbfSVC.fit`, with the same result up to the float32 rounding of kernel values. The kernel of m rows takes 8 m^2 bytes, its distances 4 m^2 if they are kept;
    more than `PAIR_ROWS` rows have none.

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
    most = _most_rows(members)
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
    if len(rows) > PAIR_ROWS:
        return [_fit_rows(machine, machine.gamma, rows, sides) for machine in machines]
    gammas = list(dict.fromkeys(machine.gamma for machine in machines))
    kept = len(gammas) > 1 and len(rows) <= SHARED_ROWS
    room = rooms[0] if kept else rooms[1].view(np.float32)[len(rows) ** 2 :]  # a kernel overwrites what has been read
    fitted: dict[int, SVC] = {}
    for gamma in gammas:
        if not kept or gamma == gammas[0]:
            distances = _squared_distances(rows, room)
        kernel = _kernel(distances, gamma, rooms[1])
        fitted |= {i: _fit_kernel(one.C, kernel, sides) for i, one in enumerate(machines) if one.gamma == gamma}
    return [fitted[i] for i in range(len(machines))]


def _fit_kernel(penalty: float, kernel: NDArray[np.float64], sides: NDArray[np.int64]) -> SVC:
    with sklearn.config_context(assume_finite=True):  # finite by construction; checking is as slow as computing
        return SVC(kernel="precomputed", C=penalty, cache_size=PAIR_CACHE).fit(kernel, sides)


def _fit_rows(machine: RbfSVC, gamma: float | str, rows: NDArray[Any], sides: NDArray[np.int64]) -> SVC:
    return SVC(C=machine.C, gamma=gamma, cache_size=machine.cache_size).fit(rows, sides)


def _is_hard(machine: RbfSVC, gamma: float, rows: NDArray[Any], sides: NDArray[np.int64]) -> bool:
    """Return whether LIBSVM would need most of the kernel, as the support vectors among a few rows tell."""
    few, own = rows[::PROBE_STEP], sides[::PROBE_STEP]
    return own.all() == own.any() or len(_fit_rows(machine, gamma, few, own).support_) > HARD_SHARE * len(own)


def _most_rows(members: list[NDArray[np.int64]]) -> int:
    """Return the number of rows of the largest pair of classes that gets a kernel."""
    return max((n for n in map(sum, combinations(map(len, members), 2)) if n <= PAIR_ROWS), default=0)


def _float64_kernel(rows: NDArray[np.float64], gamma: float, room: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the kernel of all pairs of rows, of shape (n_rows, n_rows), stored in `room`, by LIBSVM's formula."""
    squares = np.einsum("ij,ij->i", rows, rows)
    kernel = room[: len(rows) ** 2].reshape(len(rows), len(rows))
    for part in _parts(len(rows)):  # the lower triangle; what is above it is its mirror image
        chunk = np.matmul(rows[part], rows[: part.stop].T, out=kernel[part, : part.stop])
        chunk *= -2
        chunk += squares[: part.stop]
        chunk += squares[part, np.newaxis]
        chunk *= -gamma
        np.exp(chunk, out=chunk)
        kernel[: part.start, part] = kernel[part, : part.start].T
    np.fill_diagonal(kernel, 1)
    return kernel


def _squared_distances(rows: NDArray[Any], room: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the squared distances of all pairs of rows, of shape (n_rows, n_rows), stored in `room`."""
    rows = rows.astype(np.float32)
    squares = np.einsum("ij,ij->i", rows, rows)
    distances = room[: len(rows) ** 2].reshape(len(rows), len(rows))
    for part in _parts(len(rows)):  # parts that fit into the processor's cache take a fraction of the time
        chunk = np.matmul(rows[part], rows.T, out=distances[part])
        chunk *= -2
        chunk += squares
        chunk += squares[part, np.newaxis]
    np.fill_diagonal(distances, 0)
    return distances


def _kernel(distances: NDArray[np.float32], gamma: float, room: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the kernel at these distances, of shape (n_rows, n_rows), stored in `room`."""
    kernel = room[: distances.size].reshape(distances.shape)
    for part in _parts(len(distances)):
        kernel[part] = np.exp(distances[part] * np.float32(-gamma))
    return kernel


def _parts(n_rows: int) -> list[slice]:
    return [slice(start, min(start + KERNEL_ROWS, n_rows)) for start in range(0, n_rows, KERNEL_ROWS)]
