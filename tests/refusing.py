"""A file system that refuses at a chosen call, or a process that dies there.

An audit hook of Python sees every file that is opened, renamed, linked or removed; `fsync` and the exchange of two folders
are seen by replacing them. Calls count from 1 while a folder is watched.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys

from benchmark import swap

PATHS = {
    "open": 1, "os.mkdir": 1, "os.remove": 1, "os.rmdir": 1, "os.listdir": 1, "os.scandir": 1, "os.rename": 2, "os.link": 2,
    "os.utime": 1,
}  # fmt: skip
KILLED = 9


class Watch:
    """What happens below a folder, and what is to happen at the n-th call."""

    folder, count, at, number = "", 0, 0, 0

    def see(self, event, args):
        if not self.folder or event not in PATHS:
            return
        names = [os.fsdecode(arg) for arg in args[: PATHS[event]] if isinstance(arg, (str, bytes, os.PathLike))]
        if any(name.startswith(self.folder) for name in names):
            self.call(names[-1])

    def call(self, name):
        self.count += 1
        if self.count != self.at:
            return
        if self.number == KILLED:
            os._exit(KILLED)
        raise OSError(self.number, os.strerror(self.number), name)


WATCH = Watch()
sys.addaudithook(WATCH.see)  # it cannot be removed


@contextlib.contextmanager
def refusing(folder, at, number, *, exchange=True):
    """Refuse the `at`-th call below a folder with this error number, or end the process there where that is `KILLED`."""
    fsync, change = os.fsync, swap._exchange()

    def watched_fsync(descriptor):
        WATCH.call(str(folder))
        fsync(descriptor)

    def watched_exchange(one, other):
        WATCH.call(os.fsdecode(other))
        return change(one, other)

    os.fsync, swap._exchange = watched_fsync, lambda: watched_exchange if exchange else None
    WATCH.folder, WATCH.count, WATCH.at, WATCH.number = str(folder), 0, at, number
    try:
        yield WATCH
    finally:
        WATCH.folder = ""
        os.fsync, swap._exchange = fsync, lambda: change


def in_a_child(work):
    """Run `work` in a child process and return its exit status; `KILLED` if it was ended on the way."""
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


REFUSALS = (errno.ENOSPC, errno.EIO)
