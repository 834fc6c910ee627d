"""Support vector classification that computes its decisions by matrix products.

`sklearn.svm.SVC` fits. LIBSVM's own prediction, one kernel value at a time, takes about fifteen times as long as the
same sums written as products of float32 matrices. A search fits many machines on the same images, so the distances
within each pair of classes are computed only once, also by a matrix product.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
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
        MB of kernel values kept while fitting.
    """

    def __init__(self, *, C: float = 1.0, gamma: float | str = "scale", cache_size: float = 1000) -> None:
        super().__init__(C=C, gamma=gamma, cache_size=cache_size)

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
        self._dual_coef_, self._intercept_ = sign * self.dual_coef_, sign * self.intercept_

    def assemble(
        self, machines: list[SVC], classes: NDArray[Any], members: list[NDArray[np.int64]], X: NDArray[Any]
    ) -> Self:
        """Assemble the machines of all pairs of classes in the layout of LIBSVM."""
        starts = np.concatenate([[0], np.cumsum([len(rows) for rows in members])])
        weights = np.zeros((len(classes) - 1, starts[-1]))  # one column per row of X, ordered by class
        for (first, second), machine in zip(combinations(range(len(classes)), 2), machines, strict=True):
            of_first = machine.support_ < len(members[first])
            own, other = machine.support_[of_first], machine.support_[~of_first] - len(members[first])
            weights[second - 1, starts[first] + own] = machine._dual_coef_[0, of_first]
            weights[first, starts[second] + other] = machine._dual_coef_[0, ~of_first]
        used = np.flatnonzero(weights.any(axis=0))
        self.classes_ = classes
        self.support_ = np.concatenate(members)[used].astype(np.int32)
        self.support_vectors_ = X[self.support_].astype(np.float32)
        self._n_support = np.array(
            [np.sum((start <= used) & (used < end)) for start, end in pairwise(starts)], np.int32
        )
        self._dual_coef_ = weights[:, used]
        self._intercept_ = np.array([machine._intercept_[0] for machine in machines])
        self._gamma, self.n_features_in_ = self.gamma, X.shape[1]
        return self

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

    LIBSVM solves the same two-class problems as in `RbfSVC.fit` (45 for ten classes), with the same result up to the
    float32 rounding of kernel values. Distances and kernel of a pair of classes with m rows take 12 m^2 bytes.

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
    most = sum(sorted(map(len, members))[-2:])
    rooms = np.empty(most**2, np.float32), np.empty(most**2)  # reused for every pair: allocating new pages is slow
    with sklearn.config_context(assume_finite=True):  # finite by construction; checking is as slow as computing
        for pair in combinations(range(len(classes)), 2):
            distances = _squared_distances(np.concatenate([X[members[label]] for label in pair]), rooms[0])
            sides = np.repeat([0, 1], [len(members[label]) for label in pair])
            for gamma in dict.fromkeys(machine.gamma for machine in machines):
                kernel = _kernel(distances, gamma, rooms[1])
                for machine, own in zip(machines, fitted, strict=True):
                    if machine.gamma == gamma:
                        one = SVC(kernel="precomputed", C=machine.C, cache_size=machine.cache_size)
                        own.append(one.fit(kernel, sides))
    for machine, own in zip(machines, fitted, strict=True):
        yield RbfSVC(C=machine.C, gamma=machine.gamma).assemble(own, classes, members, X)


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
    return [slice(start, start + KERNEL_ROWS) for start in range(0, n_rows, KERNEL_ROWS)]
