"""What tasks call on a worker, besides the fits themselves, and what must be the same on all workers.

Each function takes arrays and plain values and returns such, because a worker shares no files with the process that
asked. Each runs in a process of its own, see `processes`.
"""

from __future__ import annotations

import functools
import importlib.metadata
import pickle
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from threadpoolctl import ThreadpoolController, threadpool_limits

from benchmark.cache import digest
from benchmark.dataset import Dataset
from benchmark.disk import read_checked
from benchmark.faults import told
from benchmark.layout import PACKAGE
from benchmark.measure.arrays import Room
from benchmark.measure.evaluate import Scored, curves, metrics_document
from benchmark.measure.fit import PICKLE, fit_final, refit_accuracy, score_final
from benchmark.measure.keys import EVALUATION_CODE, FEATURE_CODE, FIT_CODE, LIBRARIES, STUDY_CODE, code_of
from benchmark.measure.provenance import blas_kernel, fit_circumstances
from benchmark.measure.search import Params, flat_rows
from benchmark.measure.study_model import carried_back, confident_mistakes, fit_share
from benchmark.returned import checked_features

Images = NDArray[np.uint8]
Pickled = tuple[Path | bytes, str]  # a model's pickle: its file if this machine has it, else its bytes; and its SHA-256


# --------------------------------------------------------------------------------------------------- what must be equal
def versions() -> dict[str, str]:
    """Return what must be the same wherever the tasks of one run are computed, by name."""
    code = {
        "code of features and training": code_of((*FIT_CODE, *FEATURE_CODE["benchmark.rich"])),
        "code of the evaluation": code_of(EVALUATION_CODE),
        "code of the study": code_of(STUDY_CODE),
    }
    libraries = {name: importlib.metadata.version(name) for name in (*LIBRARIES, "threadpoolctl", "distributed")}
    arithmetic = {"BLAS kernel": blas_kernel(), "NumPy's kernels": numpy_kernels()}  # the last bits depend on them
    python = {"Python": platform.python_version()}
    return {name: value[:12] for name, value in code.items()} | python | libraries | arithmetic


def numpy_kernels() -> str:
    """Return NumPy's names of the instruction sets that its kernels use in this process."""
    found: Any = np.show_config(mode="dicts")
    sets = found["SIMD Extensions"]
    return " ".join([*sets["baseline"], *sets.get("found", [])])


@functools.cache
def versions_digest() -> str:
    """Return a short digest of `versions`."""
    return digest(versions())[:12]


# --------------------------------------------------------------------------------------------------- before all tasks
def warm_up() -> None:
    """Have scikit-learn and threadpoolctl look up what they do once a process: those that are forked from this one need not.

    This starts no thread of OpenMP or of a BLAS: a process that is forked later would wait for them.
    """
    ThreadpoolController()  # follows the links of some hundred libraries
    rows = np.zeros((2, 1))
    make_pipeline(FunctionTransformer(), DummyClassifier()).fit(rows, [0, 1]).predict_proba(rows)


# ------------------------------------------------------------------------------------------------------------- features
def on_training_images(function: Callable[..., Any], features: Any, dataset: Dataset, *rest: Any) -> Any:
    """Call `search.fold_features` or `study_model.share_features` on a data set's training images and labels."""
    return function(features, dataset.train_images, np.asarray(dataset.train_labels), *rest)


def whole_features(pipeline: Pipeline, params: Params, dataset: Dataset) -> tuple[NDArray[Any], NDArray[Any]]:
    """Fit the features on all training images; return those of the training and of the test images."""
    features = clone(pipeline).set_params(**params)[:1]
    with threadpool_limits(1):
        features.fit(flat_rows(dataset.train_images), np.asarray(dataset.train_labels))
        parts = (dataset.train_images, dataset.test_images)
        first, second = (checked_features(features.transform(flat_rows(images)), len(images)) for images in parts)
        return first, second


def refit(pipeline: Pipeline, params: Params, seed: int, whole: Any, dataset: Dataset) -> float:
    """Return the test accuracy of the chosen classifier with another seed; `whole` is what `whole_features` returned."""
    labels = np.array(dataset.train_labels), np.asarray(dataset.test_labels)
    fit_X, X = (np.array(part) for part in whole)  # a classifier may write into its own, but not where all seeds read
    return refit_accuracy(pipeline, params, seed, (fit_X, labels[0]), (X, labels[1]))


# ---------------------------------------------------------------------------------------------------- the measured fits
def share_alone(
    tail: Pipeline,
    labels: NDArray[np.uint8],
    n_train: int,
    described: tuple[NDArray[np.float32], float],
    n_columns: int | None,
    about: dict[str, Any],
) -> Any:
    """Run `study_model.fit_share` and return what it returns.

    The features, of which the model uses the first `n_columns`, are those that all models share, mapped into memory. They go
    there as files of their own, so that the memory of the fit is measured without them. `described` is what
    `study_model.share_features` returned.
    """
    features, seconds = described
    with tempfile.TemporaryDirectory(dir=Room.folder) as folder:
        rows = Path(folder, "fit.npy"), Path(folder, "predict.npy")
        with told(Path(folder)):
            np.save(rows[0], features[:n_train, :n_columns])
            np.save(rows[1], features[n_train:, :n_columns])
        return fit_share(tail, labels, n_train, rows, seconds, about)


def fit_alone(
    pipeline: Pipeline, params: Params, dataset: Dataset, n_cores: int, most_jobs: int
) -> tuple[dict[str, Any], bytes]:
    """Run `fit.fit_final` with up to `most_jobs` threads.

    Returns
    -------
    tuple
        The record of the fit with the circumstances of this machine, and the pickle.

    """
    n_jobs = min(n_cores, most_jobs)
    here: Any = SimpleNamespace(root=PACKAGE.parent, entries=None, jobs=n_jobs)
    circumstances = fit_circumstances(here)  # before user code can change what it looks at
    with tempfile.TemporaryDirectory(dir=Room.folder) as folder:
        record = fit_final(pipeline, params, _training(dataset), dataset.test_images, Path(folder), n_jobs)
        return record | circumstances, (Path(folder) / PICKLE).read_bytes()


def score_pickled(pickled: Pickled, dataset: Dataset) -> tuple[dict[str, Any], NDArray[Any], NDArray[Any]]:
    """Run `fit.score_final` on the model in a pickle."""
    return score_final(_loaded(pickled), _training(dataset), dataset.test_images)


def _loaded(pickled: Pickled) -> Pipeline:
    content, sha256 = pickled
    read = content if isinstance(content, bytes) else read_checked(content, sha256)
    return pickle.loads(read)  # noqa: S301  # made by `fit_alone`


def _training(dataset: Dataset) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    return dataset.train_images, np.asarray(dataset.train_labels)


# --------------------------------------------------------------------------------------------------------- the figures
def figures(
    name: str, about: dict[str, Any], dataset: Dataset, test: Scored, pickled: Pickled | None
) -> tuple[Any, Any, Any, Any]:
    """Return a model's metrics, its curves, its most confident mistakes, and its own weights as pictures.

    `about` is what its metrics say besides. `pickled` is None if no weights are asked for.
    """
    classes = list(dataset.class_names)
    return (
        metrics_document(dataset=dataset, test=test, **about),
        curves(name, test.scores, test.kind, test.labels, classes),
        confident_mistakes(test.scores, test.labels, test.predictions, classes),
        None if pickled is None else carried_back(_loaded(pickled), dataset.image_shape, classes),
    )
