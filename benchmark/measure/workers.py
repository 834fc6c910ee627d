"""What runs on a worker, besides the fits themselves: the wrapper of every task, and the measured fits in processes of their own.

A worker is one process a machine with a thread a core; see `engine`. Each function takes arrays and plain values and
returns such, because a worker shares no files with the process that asked.
"""

from __future__ import annotations

import functools
import importlib.metadata
import multiprocessing
import os
import pickle
import platform
import resource
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, forkserver
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from benchmark.cache import digest
from benchmark.dataset import Dataset
from benchmark.layout import PACKAGE
from benchmark.measure.evaluate import Scored, curves, metrics_document
from benchmark.measure.fit import PICKLE, fit_final, refit_accuracy, score_final
from benchmark.measure.keys import EVALUATION_CODE, FIT_CODE, LIBRARIES, STUDY_CODE, code_of
from benchmark.measure.provenance import blas_kernel, fit_circumstances
from benchmark.measure.search import Params, flat_rows
from benchmark.measure.study_model import confident_mistakes, fit_share
from benchmark.svm import ACCELERATED

ROOM = 2**30  # bytes that a process maps but may never touch: stacks and pools of threads
KILLED = "its process was killed; the system does that when memory runs out"
Images = NDArray[np.uint8]


class TaskError(Exception):
    """What a task raised, as text: the class of the original exception may exist on the worker alone."""


class TaskKilledError(Exception):
    """The process of a measured fit was killed."""


def shielded(accelerated: bool, function: Callable[..., Any], *arguments: Any) -> Any:  # noqa: FBT001
    """Run one task; raise what it raises as a `TaskError`, even a SystemExit, which would end the worker."""
    os.environ[ACCELERATED] = "1" if accelerated else ""
    try:
        return function(*arguments)
    except (TaskError, TaskKilledError):
        raise
    except (Exception, SystemExit) as error:
        raise TaskError(f"{type(error).__name__}: {error}") from None


# --------------------------------------------------------------------------------------------------- what must be equal
def versions() -> dict[str, str]:
    """Return what must be the same wherever the tasks of one run are computed, by name."""
    code = {
        "code of features and training": code_of(FIT_CODE),
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


# -------------------------------------------------------------------------------------------------------------- images
def pack(dataset: Dataset, *, same_machine: bool) -> tuple[Dataset, dict[str, Any]]:
    """Return a data set without its arrays, and each array: by its file if the worker can map that, else as it is."""
    names = ("train_images", "train_labels", "test_images", "test_labels")
    arrays = {name: getattr(dataset, name) for name in names}
    nothing = np.empty((0, *dataset.image_shape), np.uint8)
    bare = Dataset(dataset.entry, nothing, nothing, nothing, nothing, dataset.digest, dataset.profile)
    return bare, {name: _by_file(array) if same_machine else np.asarray(array) for name, array in arrays.items()}


def _by_file(array: Any) -> Any:
    if not (isinstance(array, np.memmap) and array.filename is not None and array.flags.c_contiguous):
        return np.asarray(array)
    mapped = {"dtype": str(array.dtype), "shape": array.shape, "offset": array.offset}
    return {"filename": str(array.filename)} | mapped if _is_whole(array) else np.asarray(array)


def _is_whole(array: np.memmap[Any, Any]) -> bool:
    """Return whether an array is all that was mapped: a slice of a map has the file and the offset of the whole."""
    return Path(str(array.filename)).stat().st_size == array.offset + array.nbytes


def unpack(bare: Dataset, arrays: dict[str, Any]) -> Dataset:
    """Return the data set that `pack` took apart."""
    found = {name: np.memmap(mode="r", **own) if isinstance(own, dict) else own for name, own in arrays.items()}
    return Dataset(bare.entry, **found, digest=bare.digest, profile=bare.profile)


def on_training_images(function: Callable[..., Any], features: Any, dataset: Dataset, *rest: Any) -> Any:
    """Call `search.fold_features` or `study_model.share_features` on a data set's training images and labels."""
    return function(features, dataset.train_images, np.asarray(dataset.train_labels), *rest)


def whole_features(pipeline: Pipeline, params: Params, dataset: Dataset) -> tuple[NDArray[Any], NDArray[Any]]:
    """Fit the features on all training images; return those of the training and of the test images."""
    features = clone(pipeline).set_params(**params)[:1]
    with threadpool_limits(1):
        features.fit(flat_rows(dataset.train_images), np.asarray(dataset.train_labels))
        return features.transform(flat_rows(dataset.train_images)), features.transform(flat_rows(dataset.test_images))


def refit(pipeline: Pipeline, params: Params, seed: int, whole: Any, dataset: Dataset) -> float:
    """Return the test accuracy of the chosen classifier with another seed; `whole` is what `whole_features` returned."""
    labels = np.asarray(dataset.train_labels), np.asarray(dataset.test_labels)
    return refit_accuracy(pipeline, params, seed, (whole[0], labels[0]), (whole[1], labels[1]))


# ---------------------------------------------------------------------------------------------------- the measured fits
@functools.cache
def fresh_processes() -> Any:
    """Return a context for processes that hold nothing but the imports, forked from a server that starts them now."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmark.models", "benchmark.measure.workers"])
    forkserver.ensure_running()
    return context


def _begin(memory: int | None) -> None:
    """Let this process end with its parent, and an allocation fail that goes far beyond what the fit is said to take."""
    _end_with_parent()
    if memory is not None and sys.platform == "linux":  # elsewhere the limit does not count, or counts otherwise
        resource.setrlimit(resource.RLIMIT_DATA, (2 * memory + ROOM, resource.RLIM_INFINITY))


def _end_with_parent() -> None:
    """Let this process end when the worker that started it has, as nobody would take its result, and not by Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        waiting = functools.partial(_end_after, parent.sentinel)
        threading.Thread(target=waiting, daemon=True).start()


def _end_after(sentinel: Any) -> None:
    connection.wait([sentinel])
    os._exit(1)


def in_fresh_process(function: Callable[..., Any], *arguments: Any, memory: int | None = None) -> Any:
    """Call a function in a process that has computed nothing before, so that its costs are its own.

    An allocation fails that goes far beyond `memory` bytes, if these are given.

    Raises
    ------
    TaskKilledError
        If the process was killed.

    """
    fresh = {"mp_context": fresh_processes(), "initializer": _begin, "initargs": (memory,)}
    with ProcessPoolExecutor(1, **fresh) as executor:
        future = executor.submit(shielded, bool(os.environ.get(ACCELERATED)), function, *arguments)
        try:
            return future.result()
        except BrokenProcessPool:
            raise TaskKilledError from None


def share_alone(
    tail: Pipeline,
    labels: NDArray[np.uint8],
    n_train: int,
    described: tuple[NDArray[np.float32], float],
    n_columns: int | None,
    about: dict[str, Any],
) -> Any:
    """Run `study_model.fit_share` in a fresh process; return what it returns.

    The features, of which the model uses the first `n_columns`, go there as files: a pipe would need two more copies.
    `described` is what `study_model.share_features` returned.
    """
    features, seconds = described
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder, "fit.npy"), Path(folder, "predict.npy")
        np.save(rows[0], features[:n_train, :n_columns])
        np.save(rows[1], features[n_train:, :n_columns])
        return in_fresh_process(fit_share, tail, labels, n_train, rows, seconds, about)


def fit_alone(  # all of them positional, as every task's
    pipeline: Pipeline, params: Params, dataset: Dataset, n_cores: int, most_jobs: int, memory: int
) -> tuple[dict[str, Any], bytes]:
    """Run `fit.fit_final` in a fresh process, with up to `most_jobs` threads and `memory` bytes.

    Returns
    -------
    tuple
        The record of the fit with the circumstances of this machine, and the pickle.

    """
    with tempfile.TemporaryDirectory() as folder:
        n_jobs = min(n_cores, most_jobs)
        arguments = (pipeline, params, *pack(dataset, same_machine=True), Path(folder), n_jobs)
        record = in_fresh_process(_fit_packed, *arguments, memory=memory)
        here: Any = SimpleNamespace(root=PACKAGE.parent, entries=None, jobs=n_jobs)
        return record | fit_circumstances(here), (Path(folder) / PICKLE).read_bytes()


def _fit_packed(
    pipeline: Pipeline, params: Params, bare: Dataset, arrays: dict[str, Any], folder: Path, n_jobs: int
) -> dict[str, Any]:
    dataset = unpack(bare, arrays)
    return fit_final(pipeline, params, _training(dataset), dataset.test_images, folder, n_jobs)


def score_pickled(model: Path | bytes, dataset: Dataset) -> tuple[dict[str, Any], NDArray[Any], NDArray[Any]]:
    """Run `fit.score_final` on the model in a pickle: its file if this machine has it, else its bytes."""
    content = model if isinstance(model, bytes) else model.read_bytes()
    return score_final(pickle.loads(content), _training(dataset), dataset.test_images)  # noqa: S301  # made by `fit_alone`


def _training(dataset: Dataset) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    return dataset.train_images, np.asarray(dataset.train_labels)


# --------------------------------------------------------------------------------------------------------- the figures
def figures(name: str, about: dict[str, Any], dataset: Dataset, test: Scored) -> tuple[Any, Any, Any]:
    """Return a model's metrics, its curves and its most confident mistakes; `about` is what its metrics say besides."""
    classes = list(dataset.class_names)
    return (
        metrics_document(dataset=dataset, test=test, **about),
        curves(name, test.scores, test.kind, test.labels, classes),
        confident_mistakes(test.scores, test.labels, test.predictions, classes),
    )
