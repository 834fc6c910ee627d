"""Commands as forks of a process that has imported the package: a test pays for what a command does, not for its imports.

Each has a process of its own all the same, with its own streams, environment and end. Tests that are about how a command
starts, or that change its environment, start a new Python.
"""

from __future__ import annotations

import atexit
import functools
import gc
import json
import os
import runpy
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

PRELOADED = (
    "benchmark.commands.comparing",
    "benchmark.commands.measuring",
    "benchmark.measure.cluster",
    "benchmark.measure.run",
    "benchmark.models",
    "benchmark.publish.build",
)
SERVE = "import sys; from tests.forked import serve; serve({descriptor})"


def forked(words: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m benchmark` with these words in a folder, by a fork of this process's own server."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        control = _server()
        own = {"words": words, "folder": str(folder), "environment": os.environ | environment}
        order = json.dumps(own).encode()
        socket.send_fds(control, [len(order).to_bytes(4), order], [out.fileno(), err.fileno()])
        status = int(control.recv(16))
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode())
    return subprocess.CompletedProcess(words, status, *texts)


@functools.cache
def _server() -> socket.socket:
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-c", SERVE.format(descriptor=theirs.fileno())]
        process = subprocess.Popen(command, cwd=Path(__file__).parent.parent, pass_fds=[theirs.fileno()])
    atexit.register(lambda: (ours.close(), process.wait()))
    return ours


def serve(descriptor: int) -> None:
    """Fork a process for each order that comes by a socket, and tell how it ended; return in such a process at its end."""
    from benchmark.commands.process import pin_arithmetic

    pin_arithmetic()
    for name in PRELOADED:
        __import__(name)
    assert threading.active_count() == 1
    gc.freeze()
    with socket.socket(fileno=descriptor) as control:
        while True:
            start, descriptors, *_ = socket.recv_fds(control, 4, 2)
            if not start:
                return
            order = b""
            while len(order) < int.from_bytes(start):
                order += control.recv(int.from_bytes(start) - len(order))
            pid = os.fork()
            if pid == 0:
                control.close()
                break
            for number in descriptors:
                os.close(number)
            control.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
    _be(json.loads(order), *descriptors)


def _be(order: dict, out: int, err: int) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream, number in ((1, out), (2, err)):
        os.dup2(number, stream)
        os.close(number)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["benchmark", *order["words"]]
    try:
        runpy.run_module("benchmark", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    else:
        status = 0
    threading._shutdown()  # what an interpreter does at its end, but for taking apart the modules
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
