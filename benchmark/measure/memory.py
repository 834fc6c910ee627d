"""How much memory tasks take, and how the memory that a run may use is divided.

Comes in: numbers of rows, columns and cores, and a classifier. Goes out: bytes, estimated to be rather too many: what
arrays take is measured, what processes take is a guess. Three parts bound what all processes take together:

- the processes themselves, their imports and what their allocators hold back;
- the features that stay on a worker: a model waits with its search, and with its learning curve, until its own fit
  beside those of the others (`Engine.hold`);
- the rest is a resource of Dask: a task begins when what it takes is left of it.

A task that takes more than the rest is never begun: its model fails in words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from benchmark.components import BLOCK_VALUES, chunk_rows
from benchmark.svm import PAIR_CACHE, PAIR_ROWS, SHARED_ROWS, RbfSVC

PROCESSES = 640 * 2**20  # the command with its scheduler, the worker, and the warden that forks the processes of tasks
A_CORE = 96 * 2**20  # its process: what it does not share with the others
KEPT_SHARE = 0.3  # of what processes leave, for features
A_PROCESS = 200 * 2**20  # of a timed fit
A_VALUE = 110  # bytes of a pixel, while features are computed, a chunk of images at a time
DECOMPOSED = 36  # bytes of each value of a matrix while it is made and decomposed
MB = 10**6


def cores_within(memory: int, cores: int) -> int:
    """Return how many of the cores can have a process, so that all processes take half of the memory at most."""
    return max(1, min(cores, (memory // 2 - PROCESSES) // A_CORE))


def divided(memory: int, cores: int) -> tuple[int, int]:
    """Return how many bytes tasks may take at once, and how many the features that stay."""
    rest = max(0, memory - PROCESSES - A_CORE * cores)
    return int((1 - KEPT_SHARE) * rest), int(KEPT_SHARE * rest)


def needed(task: int, kept: int, cores: int) -> int:
    """Return the least memory with which a task of so many bytes, and features of so many, are run."""
    return PROCESSES + A_CORE * cores + int(max(task / (1 - KEPT_SHARE), kept / KEPT_SHARE)) + 1


def float_bytes(n_rows: int, n_columns: int) -> int:
    """Return the bytes of a float32 array."""
    return 4 * n_rows * n_columns


def feature_bytes(n_rows: int, n_columns: int, n_pixels: int, n_described: int = 0) -> int:
    """Return what computing features takes: raw images, a chunk's work or that on components, and all features twice, as they are joined.

    Principal components, if any, are those of `n_described` columns.
    """
    chunk = A_VALUE * n_pixels * min(n_rows, chunk_rows(n_pixels))
    work = max(chunk, component_bytes(n_rows, n_columns, n_described))
    return n_rows * n_pixels + work + 2 * float_bytes(n_rows, n_columns)


def component_bytes(n_rows: int, n_components: int, n_described: int) -> int:
    """Return what finding principal components takes; see `leading_components`, which decomposes the smaller of two matrices."""
    side = min(n_rows, n_described)
    decomposed = DECOMPOSED * side**2
    if n_rows >= n_described:
        return decomposed
    return decomposed + float_bytes(n_rows + 3 * min(n_components, n_rows), n_described) + 8 * BLOCK_VALUES


def sampled_columns(n_rows: int, n_components: int, n_described: int) -> int:
    """Return of how many columns of all rows components would take the memory that those of a sample of `n_rows` take."""
    return math.isqrt(component_bytes(n_rows, n_components, n_described) // DECOMPOSED) + 1


def study_bytes(n_rows: int, n_pixels: int) -> int:
    """Return what the study of a data set takes, with so many training images; test images are compared a chunk at a time."""
    return feature_bytes(n_rows, 0, n_pixels, n_pixels)


def fit_bytes(classifier: Any, counts: Sequence[int], n_rows: int, n_columns: int, *, together: bool = False) -> int:
    """Return what fitting a classifier and predicting takes besides the features.

    Parameters
    ----------
    classifier : estimator
        The last step of a pipeline.
    counts : sequence of int
        How many rows of each class it is fitted on.
    n_rows, n_columns : int
        All rows, those to predict as well, and their columns.
    together : bool
        Whether support vector machines with several values of `gamma` are fitted at once.

    """
    copies = 5 * float_bytes(n_rows, n_columns) + 40 * n_rows * len(counts)
    trees = 16 * int(getattr(classifier, "n_estimators", 0) or 0) * n_rows
    return copies + trees + (_machine_bytes(classifier, counts, n_columns, together) if _is_machine(classifier) else 0)


def final_bytes(
    classifier: Any,
    counts: Sequence[int],
    n_rows: int,
    n_columns: int,
    n_pixels: int,
    n_jobs: int,
    n_described: int = 0,
) -> int:
    """Return what the timed fit takes with `n_jobs` threads: its process, the images in it and on their way to it, and the fit."""
    fixed = A_PROCESS + 3 * n_rows * n_pixels + feature_bytes(n_rows, n_columns, n_pixels, n_described)
    side_by_side = (n_jobs - 1) * thread_bytes(classifier, counts, n_columns)
    return fixed + fit_bytes(classifier, counts, n_rows, n_columns) + side_by_side


def thread_bytes(classifier: Any, counts: Sequence[int], n_columns: int) -> int:
    """Return what each further thread of a timed fit takes."""
    if type(classifier) is RbfSVC:
        return _machine_bytes(classifier, counts, n_columns, together=False)
    return 40 * sum(counts)


def threads_within(  # as `final_bytes`, but `memory` and the number of cores
    memory: int,
    cores: int,
    classifier: Any,
    counts: Sequence[int],
    n_rows: int,
    n_columns: int,
    n_pixels: int,
    n_described: int = 0,
) -> int:
    """Return with how many threads, from 1 to `cores`, a timed fit fits into `memory`; it changes no byte of a result."""
    one = final_bytes(classifier, counts, n_rows, n_columns, n_pixels, 1, n_described)
    return max(1, min(cores, 1 + (memory - one) // max(1, thread_bytes(classifier, counts, n_columns))))


def _is_machine(classifier: Any) -> bool:
    return hasattr(classifier, "gamma") and hasattr(classifier, "cache_size")


def _machine_bytes(machine: Any, counts: Sequence[int], n_columns: int, together: bool) -> int:  # noqa: FBT001
    """Return what the pair of classes that takes most takes: its rows in float64 twice, and its kernel or LIBSVM's cache."""
    if type(machine) is not RbfSVC:
        return _cached(machine, sum(counts), n_columns)
    pairs = {sum(pair) for pair in combinations(sorted(counts)[-50:], 2)} or {sum(counts)}
    return max(_kernel_bytes(n, together) if n <= PAIR_ROWS else _cached(machine, n, n_columns) for n in pairs) + (
        16 * max(pairs) * n_columns
    )


def _kernel_bytes(n_rows: int, together: bool) -> int:  # noqa: FBT001
    return (12 if together and n_rows <= SHARED_ROWS else 8) * n_rows**2 + PAIR_CACHE * MB


def _cached(machine: Any, n_rows: int, n_columns: int) -> int:
    return min(int(machine.cache_size * MB * 1.05), 4 * n_rows**2) + 16 * n_rows * n_columns
