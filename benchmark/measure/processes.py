"""Tasks in processes of their own, one fresh process a task, from the side of whoever waits for them.

Comes in: a function with its arguments. Goes out: what it returns, or in words how it failed. Threads of one process would
wait for each other, as SciPy's decompositions and much of scikit-learn hold Python's lock; and a fit may exit, crash, print,
or change whatever holds for its whole process. So none can reach another, nor the process that waits.
"""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle

from benchmark.errors import DiskError
from benchmark.faults import disk_error, fault_in, is_of_machine, told
from benchmark.measure.arrays import Mapped, Room, Stored, each
from benchmark.measure.task_process import CALL, RESULT, Call, TaskError
from benchmark.measure.warden import LATE
from benchmark.measure.warden_client import warden
from benchmark.results.numbers import long_duration

KILLED = "its process was killed; the system does that when memory runs out"
LAST = 200  # characters of the last line printed


class TaskKilledError(Exception):
    """The process of a task was killed, or is not wanted any more."""


class TaskLateError(TaskError):
    """A task took longer than it might."""


@dataclass(frozen=True)
class Means:
    """With what a task is run.

    Parameters
    ----------
    accelerated : bool
        Whether scikit-learn-intelex does the fitting.
    memory : int
        Bytes that it is said to take; an allocation far beyond them fails. 0 is no limit.
    keep : bool
        Whether arrays that it returns stay on this machine, as `Stored`.
    seconds : float, optional
        How long it may take.

    """

    accelerated: bool = False
    memory: int = 0
    keep: bool = False
    seconds: float | None = None


def run_packed(
    packed: bytes,
    known: Mapping[int, Any],
    means: Means,
    *,
    wanted: Callable[[], bool] = lambda: True,
    said: Callable[[str], None] = lambda _: None,
) -> Any:
    """Run a task in a fresh process and return what it returns.

    Parameters
    ----------
    packed : bytes
        The function and a list of its arguments, pickled; only the task's process opens it.
    known : mapping of int to object
        Arguments that take the place of those at these positions; what is lent among them is opened there.
    means : Means
    wanted : callable
        Asked now and then; when it says no, the process is ended.
    said : callable
        Gets the end of what it printed, if it printed anything.

    Raises
    ------
    TaskError, TaskKilledError
        If it raises an error, ends its process, is late, or its process was killed.
    DiskError
        If this machine has no room, no files or no disk for it, which is no fault of the task.

    """
    with _folder() as folder:
        keep = Room.folder.absolute() if means.keep else None
        call = Call(packed, known, means.accelerated, means.memory, keep, list(sys.path))
        with told(folder):
            (folder / CALL).write_bytes(pickle.dumps(call))
        try:
            ended = warden().run(folder, means.seconds, wanted)
        except OSError as error:  # no socket for the answer, or no process for a warden
            ended = {"refused": error.errno}
        printed = ended.get("printed")
        try:
            _check(ended, means.seconds, returned=(folder / RESULT).exists())
        except DiskError:
            printed = None  # Python's own words of what this error says
            raise
        finally:
            if printed:
                said(printed)
        with told(folder, "read"):
            content = (folder / RESULT).read_bytes()
    found = pickle.loads(content)  # noqa: S301  # `task_process.perform` wrote it
    if isinstance(found, (TaskError, DiskError)):
        raise found
    return each(found, Mapped, Stored) if means.keep else found


def in_fresh_process(function: Callable[..., Any], *arguments: Any, memory: int = 0) -> Any:
    """Call a function in a process that has computed nothing before; see `run_packed`.

    Parameters
    ----------
    function, arguments
    memory : int
        Bytes that it is said to take; an allocation far beyond them fails. 0 is no limit.

    """
    from benchmark.svm import ACCELERATED  # with all of scikit-learn, which a worker does not need

    means = Means(accelerated=bool(os.environ.get(ACCELERATED)), memory=memory)
    return run_packed(cloudpickle.dumps((function, list(arguments))), {}, means)


@contextmanager
def _folder() -> Iterator[Path]:
    """Yield a new folder for a task, and remove it with all that the task left there."""
    place = Path(tempfile.gettempdir()) if Room.folder == Path() else Room.folder
    with told(place):
        place.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="t", dir=place)).absolute()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check(ended: Mapping[str, Any], seconds: float | None, *, returned: bool) -> None:
    """Raise how a process ended, unless it ended as it should."""
    status = ended.get("status")
    if "refused" in ended:
        refused = OSError(ended["refused"], os.strerror(ended["refused"]))
        if is_of_machine(refused):
            raise disk_error(refused)
        raise TaskError(f"no process could be started for it: {refused.strerror}", "room for one more process")
    if status is None or status == -signal.SIGKILL:
        raise TaskKilledError
    if status == LATE:
        raise TaskLateError(
            f"it was ended after {long_duration(seconds or 0)}", "a fit within the limit that this run sets"
        )
    if status < 0:
        raise TaskError(f"its process was ended by {_signal(-status)}{_last(ended)}")
    if status > 0 or not returned:
        last = _last(ended)
        if (fault := fault_in(last)) and is_of_machine(fault):  # not even how it ended could be written
            raise disk_error(fault)
        raise TaskError(f"it ended its process, with status {status}, before it returned{last}")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _last(ended: Mapping[str, Any]) -> str:
    """Return the last line that a process printed, as it may say why it ended."""
    lines = ended.get("printed", "").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"; it last printed: {last[:LAST]}" if last else ""
