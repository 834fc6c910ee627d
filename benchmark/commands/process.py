"""The process that a command runs in: threads and kernels of its libraries, and how a signal ends it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import NoReturn

from benchmark.machine import PINNED_KERNEL, SINGLE_THREAD, has_avx2

INTERRUPTED = 130
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


def end_on_sigterm(name: str) -> None:
    """Let SIGTERM end the process, which runs the command called `name`, as Ctrl-C does."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: end(name))  # no exception: one raised amid a destructor would be lost


def end(name: str) -> NoReturn:
    """End at once: on its way out joblib would start new workers, which wait for the killed ones."""
    kept = b"; every fit that was done is kept" if name == "bench" else b""
    os.write(sys.stderr.fileno(), b"interrupted" + kept + b"\n")
    _end_workers()
    os._exit(INTERRUPTED)


def _end_workers() -> None:
    """Kill the fits in flight, which would go on for a minute; what cleans up after them, a resource tracker, stays."""
    import psutil  # only a run that is interrupted needs it

    for worker in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it ended by itself, or may not be looked at
            if "resource_tracker" not in " ".join(worker.cmdline()):
                worker.kill()
