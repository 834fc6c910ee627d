"""The processes that tasks run in, and the arrays that they share: one process a core, or a fresh one for what is measured.

Comes in: a function with its arguments. Goes out: what it returns. Threads of one process would wait for each other: SciPy's
decompositions and much of scikit-learn hold Python's lock. Large arrays that several tasks read are files on the worker's
machine, which each process maps into its memory: it exists once there.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import threading
import uuid
import weakref
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection, forkserver, util
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
from numpy.typing import NDArray

from benchmark.disk import changed_in_use, file_sha256
from benchmark.errors import DiskError
from benchmark.faults import disk_error, is_of_machine, told
from benchmark.svm import ACCELERATED

ROOM = 2**30  # bytes that a process maps but may never touch: stacks and pools of threads
LONGEST = 70  # bytes of the path of a folder for sockets, whose own paths may have about 100
KILLED = "its process was killed; the system does that when memory runs out"
_own = threading.local()  # the process that runs the tasks of a thread


class TaskError(Exception):
    """What a task raised, as text: the class of the original exception may exist on the worker alone."""


class TaskKilledError(Exception):
    """The process of a task was killed."""


def shielded(accelerated: bool, function: Callable[..., Any], *arguments: Any) -> Any:  # noqa: FBT001
    """Call a function; raise what it raises as a `TaskError`, even a SystemExit, which would end the process.

    What this machine runs out of is no fault of the function: it is raised as a `DiskError`.
    """
    os.environ[ACCELERATED] = "1" if accelerated else ""
    try:
        return function(*arguments)
    except (TaskError, TaskKilledError, DiskError):
        raise
    except OSError as error:
        if is_of_machine(error):
            raise disk_error(error) from None
        raise TaskError(f"{type(error).__name__}: {error}") from None
    except (Exception, SystemExit) as error:
        raise TaskError(f"{type(error).__name__}: {error}") from None


# -------------------------------------------------------------------------------------------------------- shared arrays
class Lent:
    """Something large, as it is named between processes of one machine; a task gets what `open` returns."""

    def open(self) -> Any:
        """Return it, in the memory of this process."""
        raise NotImplementedError


class Kept:
    """Something large that stays with a worker; it can be sent to another one."""

    def lend(self) -> Lent:
        """Return the name of it for another process of this machine."""
        raise NotImplementedError


@dataclass(frozen=True)
class Mapped(Lent):
    """An array in a `.npy` file, with the digest that the file had when it was written."""

    path: Path
    sha256: str

    def open(self) -> NDArray[Any]:
        """Return the array, mapped read-only; DiskError if it is not as it was written."""
        _check(self)
        return np.asarray(np.load(self.path, mmap_mode="r"))


@functools.cache  # once a process: the file is read often
def _check(mapped: Mapped) -> None:
    with told(mapped.path, "read"):
        found = file_sha256(mapped.path)
    if found != mapped.sha256:
        raise changed_in_use(mapped.path, mapped.sha256, found)


class Stored(Kept):
    """An array in a `.npy` file, which is removed when nobody refers to it."""

    def __init__(self, mapped: Mapped) -> None:
        self.mapped = mapped
        weakref.finalize(self, mapped.path.unlink, missing_ok=True)

    def lend(self) -> Mapped:
        """Return the name of the file."""
        return self.mapped

    def __reduce__(self) -> Any:
        return stored, (np.load(self.mapped.path),)


class Room:
    """Where the arrays of this worker are."""

    folder: Path = Path()


def stored(array: NDArray[Any]) -> Stored:
    """Return an array in a file of this worker."""
    return Stored(_save(array, Room.folder))


def _save(array: NDArray[Any], folder: Path) -> Mapped:
    path = folder / f"{uuid.uuid4().hex}.npy"
    with told(path):
        np.save(path, array)
    return Mapped(path, file_sha256(path))


def _each(value: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    """Return a value with each part of a kind changed, those in a tuple as well."""
    if isinstance(value, tuple):
        return tuple(_each(part, kind, change) for part in value)
    return change(value) if isinstance(value, kind) else value


def lent(value: Any) -> Any:
    """Return a shared result as it is named between processes."""
    return _each(value, Kept, lambda part: part.lend())


def opened(value: Any) -> Any:
    """Return an argument of a task with what is lent in the memory of this process."""
    return _each(value, Lent, lambda part: part.open())


# ----------------------------------------------------------------------------------------------------------- processes
@functools.cache
def fresh_processes() -> Any:
    """Return a context for processes that hold nothing but the imports, forked from a server that starts them now."""
    keep_sockets_short()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmark.models", "benchmark.measure.workers"])
    forkserver.ensure_running()
    return context


def keep_sockets_short() -> None:
    """Let multiprocessing put its sockets into a folder with a short path, whatever TMPDIR says; files stay there.

    Raises
    ------
    TaskError
        If there is no such folder.

    """
    usual = tempfile.gettempdir()
    if len(os.fsencode(usual)) <= LONGEST:
        return
    for folder in ("/tmp", "/var/tmp", "/dev/shm"):  # noqa: S108  # a folder of its own is made in it
        tempfile.tempdir = folder
        try:
            util.get_temp_dir()  # multiprocessing keeps what it finds now
        except OSError:
            continue
        else:
            return
        finally:
            tempfile.tempdir = usual
    raise TaskError(f"{usual} is too long for the path of a socket: set TMPDIR to a shorter one")


def in_own_process(
    accelerated: bool,  # noqa: FBT001
    function: Callable[..., Any],
    arguments: list[Any],
    *,
    memory: int,
    keep: bool,
) -> Any:
    """Run a task in the process that belongs to this thread.

    Parameters
    ----------
    accelerated : bool
        Whether scikit-learn-intelex does the fitting.
    function, arguments
        What is lent among the arguments is opened there.
    memory : int
        Bytes that it is said to take; an allocation far beyond them fails.
    keep : bool
        Whether arrays that it returns stay here, as `Stored`.

    Raises
    ------
    TaskError, TaskKilledError
        If it raises an error, or its process was killed; the next task gets a new one.

    """
    if not hasattr(_own, "executor"):
        _own.executor = ProcessPoolExecutor(1, mp_context=fresh_processes(), initializer=_end_with_parent)
    call = cloudpickle.dumps((accelerated, function, arguments, memory, Room.folder if keep else None))
    try:
        found = _result(_own.executor, call)
    except TaskKilledError:
        del _own.executor
        raise
    return _each(found, Mapped, Stored)


def _result(executor: ProcessPoolExecutor, call: bytes) -> Any:
    try:
        found = executor.submit(_perform, call).result()
    except BrokenProcessPool:
        raise TaskKilledError from None
    if isinstance(found, (TaskError, DiskError)):
        raise found
    return found


def _perform(call: bytes) -> Any:
    accelerated, function, arguments, memory, folder = cloudpickle.loads(call)
    _limit(memory)
    try:
        found = shielded(accelerated, function, *map(opened, arguments))
        return found if folder is None else _each(found, np.ndarray, lambda part: _save(part, folder))
    except (TaskError, DiskError) as error:
        return error.with_traceback(None)


def in_fresh_process(function: Callable[..., Any], *arguments: Any, memory: int = 0) -> Any:
    """Call a function in a process that has computed nothing before, so that its costs are its own.

    Parameters
    ----------
    function, arguments
        What is lent among the arguments is opened there.
    memory : int
        Bytes that it is said to take; an allocation far beyond them fails. 0 is no limit.

    Raises
    ------
    TaskError, TaskKilledError
        If it raises an error, or the process was killed.

    """
    call = cloudpickle.dumps((bool(os.environ.get(ACCELERATED)), function, arguments, memory, None))
    with ProcessPoolExecutor(1, mp_context=fresh_processes(), initializer=_end_with_parent) as executor:
        return _result(executor, call)


def _limit(memory: int) -> None:
    """Let an allocation fail that goes far beyond what a task is said to take, where Linux can; 0 is no limit."""
    if sys.platform == "linux":  # elsewhere the limit does not count, or counts otherwise
        _, most = resource.getrlimit(resource.RLIMIT_DATA)  # of the user; only root could raise it
        limit = 2 * memory + ROOM
        unbounded = not memory or (most != resource.RLIM_INFINITY and limit > most)
        resource.setrlimit(resource.RLIMIT_DATA, (most if unbounded else limit, most))


def _end_with_parent() -> None:
    """Let this process end when the worker that started it has, as nobody would take its result, and not by Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        waiting = functools.partial(_end_after, parent.sentinel)
        threading.Thread(target=waiting, daemon=True).start()


def _end_after(sentinel: Any) -> None:
    connection.wait([sentinel])
    os._exit(1)
