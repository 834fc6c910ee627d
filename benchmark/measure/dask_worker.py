"""The side of the engine that is on a worker: how Dask starts a worker, and how that runs a task.

Comes in: a task as the engine packed it, and the shared results among its arguments. Goes out: what the task returns, and
events that say when it begins and ends.
"""

from __future__ import annotations

import signal
from enum import Enum
from pathlib import Path
from typing import Any

from distributed import get_worker
from distributed.protocol.pickle import loads

from benchmark.measure.arrays import Room, lent
from benchmark.measure.processes import Means, run_packed
from benchmark.measure.warden_client import warden

STATES = "benchmark-states"  # the topic of Dask's events that say which task a worker begins and ends
OUTPUT = "benchmark-output"  # the topic of those that carry what tasks print


class Of(Enum):
    """An argument of a task that its worker fills in."""

    CORES = "the number of cores of the worker"


def dask_setup(worker: Any) -> None:
    """Prepare a worker of a cluster; Dask calls this when it starts. Ctrl-C is ignored: the process that started it ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Room.folder = Path(worker.local_directory)  # Dask removes it
    warden()  # now, so that the first task need not wait for what it imports


def work(packed: bytes, way: tuple[Any, ...], places: list[int], cores: list[int], *shared: Any) -> Any:
    """Run a task, and say when it begins and ends, and what it prints.

    Parameters
    ----------
    packed : bytes
        The function and its arguments. A process of the task's own opens them, as its classes may be a user's.
    way : tuple
        The values of `Means` for the task's process; empty to run it in this one. A scheduler may see them, which need not
        have this package.
    places, shared
        The shared results among its arguments, and where each belongs.
    cores : list of int
        Where the number of this worker's cores belongs.

    """
    worker = get_worker()
    key = worker.get_current_task()
    worker.log_event(STATES, (key, True))
    known = dict(zip(places, map(lent, shared), strict=True)) | dict.fromkeys(cores, worker.state.nthreads)
    try:
        if not way:
            function, arguments = loads(packed)
            return function(*arguments)
        return run_packed(
            packed,
            known,
            Means(*way),
            wanted=lambda: _is_wanted(worker, key),
            said=lambda text: worker.log_event(OUTPUT, (key, text)),
        )
    finally:
        worker.log_event(STATES, (key, False))


def _is_wanted(worker: Any, key: Any) -> bool:
    """Return whether the scheduler still wants a task that runs here."""
    task = worker.state.tasks.get(key)
    return task is not None and task.state != "cancelled"
