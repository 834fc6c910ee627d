"""Provenance of a fit: where, when and at which commit it was made; what cannot be known is said to be unknown."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from benchmark import git
from benchmark.command import Text
from benchmark.errors import BenchmarkError
from benchmark.layout import PACKAGE
from benchmark.machine import PINNED_KERNEL, machine_memory, usable_cores, usable_memory
from benchmark.measure.keys import LIBRARIES
from benchmark.measure.setting import Setting


@dataclass(frozen=True)
class CodeState:
    """The commit that the running code is in, and whether the code differs from it; None, and why, where that is unknown."""

    commit: str | None
    dirty: bool | None
    note: Text = ""


def code_state(entries: Path | None) -> CodeState:
    """Return what git knows of this package's code and of the file of entries.

    HEAD counts only if it holds this package: a repository around an unpacked archive, or around an environment that the
    package is installed in, has commits of something else.
    """
    here = PACKAGE.parent
    try:
        head = git.output(here, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", allowed=(0, 1)).decode().strip()
        if not head:
            return _unknown("the repository has no commit yet")
        if not git.output(here, "ls-tree", "--name-only", head, "--", f"{PACKAGE.name}/__init__.py"):
            return _unknown("no commit of the repository around it holds it")
        changed = git.output(
            here, "status", "--porcelain", "--untracked-files=all", "--", PACKAGE.name, "requirements.lock"
        )
    except BenchmarkError as error:
        return _unknown(error.problem, error.remedy)
    return CodeState(head, bool(changed) or not _is_in_head(entries, here))


def _unknown(why: str, remedy: Text = "") -> CodeState:
    said = f"note: the commit of this code is unknown, and run.json says so: {why}"
    helps = remedy if isinstance(remedy, tuple) else (remedy,)
    return CodeState(None, None, (said, "\n  try:      ", *helps) if remedy else said)


def _is_in_head(entries: Path | None, root: Path) -> bool:
    """Return whether the file of entries, if there is one, is in the commit as it is."""
    if entries is None:
        return True
    return entries.resolve().is_relative_to(root) and git.state(entries.resolve()) == "unchanged"


def fit_circumstances(setting: Setting) -> dict[str, Any]:
    """Return where, when and at which commit a fit was made."""
    code = code_state(setting.entries)
    return {
        "commit": code.commit,
        "dirty": code.dirty,
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


def _cpu_name() -> str:
    """Return the processor's name, as Linux or macOS gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
