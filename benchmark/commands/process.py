"""The process that a command runs in: threads and kernels of its libraries, and how a signal ends it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import Any, NoReturn

from benchmark.machine import PINNED_KERNEL, SINGLE_THREAD, has_avx2

ROUNDS = 10  # of killing
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LIBRARIES = ("SKLEARN_", "SCIPY_")  # what a person has set for these, such as the size of their chunks
WIDER_THAN_AVX2 = "X86_V4 AVX512_ICL AVX512_SPR"  # NumPy's names; it says nothing of those that a processor lacks


def pin_arithmetic() -> None:
    """Pin threads and kernels of the numeric libraries, which read this when they are imported; children inherit it.

    The last bits of a sum depend on both. A processor with AVX-512 would use other kernels of OpenBLAS, and of NumPy
    for exponentials and sorting, than one with AVX2. So every x86-64 processor with AVX2 uses those for AVX2.
    """
    for name in SINGLE_THREAD:
        os.environ[name] = "1"  # fits run side by side in processes instead
    for name in [name for name in os.environ if name.startswith(LIBRARIES)]:
        del os.environ[name]
    if has_avx2():
        os.environ["OPENBLAS_CORETYPE"] = PINNED_KERNEL
        os.environ["NPY_DISABLE_CPU_FEATURES"] = WIDER_THAN_AVX2
        os.environ.pop("NPY_ENABLE_CPU_FEATURES", None)  # NumPy refuses both at once


def end_on_signals(name: str) -> None:
    """Let Ctrl-C, SIGTERM and SIGHUP end the process, which runs the command called `name`, unless they are ignored.

    They raise no exception: one raised amid a destructor would be lost. Ctrl-C is how `serve` is ended as a rule, so it
    gets one.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as by nohup, or for a job in the background
            usual = name == "serve" and number == signal.SIGINT
            signal.signal(number, signal.default_int_handler if usual else lambda got, _: end(name, got))


def end(name: str, number: int = signal.SIGINT) -> NoReturn:
    """End at once, with the status of a process that this signal ended, and end all processes that this one started."""
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)  # once is enough
    kept = b"; every fit that was done is kept" if name == "bench" else b""
    with suppress(OSError):  # the terminal may be gone
        os.write(sys.stderr.fileno(), b"interrupted" + kept + b"\n")
    try:
        _start_no_more()
        _end_children()
    finally:
        os._exit(128 + number)


def _start_no_more() -> None:
    """Let no thread start a worker any more: one that found its parent gone would print a traceback."""
    from multiprocessing import util  # only a run that is interrupted needs it

    util.spawnv_passfds = _refuse  # type: ignore[assignment]


def _refuse(*_: Any) -> NoReturn:
    raise InterruptedError


def _end_children() -> None:
    """Kill every process below this one; what cleans up after them, a resource tracker, stays."""
    import psutil  # only a run that is interrupted needs it

    for _ in range(ROUNDS):  # one that is about to be killed may start another
        own = [child for child in psutil.Process().children(recursive=True) if not _stays(child)]
        if not own:
            return
        for child in own:
            with suppress(psutil.Error):
                child.kill()
        psutil.wait_procs(own, timeout=0.2)


def _stays(process: Any) -> bool:
    import psutil

    with suppress(psutil.Error):  # it ended by itself, or may not be looked at
        return process.status() == psutil.STATUS_ZOMBIE or "resource_tracker" in " ".join(process.cmdline())
    return True
