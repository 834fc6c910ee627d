"""What a killed run left behind, removed by the next one: half-written files, the folder of the workers, semaphores.

Only what is certainly a bench's own: the caller holds the lock of the build folder, so that no other run is at work there.
"""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from multiprocessing import process
from pathlib import Path

from benchmark.disk import remove_partials

WORKERS = "workers"  # in the build folder: the files of this machine's worker, and of its tasks
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # where Linux has named semaphores


def remove_leftovers(build_dir: Path, *folders: Path) -> None:
    """Remove what earlier runs left in the build folder, in other folders that they write, and in shared memory."""
    shutil.rmtree(build_dir / WORKERS, ignore_errors=True)
    for folder in (build_dir, *folders):
        remove_partials(folder)
    for path in SHARED_MEMORY.glob(f"sem.{_prefix(build_dir)}-*"):
        with suppress(OSError):
            path.unlink()


def name_semaphores(build_dir: Path) -> None:
    """Let the names of semaphores that this process and its children make tell of which build folder they are."""
    process.current_process()._config["semprefix"] = f"/{_prefix(build_dir)}"  # type: ignore[attr-defined]  # noqa: SLF001


def _prefix(build_dir: Path) -> str:
    return f"bench-{hashlib.sha256(str(build_dir.resolve()).encode()).hexdigest()[:10]}"  # macOS takes names of 30 characters
