"""A cluster whose Dask scheduler already runs: connecting to it, checking and watching its workers, being one of them.

Comes in: the address of the scheduler. Goes out: a client whose workers are fit for a run, or a clear error.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import dask
from distributed import Client, Nanny
from distributed.comm import get_address_host
from distributed.utils import get_ip

from benchmark.command import Command, word
from benchmark.disk import is_there
from benchmark.errors import BenchmarkError
from benchmark.measure.dask_settings import (
    DASK,
    PRELOAD,
    START_SECONDS,
    leave_semaphores_in_silence,
    worker_means,
    workers_of,
)
from benchmark.measure.engine import Engine
from benchmark.measure.watch import Watch
from benchmark.measure.workers import versions, versions_digest

PATIENCE = 4  # seconds for a scheduler to answer
LOOK_SECONDS = 1  # between two looks at the workers of a cluster


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Yield a client of the scheduler at an address or in a scheduler file."""
    for name in ("distributed", "distributed.client"):  # what they have to say, the errors here say
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = _client(address)
    except Exception as error:  # Dask raises anything on the answer of something else, an HTTP server, say
        raise _unanswered(address, error) from None
    with client:
        yield client


class _Client(Client):  # type: ignore[misc]  # Dask has no types
    """A client that is closed where it is used, and not once nothing refers to it: one that never began would wait 10 s for that."""

    def __del__(self) -> None:
        """Leave it as it is."""


def _client(address: str) -> Client:
    """Return a client, made in a thread: Dask waits forever for a listener that accepts a connection but says nothing."""
    made: Future[Client] = Future()

    def make() -> None:
        try:
            made.set_result(_Client(**_where(address), timeout=PATIENCE, set_as_default=False))
        except Exception as error:
            made.set_exception(error)

    threading.Thread(target=make, daemon=True).start()
    return made.result(PATIENCE + 1)


def _where(address: str) -> dict[str, str]:
    file = os.path.expanduser(address)  # noqa: PTH111  # Path's raises where there is no such home
    if "://" not in address and is_there(Path(file)):
        return {"scheduler_file": file}
    return {"address": address}


def _unanswered(address: str, error: Exception) -> BenchmarkError:
    found = " ".join(str(error).split())[:200] or f"something that listens there, and says nothing within {PATIENCE} s"
    if not isinstance(error, (OSError, ValueError)):
        found = "an answer that is none of Dask's, as from a web page or a dashboard"
    return BenchmarkError(
        f"no Dask scheduler answers at {address}",
        expected="the address of a running scheduler, tcp://host:8786 or tls://host:8786, or its scheduler file",
        found=found,
        remedy=f"{word(Path(sys.executable).with_name('dask'))} scheduler --host HOST, on the machine HOST",
    )


def checked_workers(client: Client, address: str) -> dict[str, Any]:
    """Return the workers of a cluster, each of which was started for this benchmark and has the same versions."""
    start = Command("worker", dask=address)
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise BenchmarkError(f"the scheduler at {address} has no worker", remedy=start) from None
    workers = workers_of(client)
    for name, worker in workers.items():
        _check_worker(client, start, name, worker)
    # the engine tries again; a lambda, because a scheduler need not have this package
    client.run_on_scheduler(lambda dask_scheduler: setattr(dask_scheduler, "allowed_failures", 0))
    return workers


def _check_worker(client: Client, start: Command, name: str, worker: Mapping[str, Any]) -> None:
    """Refuse a worker that was not started for this benchmark, or has other versions."""
    if not {"worker", "memory", "kept"} <= set(worker["resources"]):
        raise BenchmarkError(
            f"the worker {name} was not started for this benchmark",
            expected="workers that say how much memory they have",
            remedy=("stop it and start it with: ", start),
        )
    if versions_digest() not in worker["resources"]:
        found = client.run(versions, workers=[name], on_error="return").get(name)
        check_versions(name, found if isinstance(found, dict) else {}, start)


@contextmanager
def watched(engine: Engine, address: str, workers: Mapping[str, Any]) -> Iterator[None]:
    """Follow who joins and leaves the cluster until the block ends."""
    start = Command("worker", dask=address)
    check = partial(_check_worker, engine.client, start)
    watch = Watch(check, engine.report.line, engine.stop, start, set(workers), engine.memory)
    ended = threading.Event()

    def follow() -> None:
        while not ended.wait(LOOK_SECONDS):
            with suppress(OSError, RuntimeError, TimeoutError):  # the engine says that the scheduler is gone
                watch.look(workers_of(engine.client), time.monotonic())

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(LOOK_SECONDS)


def check_versions(worker: str, theirs: Mapping[str, str], start: Command) -> None:
    """Refuse a worker whose code, Python or libraries are not the same as here.

    Raises
    ------
    BenchmarkError
        Naming each that differs.

    """
    own = versions()
    different = [what for what in own if theirs.get(what) != own[what]]
    if different:
        raise BenchmarkError(
            f"the worker {worker} would compute something else",
            expected=", ".join(f"{what} {own[what]}" for what in different),
            found=", ".join(f"{what} {theirs.get(what, 'unknown')}" for what in different),
            remedy=("the same commit and libraries on its machine, then: ", start),
        )


def serve(address: str, cores: int, memory: int | None) -> None:
    """Be a worker of the scheduler at `address` until that ends, with so much memory or with what is free.

    Raises
    ------
    BenchmarkError
        If no scheduler answers, or too little memory is free.

    """
    with dask.config.set(DASK), connected(address) as client:
        scheduler = client.scheduler.address
    leave_semaphores_in_silence()
    with dask.config.set(DASK):
        asyncio.run(_serve(scheduler, cores, memory))


async def _serve(scheduler: str, cores: int, memory: int | None) -> None:
    host = get_ip(get_address_host(scheduler))  # of the interface that the scheduler is reached by; listen on no other
    cores, means = worker_means(cores, memory)
    nanny = Nanny(
        scheduler,
        nthreads=cores,
        host=host,
        dashboard_address=f"{host}:0",
        death_timeout=START_SECONDS,
        preload=[PRELOAD],
        **means,
    )
    async with nanny:
        print(f"{cores} cores for {scheduler}, in process {os.getpid()}", flush=True)
        await nanny.finished()
