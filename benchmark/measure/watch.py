"""Watches who joins and leaves a cluster during a run.

Comes in: the cluster's workers, looked at once a second. Goes out: a line for each worker that joins or leaves, and an
error when none has been there for long. The scheduler gives tasks to new workers by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmark.command import Command, as_typed
from benchmark.errors import BenchmarkError
from benchmark.machine import in_words

GIVE_UP_SECONDS = 600


@dataclass
class Watch:
    """What is known of a cluster's workers.

    Parameters
    ----------
    check : callable
        Gets a worker's name and what the scheduler says of it; raises a BenchmarkError if it cannot be used.
    say : callable
        Prints a line.
    stop : callable
        Ends the run with an error.
    start : Command
        What starts a worker.
    used : set of str
        The workers that tasks go to.
    memory : int
        Bytes that a task may take: those of the largest worker at the start.

    """

    check: Callable[[str, Mapping[str, Any]], None]
    say: Callable[[str], None]
    stop: Callable[[BenchmarkError], None]
    start: Command
    used: set[str]
    memory: int
    _refused: set[str] = field(default_factory=set)
    _empty_since: float | None = None

    def look(self, workers: Mapping[str, Mapping[str, Any]], now: float) -> None:
        """Say who joined and who left since the last look; stop the run if nobody has been there for long."""
        for name in sorted(workers.keys() - self.used - self._refused):
            self._join(name, workers[name])
        self._refused &= workers.keys()
        left = sorted(self.used - workers.keys())
        self.used &= workers.keys()
        for name in left:
            self.say(f"the worker {name} is gone; {self._rest()}")
        if left and self.used:
            self._say_what_waits(max(workers[name]["resources"]["memory"] for name in self.used))
        if self.used:
            self._empty_since = None
        elif self._empty_since is None:
            self._empty_since = now
        elif now - self._empty_since >= GIVE_UP_SECONDS:
            self.stop(self._abandoned())

    def _join(self, name: str, worker: Mapping[str, Any]) -> None:
        try:
            self.check(name, worker)
        except BenchmarkError as error:
            self._refused.add(name)
            differences = f": it has {error.found}, not {error.expected}" if error.found else ""
            self.say(f"{error.problem}{differences}; it gets no task")
        else:
            self.used.add(name)
            self.say(f"the worker {name} joined, {worker['nthreads']} cores")

    def _say_what_waits(self, largest: int) -> None:
        if largest < self.memory:
            words = f"a task that takes more than {in_words(largest)} waits for a worker with {in_words(self.memory)} for tasks: "
            self.say(as_typed((words, self.start)))

    def _rest(self) -> str:
        if self.used:
            return f"{len(self.used)} left, its tasks are tried again there"
        patience = f"{GIVE_UP_SECONDS // 60} minutes"
        return as_typed((f"no worker is left, so this waits {patience} for one: ", self.start))

    def _abandoned(self) -> BenchmarkError:
        return BenchmarkError(
            f"there has been no worker for {GIVE_UP_SECONDS // 60} minutes",
            expected="a worker of the same versions; what came back from those before is kept",
            remedy=(self.start, ", then this command again"),
        )
