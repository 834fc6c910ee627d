"""The grid search: from fold features to the score of each candidate, and the choice of the best.

A loop over scikit-learn's `ParameterGrid` and `StratifiedKFold` on the training images alone, with the same scores as
`GridSearchCV`. Work that candidates share is done once: a fold's features, because fewer principal components are the
first columns of more; a fold's neighbours, because a smaller k needs the first columns of a larger one; and the
distances from which every kernel of a support vector machine is computed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from benchmark.features import StreamedPCA
from benchmark.measure.convergence import counted
from benchmark.results import Edge, Search
from benchmark.returned import checked_features, checked_labels
from benchmark.svm import RbfSVC, fit_together

N_SPLITS = 3
RANDOM_STATE = 0
KEPT_COMPONENTS = 400  # computed for each fold, so that any smaller number is a slice of them
KEPT_VALUES = 100_000_000  # of larger folds, which would take more than 400 MB each, only the components asked for
WEIGHTS = ("uniform", "distance")
NATURAL_BOUNDS = {"min_samples_leaf": 1, "min_samples_split": 2, "n_neighbors": 1}
Labels = NDArray[np.uint8]
Params = dict[str, Any]


def split_folds(labels: Labels) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return each fold's training and held-out rows."""
    splitter = StratifiedKFold(N_SPLITS, shuffle=True, random_state=RANDOM_STATE)
    return list(splitter.split(np.zeros(len(labels)), labels))


def feature_source(pipeline: Pipeline, params: Params, n_pixels: int, n_rows: int) -> tuple[Any, int | None]:
    """Return the transformer whose output these parameters use, and how many of its columns (None for all).

    Candidates that differ only in the number of components get the same transformer.
    """
    own = {name: value for name, value in params.items() if name.startswith("features__")}
    features = clone(pipeline).set_params(**own).named_steps["features"]
    wanted = getattr(features, "n_components", None)
    if not isinstance(features, StreamedPCA) or wanted is None:
        return features, None
    kept = KEPT_COMPONENTS if n_rows * KEPT_COMPONENTS <= KEPT_VALUES else 0
    return features.set_params(n_components=max(wanted, min(kept, n_pixels, n_rows))), wanted


def fold_features(features: Any, images: NDArray[np.uint8], labels: Labels, fold: int) -> NDArray[np.float32]:
    """Fit `features` on the fold's training images; return the features of all images, of shape (n, n_columns)."""
    rows, _ = split_folds(labels)[fold]
    with threadpool_limits(1):
        fitted = clone(features).fit(flat_rows(images)[rows], labels[rows])
        described = checked_features(fitted.transform(flat_rows(images)), len(images))
        return np.asarray(described, dtype=np.float32)


def score_candidates(
    pipeline: Pipeline,
    candidates: list[Params],
    labels: Labels,
    fold: int,
    described: NDArray[np.float32],
    n_columns: int | None,
) -> tuple[list[float], list[int], float, float]:
    """Fit each candidate on the fold's training rows and score it on the held-out ones.

    `described` is what `fold_features` returned; the first `n_columns` are used, or all of them.

    Returns
    -------
    tuple
        The accuracies, the numbers of convergence warnings, and the wall and CPU seconds of all candidates together. CPU
        seconds are those of this thread.

    Raises
    ------
    ReturnedError
        If a candidate predicts something else than a class for each image.
    """
    wall, cpu = time.perf_counter(), time.thread_time()
    described = described[:, :n_columns]
    fit_rows, held_out = split_folds(labels)[fold]
    fit_y, y = labels[fit_rows], labels[held_out]
    classes = np.unique(fit_y)  # before a classifier can write into what it is given
    scores: list[float] = []
    warnings: list[int] = []
    with threadpool_limits(1), counted() as warned:
        fit_X, X = np.ascontiguousarray(described[fit_rows]), np.ascontiguousarray(described[held_out])
        for predicted in _predictions(pipeline, candidates, fit_X, fit_y, X):
            scores.append(float(np.mean(checked_labels(predicted, len(y), classes) == y)))
            warnings.append(warned.number - sum(warnings))
    return scores, warnings, time.perf_counter() - wall, time.thread_time() - cpu


def shared_search(candidates: Iterable[Params], pipeline: Pipeline) -> list[list[Params]]:
    """Group the candidates that can share their work.

    For k-nearest neighbours, those that differ only in k and weights; for support vector machines, only in C and gamma.
    The latter are split into two groups of about the same size, the smaller values of gamma first: a single group would
    be a long task that keeps one core busy while the others have nothing left to do.
    """
    candidates = list(candidates)
    if _is_neighbours(pipeline):
        free: tuple[str, ...] = ("__n_neighbors", "__weights")
    elif all(_shares_kernels(tail_of(pipeline, params)) for params in candidates):
        free = ("__C", "__gamma")
        candidates.sort(key=lambda params: tail_of(pipeline, params).steps[-1][1].gamma)
    else:
        return [[params] for params in candidates]
    groups: dict[str, list[Params]] = {}
    for params in candidates:
        rest = {name: value for name, value in params.items() if not name.endswith(free)}
        groups.setdefault(repr(sorted(rest.items())), []).append(params)
    if _is_neighbours(pipeline):
        return list(groups.values())
    return [half for group in groups.values() for half in _halves(group)]


def _halves(group: list[Params]) -> list[list[Params]]:
    middle = -(-len(group) // 2)
    return [half for half in (group[:middle], group[middle:]) if half]


def _is_neighbours(pipeline: Pipeline) -> bool:
    last = pipeline.steps[-1][1]
    return (
        type(last) is KNeighborsClassifier and len(pipeline.steps) == 2 and last.weights in WEIGHTS  # noqa: PLR2004
    )


def _shares_kernels(tail: Pipeline) -> bool:
    """Return whether the steps after the features are one support vector machine, with numbers for gamma and C."""
    last = tail.steps[-1][1]
    return (
        type(last) is RbfSVC and len(tail.steps) == 1 and all(isinstance(n, (int, float)) for n in (last.gamma, last.C))
    )


def _predictions(
    pipeline: Pipeline, candidates: list[Params], fit_X: NDArray[Any], fit_y: Labels, X: NDArray[Any]
) -> Iterator[NDArray[Any]]:
    if _is_neighbours(pipeline):
        yield from _neighbours_predictions(pipeline, candidates, fit_X, fit_y, X)
        return
    for fitted in fit_tails([tail_of(pipeline, params) for params in candidates], fit_X, fit_y):
        yield fitted.predict(X)


def fit_tails(tails: list[Pipeline], X: NDArray[Any], y: Labels) -> Iterator[Any]:
    """Yield pipelines without their features, fitted on the same rows: support vector machines together."""
    if all(map(_shares_kernels, tails)):
        yield from fit_together([tail.steps[-1][1] for tail in tails], X, y)
    else:
        for tail in tails:
            yield tail.fit(X, y)


def _neighbours_predictions(
    pipeline: Pipeline, candidates: list[Params], fit_X: NDArray[Any], fit_y: Labels, X: NDArray[Any]
) -> Iterator[NDArray[Any]]:
    """Search the neighbours once, for the largest k, and vote for each candidate."""
    classifiers = [tail_of(pipeline, params).steps[-1][1] for params in candidates]
    most = max(classifier.n_neighbors for classifier in classifiers)
    searcher = clone(classifiers[0]).set_params(n_neighbors=most).fit(fit_X, fit_y)
    distances, neighbours = searcher.kneighbors(X)
    for classifier in classifiers:
        k = classifier.n_neighbors
        yield neighbours_vote(distances[:, :k], fit_y[neighbours[:, :k]], classifier.weights)


def neighbours_vote(distances: NDArray[Any], labels: NDArray[Any], weights: str) -> NDArray[np.int64]:
    """Return the class that each row's neighbours vote for, as `KNeighborsClassifier.predict` does.

    Parameters
    ----------
    distances, labels : ndarray of shape (n_samples, n_neighbors)
    weights : {"uniform", "distance"}
        With "distance", neighbours at distance 0 outvote all others.
    """
    if weights == "distance":
        with np.errstate(divide="ignore"):
            power = 1.0 / distances.astype(np.float64)
        same = np.isinf(power)
        power = np.where(same.any(axis=1, keepdims=True), same, power)
    else:
        power = np.ones(distances.shape)
    votes = np.stack([(power * (labels == label)).sum(axis=1) for label in range(int(labels.max()) + 1)], axis=1)
    return votes.argmax(axis=1)  # type: ignore[no-any-return]


def tail_of(pipeline: Pipeline, params: Params) -> Pipeline:
    """Return the unfitted steps after the features, with their parameters set."""
    return Pipeline(clone(pipeline).set_params(**params).steps[1:])


def choose(candidates: list[Params], scores: list[list[float]]) -> int:  # noqa: ARG001
    """Return the index of the best candidate: the highest mean score, the first if tied."""
    return int(np.argmax(np.mean(scores, axis=1)))


def search_document(
    grid: dict[str, list[Any]], candidates: list[Params], scores: list[list[float]], best: int
) -> Search:
    """Return the search as stored in `metrics.json`; `scores` has one row per candidate and one column per fold."""
    return {
        "scoring": "accuracy",
        "n_splits": N_SPLITS,
        "random_state": RANDOM_STATE,
        "best_params": candidates[best],
        "best_score": float(np.mean(scores[best])),
        "at_edge": edges(grid, candidates, scores, best),
        "candidates": [{"params": p, "scores": s} for p, s in zip(candidates, scores, strict=True)],
    }


def edges(grid: dict[str, list[Any]], candidates: list[Params], scores: list[list[float]], best: int) -> list[Edge]:
    """Return the ordered parameters of three or more values whose winner is at an edge, except at natural bounds."""
    found: list[Edge] = []
    for name, values in grid.items():
        ordered = sorted(value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool))
        winner = candidates[best][name]
        if len(ordered) < 3 or len(ordered) < len(values) or winner not in (ordered[0], ordered[-1]):  # noqa: PLR2004
            continue
        if NATURAL_BOUNDS.get(name.rpartition("__")[2]) == winner:
            continue
        neighbour = ordered[1] if winner == ordered[0] else ordered[-2]
        step = candidates.index({**candidates[best], name: neighbour})
        gain = float(np.mean(scores[best]) - np.mean(scores[step]))
        found.append({"param": name, "value": winner, "gain": gain, "fold_sd": float(np.std(scores[best], ddof=1))})
    return found


def flat_rows(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return images, of shape (n, height, width), as rows of pixels."""
    return images.reshape(len(images), -1)
