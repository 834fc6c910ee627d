"""Where an engine's workers are: on this machine by default, or those of a Dask scheduler that already runs.

Comes in: the setting of a run. Goes out: an `Engine` whose workers are fit for it.
"""

from __future__ import annotations

import importlib.util
import shutil
import signal
import sys
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster

from benchmark.command import Command, word
from benchmark.errors import BenchmarkError
from benchmark.faults import disk_error, fault_behind
from benchmark.measure.dask_settings import DASK, worker_means, workers_of
from benchmark.measure.engine import Engine
from benchmark.measure.leftovers import WORKERS
from benchmark.measure.output import Output
from benchmark.measure.remote import checked_workers, connected, watched
from benchmark.measure.setting import Setting


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
            client = opened.enter_context(connected(setting.dask))
            workers = checked_workers(client, setting.dask)
        else:
            place = setting.build_dir / WORKERS
            opened.callback(shutil.rmtree, place, ignore_errors=True)
            opened.enter_context(dask.config.set(_own(place, dashboard=setting.dashboard)))
            cluster = opened.enter_context(_local_cluster(setting))
            client = opened.enter_context(Client(cluster, set_as_default=False))
            workers = workers_of(client)
            if setting.dashboard:
                setting.report.line(f"Dask's dashboard: {cluster.dashboard_link}")
        engine = _engine(setting, client, workers, local=not setting.dask)
        if setting.dask:
            opened.enter_context(watched(engine, setting.dask, workers))
        try:
            yield engine
        except KeyboardInterrupt:
            opened.pop_all()  # the command ends the process and its workers at once
            raise


def _engine(setting: Setting, client: Client, workers: Mapping[str, Any], *, local: bool) -> Engine:
    memory = int(max(worker["resources"]["memory"] for worker in workers.values()))
    kept = int(min(worker["resources"]["kept"] for worker in workers.values()))
    return Engine(
        client,
        memory,
        kept,
        local,
        setting.accelerated,
        setting.report,
        fit_seconds=setting.fit_seconds,
        output=Output(setting.build_dir / "output", setting.report.line).take,
    )


def _local_cluster(setting: Setting) -> LocalCluster:
    if setting.dashboard and importlib.util.find_spec("bokeh") is None:
        raise BenchmarkError(
            "Dask's dashboard needs bokeh, which is not installed",
            remedy=f"{word(sys.executable)} -m pip install bokeh",
        )
    cores, means = worker_means(setting.jobs, setting.memory)
    if cores < setting.jobs:
        setting.report.line(
            f"{cores} of {setting.jobs} cores: the memory that may be used has no room for more processes"
        )
    # Dask looks for the address by which others reach this machine, though nobody shall
    warnings.filterwarnings("ignore", "Couldn't detect a suitable IP address", RuntimeWarning)
    try:
        with ThreadPoolExecutor(1, initializer=_leave_signals) as apart:
            return apart.submit(_started, setting, cores, means).result()
    except (RuntimeError, OSError) as error:
        if fault := fault_behind(error):
            raise disk_error(fault, setting.build_dir / WORKERS) from error
        raise BenchmarkError(
            "the worker of this machine did not start",
            expected="room for its files and threads, and no DASK_… in the environment that keeps Dask from starting",
            found=" ".join(str(error.__cause__ or error).split())[:400],
            remedy=("unset what begins with DASK_, free memory or end other processes, then: ", Command("bench")),
        ) from error


def _leave_signals() -> None:
    """Block what a terminal sends, in this thread and in all that start from it: the command's main thread gets it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})


def _own(place: Path, *, dashboard: bool) -> dict[str, Any]:
    """Return how Dask is configured for a worker of this machine, whose files lie in a folder."""
    routes = ["distributed.scheduler.http.routes", "distributed.worker.http.routes"]  # of their web servers
    closed: dict[str, Any] = {} if dashboard else {name: [] for name in routes}
    return closed | {"temporary-directory": str(place)}  # or Dask leaves a folder in the system's


def _started(setting: Setting, cores: int, means: dict[str, Any]) -> LocalCluster:
    return LocalCluster(
        n_workers=1,
        threads_per_worker=cores,
        processes=False,  # each task has one of its own
        protocol="inproc",  # nobody else can connect, and nothing is copied
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": setting.dashboard},
        local_directory=str(setting.build_dir / WORKERS),
        **means,
    )
