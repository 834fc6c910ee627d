"""Where an engine's workers are: on this machine by default, or those of a Dask scheduler that already runs.

Comes in: the setting of a run, or the address of a scheduler. Goes out: an `Engine` whose workers are fit for it.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster, Nanny
from distributed.comm import get_address_host
from distributed.utils import get_ip

from benchmark.command import Command
from benchmark.errors import BenchmarkError
from benchmark.machine import LEAST_MEMORY, free_memory, in_words
from benchmark.measure.engine import WHOLE, Engine
from benchmark.measure.memory import divided
from benchmark.measure.setting import Setting
from benchmark.measure.watch import Watch
from benchmark.measure.workers import versions, versions_digest

PATIENCE = 6  # seconds for a scheduler to answer
START_SECONDS = 60  # for a worker to import what it needs, on a machine that is busy
LOOK_SECONDS = 1  # between two looks at the workers of a cluster
SINGLE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PRELOAD = "benchmark.measure.engine"  # its `dask_setup`
DASK = {
    "distributed.worker.daemon": False,  # the timed fit starts a process
    "distributed.worker.profile.enabled": False,
    # estimates keep a worker within its memory; one that passes it nevertheless is ended, not the machine
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 1.0,
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


@contextmanager
def open_engine(setting: Setting) -> Iterator[Engine]:
    """Yield an engine; its local workers end with it.

    Raises
    ------
    BenchmarkError
        If no scheduler answers, or a worker is not fit for this run.

    """
    with ExitStack() as opened:
        opened.enter_context(dask.config.set(DASK))
        if setting.dask:
            client = opened.enter_context(_connected(setting.dask))
            workers = _checked_workers(client, setting.dask)
        else:
            cluster = opened.enter_context(_local_cluster(setting))
            client = opened.enter_context(Client(cluster, set_as_default=False))
            workers = _workers(client)
            if setting.dashboard:
                setting.report.line(f"Dask's dashboard: {cluster.dashboard_link}")
        engine = _engine(setting, client, workers, local=not setting.dask)
        if setting.dask:
            opened.enter_context(_watched(engine, setting.dask, workers))
        try:
            yield engine
        except KeyboardInterrupt:
            opened.pop_all()  # the command ends the process and its workers at once
            raise


def _engine(setting: Setting, client: Client, workers: Mapping[str, Any], *, local: bool) -> Engine:
    memory = int(max(worker["resources"]["memory"] for worker in workers.values()))
    kept = int(min(worker["resources"]["kept"] for worker in workers.values()))
    return Engine(client, memory, kept, local, setting.accelerated, setting.report)


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


def _local_cluster(setting: Setting) -> LocalCluster:
    if setting.dashboard and importlib.util.find_spec("bokeh") is None:
        raise BenchmarkError("Dask's dashboard needs bokeh, which is not installed", remedy="pip install bokeh")
    _leave_semaphores_in_silence()
    memory = bound(setting.memory)
    return LocalCluster(
        n_workers=1,
        threads_per_worker=setting.jobs,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": setting.dashboard},
        memory_limit=memory,
        preload=[PRELOAD],
        resources=resources(setting.jobs, memory),
        local_directory=str(setting.build_dir / "workers"),
        silence_logs=logging.CRITICAL,
    )


def _leave_semaphores_in_silence() -> None:
    """Let Python's resource tracker not warn of the semaphores that it removes after a process that was told to end.

    Some are those of workers that were killed, so nobody else can remove them. The tracker starts with the first worker
    and reads its filters from the environment; the filter takes no other warning.
    """
    filters = [os.environ.get("PYTHONWARNINGS", ""), "ignore:resource_tracker:UserWarning"]
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, dict.fromkeys(filters)))


def _workers(client: Client) -> dict[str, Any]:
    return dict(client.scheduler_info(n_workers=-1)["workers"])


# ----------------------------------------------------------------------------------------------------------- a cluster
@contextmanager
def _connected(address: str) -> Iterator[Client]:
    """Yield a client of the scheduler at an address or in a scheduler file."""
    for name in ("distributed", "distributed.client"):  # what they have to say, the errors here say
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = _client(address)
    except (OSError, ValueError) as error:
        raise _unanswered(address, error) from None
    with client:
        yield client


def _client(address: str) -> Client:
    """Return a client, made in a thread: Dask waits forever for a listener that accepts a connection but says nothing."""
    made: Future[Client] = Future()

    def make() -> None:
        try:
            made.set_result(Client(**_where(address), timeout=PATIENCE, set_as_default=False))
        except Exception as error:
            made.set_exception(error)

    threading.Thread(target=make, daemon=True).start()
    return made.result(PATIENCE + 2)


def _where(address: str) -> dict[str, str]:
    if "://" not in address and Path(address).exists():
        return {"scheduler_file": address}
    return {"address": address}


def _unanswered(address: str, error: Exception) -> BenchmarkError:
    return BenchmarkError(
        f"no Dask scheduler answers at {address}",
        expected="the address of a running scheduler, tcp://host:8786 or tls://host:8786, or its scheduler file",
        found=" ".join(str(error).split())[:200] or type(error).__name__,
        remedy="dask scheduler --host HOST, on the machine HOST",
    )


def _checked_workers(client: Client, address: str) -> dict[str, Any]:
    """Return the workers of a cluster, each of which was started for this benchmark and has the same versions."""
    start = Command("worker", dask=address)
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise BenchmarkError(f"the scheduler at {address} has no worker", remedy=start) from None
    workers = _workers(client)
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
def _watched(engine: Engine, address: str, workers: Mapping[str, Any]) -> Iterator[None]:
    """Follow who joins and leaves the cluster until the block ends."""
    start = Command("worker", dask=address)
    check = partial(_check_worker, engine.client, start)
    watch = Watch(check, engine.report.line, engine.stop, start, set(workers))
    ended = threading.Event()

    def follow() -> None:
        while not ended.wait(LOOK_SECONDS):
            with suppress(OSError, RuntimeError, TimeoutError):  # the engine says that the scheduler is gone
                watch.look(_workers(engine.client), time.monotonic())

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
    with dask.config.set(DASK), _connected(address) as client:
        scheduler = client.scheduler.address
    _leave_semaphores_in_silence()
    with dask.config.set(DASK):
        asyncio.run(_serve(scheduler, cores, bound(memory)))


async def _serve(scheduler: str, cores: int, memory: int) -> None:
    host = get_ip(get_address_host(scheduler))  # of the interface that the scheduler is reached by; listen on no other
    nanny = Nanny(
        scheduler,
        nthreads=cores,
        host=host,
        dashboard_address=f"{host}:0",
        memory_limit=memory,
        preload=[PRELOAD],
        resources=resources(cores, memory),
        death_timeout=START_SECONDS,
        silence_logs=logging.CRITICAL,
    )
    async with nanny:
        print(f"{cores} cores for {scheduler}, in process {os.getpid()}", flush=True)
        await nanny.finished()
