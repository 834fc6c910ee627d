"""Counts the calls by which a run changes files, and kills it or lets the call fail at the n-th.

Python imports this at its start, in every process of the run, because this folder is on its path. Comes in: TORTURE_HOOK,
JSON with `root`, the folder in which calls count; `control`, where files of this module go; `kind`, `n` and `error` of the call
that ends the run or fails, or no `kind`: then every call is written down. Only the standard library is used.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading

TASK = json.loads(os.environ.get("TORTURE_HOOK", "{}"))
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
KINDS = {
    "os.rename": "rename",
    "os.link": "link",
    "os.symlink": "link",
    "os.remove": "unlink",
    "os.rmdir": "rmdir",
    "os.mkdir": "mkdir",
    "open": "open",
}


class Counter:
    """A count that all processes of the run share: the length of a file to which each call appends a byte."""

    def __init__(self):
        self._lock = threading.Lock()
        self._open()
        os.register_at_fork(after_in_child=self._open)  # a place in a file is shared by those that inherit it

    def _open(self):
        self._lock = threading.Lock()
        self._files = {name: self._file(name) for name in ("count", "calls", "outside")}

    @staticmethod
    def _file(name):
        return os.open(os.path.join(TASK["control"], name), os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def next(self):
        """Return how many calls there have been, with this one."""
        with self._lock:
            os.write(self._files["count"], b".")
            return os.lseek(self._files["count"], 0, os.SEEK_CUR)

    def note(self, name, text):
        """Write a line into a file."""
        os.write(self._files[name], text.encode(errors="surrogateescape") + b"\n")


def met(event, arguments):
    """Look at an audit event of Python; most are none of ours."""
    kind = KINDS.get(event)
    if kind is None or (kind == "open" and not (isinstance(arguments[2], int) and arguments[2] & WRITING)):
        return
    path = arguments[1] if kind in ("rename", "link") else arguments[0]
    if isinstance(path, int):
        return
    path = os.fsdecode(path)
    inside_of_open_folder = kind in ("unlink", "rmdir", "mkdir") and not os.path.isabs(path) and arguments[-1] >= 0
    happened(kind, path, inside=inside_of_open_folder or path.startswith(TASK["root"]))


def happened(kind, path, *, inside):
    """Count a call in the folder of the run, which may be its end; write down what is made elsewhere."""
    if not inside:
        if kind in ("open", "mkdir", "rename", "link") and not path.startswith(TASK["control"]):
            COUNTER.note("outside", os.path.abspath(path))
        return
    if "kind" not in TASK:
        COUNTER.note("calls", kind + "\t" + path.removeprefix(TASK["root"]).replace("\n", " "))
    elif kind == TASK["kind"] and COUNTER.next() == TASK["n"]:
        COUNTER.note("calls", kind + "\t" + path)
        if not TASK["error"]:
            os.killpg(0, signal.SIGKILL)
        raise OSError(TASK["error"], os.strerror(TASK["error"]), path)


def fsync(descriptor, real=os.fsync):
    """Flush a file, as `os.fsync` does, which is no audit event."""
    number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
    try:
        path = os.readlink(f"/proc/self/fd/{number}")
    except OSError:
        path = TASK["root"]
    happened("fsync", path, inside=path.startswith(TASK["root"]))
    real(descriptor)


if TASK:
    COUNTER = Counter()
    os.fsync = fsync
    sys.addaudithook(met)
