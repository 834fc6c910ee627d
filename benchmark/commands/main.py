"""Runs one command: signals, errors in words, the exit status."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from benchmark.commands.parser import make_parser
from benchmark.commands.printing import print_error, silence
from benchmark.errors import BenchmarkError

INTERRUPTED = 130
SINGLE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    for name in SINGLE_THREAD:
        os.environ[name] = "1"  # two BLAS threads change the last bits; fits run side by side in processes instead
    arguments = make_parser().parse_args(argv)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: _end())  # no exception: one raised amid a destructor would be lost
    try:
        status: int = arguments.command(arguments)
    except BenchmarkError as error:
        print_error(error, arguments)
        return 1
    except BrokenPipeError:  # `… | head` has seen enough
        silence()
    except KeyboardInterrupt:
        _end()
    else:
        return status
    return 0


def _end() -> NoReturn:
    """End at once: on its way out joblib would start new workers, which wait for the killed ones."""
    os.write(sys.stderr.fileno(), b"interrupted; every fit that was done is kept\n")
    _end_workers()
    os._exit(INTERRUPTED)


def _end_workers() -> None:
    """Kill the fits in flight, which would go on for a minute; what cleans up after them, a resource tracker, stays."""
    import psutil  # only a run that is interrupted needs it

    for worker in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it ended by itself, or may not be looked at
            if "resource_tracker" not in " ".join(worker.cmdline()):
                worker.kill()
