"""A cluster of separate processes on loopback, each in a folder of its own: the bytes of a local run, and what may happen.

Each worker has a copy of the package and nothing else of the checkout.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

import psutil
import pytest

from benchmark import results
from benchmark.errors import BenchmarkError
from benchmark.measure import cluster, watch
from benchmark.measure.engine import Task
from benchmark.measure.setting import Setting
from tests.conftest import ROOT, SAMPLE

MODELS = "dummy,lr-hog"
SCHEDULER = (
    "-m",
    "distributed.cli.dask_scheduler",
    "--no-dashboard",
    "--no-show",
    "--host",
    "127.0.0.1",
    "--port",
    "0",
)


def until(condition, seconds=60):
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


class Cluster:
    """A scheduler and its workers, as processes."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        self.file = folder / "scheduler.json"
        self.scheduler = self._start(folder / "scheduler", *SCHEDULER, "--scheduler-file", str(self.file))
        until(lambda: self.file.exists() and self.file.read_text().endswith("}"))  # Dask writes it in place
        self.address = json.loads(self.file.read_text())["address"]

    def _start(self, folder, *words, **environment):
        folder.mkdir(parents=True)
        means = {"cwd": folder, "env": os.environ | environment, "text": True}
        process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **means)
        self.processes.append(process)
        return process

    def worker(self, name, edit=None, jobs=1):
        """Start a worker, with a package that `edit` may change."""
        copied = self.folder / name / "package"
        shutil.copytree(ROOT / "benchmark", copied / "benchmark")
        shutil.copy(ROOT / "requirements.lock", copied / "benchmark")
        if edit:
            edit(copied / "benchmark")
        words = ("-m", "benchmark", "worker", self.address, "--jobs", str(jobs))
        process = self._start(self.folder / name / "work", *words, PYTHONPATH=str(copied))
        line = process.stdout.readline()
        assert f"{jobs} cores for {self.address}" in line, line
        return process

    def end(self):
        for process in reversed(self.processes):
            end(process)


def end(process):
    """Kill a process and those that it started, as an outage does."""
    with contextlib.suppress(psutil.Error):
        for own in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
            with contextlib.suppress(psutil.Error):
                own.kill()
    process.wait(30)
    process.stdout.close()


@contextlib.contextmanager
def suspended(process):
    """Have a process, and those that it started, stand still."""
    first = psutil.Process(process.pid)
    tree = [first, *first.children(recursive=True)]
    for own in tree:
        with contextlib.suppress(psutil.NoSuchProcess):
            own.suspend()
    yield
    for own in tree:
        with contextlib.suppress(psutil.NoSuchProcess):
            own.resume()


@pytest.fixture
def processes(tmp_path):
    found = Cluster(tmp_path / "cluster")
    yield found
    found.end()


class Said:
    """A reporter that keeps its lines."""

    def __init__(self):
        self.lines = []

    def line(self, text):
        self.lines.append(text)

    @contextlib.contextmanager
    def batch(self, *_):
        yield lambda *_: None

    def running(self, *_, **__):
        pass


def setting(folder, address):
    return Setting(ROOT, folder / "models", folder / "build", None, 1, Said(), dask=address)


def bench(folder, address):
    """Start a bench on the sample whose workers are those of a cluster."""
    where = ("--build-dir", str(folder / "build"), "--models-dir", str(folder / "models"), "--no-site")
    words = ("bench", "--dataset", SAMPLE, "--models", MODELS, "--dask", address, *where)
    return subprocess.Popen(
        [sys.executable, "-m", "benchmark", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def fits(folder):
    return list((folder / "build" / "cache" / "fits").glob("[!.]*.json"))


def squares(engine, numbers, seconds, found):
    def square(number):  # pickled by value, as every function inside another: workers have no tests to import
        time.sleep(seconds)
        return number * number

    tasks = [Task("square", square, (number,), found.append, 0) for number in numbers]
    engine.run("model", tasks)


# ------------------------------------------------------------------------------------------------------------ the bytes
def test_workers_that_come_and_go_compute_the_bytes_of_a_local_run(processes, whole_run, tmp_path):
    one = processes.worker("one")
    two = processes.worker("two", jobs=2)
    process = bench(tmp_path, processes.address)
    until(lambda: fits(tmp_path), 120)
    end(one)
    with suspended(two):  # the run must not end before another has come
        processes.worker("three")
        lines = [process.stdout.readline()]
        while lines[-1] and "joined" not in lines[-1]:
            lines.append(process.stdout.readline())
    with process.stdout:
        said = "".join([*lines, process.stdout.read()])
    assert process.wait(300) == 0, said
    assert re.search(r"the worker tcp://\S+ is gone; 1 left", said)
    assert re.search(r"the worker tcp://\S+ joined, 1 cores", said)
    for name in MODELS.split(","):
        for file in results.TRACKED:
            own, local = (base / "models" / SAMPLE / name / file for base in (tmp_path, whole_run[0]))
            assert own.read_bytes() == local.read_bytes(), own


# --------------------------------------------------------------------------------------------------------- the last worker
def test_a_run_waits_for_a_worker_when_the_last_is_gone_and_goes_on_with_a_smaller_one(processes, tmp_path):
    first = processes.worker("first", jobs=2)
    found, given = [], setting(tmp_path, processes.address)
    with cluster.open_engine(given) as engine:
        running = threading.Thread(target=squares, args=(engine, range(12), 0.5, found))
        running.start()
        until(lambda: found)
        end(first)
        until(
            lambda: any("no worker is left, so this waits 10 minutes for one: " in line for line in given.report.lines)
        )
        processes.worker("second", jobs=1)
        running.join(60)
    assert sorted(found) == [number * number for number in range(12)]
    assert given.report.lines[-1].endswith("joined, 1 cores")
    assert f"make worker DASK={processes.address}" in given.report.lines[0]


def test_a_run_gives_up_in_words_when_no_worker_comes(processes, tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "GIVE_UP_SECONDS", 3)
    only, found = processes.worker("only"), []
    with cluster.open_engine(setting(tmp_path, processes.address)) as engine:
        threading.Thread(target=lambda: (until(lambda: found), end(only)), daemon=True).start()
        with pytest.raises(BenchmarkError, match="there has been no worker for"):
            squares(engine, range(20), 0.5, found)
    assert 0 < len(found) < 20  # what came home before


def test_a_worker_with_other_code_that_joins_gets_no_task(processes, tmp_path):
    def edit(package):
        path = package / "svm.py"
        path.write_text(path.read_text() + "\nOTHER = 1\n")

    processes.worker("good")
    found, given = [], setting(tmp_path, processes.address)
    with cluster.open_engine(given) as engine:
        processes.worker("other", edit)
        squares(engine, range(3), 1.0, found)
        until(lambda: given.report.lines)
    [line] = given.report.lines
    assert "would compute something else: it has code of features and training " in line
    assert line.endswith("it gets no task")
    with pytest.raises(BenchmarkError, match="would compute something else"):  # before a run it is an error
        cluster.open_engine(given).__enter__()


# ------------------------------------------------------------------------------------------------------------ the scheduler
def test_the_end_of_the_scheduler_ends_a_bench_in_seconds_and_keeps_what_came_home(processes, tmp_path):
    processes.worker("only")
    process = bench(tmp_path, processes.address)
    until(lambda: fits(tmp_path), 120)
    end(processes.scheduler)
    start = time.monotonic()
    said, _ = process.communicate(timeout=60)
    assert time.monotonic() - start < 30
    assert process.returncode == 1
    assert "error: the scheduler is gone" in said
    assert "Traceback" not in said, said
    assert fits(tmp_path)


def test_an_address_where_nobody_answers_is_an_error_in_ten_seconds(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it accepts, and says nothing
        for port in (9, silent.getsockname()[1]):
            start = time.monotonic()
            with pytest.raises(BenchmarkError, match=f"no Dask scheduler answers at tcp://127.0.0.1:{port}"):
                cluster.open_engine(setting(tmp_path, f"tcp://127.0.0.1:{port}")).__enter__()
            assert time.monotonic() - start < 10


def test_a_worker_that_is_told_to_end_says_nothing_of_semaphores(processes):
    worker = processes.worker("only")
    children = psutil.Process(worker.pid).children(recursive=True)
    worker.terminate()
    said, _ = worker.communicate(timeout=20)
    assert worker.returncode == 143
    assert said.splitlines() == ["interrupted"]
    assert not psutil.wait_procs(children, 6)[1]
