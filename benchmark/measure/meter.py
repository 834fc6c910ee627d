"""What a step costs: the CPU seconds of this process, and the memory that the step added at its peak."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc/self")
RESET_PEAK = "5"  # proc(5): sets the peak resident size to the current one


@dataclass
class Cost:
    """What a step has cost; `memory_bytes` is None where the system does not tell."""

    seconds: float = 0.0
    memory_bytes: int | None = None


@contextmanager
def metered() -> Iterator[Cost]:
    """Measure a block: its values are there after the block.

    The seconds are of CPU time of all threads of this process, system calls included. The memory is the peak resident
    size during the block less the resident size before it, so that what was loaded before does not count; Linux alone
    tells it. Both are of the whole process: nothing else may run in it.
    """
    cost = Cost()
    before = _resident("VmRSS") if _reset_peak() else None
    start = time.process_time()
    yield cost
    cost.seconds = time.process_time() - start
    peak = _resident("VmHWM")
    if before is not None and peak is not None:
        cost.memory_bytes = max(0, peak - before)


def _reset_peak() -> bool:
    """Return whether the peak could be reset; a container may forbid it, and other systems have no such file."""
    try:
        (PROC / "clear_refs").write_text(RESET_PEAK, encoding="ascii")
    except OSError:
        return False
    return True


def _resident(name: str) -> int | None:
    """Return a size from the status of this process in bytes, None where it is not there."""
    try:
        lines = (PROC / "status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    sizes = (line.split() for line in lines if line.startswith(f"{name}:"))  # "VmRSS:	  1234 kB"
    return next((1024 * int(words[1]) for words in sizes), None)
