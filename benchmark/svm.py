"""Support vector classification whose decisions are taken by matrix products.

`sklearn.svm.SVC` fits; LIBSVM's own prediction, one kernel value at a time, takes some fifteen times as long as the same
sums written as products of float32 matrices.
"""

from __future__ import annotations

import os
from itertools import combinations
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVC
from sklearn.utils.multiclass import _ovr_decision_function
from sklearn.utils.validation import check_is_fitted, validate_data

__all__ = ["RbfSVC"]

ACCELERATED = "BENCHMARK_ACCELERATED"  # set by --fast, and inherited by the processes that fit
CHUNK_ROWS = 500  # a constant: the last bits of a sum depend on it


class RbfSVC(SVC):  # type: ignore[misc]
    """`sklearn.svm.SVC` with the RBF kernel and one-vs-rest scores, predicting in float32 matrix products.

    Decision values differ from LIBSVM's by some 1e-5; predictions come from the same votes of the one-vs-one decisions.
    Support vectors are kept in float32, which is what the features are: the pickle is half as large.

    Parameters
    ----------
    C : float
        Penalty.
    gamma : float or {"scale", "auto"}
        Width of the kernel.
    cache_size : float
        MB of kernel values kept while fitting.
    """

    def __init__(self, *, C: float = 1.0, gamma: float | str = "scale", cache_size: float = 1000) -> None:
        super().__init__(C=C, gamma=gamma, cache_size=cache_size)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on `X` of shape (n_samples, n_features)."""
        if os.environ.get(ACCELERATED):
            self._fit_accelerated(X, y, sample_weight)
        else:
            super().fit(X, y, sample_weight)
        self.support_vectors_ = self.support_vectors_.astype(np.float32)  # type: ignore[has-type]
        return self

    def _fit_accelerated(self, X: Any, y: Any, sample_weight: Any) -> None:
        """Take over what scikit-learn-intelex fitted, so that the pickle loads without it."""
        from sklearnex.svm import SVC as AcceleratedSVC  # an optional extra  # noqa: N811

        fitted = AcceleratedSVC(C=self.C, gamma=self.gamma, cache_size=self.cache_size).fit(X, y, sample_weight)
        for name in ("classes_", "support_", "support_vectors_", "_n_support", "dual_coef_", "intercept_", "_gamma"):
            setattr(self, name, getattr(fitted, name))
        self.n_features_in_ = fitted.n_features_in_
        sign = -1 if len(self.classes_) == 2 else 1  # noqa: PLR2004  # the public ones are turned for two classes
        self._dual_coef_, self._intercept_ = sign * self.dual_coef_, sign * self.intercept_

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return one-vs-rest scores, of shape (n_samples, n_classes), or (n_samples,) for two classes."""
        decisions = self._one_vs_one(X)
        if len(self.classes_) == 2:  # noqa: PLR2004
            return -decisions[:, 0]
        return np.asarray(_ovr_decision_function(decisions < 0, -decisions, len(self.classes_)))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the class with most votes of the one-vs-one decisions, the first of equals, of shape (n_samples,)."""
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
