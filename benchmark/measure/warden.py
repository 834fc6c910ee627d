"""The warden: a process that forks a process for each task, watches it, and ends all that is left of it.

Comes in, by a socket: the folder of a task, and the seconds that it may take. Goes out: how its process ended, and the end of
what it printed. The warden runs no code of a task, so it always answers: when whoever started it is gone, or does not want
a task any more, it ends the processes at once, whatever they compute.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, TextIO

from benchmark.measure.task_process import perform

PRELOADED = ("benchmark.models", "benchmark.measure.workers")  # so that a forked process has them at once
LATE = -1_000  # the status of a process that took longer than it might
KEPT_OUTPUT = 16_384  # bytes of what a task prints, the last ones
TOLD = 65_536  # bytes of a message, at most
MOST_READS = 64  # of what is left in the pipe of a process that has ended
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # where Linux has named semaphores
SET_DEATH_SIGNAL, SET_CHILD_SUBREAPER = 1, 36  # of prctl(2)


@dataclass
class Watched:
    """A task's process.

    Parameters
    ----------
    answer : socket.socket
        Where to tell how it ended; when its other end is closed, nobody wants to know.
    output : int
        The file descriptor of what it prints.
    deadline : float
        When it is late, on the monotonic clock.

    """

    answer: socket.socket
    output: int
    deadline: float
    is_late: bool = False
    printed: bytearray = field(default_factory=bytearray)

    def read(self) -> bool:
        """Read a part of what it prints; return whether there may be more."""
        try:
            part = os.read(self.output, TOLD)
        except BlockingIOError:
            return False
        self.printed += part
        del self.printed[:-KEPT_OUTPUT]
        return bool(part)


class Warden:
    """Watches the processes of tasks that come by the socket `control`."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.tasks: dict[int, Watched] = {}  # by process
        self.selector = selectors.DefaultSelector()

    def serve(self) -> NoReturn:
        """Work until the other end of the socket is closed; then end all processes, and this one."""
        self._prepare()
        while True:
            soonest = min((task.deadline for task in self.tasks.values()), default=float("inf"))
            wait = None if soonest == float("inf") else max(0.0, soonest - time.monotonic())
            for key, _ in self.selector.select(wait):
                key.data()
            self._end_late()
            self._reap()

    def _prepare(self) -> None:
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # it ends when whoever started it does
        prctl(SET_CHILD_SUBREAPER, 1)  # what a task leaves behind becomes a child of this process
        woken, waking = os.pipe()
        for end in (woken, waking):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(woken, selectors.EVENT_READ, lambda: os.read(woken, TOLD))
        self.selector.register(self.control, selectors.EVENT_READ, self._receive)

    # ------------------------------------------------------------------------------------------------------------- begin
    def _receive(self) -> None:
        content, places, _, _ = socket.recv_fds(self.control, TOLD, 1)
        if not content:
            self._end_all()
        if not places:  # too many files are open; who asked sees its socket closed
            return
        answer, order = socket.socket(fileno=places[0]), json.loads(content)
        try:
            self._start(Path(order["folder"]), order["seconds"], answer)
        except OSError as error:
            answer.sendall(json.dumps({"refused": error.errno}).encode())
            answer.close()

    def _start(self, folder: Path, seconds: float | None, answer: socket.socket) -> None:
        output, printed = os.pipe()
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError:
            os.close(output)
            raise
        else:
            if pid == 0:
                answer.close()
                self._become(folder, printed, parent)
        finally:
            os.close(printed)
        os.set_blocking(output, False)
        deadline = float("inf") if seconds is None else time.monotonic() + seconds
        task = self.tasks[pid] = Watched(answer, output, deadline)
        self.selector.register(output, selectors.EVENT_READ, lambda: self._read(task))
        self.selector.register(answer, selectors.EVENT_READ, lambda: self._give_up(pid, task))

    def _read(self, task: Watched) -> None:
        if not task.read():
            self.selector.unregister(task.output)

    def _give_up(self, pid: int, task: Watched) -> None:
        """End a task that nobody waits for any more."""
        self.selector.unregister(task.answer)
        end_session(pid)

    def _become(self, folder: Path, printed: int, parent: int) -> NoReturn:
        """Be the process of a task, with a session of its own: a signal to its group reaches nobody else."""
        status = 1
        try:
            os.setsid()
            prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(status)
            self._forget()
            sys.stdout, sys.stderr = (stream_to(printed, number) for number in (1, 2))
            os.close(printed)
            perform(folder)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            with suppress(BaseException):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def _forget(self) -> None:
        """Give up what belongs to the warden: its signals, its sockets, and the processes of other tasks."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        for key in list(self.selector.get_map().values()):
            with suppress(OSError):
                os.close(key.fd)
        self.selector.close()

    # --------------------------------------------------------------------------------------------------------------- end
    def _end_late(self) -> None:
        now = time.monotonic()
        for pid, task in self.tasks.items():
            if task.deadline <= now:
                task.is_late, task.deadline = True, float("inf")
                end_session(pid)

    def _reap(self) -> None:
        """Take note of the processes that have ended: of tasks, and of what these left behind."""
        with suppress(ChildProcessError):  # there is none
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                task = self.tasks.pop(pid, None)
                if task:
                    kill(os.killpg, pid)
                self._end_strays()
                if task:
                    remove_semaphores(pid)
                    self._tell(task, os.waitstatus_to_exitcode(status))

    def _end_strays(self) -> None:
        """End the processes whose parents have ended: they are children of this one, where the system allows that."""
        for pid in children_of(os.getpid()):
            if pid not in self.tasks:
                kill(os.kill, pid)

    def _tell(self, task: Watched, status: int) -> None:
        for _ in range(MOST_READS):
            if not task.read():
                break
        for place in (task.output, task.answer):
            with suppress(KeyError):
                self.selector.unregister(place)
        os.close(task.output)
        told = {"status": LATE if task.is_late else status, "printed": task.printed.decode("utf-8", "replace")}
        with suppress(OSError):  # nobody wants to know
            task.answer.sendall(json.dumps(told).encode())
        task.answer.close()

    def _end_all(self) -> NoReturn:
        for pid in self.tasks:
            end_session(pid)
        self._end_strays()
        for pid in self.tasks:
            remove_semaphores(pid)
        os._exit(0)


def end_session(pid: int) -> None:
    """Kill the processes of a running task: those of its group, or itself before it has one."""
    kill(os.killpg, pid)
    kill(os.kill, pid)


def kill(how: Callable[[int, int], None], number: int) -> None:
    """Kill a process or a group, if it is still there."""
    with suppress(ProcessLookupError, PermissionError):
        how(number, signal.SIGKILL)


def remove_semaphores(pid: int) -> None:
    """Remove the named semaphores that the process of a task made, as joblib does: who would have done so was killed with it."""
    for path in SHARED_MEMORY.glob(f"sem.*-{pid}-*"):
        with suppress(OSError):
            path.unlink()


def children_of(pid: int) -> list[int]:
    """Return the children of a process, none where the system does not tell."""
    try:
        words = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [int(word) for word in words]


def stream_to(descriptor: int, number: int) -> TextIO:
    """Return a stream that takes any text and writes each line at once, with a number, to where another descriptor leads."""
    os.dup2(descriptor, number)
    return os.fdopen(number, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def prctl(option: int, value: int) -> None:
    """Set a property of this process that Linux alone knows."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def serve(descriptor: int) -> NoReturn:
    """Be a warden that is controlled by the socket with this file descriptor."""
    for name in PRELOADED:
        importlib.import_module(name)
    importlib.import_module("benchmark.measure.workers").warm_up()
    gc.freeze()  # what all tasks share is neither looked through nor copied by each
    Warden(socket.socket(fileno=descriptor)).serve()
