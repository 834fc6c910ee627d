"""How Dask is set up for this benchmark, here and on the machines of a cluster: its configuration, and what a worker offers."""

from __future__ import annotations

import logging
import os
from typing import Any

from distributed import Client

from benchmark.errors import BenchmarkError
from benchmark.machine import LEAST_MEMORY, SINGLE_THREAD, free_memory, in_words
from benchmark.measure.engine import WHOLE
from benchmark.measure.memory import cores_within, divided
from benchmark.measure.workers import versions_digest

START_SECONDS = 60  # for a worker to import what it needs, on a machine that is busy
PRELOAD = "benchmark.measure.dask_worker"  # its `dask_setup`
DASK = {
    "distributed.worker.daemon": False,  # the timed fit starts a process
    "distributed.worker.profile.enabled": False,
    "distributed.scheduler.allowed-failures": 0,  # the engine tries again
    "distributed.deploy.lost-worker-timeout": "1000 days",  # or a worker that dies twice in a while is given up
    "distributed.scheduler.worker-ttl": None,  # a fit in C may keep the worker from answering for long
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.admin.large-graph-warning-threshold": "1TB",
    "distributed.admin.tick.interval": "1s",  # by default 50 times a second, which takes some 5 % of a core a process
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.client.scheduler-info-interval": "10s",
    # without MALLOC_TRIM_THRESHOLD_, which makes large arrays slow
    "distributed.nanny.pre-spawn-environ": dict.fromkeys(SINGLE_THREAD, "1"),
}


def worker_means(cores: int, memory: int | None) -> tuple[int, dict[str, Any]]:
    """Return how many cores a worker takes, fewer than given where memory is scarce, and what it is started with.

    Raises
    ------
    BenchmarkError
        If too little memory is free.

    """
    found = bound(memory)
    cores = cores_within(found, cores)
    return cores, {
        "memory_limit": 0,  # each task has a limit of its own
        "resources": resources(cores, found),
        "silence_logs": logging.CRITICAL,
    }


def resources(cores: int, memory: int) -> dict[str, int]:
    """Return what a worker offers that may use so much memory; the digest keeps tasks from workers of other versions.

    No task claims what is kept: the engine sees to it.
    """
    tasks, kept = divided(memory, cores)
    return {"worker": WHOLE, "memory": tasks, "kept": kept, versions_digest(): 1}


def bound(memory: int | None) -> int:
    """Return how many bytes this machine's processes may take: as many as were asked for, else what is free.

    Raises
    ------
    BenchmarkError
        If that is less than a run takes.

    """
    found = free_memory()
    if memory is None and found < LEAST_MEMORY:
        raise BenchmarkError(
            "too little memory is free",
            expected=f"{in_words(LEAST_MEMORY)} or more",
            found=in_words(found),
            remedy="end other programs, or use another machine",
        )
    return found if memory is None else min(memory, found)


def leave_semaphores_in_silence() -> None:
    """Let Python's resource tracker not warn of the semaphores that it removes after a process that was told to end.

    Some are those of workers that were killed, so nobody else can remove them. The tracker starts with the first worker
    and reads its filters from the environment; the filter takes no other warning.
    """
    filters = [os.environ.get("PYTHONWARNINGS", ""), "ignore:resource_tracker:UserWarning"]
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, dict.fromkeys(filters)))


def workers_of(client: Client) -> dict[str, Any]:
    """Return what the scheduler tells of each worker, by its address; nothing, once it is gone."""
    return dict(client.scheduler_info(nworkers_of=-1).get("workers", {}))
