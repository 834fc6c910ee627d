"""Searching and fitting: from images, labels and a pipeline to fold scores and a fitted pipeline.

The search is a loop over scikit-learn's `ParameterGrid` and `StratifiedKFold` on the training images alone, with the
scores of `GridSearchCV`. What candidates share is done once: a fold's features, whose leading principal components are
those of any smaller number, a fold's neighbours, whose nearest k are those of any smaller k, and the distances of which
every kernel of a support vector machine is made.
"""

from __future__ import annotations

import pickle
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import BaseEnsemble
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from benchmark.features import StreamedPCA
from benchmark.results import Edge, atomic_path, file_sha256
from benchmark.svm import RbfSVC, fit_together

N_SPLITS = 3
RANDOM_STATE = 0
SEEDS = (1, 2, 3, 4)  # further random states of a stochastic entry
KEPT_COMPONENTS = 400  # what a fold's features keep, so that every smaller number is a slice of them
N_PREDICT_MANY = 10_000
WEIGHTS = ("uniform", "distance")
ROWS_PER_THREAD = 1024  # fewer, and scikit-learn divides the neighbours among threads, not the queries: ties may turn
NATURAL_BOUNDS = {"min_samples_leaf": 1, "min_samples_split": 2, "n_neighbors": 1}

Labels = NDArray[np.uint8]
Params = dict[str, Any]


# ------------------------------------------------------------------------------------------------------------- search
def split_folds(labels: Labels) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return each fold's training and held-out rows."""
    splitter = StratifiedKFold(N_SPLITS, shuffle=True, random_state=RANDOM_STATE)
    return list(splitter.split(np.zeros(len(labels)), labels))


def feature_source(pipeline: Pipeline, params: Params, n_pixels: int, n_rows: int) -> tuple[Any, int | None]:
    """Return the transformer whose output serves these parameters, and how many of its columns (None for all).

    Candidates that differ only in the number of components get the same transformer.
    """
    own = {name: value for name, value in params.items() if name.startswith("features__")}
    features = clone(pipeline).set_params(**own).named_steps["features"]
    wanted = getattr(features, "n_components", None)
    if not isinstance(features, StreamedPCA) or wanted is None:
        return features, None
    return features.set_params(n_components=max(wanted, min(KEPT_COMPONENTS, n_pixels, n_rows))), wanted


def write_fold_features(features: Any, images: NDArray[np.uint8], labels: Labels, fold: int, path: Path) -> None:
    """Fit `features` on the fold's training images and write those of all images to `path`, float32, as a .npy file."""
    rows, _ = split_folds(labels)[fold]
    with threadpool_limits(1):
        fitted = clone(features).fit(_flat(images)[rows], labels[rows])
        described = np.asarray(fitted.transform(_flat(images)), dtype=np.float32)
    with atomic_path(path) as partial, partial.open("wb") as stream:
        np.save(stream, described)


def score_candidates(
    pipeline: Pipeline, candidates: list[Params], labels: Labels, fold: int, features_path: Path, n_columns: int | None
) -> tuple[list[float], float, float]:
    """Fit each candidate on the fold's training rows and score it on the held-out ones.

    Returns
    -------
    tuple
        The accuracies, and the wall and CPU seconds of all candidates together.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    described = np.load(features_path, mmap_mode="r")[:, :n_columns]
    fit_rows, held_out = split_folds(labels)[fold]
    with threadpool_limits(1):
        fit_X, X = np.ascontiguousarray(described[fit_rows]), np.ascontiguousarray(described[held_out])
        predictions = _predictions(pipeline, candidates, fit_X, labels[fit_rows], X)
        scores = [float(np.mean(predicted == labels[held_out])) for predicted in predictions]
    return scores, time.perf_counter() - wall, time.process_time() - cpu


def shared_search(candidates: Iterable[Params], pipeline: Pipeline) -> list[list[Params]]:
    """Group the candidates that one piece of work serves.

    Of k-nearest neighbours those that differ in k and weights alone, of support vector machines those that differ in C and gamma.
    """
    candidates = list(candidates)
    if _is_neighbours(pipeline):
        free: tuple[str, ...] = ("__n_neighbors", "__weights")
    elif all(_shares_kernels(_tail(pipeline, params)) for params in candidates):
        free = ("__C", "__gamma")
        candidates.sort(
            key=lambda params: _tail(pipeline, params).steps[-1][1].gamma
        )  # half of a group has half of them
    else:
        return [[params] for params in candidates]
    groups: dict[str, list[Params]] = {}
    for params in candidates:
        rest = {name: value for name, value in params.items() if not name.endswith(free)}
        groups.setdefault(repr(sorted(rest.items())), []).append(params)
    return list(groups.values())


def _is_neighbours(pipeline: Pipeline) -> bool:
    last = pipeline.steps[-1][1]
    return (
        type(last) is KNeighborsClassifier and len(pipeline.steps) == 2 and last.weights in WEIGHTS  # noqa: PLR2004
    )


def _shares_kernels(tail: Pipeline) -> bool:
    """Say whether a pipeline after its features is a support vector machine, with numbers for gamma and C."""
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
    for fitted in fit_tails([_tail(pipeline, params) for params in candidates], fit_X, fit_y):
        yield fitted.predict(X)


def fit_tails(tails: list[Pipeline], X: NDArray[Any], y: Labels) -> Iterator[Any]:
    """Yield pipelines after their features, fitted on the same rows: support vector machines together."""
    if all(map(_shares_kernels, tails)):
        yield from fit_together([tail.steps[-1][1] for tail in tails], X, y)
    else:
        for tail in tails:
            yield tail.fit(X, y)


def _neighbours_predictions(
    pipeline: Pipeline, candidates: list[Params], fit_X: NDArray[Any], fit_y: Labels, X: NDArray[Any]
) -> Iterator[NDArray[Any]]:
    """Search the neighbours once, for the largest k, and vote for each candidate."""
    classifiers = [_tail(pipeline, params).steps[-1][1] for params in candidates]
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


def _tail(pipeline: Pipeline, params: Params) -> Pipeline:
    """Return the pipeline after its features, unfitted, with its share of the parameters."""
    return Pipeline(clone(pipeline).set_params(**params).steps[1:])


def choose(candidates: list[Params], scores: list[list[float]]) -> int:  # noqa: ARG001
    """Return the number of the best candidate: the highest mean score, the first of equals."""
    return int(np.argmax(np.mean(scores, axis=1)))


def edges(grid: dict[str, list[Any]], candidates: list[Params], scores: list[list[float]], best: int) -> list[Edge]:
    """Return the ordered parameters of three or more values whose winner is the first or last, natural bounds aside."""
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


# ----------------------------------------------------------------------------------------------------- the final fit
@dataclass(frozen=True)
class FinalFit:
    """What the final fit gave besides its files; seconds are wall seconds unless named otherwise."""

    fit: float
    fit_cpu: float
    predict_many: float
    predict_one: float
    n_predict_many: int
    peak_memory_bytes: int
    scores: str
    train_accuracy: float
    train_method: str
    pickle_sha256: str
    pickle_bytes: int


def fit_final(
    pipeline: Pipeline,
    params: Params,
    train: tuple[NDArray[np.uint8], Labels],
    test_images: NDArray[np.uint8],
    folder: Path,
    n_jobs: int,
) -> dict[str, Any]:
    """Fit on all training images, time it, and write `model.pkl`, `scores.npy` and `predictions.npy` into `folder`.

    Runs in a process of its own, so that seconds and peak memory are those of this model alone.
    """
    images, labels = train
    pipeline = clone(pipeline).set_params(**params)
    with threadpool_limits(1):
        with _side_by_side(pipeline, n_jobs):
            wall, cpu = time.perf_counter(), time.process_time()
            pipeline.fit(_flat(images), labels)
            fit, fit_cpu = time.perf_counter() - wall, time.process_time() - cpu
        many = np.array(_flat(test_images)[:N_PREDICT_MANY])
        seconds_many = median(_seconds(pipeline, many) for _ in range(3))
        seconds_one = median(_seconds(pipeline, many[i : i + 1]) for i in range(min(100, len(many))))
        peak = _peak_memory_bytes()
        described, tail = pipeline[:1].transform(_flat(test_images)), pipeline[1:]
        with threadpool_limits({"openmp": neighbour_threads(tail, min(len(images), len(described)), n_jobs)}):
            method, accuracy = _in_sample(pipeline, _flat(images), labels)
            (kind, scores), predictions = class_scores(tail, described), tail.predict(described)
    with (folder / "model.pkl").open("wb") as stream:
        pickle.dump(pipeline, stream, protocol=5)
    np.save(folder / "scores.npy", scores)
    np.save(folder / "predictions.npy", predictions)
    return asdict(
        FinalFit(
            fit=fit,
            fit_cpu=fit_cpu,
            predict_many=seconds_many,
            predict_one=seconds_one,
            n_predict_many=len(many),
            peak_memory_bytes=peak,
            scores=kind,
            train_accuracy=accuracy,
            train_method=method,
            pickle_sha256=file_sha256(folder / "model.pkl"),
            pickle_bytes=(folder / "model.pkl").stat().st_size,
        )
    )


def class_scores(pipeline: Pipeline, X: NDArray[Any]) -> tuple[str, NDArray[Any]]:
    """Return the kind of score and the scores, of shape (n_samples, n_classes); two classes get a column each."""
    if hasattr(pipeline, "predict_proba"):
        return "predict_proba", np.asarray(pipeline.predict_proba(X))
    scores = np.asarray(pipeline.decision_function(X))
    return "decision_function", np.stack([-scores, scores], axis=1) if scores.ndim == 1 else scores


def refit_accuracy(
    pipeline: Pipeline, params: Params, seed: int, train: tuple[NDArray[Any], Labels], test: tuple[NDArray[Any], Labels]
) -> float:
    """Return the test accuracy of the chosen pipeline's classifier, fitted on features with another random state."""
    tail = _tail(pipeline, params)
    tail.set_params(**{name: seed for name in tail.get_params() if name.endswith("random_state")})
    with threadpool_limits(1):
        return float(np.mean(tail.fit(*train).predict(test[0]) == test[1]))


def neighbour_threads(pipeline: Pipeline, n_rows: int, n_jobs: int) -> int:
    """Return how many threads may search the neighbours of `n_rows` queries and find those that one thread finds."""
    neighbours = isinstance(pipeline.steps[-1][1], KNeighborsClassifier)
    return max(1, min(n_jobs, n_rows // ROWS_PER_THREAD - 1)) if neighbours else 1


def _in_sample(pipeline: Pipeline, X: NDArray[np.uint8], labels: Labels) -> tuple[str, float]:
    """Return in-sample accuracy and how it was made: a neighbour search would find each image itself, so it leaves it out."""
    classifier = pipeline.steps[-1][1]
    if not (isinstance(classifier, KNeighborsClassifier) and classifier.weights in WEIGHTS):
        return "resubstitution", float(np.mean(pipeline.predict(X) == labels))
    distances, neighbours = classifier.kneighbors()
    return "leave-one-out", float(np.mean(neighbours_vote(distances, labels[neighbours], classifier.weights) == labels))


@contextmanager
def _side_by_side(pipeline: Pipeline, n_jobs: int) -> Iterator[None]:
    """Let an ensemble fit its parts side by side; predicting stays serial: threads would sum in any order."""
    classifier = pipeline.steps[-1][1]
    if not (isinstance(classifier, BaseEnsemble) and "n_jobs" in classifier.get_params()):
        yield
        return
    before = classifier.n_jobs
    classifier.set_params(n_jobs=n_jobs)
    yield
    classifier.set_params(n_jobs=before)


def _seconds(pipeline: Pipeline, X: NDArray[np.uint8]) -> float:
    start = time.perf_counter()
    pipeline.predict(X)
    return time.perf_counter() - start


def _peak_memory_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _flat(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return images.reshape(len(images), -1)
