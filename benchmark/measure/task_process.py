"""A task in a process of its own: the call is read from the task's folder, and the outcome is written there.

Comes in: the folder. Goes out: a file in it with what the function returned, or with a `TaskError`. User code runs nowhere
else: whatever it changes, the environment, the current folder, warnings, random states, ends with the process.
"""

from __future__ import annotations

import os
import pickle
import resource
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import process
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np

from benchmark.errors import DiskError, described
from benchmark.faults import disk_error, is_of_machine
from benchmark.machine import in_words
from benchmark.measure.arrays import Room, each, mapped, opened
from benchmark.returned import ReturnedError

CALL, RESULT, WORK = "call", "result", "w"  # in the folder of a task; sockets below it have paths of 107 bytes at most
ROOM = 2**30  # bytes that a process maps but may never touch: stacks and pools of threads
ESTIMATOR = "an estimator that fits and predicts on this data set"
TEMPORARY = ("TMPDIR", "TEMP", "TMP", "JOBLIB_TEMP_FOLDER")
MOST_WORDS = 2000  # characters of an error


class TaskError(Exception):
    """How a task failed, as text: the class of the original exception may exist in its process alone."""

    def __init__(self, found: str, expected: str = ESTIMATOR) -> None:
        super().__init__(found, expected)
        self.found = found
        self.expected = expected

    def __str__(self) -> str:
        return self.found


@dataclass(frozen=True)
class Call:
    """A function to call, and with what means.

    Parameters
    ----------
    packed : bytes
        The function and a list of its arguments, pickled: only the task's own process opens it.
    known : mapping of int to object
        Arguments that take the place of those at these positions; what is lent among them is opened.
    accelerated : bool
        Whether scikit-learn-intelex does the fitting.
    memory : int
        Bytes that it is said to take; an allocation far beyond them fails. 0 is no limit.
    keep : Path, optional
        The folder where arrays that it returns are left, each in a file.
    path : list of str
        Where modules are imported from.

    """

    packed: bytes
    known: Mapping[int, Any]
    accelerated: bool
    memory: int
    keep: Path | None
    path: list[str]


def perform(folder: Path) -> None:
    """Run the call in a folder and write its outcome there."""
    call: Call = pickle.loads((folder / CALL).read_bytes())  # noqa: S301  # the worker wrote it
    _settle(call, folder)
    content = _packed(_outcome(call))
    partial = folder / f"{RESULT}.partial"
    partial.write_bytes(content)
    partial.replace(folder / RESULT)  # whole, or absent


def _settle(call: Call, folder: Path) -> None:
    """Give this process a folder of its own for temporary files and for what is written without a path."""
    from benchmark.svm import ACCELERATED  # with all of scikit-learn, which the warden has and a worker does not need

    work = folder / WORK
    work.mkdir()
    sys.path[:] = [str(Path(place).absolute()) for place in call.path]
    os.chdir(work)
    process.current_process()._config["semprefix"] = f"/mp-{os.getpid()}"  # type: ignore[attr-defined]  # noqa: SLF001  # so that the warden knows them
    os.environ |= dict.fromkeys(TEMPORARY, str(work)) | {ACCELERATED: "1" if call.accelerated else ""}
    tempfile.tempdir = None  # ask the environment again
    Room.folder = folder


def _outcome(call: Call) -> Any:
    """Return what the function returns, or how it failed; nothing that it raises goes further, as SystemExit would."""
    try:
        function, arguments = pickle.loads(call.packed)  # noqa: S301  # this run packed it
        for place, value in call.known.items():
            arguments[place] = opened(value)
        _limit(call.memory)
        found = function(*arguments)
        if call.keep:
            found = each(found, np.ndarray, lambda part: mapped(part, call.keep))  # type: ignore[arg-type]
    except ReturnedError as error:
        return TaskError(error.found, error.expected)
    except DiskError as error:
        return error.with_traceback(None)
    except MemoryError as error:
        limit = f" (this fit may take {in_words(2 * call.memory + ROOM)})" if call.memory else ""
        return TaskError(_words(error) + limit, "a fit for which there is memory")
    except BaseException as error:
        # what this machine runs out of is no fault of the task; a file that an estimator lacks is
        return disk_error(error) if isinstance(error, OSError) and is_of_machine(error) else TaskError(_words(error))
    finally:
        _limit(0)
    return found


def _packed(outcome: Any) -> bytes:
    try:
        return cloudpickle.dumps(outcome)  # type: ignore[no-any-return]
    except Exception as error:
        return pickle.dumps(TaskError(f"what it returned cannot be pickled: {_words(error)}"))


def _words(error: BaseException) -> str:
    """Return an exception as text that can be printed, even one that cannot say what it is."""
    if isinstance(error.__cause__, StopIteration):  # which Python puts into another when it leaves a generator of ours
        error = error.__cause__
    return described(error)[:MOST_WORDS].encode("utf-8", "backslashreplace").decode()


def _limit(memory: int) -> None:
    """Let an allocation fail that goes far beyond what a task is said to take, where Linux can; 0 is no limit."""
    if sys.platform == "linux":  # elsewhere the limit does not count, or counts otherwise
        _, most = resource.getrlimit(resource.RLIMIT_DATA)  # of the user; only root could raise it
        limit = 2 * memory + ROOM
        unbounded = not memory or (most != resource.RLIM_INFINITY and limit > most)
        resource.setrlimit(resource.RLIMIT_DATA, (most if unbounded else limit, most))
