"""The warden of this process, from the side of whoever has it: how it starts, and how it is asked to run a task.

Comes in: the folder of a task. Goes out: how the task's process ended. A warden is a new Python, or a fork of this process
as long as that has nothing which tasks must not find.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, Protocol

from benchmark.measure.warden import PRELOADED, serve

LOOK_SECONDS = 0.5  # between two questions whether a task is still wanted
SERVE = "import sys; sys.path[:] = {path!r}; from benchmark.measure.warden import serve; serve({descriptor})"
READ = 65_536  # bytes at once
ENDING = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)


class Process(Protocol):
    """What is asked of the process of a warden, as of a `subprocess.Popen`."""

    def poll(self) -> int | None:
        """Return how it ended, None if it has not."""

    def wait(self) -> int:
        """Wait until it has ended; return how."""


class Forked:
    """A process that was forked from this one."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._status: int | None = None

    def poll(self) -> int | None:
        """Return how it ended, None if it has not."""
        return self._look(os.WNOHANG)

    def wait(self) -> int:
        """Wait until it has ended; return how."""
        return self._look(0) or 0

    def _look(self, options: int) -> int | None:
        if self._status is None:
            try:
                pid, status = os.waitpid(self._pid, options)
            except ChildProcessError:  # SIGCHLD is ignored: nobody is told how it ended
                pid, status = self._pid, 0
            self._status = os.waitstatus_to_exitcode(status) if pid else None
        return self._status


class WardenClient:
    """The warden of this process; used by several threads at once.

    Parameters
    ----------
    start : callable
        Starts the warden's process; gets the socket by which it is controlled.

    """

    def __init__(self, start: Callable[[socket.socket], Process]) -> None:
        self.control, theirs = socket.socketpair()
        self._lock = threading.Lock()
        with theirs:
            self.process = start(theirs)
        atexit.register(self.close)

    def run(self, folder: Path, seconds: float | None, wanted: Callable[[], bool]) -> dict[str, Any]:
        """Have a task run; return what is told of its end, nothing if it was not wanted or the warden is gone."""
        answer, theirs = socket.socketpair()
        with answer:
            order = json.dumps({"folder": str(folder), "seconds": seconds}).encode()
            with theirs, self._lock:
                try:
                    socket.send_fds(self.control, [order], [theirs.fileno()])
                except OSError:
                    return {}
            found = _received(answer, wanted)
        try:
            return json.loads(found)  # type: ignore[no-any-return]
        except ValueError:  # not all of it, or nothing
            return {}

    def close(self) -> None:
        """End the warden, and whatever it watches."""
        self.control.close()
        self.process.wait()


def _received(answer: socket.socket, wanted: Callable[[], bool]) -> bytes:
    """Return what comes by a socket until its other end is closed, or nobody wants it any more."""
    answer.settimeout(LOOK_SECONDS)
    found = b""
    while wanted():
        with suppress(TimeoutError):
            part = answer.recv(READ)
            if not part:
                break
            found += part
    return found


# ---------------------------------------------------------------------------------------------------------- how it starts
_starting = threading.Lock()
_own: list[WardenClient] = []  # the warden of this process, once there is one


def warden() -> WardenClient:
    """Return the warden of this process, a new one if there is none or it is gone."""
    with _starting:
        if not _own or _own[0].process.poll() is not None:
            _own[:] = [WardenClient(_new_python)]
        return _own[0]


def fork_warden() -> None:
    """Fork the warden of this process, which need not import again what this one imports anyway.

    Tasks inherit whatever this process has, so this comes before all else that a command does. It does nothing where another
    thread is at work, as a fork might hold its locks for ever: then the first task starts a new Python; nor where there is
    a warden already.
    """
    for name in PRELOADED:
        importlib.import_module(name)
    if not _own and threading.active_count() == 1:
        _own[:] = [WardenClient(_fork)]


def _new_python(theirs: socket.socket) -> Process:
    script = SERVE.format(path=list(sys.path), descriptor=theirs.fileno())
    return subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[theirs.fileno()],
        start_new_session=True,  # what a terminal sends does not reach it
    )


def _fork(theirs: socket.socket) -> Process:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # the warden ignores them soon
    try:
        pid = os.fork()
        if pid == 0:
            _become(theirs.fileno())
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return Forked(pid)


def _become(descriptor: int) -> NoReturn:
    """Be a warden with a session of its own, and with no file of the process that it was forked from."""
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1):
            os.dup2(nothing, number)
        os.closerange(3, descriptor)
        os.closerange(descriptor + 1, os.sysconf("SC_OPEN_MAX"))
        serve(descriptor)
    finally:
        os._exit(1)
