"""What a killed run left behind, removed by the next one: half-written files, the folder of the worker.

Only what is certainly a bench's own: the caller holds the lock of the build folder, so that no other run is at work there.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmark.disk import remove_partials

WORKERS = "workers"  # in the build folder: the files of this machine's worker, and of its tasks


def remove_leftovers(build_dir: Path, *folders: Path) -> None:
    """Remove what earlier runs left in the build folder, in other folders that they write."""
    shutil.rmtree(build_dir / WORKERS, ignore_errors=True)
    for folder in (build_dir, *folders):
        remove_partials(folder)
