"""A bench that is told to end, or is killed, leaves nothing behind: no process, no file, no warning."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from multiprocessing import util

import psutil
import pytest

from benchmark.commands import process as ending
from tests.conftest import ROOT, SAMPLE

ENTRIES = ROOT / "tests" / "measure" / "misbehaving.py"


def alive(processes):
    return [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def until(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def as_in_a_terminal():
    """Take every signal as usual, also where the tests run under nohup or in the background of a script."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


# the model `sticks` never gives Python's lock back
SENT = [
    ("rf-pixels", signal.SIGINT),
    ("rf-pixels", signal.SIGKILL),
    ("sticks", signal.SIGTERM),
    ("sticks", signal.SIGHUP),
]


@pytest.mark.parametrize(("model", "sent"), SENT, ids=[f"{model}-{sent.name}" for model, sent in SENT])
def test_a_bench_that_ends_leaves_nothing_behind(tmp_path, request, model, sent):
    words = f"bench --dataset {SAMPLE} --models {model} --entries {ENTRIES} --no-site --jobs 2".split()
    folders = ["--build-dir", tmp_path / "build", "--models-dir", tmp_path / "models"]
    (tmp_path / "tmp").mkdir()
    own_folders = {"MARKS": str(tmp_path), "TMPDIR": str(tmp_path / "tmp")}
    with (tmp_path / "said").open("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmark", *words, *folders],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"} | own_folders,
            stdout=subprocess.DEVNULL,
            stderr=said,
            preexec_fn=as_in_a_terminal,  # noqa: PLW1509  # it takes no lock
        )
        request.addfinalizer(process.kill)  # if what is asserted below does not hold
        kept = tmp_path / "build" / "cache" / "fits"
        assert until(lambda: list(kept.glob("[!.]*.json")) or (tmp_path / "Sticks").exists(), 120)
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        process.send_signal(sent)
        status = process.wait(5)
        assert until(lambda: not alive(children), 5)
        assert not list((tmp_path / "tmp").iterdir())
        said.seek(0)
        text = said.read()
    assert "Warning" not in text
    assert "Traceback" not in text
    if sent != signal.SIGKILL:
        assert status == 128 + sent
        assert text.splitlines()[-1] == "interrupted; every fit that was done is kept"
        assert text.count("interrupted") == 1


def test_a_worker_that_would_be_started_while_a_run_ends_is_not(monkeypatch):
    monkeypatch.setattr(util, "spawnv_passfds", util.spawnv_passfds)  # put back at the end
    ending._start_no_more()
    with pytest.raises(InterruptedError):  # as Dask's nanny would when its worker has been killed
        multiprocessing.get_context("spawn").Process(target=print).start()
