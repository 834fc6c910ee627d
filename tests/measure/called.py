"""Functions that tasks call in tests: apart, as the process of a task imports the module of its function, each time."""

from __future__ import annotations

import os
import signal
import sys
import time

import numpy as np


def rows(n):
    return np.arange(n), os.getpid(), time.monotonic()


def total(shared, factor):
    return int(shared[0].sum()) * factor, shared[2]


def interval(seconds):
    start = time.monotonic()
    time.sleep(seconds)
    return start, time.monotonic()


def die(marks, times, seconds=0.5):
    """Kill this process the first few times that this is called; return how often it was called."""
    number = len(list(marks.iterdir()))
    (marks / str(number)).touch()
    time.sleep(seconds)
    if number < times:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def leave():
    sys.exit("enough")


def fail():
    class LocalError(Exception):
        """An error that no other process can import."""

    raise LocalError("no such luck")
