"""The cores and the memory that this process may use, and what its processor can do.

Comes in: the affinity mask, the limits of its control groups (v2 and v1), /proc/cpuinfo. Goes out: a count, a number of
bytes, yes or no. In a container a process may use less than the machine has.
"""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")
PINNED_KERNEL = "Haswell"  # OpenBLAS's name of its kernels for AVX2
UNLIMITED = 2**60  # version 1 writes "no limit" as the largest multiple of a page below 2^63


def usable_cores(root: Path = ROOT) -> int:
    """Return how many cores this process may use, at least 1; half a core counts as one."""
    quotas = [_quota(folder) for folder in _groups(root, "cpu")]
    return max(1, math.ceil(min([_affinity(), *(quota for quota in quotas if quota)])))


def usable_memory(root: Path = ROOT) -> int:
    """Return how many bytes of memory this process may use: the machine's, or the lowest limit of its groups."""
    limits = [
        _number(folder / name) for folder in _groups(root, "memory") for name in ("memory.max", "memory.limit_in_bytes")
    ]
    return min([machine_memory(), *(int(limit) for limit in limits if limit and limit < UNLIMITED)])


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
    """Yield the folders of this process's group and of those above it: each may set a limit.

    Inside a container the path in /proc/self/cgroup may be the host's; the folders that do not exist give no limit.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return  # not Linux
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        mounted = root / "sys/fs/cgroup" / (controllers and controller)
        own = mounted / path.lstrip("/")
        yield from dict.fromkeys([own, *(folder for folder in own.parents if folder.is_relative_to(mounted)), mounted])


def _quota(folder: Path) -> float | None:
    """Return the cores' worth of time that a group may use, or None."""
    quota, period = (
        _words(folder / "cpu.max")
        or (
            *_words(folder / "cpu.cfs_quota_us"),
            *_words(folder / "cpu.cfs_period_us"),
        )
        or ("max", "")
    )
    return int(quota) / int(period) if quota not in ("max", "-1") else None


def _number(path: Path) -> int | None:
    words = _words(path)
    return int(words[0]) if words and words[0] != "max" else None


def _words(path: Path) -> tuple[str, ...]:
    try:
        return tuple(path.read_text(encoding="utf-8").split())
    except OSError:
        return ()
