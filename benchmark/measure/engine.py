"""The engine: runs tasks on Dask distributed, on this machine or on a cluster.

Only this module, `cluster` and `dask_worker` know Dask.

Comes in: `Task`s, by threads that wait for them. Goes out: each task's result, passed to its `keep` as soon as it is
there. Scheduling, priorities and the transfer of data are Dask's. There is one worker a machine, with a thread and a
process for each core; see `processes`. An ordinary task takes a part of a worker and the memory that it needs; a task that is alone takes a whole one.
"""

from __future__ import annotations

import importlib
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import Any

from distributed import Client, Future, KilledWorker, as_completed
from distributed.comm import CommClosedError
from distributed.protocol.pickle import dumps

from benchmark.errors import BenchmarkError, DiskError
from benchmark.measure.dask_worker import STATES
from benchmark.measure.processes import KILLED, TaskError, TaskKilledError
from benchmark.measure.workers import versions_digest
from benchmark.progress import Reporter

ATTEMPTS = 3
WHOLE = 1_000_000  # of a worker, whatever its size, so that a task that is alone may go to any; others take 1
UNSEEN = 3  # losses of a task that nobody saw start; then it counts as the one that ended its worker


@dataclass(frozen=True)
class Shared:
    """A result that stays where it was made, for all tasks that have it among their arguments.

    Parameters
    ----------
    key : str
        Whoever asks by the same key gets the same result.
    group : str
        It is dropped when all models that announced this group have left it.
    function, arguments
        What computes it; an argument may be another shared result.
    memory : int
        Bytes that computing it takes.

    """

    key: str
    group: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    memory: int = 0


@dataclass(frozen=True, eq=False)
class Task:
    """A computation whose result comes home.

    Parameters
    ----------
    title : str
        What it belongs to, as progress calls it.
    function, arguments
        What it computes; an argument may be a `Shared`, or `Of.CORES`.
    keep : callable
        Gets the result, in the thread that waits, and returns a few words about it.
    priority : int
        The higher, the sooner.
    memory : int
        Bytes that it takes besides its arguments.
    alone : bool
        Whether nothing else may run on its machine meanwhile.

    """

    title: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keep: Callable[[Any], str | None]
    priority: int
    memory: int = 0
    alone: bool = False


class TaskFailedError(Exception):
    """A task raised an error or ended its process each time; the message says which."""


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

    """

    client: Client
    memory: int
    kept: int
    local: bool
    accelerated: bool
    report: Reporter
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
                    self._check_again(future.key, future.exception())
                    start(task)
                    continue
                advance(task.title, task.keep(future.result()) or "")
                self._sources.pop(future.key, None)
        finally:
            for future, _ in running.values() if not self._stopped else ():
                future.cancel()

    def _submit(self, name: str, task: Task) -> Any:
        with self._lock:
            arguments = [self._resolved(argument, task.priority) for argument in task.arguments]
            title = f"{name}: {task.title}"
            return self._send(task, title, task.function, arguments, task.priority, task.memory, alone=task.alone)

    def _resolved(self, argument: Any, priority: int) -> Any:
        """Return the future of a shared result, and any other argument as it is."""
        if not isinstance(argument, Shared):
            return argument
        future = self._kept.get(argument.key)
        if future is None or (future.status == "error" and self._losses[argument.key] < ATTEMPTS):
            arguments = [self._resolved(other, priority) for other in argument.arguments]
            title = argument.key.partition("-")[0]
            future = self._send(argument.key, title, argument.function, arguments, priority, argument.memory)
            if argument.key not in self._kept:
                self._groups.setdefault(argument.group, []).append(argument.key)
            self._kept[argument.key] = future
        return future

    def _send(
        self,
        source: Any,
        title: str,
        function: Any,
        arguments: list[Any],
        priority: int,
        memory: int,
        *,
        alone: bool = False,
    ) -> Any:
        alone = alone or bool(self._losses[source])
        key = f"{title} #{next(self._numbers)}-{self.client.id}"  # what progress shows stands before the #
        self._sources[key] = source
        resources = {
            "worker": WHOLE if alone else 1,
            "memory": min(memory, self.memory),
            versions_digest(): 0,
        }
        shared = {place: argument for place, argument in enumerate(arguments) if isinstance(argument, Future)}
        plain = [None if place in shared else argument for place, argument in enumerate(arguments)]
        packed, way = dumps((function, plain)), (self.accelerated, memory, not isinstance(source, Task))
        arguments = [packed, way, list(shared), *shared.values()]
        return self.client.submit(RUN, *arguments, key=key, priority=priority, resources=resources)

    # ------------------------------------------------------------------------------------------------------ failures
    def _note_state(self, event: tuple[float, Any]) -> None:
        key, begins = event[1]
        if begins:
            self._started.add(key)
        self.report.running(key, begins=begins)

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
            words = str(error) if isinstance(error, TaskError) else f"{type(error).__name__}: {error}"
            raise TaskFailedError(words) from None
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
