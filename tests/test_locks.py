"""Who writes in a folder is alone there; a file system without locks is told as that, not as another run."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys

import pytest

from benchmark import locks
from benchmark.errors import BenchmarkError, DiskError
from benchmark.locks import alone, alone_in
from tests.conftest import ROOT


def answering(monkeypatch, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)


@pytest.mark.parametrize("number", [errno.EWOULDBLOCK, errno.EACCES])
def test_a_lock_that_another_process_holds_is_told_as_that(tmp_path, monkeypatch, number):
    answering(monkeypatch, number)
    with pytest.raises(BenchmarkError, match="another run is active"), alone(tmp_path / "lock", "run", pytest.fail):
        pass
    with pytest.raises(BenchmarkError, match="another run is active"), alone_in(tmp_path, "run"):
        pass


@pytest.mark.parametrize("number", sorted(locks.MISSING))
def test_without_locks_the_work_goes_on_and_that_is_said(tmp_path, monkeypatch, number):
    answering(monkeypatch, number)
    said, done = [], []
    with alone(tmp_path / "deep" / "lock", "run", said.append), alone_in(tmp_path, "run"):
        done.append(True)
    assert done
    assert len(said) == 1
    assert f"the file system of {tmp_path / 'deep'} has no locks" in said[0]


def test_another_error_is_told_as_what_it_is(tmp_path, monkeypatch):
    answering(monkeypatch, errno.EIO)
    with (
        pytest.raises(DiskError, match="lock cannot be locked(?s:.*)Input/output"),
        alone(tmp_path / "lock", "run", print),
    ):
        pass


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path):
    script = f"""
import os, sys
from pathlib import Path
from benchmark.locks import alone, alone_in
with alone(Path({str(tmp_path)!r}, "lock"), "run", print), alone_in(Path({str(tmp_path)!r}), "run"):
    print("held", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        for lock in (alone(tmp_path / "lock", "run", print), alone_in(tmp_path, "run")):
            with pytest.raises(BenchmarkError, match="another run is active"), lock:
                pass
        other.kill()
        other.wait()
    with alone(tmp_path / "lock", "run", pytest.fail), alone_in(tmp_path, "run"):
        pass
