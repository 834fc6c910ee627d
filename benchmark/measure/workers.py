"""What runs on a worker, besides the fits themselves: the wrapper of every task, and the timed fit in its own process.

A worker is one process a machine with a thread a core; see `engine`. Each function takes arrays and plain values and
returns such, because a worker shares no files with the process that asked.
"""

from __future__ import annotations

import functools
import importlib.metadata
import multiprocessing
import os
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
from benchmark.measure.fit import fit_final, refit_accuracy
from benchmark.measure.keys import EVALUATION_CODE, FIT_CODE, LIBRARIES, STUDY_CODE, code_of
from benchmark.measure.provenance import fit_circumstances
from benchmark.measure.search import Params, flat_rows
from benchmark.measure.study_model import confident_mistakes
from benchmark.svm import ACCELERATED

ROOM = 2**30  # bytes that a process maps but may never touch: stacks and pools of threads
KILLED = "its process was killed; the system does that when memory runs out"
Images = NDArray[np.uint8]


class TaskError(Exception):
    """What a task raised, as text: the class of the original exception may exist on the worker alone."""


class TaskKilledError(Exception):
    """The process of a timed fit was killed."""


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
    return {name: value[:12] for name, value in code.items()} | {"Python": platform.python_version()} | libraries


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


# ------------------------------------------------------------------------------------------------------- the timed fit
@functools.cache
def fresh_processes() -> Any:
    """Return a context for processes that hold nothing but the imports, forked from a server that starts them now."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmark.models", "benchmark.measure.fit"])
    forkserver.ensure_running()
    return context


def _begin(memory: int) -> None:
    """Let this process end with its parent, and an allocation fail that goes far beyond what the fit is said to take."""
    _end_with_parent()
    if sys.platform == "linux":  # elsewhere the limit does not count, or counts otherwise
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


def fit_alone(
    pipeline: Pipeline, params: Params, dataset: Dataset, n_jobs: int, memory: int
) -> tuple[Any, dict[str, bytes]]:
    """Run `fit.fit_final` in a fresh process, which may take no more than `memory` bytes.

    Returns
    -------
    tuple
        The record of the fit with the circumstances of this machine, and the files that it wrote, by name.

    Raises
    ------
    TaskKilledError
        If the process was killed.

    """
    train = np.asarray(dataset.train_images), np.asarray(dataset.train_labels)
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(1, mp_context=fresh_processes(), initializer=_begin, initargs=(memory,)) as executor,
    ):
        arguments = (pipeline, params, train, np.asarray(dataset.test_images), Path(folder), n_jobs)
        future = executor.submit(shielded, bool(os.environ.get(ACCELERATED)), fit_final, *arguments)
        try:
            record = future.result()
        except BrokenProcessPool:
            raise TaskKilledError from None
        here: Any = SimpleNamespace(root=PACKAGE.parent, entries=None, jobs=n_jobs)
        files = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
        return record | fit_circumstances(here), files


# --------------------------------------------------------------------------------------------------------- the figures
def figures(name: str, about: dict[str, Any], dataset: Dataset, test: Scored) -> tuple[Any, Any, Any]:
    """Return a model's metrics, its curves and its most confident mistakes; `about` is what its metrics say besides."""
    classes = list(dataset.class_names)
    return (
        metrics_document(dataset=dataset, test=test, **about),
        curves(name, test.scores, test.kind, test.labels, classes),
        confident_mistakes(test.scores, test.labels, test.predictions, classes),
    )
