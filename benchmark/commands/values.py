"""The kinds of values that options take, each from the text that was typed.

Raises
------
argparse.ArgumentTypeError or ValueError
    If the text is none; argparse tells the person which option it was.

"""

from __future__ import annotations

import argparse
import errno
import os
import re
from pathlib import Path

from benchmark.machine import LEAST_MEMORY, bytes_of, in_words, usable_memory

LAST_PORT = 65535


def points(text: str) -> float:
    """Return percentage points, 0 or more."""
    number = float(text)
    if not 0 <= number < float("inf"):  # nan would let everything pass
        raise argparse.ArgumentTypeError("must be 0 or more percentage points")
    return number


def path(text: str) -> Path:
    """Return a path; `~` at its start is the home of a user, as in a shell."""
    if not text:
        raise argparse.ArgumentTypeError("is empty, where a path is wanted")
    found = Path(os.path.expanduser(text))  # noqa: PTH111  # Path's raises where there is no such home
    try:
        found.lstat()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise argparse.ArgumentTypeError("is too long for a path") from None
    return found


def jobs(text: str) -> int:
    """Return a number of fits side by side, 1 or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def port(text: str) -> int:
    """Return the number of a port."""
    number = int(text)
    if not 1 <= number <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"must be from 1 to {LAST_PORT}")
    return number


def memory(text: str) -> int:
    """Return a number of bytes that this machine has and that a run can do with."""
    try:
        number = bytes_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    most = usable_memory()
    if number < LEAST_MEMORY:
        raise argparse.ArgumentTypeError(f"{text} is too little: a run takes {in_words(LEAST_MEMORY)} at the least")
    if number > most:
        raise argparse.ArgumentTypeError(f"{text} is more than the {in_words(most)} that this process may use")
    return number


def seconds(text: str) -> float:
    """Return the seconds that a number with its unit means."""
    words = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([smh])", text)
    if not words or not float(words[1]):
        raise argparse.ArgumentTypeError("must be a number above 0 and s, m or h: 30m")
    return float(words[1]) * {"s": 1, "m": 60, "h": 3600}[words[2]]
