"""What is computed, as values: a task, whose result comes home, and a result that stays for others to share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmark.measure.task_process import ESTIMATOR


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
    where : str
        Which part of it this is, as an error calls it: the fold and the parameters.
    fits : int
        How many fits it does: it may take the limit of a fit as many times. 0 is no limit.

    """

    title: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keep: Callable[[Any], str | None]
    priority: int
    memory: int = 0
    alone: bool = False
    where: str = ""
    fits: int = 1


class TaskFailedError(Exception):
    """A task raised an error, ended its process, was late, or was killed each time.

    Parameters
    ----------
    found, expected : str
        How it failed, and what was expected of it.
    late : bool
        Whether it took longer than it might.

    Attributes
    ----------
    where : str
        Which task it was.

    """

    where = ""

    def __init__(self, found: str, expected: str = ESTIMATOR, *, late: bool = False) -> None:
        super().__init__(found)
        self.found = found
        self.expected = expected
        self.late = late
