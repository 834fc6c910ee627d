"""The final fit, timed in its own process; then scores and predictions of the test images; and refits."""

from __future__ import annotations

import pickle
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import BaseEnsemble
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from benchmark.disk import file_sha256
from benchmark.features import StreamedPCA
from benchmark.measure.convergence import counted
from benchmark.measure.search import WEIGHTS, Labels, Params, flat_rows, neighbours_vote, tail_of
from benchmark.results import Seeds
from benchmark.returned import ReturnedError, checked_labels, checked_scores
from benchmark.svm import RbfSVC

SEEDS = (1, 2, 3, 4)  # further seeds of a stochastic entry
N_PREDICT_MANY = 10_000
PICKLE = "model.pkl"


@dataclass(frozen=True)
class FinalFit:
    """The record of the final fit, besides its pickle; times are wall seconds unless named otherwise."""

    fit: float
    fit_cpu: float
    predict_many: float
    predict_one: float
    n_predict_many: int
    peak_memory_bytes: int
    pickle_sha256: str
    pickle_bytes: int
    convergence_warnings: int


def fit_final(
    pipeline: Pipeline,
    params: Params,
    train: tuple[NDArray[np.uint8], Labels],
    test_images: NDArray[np.uint8],
    folder: Path,
    n_jobs: int,
) -> dict[str, Any]:
    """Fit on all training images, time that and the prediction of test images, and write its pickle into `folder`.

    Runs in its own process, so that times and peak memory are those of this model alone.

    Raises
    ------
    ReturnedError
        If it predicts something else than a class for each image, or cannot be pickled.
    """
    images, labels = train[0], np.array(train[1])  # a classifier may write into its own
    classes = np.unique(labels)
    pipeline = clone(pipeline).set_params(**params)
    with threadpool_limits(1):
        with _side_by_side(pipeline, n_jobs), counted() as warned:
            wall, cpu = time.perf_counter(), time.process_time()
            pipeline.fit(flat_rows(images), labels)
            fit, fit_cpu = time.perf_counter() - wall, time.process_time() - cpu
        many = flat_rows(test_images)[:N_PREDICT_MANY]
        seconds_many = median(_seconds(pipeline, many, classes) for _ in range(3))
        seconds_one = median(_seconds(pipeline, many[i : i + 1], classes) for i in range(min(100, len(many))))
        peak = _peak_memory_bytes()
    _write_pickle(pipeline, folder / PICKLE)
    return asdict(
        FinalFit(
            fit=fit,
            fit_cpu=fit_cpu,
            predict_many=seconds_many,
            predict_one=seconds_one,
            n_predict_many=len(many),
            peak_memory_bytes=peak,
            pickle_sha256=file_sha256(folder / PICKLE),
            pickle_bytes=(folder / PICKLE).stat().st_size,
            convergence_warnings=warned.number,
        )
    )


def _write_pickle(pipeline: Pipeline, path: Path) -> None:
    with path.open("wb") as stream:
        try:
            pickle.dump(pipeline, stream, protocol=5)
        except OSError:
            raise
        except Exception as error:  # pickling may raise anything
            found = f"{type(error).__name__}: {error}"
            raise ReturnedError("a pipeline that can be pickled once it is fitted", found) from None


def score_final(
    pipeline: Pipeline, train: tuple[NDArray[np.uint8], Labels], test_images: NDArray[np.uint8]
) -> tuple[dict[str, Any], NDArray[Any], NDArray[Any]]:
    """Return the in-sample accuracy of a fitted pipeline, and what it says of the test images.

    Returns
    -------
    tuple
        The kind of score with the in-sample accuracy and its method; the scores, of shape (n_test, n_classes); the
        predictions, of shape (n_test,).

    """
    images, labels = train
    classes = np.unique(labels)
    with threadpool_limits(1):
        method, accuracy = _in_sample(pipeline, flat_rows(images), labels)
        described, tail = pipeline[:1].transform(flat_rows(test_images)), pipeline[1:]
        kind, scores = class_scores(tail, described.copy(), len(classes))  # it may write into its own
        predictions = checked_labels(tail.predict(described), len(test_images), classes)
    return {"scores": kind, "train_accuracy": accuracy, "train_method": method}, scores, predictions


def class_scores(pipeline: Pipeline, X: NDArray[Any], n_classes: int) -> tuple[str, NDArray[Any]]:
    """Return the kind of score and the scores, of shape (n_samples, n_classes); two classes get one column each."""
    kind = "predict_proba" if hasattr(pipeline, "predict_proba") else "decision_function"
    scores = checked_scores(kind, getattr(pipeline, kind)(X), len(X), n_classes)
    return kind, np.stack([-scores, scores], axis=1) if scores.ndim == 1 else scores


def refit_accuracy(
    pipeline: Pipeline, params: Params, seed: int, train: tuple[NDArray[Any], Labels], test: tuple[NDArray[Any], Labels]
) -> float:
    """Return the test accuracy of the chosen classifier, refitted on the given features with another seed."""
    classes = np.unique(train[1])
    tail = tail_of(pipeline, params)
    tail.set_params(**{name: seed for name in tail.get_params() if name.endswith("random_state")})
    with threadpool_limits(1):
        predicted = tail.fit(*train).predict(test[0])
        return float(np.mean(checked_labels(predicted, len(test[1]), classes) == test[1]))


def seed_spread(random_state: int, accuracies: list[float]) -> Seeds:
    """Return the spread due to the seed alone; `random_state` and the first accuracy are those of the final fit."""
    return {
        "n": len(accuracies),
        "random_states": [random_state, *SEEDS],
        "accuracy": {"values": accuracies, "sd": float(np.std(accuracies, ddof=1))},
    }


def _in_sample(pipeline: Pipeline, X: NDArray[np.uint8], labels: Labels) -> tuple[str, float]:
    """Return in-sample accuracy and its method; a neighbour search leaves out each image, as it would find itself."""
    classifier = pipeline.steps[-1][1]
    if not (isinstance(classifier, KNeighborsClassifier) and classifier.weights in WEIGHTS):
        predicted = checked_labels(pipeline.predict(X), len(labels), np.unique(labels))
        return "resubstitution", float(np.mean(predicted == labels))
    distances, neighbours = classifier.kneighbors()
    return "leave-one-out", float(np.mean(neighbours_vote(distances, labels[neighbours], classifier.weights) == labels))


@contextmanager
def _side_by_side(pipeline: Pipeline, n_jobs: int) -> Iterator[None]:
    """Let a fit use several threads: for chunks of features, members of an ensemble, pairs of a support vector machine.

    Each gives the same bytes as with one. Prediction stays serial, as threads would sum in any order.
    """
    steps = [step for _, step in pipeline.steps if isinstance(step, (StreamedPCA, BaseEnsemble, RbfSVC))]
    before = [(step, step.n_jobs) for step in steps if "n_jobs" in step.get_params()]
    for step, _ in before:
        step.set_params(n_jobs=n_jobs)
    yield
    for step, own in before:
        step.set_params(n_jobs=own)


def _seconds(pipeline: Pipeline, X: NDArray[np.uint8], classes: NDArray[Any]) -> float:
    """Return how long predicting a copy of some images takes; whether these are classes is looked at afterwards."""
    X = np.array(X)
    start = time.perf_counter()
    predicted = pipeline.predict(X)
    seconds = time.perf_counter() - start
    checked_labels(predicted, len(X), classes)
    return seconds


def _peak_memory_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
