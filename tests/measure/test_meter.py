"""What a step costs, against steps of known cost, each in a fresh process as fits are."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time

import numpy as np
import pytest

from benchmark.measure import meter, task_process
from benchmark.measure.meter import metered
from benchmark.measure.processes import TaskKilledError, in_fresh_process

MIB = 2**20
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of a step")


def filled(mebibytes):
    return np.ones(mebibytes * MIB, np.uint8)


def peak_of_a_step(before, during, kept):
    """Hold memory, free some, then measure a step that allocates twice as much as it keeps."""
    held = filled(before)
    filled(8 * during)  # freed again: a peak of the past
    with metered() as cost:
        part = filled(kept)
        filled(during - kept)
    return cost.memory_bytes, len(held) + len(part)


@linux
def test_the_memory_of_a_step_is_its_own_peak_without_what_was_there_before_or_freed():
    found, _ = in_fresh_process(peak_of_a_step, 50, 40, 10)
    assert found == pytest.approx(40 * MIB, abs=3 * MIB)


def seconds_of_a_step():
    start = time.process_time()
    with metered() as cost:
        time.sleep(0.3)
        while time.process_time() - start < 0.1:
            pass
    return cost.seconds


def test_seconds_are_of_cpu_and_not_of_waiting():
    assert in_fresh_process(seconds_of_a_step) == pytest.approx(0.1, abs=0.02)


def test_memory_is_left_out_where_the_system_does_not_tell_it(monkeypatch, tmp_path):
    monkeypatch.setattr(meter, "PROC", tmp_path / "nothing")
    with metered() as cost:
        filled(1)
    assert cost.memory_bytes is None


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_fresh_process_that_is_killed_is_said_to_be():
    with pytest.raises(TaskKilledError):
        in_fresh_process(die)


def test_each_call_gets_a_process_of_its_own():
    assert len({in_fresh_process(os.getpid), in_fresh_process(os.getpid), os.getpid()}) == 3


def limits_under_one_of_the_user():
    resource.setrlimit(resource.RLIMIT_DATA, (10 * 2**30, 10 * 2**30))
    found = []
    for memory in (2**30, 2**34, 0):
        task_process._limit(memory)
        found.append(resource.getrlimit(resource.RLIMIT_DATA)[0] // 2**30)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts data against this limit")
def test_a_limit_of_the_user_is_kept():
    assert in_fresh_process(limits_under_one_of_the_user) == [3, 10, 10]
