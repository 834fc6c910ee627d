"""Provenance of a fit: where, when and at which commit it was made."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from benchmark.machine import PINNED_KERNEL, machine_memory, usable_cores, usable_memory
from benchmark.measure.keys import LIBRARIES
from benchmark.measure.setting import Setting


def fit_circumstances(setting: Setting) -> dict[str, Any]:
    """Return where, when and at which commit a fit was made."""
    commit = _git(setting.root, "rev-parse", "HEAD")
    sources = ["benchmark", "requirements.lock", *([str(setting.entries.resolve())] if setting.entries else [])]
    changed = [_git(setting.root, "status", "--porcelain", "--", source) for source in sources]
    return {
        "commit": commit or None,
        "dirty": any(changed),
        "measured_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "jobs": setting.jobs,
        "python": platform.python_version(),
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},  # a lock may pin one per Python
        "machine": {
            "system": f"{platform.system()} {platform.release().partition('-')[0]}",
            "architecture": platform.machine(),
            "cpu": _cpu_name(),
            "cores": os.cpu_count() or 1,
            "memory_bytes": machine_memory(),
            "usable_cores": usable_cores(),
            "usable_memory_bytes": usable_memory(),
            "kernel": blas_kernel(),
        },
    }


def blas_kernel() -> str:
    """Return the architecture whose kernels NumPy's and SciPy's OpenBLAS use in this process, "unknown" without one."""
    found = {library.get("architecture") or "" for library in threadpool_info() if library["user_api"] == "blas"}
    return " and ".join(sorted(found - {""})) or "unknown"


def kernel_note() -> str:
    """Return what to say at the start of a run, empty where the pinned kernel is in use."""
    kernel = blas_kernel()
    if kernel == PINNED_KERNEL:
        return ""
    return (
        f"BLAS kernel: {kernel}, not {PINNED_KERNEL}; last bits, and a few predictions, may differ from other machines'"
    )


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _cpu_name() -> str:
    """Return the processor's name, as Linux or macOS gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
