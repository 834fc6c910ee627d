"""The engine: what is shared, what is alone, what happens when a worker or the scheduler dies."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import CancelledError

import numpy as np
import pytest
from distributed import LocalCluster
from distributed.comm import inproc

from benchmark.command import Command
from benchmark.errors import BenchmarkError
from benchmark.measure import cluster, remote
from benchmark.measure.engine import FETCH_SECONDS, Shared, Task, TaskFailedError
from benchmark.measure.images import pack, unpack
from benchmark.measure.processes import KILLED
from benchmark.measure.setting import Setting
from benchmark.measure.workers import versions
from benchmark.progress import Reporter
from tests.conftest import ROOT
from tests.measure.called import die, fail, interval, leave, rows, total


def setting(folder, **means):
    return Setting(ROOT, folder / "models", folder / "build", None, 2, Reporter(quiet=True), **means)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with cluster.open_engine(setting(tmp_path_factory.mktemp("engine"))) as engine:
        yield engine


def task(function, *arguments, keep=lambda _: None, **means):
    return Task("task", function, arguments, keep, means.pop("priority", 0), **means)


class Late:
    """A future whose worker is gone: what it returned does not come, or only after several fetches."""

    def __init__(self, times):
        self.times, self.asked = times, []

    def result(self, timeout):
        self.asked.append(timeout)
        if len(self.asked) <= self.times:
            raise TimeoutError
        return "home"


# ------------------------------------------------------------------------------------------------------- what is computed
def test_a_machine_without_a_network_is_not_told_so(tmp_path, monkeypatch, recwarn):
    own = inproc.global_manager.ip

    def lacks():
        warnings.warn("Couldn't detect a suitable IP address for reaching '8.8.8.8'", RuntimeWarning, stacklevel=1)
        return own

    monkeypatch.setattr(inproc, "get_ip", lacks)
    monkeypatch.setattr(inproc.global_manager, "_ip", None)
    with cluster.open_engine(setting(tmp_path)):
        assert inproc.global_manager._ip == own
    assert not [warning for warning in recwarn if "suitable IP" in str(warning.message)]


def test_what_a_task_returned_is_fetched_with_growing_patience_and_not_after_the_run_was_stopped(engine, monkeypatch):
    late, never = Late(2), Late(10**6)
    assert engine._fetched(late) == "home"
    assert late.asked == [FETCH_SECONDS, 2 * FETCH_SECONDS, 4 * FETCH_SECONDS]
    monkeypatch.setattr(engine, "_stopped", True)
    with pytest.raises(CancelledError):
        engine._fetched(never)
    assert never.asked == [FETCH_SECONDS]


@pytest.mark.parametrize("stopped", [None, BenchmarkError("enough")])
def test_a_client_that_is_closed_under_a_run_ends_it_in_the_words_of_whoever_closed_it(engine, monkeypatch, stopped):
    def closed(_):
        raise RuntimeError("IOLoop is closed")

    monkeypatch.setattr(engine, "_fetched", closed)
    monkeypatch.setattr(engine, "_stopped", stopped)
    with pytest.raises(BenchmarkError if stopped else RuntimeError, match="enough" if stopped else "closed"):
        engine.run("model", [task(os.getpid)])


def test_a_shared_result_is_computed_once_and_dropped_with_its_last_user(engine):
    shared = Shared("rows-5", "group", rows, (5,))
    found = []
    engine.announce("group")
    engine.run("model", [task(total, shared, factor, keep=found.append) for factor in (1, 2, 3)])
    engine.run("model", [task(total, shared, 4, keep=found.append)])
    assert sorted(value for value, _ in found) == [10, 20, 30, 40]
    assert len({made for _, made in found}) == 1
    engine.leave("group")
    assert "rows-5" not in engine._kept


def test_a_task_that_is_alone_overlaps_no_other(engine):
    alone, others = [], []
    tasks = [task(interval, 0.2, keep=others.append) for _ in range(5)]
    engine.run("model", [*tasks, task(interval, 0.2, keep=alone.append, alone=True, priority=1), *tasks])
    [(start, end)] = alone
    assert len(others) == 10
    assert all(other_end <= start or end <= other_start for other_start, other_end in others)


@pytest.mark.parametrize(("function", "words"), [(leave, "SystemExit: enough"), (fail, "LocalError: no such luck")])
def test_what_a_task_raises_comes_home_as_text(engine, function, words):
    with pytest.raises(TaskFailedError, match=words):
        engine.run("model", [task(function)])


def test_a_data_set_arrives_as_it_was(engine, sample):
    for same_machine in (True, False):
        bare, arrays = pack(sample, same_machine=same_machine)
        assert isinstance(arrays["train_images"], dict) == same_machine
        found = unpack(bare, arrays)
        assert (found.entry, found.digest, found.image_shape) == (sample.entry, sample.digest, sample.image_shape)
        assert np.array_equal(found.train_images, sample.train_images)
        assert np.array_equal(found.test_labels, sample.test_labels)


# --------------------------------------------------------------------------------------------------------- what may happen
def test_a_task_whose_worker_is_killed_is_tried_again_alone_and_its_neighbours_are_not_blamed(engine, tmp_path):
    found, others = [], []
    tasks = [task(interval, 0.1, keep=others.append) for _ in range(20)]
    engine.run("model", [task(die, tmp_path, 2, keep=found.append, priority=1), *tasks])
    assert found == [2]
    assert len(others) == 20


def test_a_task_that_kills_its_worker_each_time_fails_in_words_and_the_others_finish(engine, tmp_path):
    others, errors = [], []

    def other():
        engine.run("other", [task(interval, 0.1, keep=others.append) for _ in range(20)])

    def killing():
        with pytest.raises(TaskFailedError) as caught:
            engine.run("model", [task(die, tmp_path, 9)])
        errors.append(str(caught.value))

    threads = [threading.Thread(target=call) for call in (killing, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert errors == [KILLED]
    assert len(list(tmp_path.iterdir())) == 3
    assert len(others) == 20


@contextlib.contextmanager
def separate(*words, **means):
    """A process that ends with the block."""
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **means)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def test_a_scheduler_that_dies_ends_the_run_in_seconds(tmp_path):
    file = tmp_path / "scheduler.json"
    scheduler = (sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard", "--no-show")
    worker = (sys.executable, "-m", "benchmark", "worker", str(file), "--jobs", "1")
    with separate(*scheduler, "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)) as process:
        deadline = time.monotonic() + 60
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        with separate(*worker) as helper:
            assert "1 cores for tcp://127.0.0.1" in helper.stdout.readline()
            ended = []
            with cluster.open_engine(setting(tmp_path, dask=str(file))) as engine:
                keep = lambda _: (process.kill(), ended.append(time.monotonic()))  # noqa: E731
                with pytest.raises(BenchmarkError, match="the scheduler is gone"):
                    engine.run("model", [task(interval, 0.1, keep=keep), task(interval, 60)])
            assert time.monotonic() - ended[0] < 20


def test_an_address_where_nobody_answers_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(remote, "PATIENCE", 1)
    for address in ("tcp://127.0.0.1:9", "http://127.0.0.1:9"):
        with pytest.raises(BenchmarkError, match="no Dask scheduler answers at"):
            cluster.open_engine(setting(tmp_path, dask=address)).__enter__()


@pytest.mark.parametrize(
    ("answer", "words"),
    [(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "none of Dask's"), (b"", "says nothing within 1 s")],
    ids=["a web server", "silence"],
)
def test_an_address_where_something_else_answers_is_refused(tmp_path, monkeypatch, capfd, answer, words):
    monkeypatch.setattr(remote, "PATIENCE", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with contextlib.suppress(OSError):  # the test is over
                while True:
                    caller, _ = server.accept()
                    callers.append(caller)
                    caller.sendall(answer)

        callers = []
        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(BenchmarkError, match=f"no Dask scheduler answers at(?s:.*){words}"):
            cluster.open_engine(setting(tmp_path, dask=f"tcp://127.0.0.1:{server.getsockname()[1]}")).__enter__()
        gc.collect()  # what never began waits for nothing when it is forgotten
        for caller in callers:
            caller.close()
    assert capfd.readouterr().err == ""


def test_a_worker_that_was_not_started_for_this_benchmark_is_refused(tmp_path):
    means = {
        "n_workers": 1,
        "processes": False,
        "protocol": "tcp",
        "dashboard_address": "127.0.0.1:0",
        "host": "127.0.0.1",
    }
    words = r"was not started for this benchmark(?s:.*)make worker DASK=tcp://"
    with LocalCluster(**means) as found, pytest.raises(BenchmarkError, match=words):
        cluster.open_engine(setting(tmp_path, dask=found.scheduler_address)).__enter__()


def test_a_worker_with_other_versions_is_refused():
    start = Command("worker", dask="tcp://h:1")
    remote.check_versions("w", versions(), start)
    with pytest.raises(BenchmarkError, match=r"would compute something else(?s:.*)found: +numpy 1.0\n"):
        remote.check_versions("w", versions() | {"numpy": "1.0"}, start)
    with pytest.raises(BenchmarkError, match=r"expected: BLAS kernel (?s:.*)found: +BLAS kernel SkylakeX\n"):
        remote.check_versions("w", versions() | {"BLAS kernel": "SkylakeX"}, start)
