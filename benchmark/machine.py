"""The cores and the memory that this process may use, and what its processor can do.

Comes in: the affinity mask, the limits of its control groups (v2 and v1), what is free, /proc/cpuinfo. Goes out: a
count, a number of bytes, yes or no. In a container a process may use less than the machine has.
"""

from __future__ import annotations

import math
import os
import platform
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")
PINNED_KERNEL = "Haswell"  # OpenBLAS's name of its kernels for AVX2
# each is "1" in a process that computes: fits run side by side instead
SINGLE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
LEAST_MEMORY = 3 * 2**29  # bytes that a run takes at the least, its processes included
UNITS = {"bytes": 1, "MB": 10**6, "MiB": 2**20, "GB": 10**9, "GiB": 2**30}
UNLIMITED = 2**60  # version 1 writes "no limit" as the largest multiple of a page below 2^63


def usable_cores(root: Path = ROOT) -> int:
    """Return how many cores this process may use, at least 1; half a core counts as one."""
    quotas = [quota for folder in _groups(root, "cpu") if (quota := _quota(folder))]
    return max(1, math.ceil(min([_affinity(), *quotas])))


def usable_memory(root: Path = ROOT) -> int:
    """Return how many bytes of memory this process may use: the machine's, or the lowest limit of its groups."""
    files = [folder / name for folder in _groups(root, "memory") for name in ("memory.max", "memory.limit_in_bytes")]
    return min([machine_memory(), *(limit for file in files if (limit := _limit(file)))])


def free_memory(root: Path = ROOT) -> int:
    """Return how many bytes of memory a run may use now: what `usable_memory` says, but no more than is free."""
    import psutil  # takes a while; only a run needs it

    return min(usable_memory(root), int(psutil.virtual_memory().available))


def bytes_of(text: str) -> int:
    """Return the bytes that a number with its unit means.

    Raises
    ------
    ValueError
        If the text is anything else.

    """
    words = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+)", text)
    if not words or words[2] not in UNITS:
        raise ValueError(f"must be a number and one of {', '.join(UNITS)}: 8GiB")
    return int(float(words[1]) * UNITS[words[2]])


def in_words(n_bytes: float) -> str:
    """Return a number of bytes in a unit that `bytes_of` reads, rounded to two digits after the point or fewer."""
    unit = next(unit for unit in ("GiB", "MiB", "bytes") if n_bytes >= UNITS[unit] or unit == "bytes")
    return f"{round(n_bytes / UNITS[unit], 2):g}{unit}"


def machine_memory() -> int:
    """Return the bytes of the machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def has_avx2(root: Path = ROOT) -> bool:
    """Return whether this is an x86-64 processor with AVX2 and FMA, as far as Linux says."""
    try:
        lines = (root / "proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False  # not Linux
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), [])
    return platform.machine() == "x86_64" and {"avx2", "fma"} <= set(flags)


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of this process's groups and of those above them: each may set a limit.

    A container may see the host's path in /proc/self/cgroup, and its own limits at the root of /sys/fs/cgroup.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return  # not Linux
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = root / "sys/fs/cgroup" / (controller if controllers else "")  # version 2 names no controllers
        own = top / path.lstrip("/")
        yield from (folder for folder in (own, *own.parents) if folder.is_relative_to(top))


def _quota(folder: Path) -> float | None:
    """Return how many cores' time a group may use, None where it has no such limit."""
    words = _words(folder / "cpu.max") or [
        *_words(folder / "cpu.cfs_quota_us"),
        *_words(folder / "cpu.cfs_period_us"),
    ]
    return int(words[0]) / int(words[1]) if words and words[0] not in {"max", "-1"} else None


def _limit(path: Path) -> int | None:
    """Return the limit of memory in a file, None where there is none."""
    words = _words(path)
    limit = int(words[0]) if words and words[0] != "max" else UNLIMITED
    return limit if limit < UNLIMITED else None


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split()
    except OSError:
        return []
