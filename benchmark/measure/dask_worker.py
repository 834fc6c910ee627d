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

from benchmark.measure.processes import Room, in_own_process, lent, shielded
from benchmark.measure.workers import HERE

STATES = "benchmark-states"  # the topic of Dask's events that say which task a worker begins and ends


class Of(Enum):
    """An argument of a task that its worker fills in."""

    CORES = "the number of cores of the worker"


def dask_setup(worker: Any) -> None:
    """Prepare a worker; Dask calls this when it starts. Ctrl-C is ignored: the process that started it ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Room.folder = Path(worker.local_directory)  # Dask removes it


def work(packed: bytes, way: tuple[bool, int, bool], places: list[int], *shared: Any) -> Any:
    """Run a task, and say when it begins and ends.

    Parameters
    ----------
    packed : bytes
        The function and its arguments.
    way : tuple
        `accelerated`, `memory` and `keep` of `processes.in_own_process`.
    places, shared
        The shared results among its arguments, and where each belongs.

    """
    accelerated, memory, keep = way
    worker = get_worker()
    key = worker.get_current_task()
    worker.log_event(STATES, (key, True))
    try:
        function, arguments = loads(packed)
        for place, argument in zip(places, shared, strict=True):
            arguments[place] = lent(argument)
        arguments = [worker.state.nthreads if argument is Of.CORES else argument for argument in arguments]
        if function in HERE:
            return shielded(accelerated, function, *arguments)
        return in_own_process(accelerated, function, arguments, memory=memory, keep=keep)
    finally:
        worker.log_event(STATES, (key, False))
