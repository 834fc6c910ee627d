"""Locks of folders: who writes there is alone; and what to do where the file system has no locks.

A lock ends with its process, however that ends, so that none is left behind.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.errors import BenchmarkError
from benchmark.faults import told

TAKEN = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}
# Lustre, some mounts of NFS and FUSE; NFS also refuses to lock what is open for reading alone
MISSING = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL, errno.EBADF}


@contextmanager
def alone(path: Path, what: str, report: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock file `path` while the block runs.

    Where the file system has no locks, the block runs without one, and `report` is told so.

    Parameters
    ----------
    path : Path
        It stays: to remove it would let two processes hold two files of that name.
    what : str
        What only one process may do there at a time: "run".
    report : callable

    Raises
    ------
    BenchmarkError
        If another process holds it, or it cannot be made.

    """
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("a")
    with stream:
        held = _try_to_lock(stream.fileno(), path)
        if held is False:
            raise _busy(path.parent, what)
        if held is None:
            report(f"the file system of {path.parent} has no locks, so see to it that no other {what} is active there")
        yield


@contextmanager
def alone_in(folder: Path, what: str) -> Iterator[None]:
    """Hold the lock of a folder itself while the block runs, without a file in it; without one where there are no locks.

    Raises
    ------
    BenchmarkError
        If another process holds it, or the folder cannot be made.

    """
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        if _try_to_lock(descriptor, folder) is False:
            raise _busy(folder, what)
        yield
    finally:
        os.close(descriptor)


def _try_to_lock(descriptor: int, path: Path) -> bool | None:
    """Lock an open file; return False where another process has, None where the file system has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in TAKEN:
            return False
        if error.errno in MISSING:
            return None
        with told(path, "locked"):
            raise
    return True


def _busy(folder: Path, what: str) -> BenchmarkError:
    return BenchmarkError(
        f"another {what} is active in {folder}",
        expected=f"one {what} at a time",
        remedy="wait for it, or work elsewhere: --build-dir and --models-dir",
    )
