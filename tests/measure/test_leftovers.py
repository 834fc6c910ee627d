"""What a killed run left is removed, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys

from benchmark.measure.leftovers import remove_leftovers


def ended():
    """Return the number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_files_of_writers_that_have_ended_are_removed(tmp_path):
    build, models = tmp_path / "build", tmp_path / "models"
    gone = [build / "cache" / "fits" / f".a.json.{ended()}.partial", models / f".entries.json.{ended()}.partial"]
    kept = [
        build / f".b.json.{os.getpid()}.partial", build / "cache" / "fits" / "a.json", models / "notes.partial",
        models / ".mine.partial", models / f"a.{ended()}.partial",
    ]  # fmt: skip
    left = build / "workers" / "dask-scratch-space" / "worker-1" / "features.npy"
    gone.append(build / "data" / f".letters.{ended()}.partial" / "t10k-labels-idx1-ubyte.gz")
    for path in (*gone, *kept, left):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    remove_leftovers(build, models)
    assert not any(path.exists() for path in (*gone, left))
    assert all(path.exists() for path in kept)


def test_a_folder_that_is_not_there_has_no_leftovers(tmp_path):
    remove_leftovers(tmp_path / "build", tmp_path / "models")
