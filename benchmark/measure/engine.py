"""The engine: runs tasks on Dask distributed, on this machine or on a cluster.

Only this module, `cluster` and `dask_worker` know Dask.

Comes in: `Task`s, by threads that wait for them. Goes out: each task's result, passed to its `keep` as soon as it is
there. Scheduling, priorities and the transfer of data are Dask's. There is one worker a machine, with a thread for each
core; each task has a process of its own, see `processes`. An ordinary task takes a part of a worker and the memory that it needs; a task that is alone takes a whole one.
"""

from __future__ import annotations

import importlib
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import astuple, dataclass, field
from typing import Any

from distributed import Client, Future, KilledWorker, as_completed
from distributed.comm import CommClosedError
from distributed.protocol.pickle import dumps

from benchmark.errors import BenchmarkError, DiskError
from benchmark.measure.dask_worker import OUTPUT, STATES, Of
from benchmark.measure.images import HERE
from benchmark.measure.processes import KILLED, Means, TaskKilledError, TaskLateError
from benchmark.measure.task import Shared, Task, TaskFailedError
from benchmark.measure.task_process import TaskError
from benchmark.measure.workers import versions_digest
from benchmark.progress import Reporter

ATTEMPTS = 3
FETCH_SECONDS = 15.0  # for what a task returned to come, at first
WHOLE = 1_000_000  # of a worker, whatever its size, so that a task that is alone may go to any; others take 1
UNSEEN = 3  # losses of a task that nobody saw start; then it counts as the one that ended its worker


@dataclass
class Engine:
    """Runs tasks; used by several threads at once.

    Parameters
    ----------
    client : distributed.Client
    memory : int
        Bytes that the tasks of the largest worker may take at once.
    kept : int
        Bytes that shared results may take where they stay, those of all groups that are held together.
    local : bool
        Whether the worker is on this machine.
    accelerated : bool
        Whether scikit-learn-intelex does the fitting.
    report : Reporter
    fit_seconds : float, optional
        How long a fit may take.
    output : callable
        Gets what a task printed, after what progress calls it.

    """

    client: Client
    memory: int
    kept: int
    local: bool
    accelerated: bool
    report: Reporter
    fit_seconds: float | None = None
    output: Callable[[str, str], None] = lambda *_: None
    _kept: dict[str, Any] = field(default_factory=dict)  # futures of shared results by key
    _groups: dict[str, list[str]] = field(default_factory=dict)  # keys of shared results by group
    _held: dict[str, int] = field(default_factory=dict)  # bytes by group
    _users: Counter[str] = field(default_factory=Counter)
    _sources: dict[str, Any] = field(default_factory=dict)  # Dask's key -> key of the shared result, or the task's
    _started: set[str] = field(default_factory=set)
    _losses: Counter[Any] = field(default_factory=Counter)  # workers lost, by what ran there
    _unseen: Counter[Any] = field(default_factory=Counter)
    _blamed: set[str] = field(default_factory=set)
    _stopped: BenchmarkError | None = None
    _lock: threading.Condition = field(default_factory=threading.Condition)
    _numbers: Any = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.client.subscribe_topic(STATES, self._note_state)
        self.client.subscribe_topic(OUTPUT, self._note_output)

    # ------------------------------------------------------------------------------------------------ shared results
    def announce(self, group: str) -> None:
        """Say that a model will need shared results of a group."""
        with self._lock:
            self._users[group] += 1

    def hold(self, group: str, n_bytes: int) -> None:
        """Wait until shared results of a group, so many bytes together, fit beside those that are held, and hold them.

        A model that holds a group waits for no other one: so whatever is held is left some time, and nobody waits forever.
        """
        with self._lock:
            self._lock.wait_for(lambda: group in self._held or sum(self._held.values()) + n_bytes <= self.kept)
            self._held.setdefault(group, n_bytes)

    def leave(self, group: str) -> None:
        """Say that a model that announced a group needs it no more."""
        with self._lock:
            self._users[group] -= 1
            if self._users[group] <= 0:
                for key in self._groups.pop(group, []):
                    self._kept.pop(key, None)
                self._held.pop(group, None)
                self._lock.notify_all()

    # --------------------------------------------------------------------------------------------------------- tasks
    def run(self, name: str, tasks: Sequence[Task], later: int = 0) -> None:
        """Run the tasks of the model `name`; each result goes to the task's `keep` as it comes.

        For progress, `later` is the number of tasks of this model that are expected after these.

        Raises
        ------
        TaskFailedError
            At the first task that raises an error, or whose process was killed each time.
        BenchmarkError
            If the scheduler is gone, or the engine was stopped.

        """
        with self.report.batch(name, Counter(task.title for task in tasks), later) as advance:
            try:
                self._run(name, tasks, advance)
            except (CancelledError, CommClosedError) as error:
                raise self._stopped or self._gone() from error
            except RuntimeError as error:  # of a client that was closed meanwhile
                if not self._stopped:
                    raise
                raise self._stopped from error

    def stop(self, error: BenchmarkError) -> None:
        """Let every `run` that goes on end with this error."""
        self._stopped = error
        self.client.close()

    def _run(self, name: str, tasks: Sequence[Task], advance: Callable[[str, str], None]) -> None:
        running: dict[str, tuple[Any, Task]] = {}
        completed = as_completed([], loop=self.client.loop)

        def start(task: Task) -> None:
            future = self._submit(name, task)
            running[future.key] = (future, task)
            completed.add(future)

        try:
            for task in tasks:
                start(task)
            for future in completed:
                _, task = running.pop(future.key)
                if future.status == "error":
                    try:
                        self._check_again(future.key, future.exception())
                    except TaskFailedError as error:
                        error.where = ", ".join(filter(None, (task.title, task.where)))
                        raise
                    start(task)
                    continue
                advance(task.title, task.keep(self._fetched(future)) or "")
                self._sources.pop(future.key, None)
        finally:
            for future, _ in running.values() if not self._stopped else ():
                future.cancel()

    def _fetched(self, future: Any) -> Any:
        """Return what a task returned; its worker may die before that is fetched, and the run be stopped meanwhile.

        Dask would wait without an end then. A fetch that takes long is begun again with more patience.
        """
        patience = FETCH_SECONDS
        while True:
            try:
                return future.result(timeout=patience)
            except TimeoutError:
                if self._stopped:
                    raise CancelledError from None
                patience *= 2

    def _submit(self, name: str, task: Task) -> Any:
        with self._lock:
            arguments = [self._resolved(argument, task.priority) for argument in task.arguments]
            title = f"{name}: {task.title}"
            means = Means(self.accelerated, task.memory, seconds=self._seconds(task.fits))
            return self._send(task, title, task.function, arguments, task.priority, means, alone=task.alone)

    def _resolved(self, argument: Any, priority: int) -> Any:
        """Return the future of a shared result, and any other argument as it is."""
        if not isinstance(argument, Shared):
            return argument
        future = self._kept.get(argument.key)
        if future is None or (future.status == "error" and self._losses[argument.key] < ATTEMPTS):
            arguments = [self._resolved(other, priority) for other in argument.arguments]
            title = argument.key.partition("-")[0]
            means = Means(self.accelerated, argument.memory, keep=True, seconds=self._seconds(1))
            future = self._send(argument.key, title, argument.function, arguments, priority, means)
            if argument.key not in self._kept:
                self._groups.setdefault(argument.group, []).append(argument.key)
            self._kept[argument.key] = future
        return future

    def _seconds(self, fits: int) -> float | None:
        """Return how long a task may take that does so many fits."""
        return self.fit_seconds * fits if self.fit_seconds and fits else None

    def _send(
        self,
        source: Any,
        title: str,
        function: Any,
        arguments: list[Any],
        priority: int,
        means: Means,
        *,
        alone: bool = False,
    ) -> Any:
        alone = alone or bool(self._losses[source])
        key = f"{title} #{next(self._numbers)}-{self.client.id}"  # what progress shows stands before the #
        self._sources[key] = source
        resources = {
            "worker": WHOLE if alone else 1,
            "memory": min(means.memory, self.memory),
            versions_digest(): 0,
        }
        shared = {place: argument for place, argument in enumerate(arguments) if isinstance(argument, Future)}
        cores = [place for place, argument in enumerate(arguments) if argument is Of.CORES]
        plain = [None if place in (*shared, *cores) else argument for place, argument in enumerate(arguments)]
        way = () if function in HERE else astuple(means)
        packed = dumps((function, plain)), way, list(shared), cores
        return self.client.submit(RUN, *packed, *shared.values(), key=key, priority=priority, resources=resources)

    # ------------------------------------------------------------------------------------------------------ failures
    def _note_state(self, event: tuple[float, Any]) -> None:
        key, begins = event[1]
        if begins:
            self._started.add(key)
        self.report.running(key, begins=begins)

    def _note_output(self, event: tuple[float, Any]) -> None:
        key, text = event[1]
        self.output(key.partition(" #")[0], text)

    def _check_again(self, key: str, error: BaseException) -> None:
        """Return if a task that ended with `error` may be tried again.

        When a worker dies, Dask fails every task that waits there. Those that had started are suspects: each runs alone
        when tried again, so that it can end no worker but its own.
        """
        if isinstance(error, KilledWorker):
            key = error.task  # the task itself, or a shared result that it waits for
        elif isinstance(error, DiskError):
            raise error
        elif not isinstance(error, TaskKilledError):
            if isinstance(error, TaskError):
                raise TaskFailedError(error.found, error.expected, late=isinstance(error, TaskLateError)) from None
            raise TaskFailedError(f"{type(error).__name__}: {error}") from None
        with self._lock:
            source = self._sources[key]
            if key not in self._blamed:
                self._blamed.add(key)
                self._unseen[source] += key not in self._started
                self._losses[source] += key in self._started or self._unseen[source] >= UNSEEN
            if self._losses[source] >= ATTEMPTS:
                raise TaskFailedError(KILLED) from None

    def _gone(self) -> BenchmarkError:
        return BenchmarkError(
            "the scheduler is gone",
            expected="a scheduler that runs until the end; what came back from it is kept",
            found=f"no connection to {self.client.scheduler.address if self.client.scheduler else 'it'}",
            remedy="start it and the workers again, then this command",
        )


# The scheduler unpickles what is submitted, but need not have this package: a lambda is pickled by its code.
RUN = lambda *arguments: importlib.import_module("benchmark.measure.dask_worker").work(*arguments)  # noqa: E731
