"""A task in its own process: how it ends, in whatever way it ends, and that nothing is left of it."""

from __future__ import annotations

import errno
import fcntl
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import cloudpickle
import numpy as np
import psutil
import pytest
from joblib.externals.loky.backend import get_context

from benchmark.errors import DiskError
from benchmark.measure.arrays import Room, stored
from benchmark.measure.processes import Means, TaskError, TaskKilledError, TaskLateError, in_fresh_process, run_packed
from benchmark.measure.warden import SHARED_MEMORY
from benchmark.measure.warden_client import warden

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to whom they descend from")


@pytest.fixture(autouse=True)
def room(tmp_path, monkeypatch):
    (tmp_path / "room").mkdir()
    monkeypatch.setattr(Room, "folder", tmp_path / "room")
    yield tmp_path / "room"
    assert not list((tmp_path / "room").iterdir())  # a task's folder goes with it


def run(function, *arguments, **means):
    return run_packed(cloudpickle.dumps((function, list(arguments))), {}, Means(**means))


def until(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def left_behind(session):
    return subprocess.Popen(["sleep", "1000"], start_new_session=session).pid


def orphan(path):
    """Leave a process whose parent has ended, in a session of its own."""
    if os.fork() == 0:
        os.setsid()
        child = os.fork()
        if child == 0:
            time.sleep(1000)
        path.write_text(str(child))
        os._exit(0)
    os.wait()


def test_a_task_returns_what_it_returns_and_its_arguments_may_be_known_elsewhere():
    packed = cloudpickle.dumps((divmod, [7, None]))
    assert run_packed(packed, {1: 2}, Means()) == (3, 1)


@linux
def test_what_a_warden_does_before_its_tasks_starts_no_thread():
    def threads():
        from benchmark.measure.workers import warm_up

        warm_up()
        return psutil.Process().num_threads()  # a process that was forked has one

    assert in_fresh_process(threads) == 1


def test_a_worker_needs_no_scikit_learn():
    script = "import sys, benchmark.measure.dask_worker, benchmark.measure.images; print('sklearn' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert found.stdout == "False\n"


def test_processes_that_a_task_starts_end_with_it(tmp_path):
    pids = [run(left_behind, session) for session in (False, True)]
    run(orphan, tmp_path / "pid")
    pids.append(int((tmp_path / "pid").read_text()))
    assert until(lambda: all(map(is_gone, pids)))


def test_a_late_task_is_ended_with_its_children(tmp_path):
    def late():
        (tmp_path / "pid").write_text(str(left_behind(session=False)))
        time.sleep(1000)

    start = time.monotonic()
    with pytest.raises(TaskLateError, match=r"it was ended after 3\.00 s"):
        run(late, seconds=3)
    assert time.monotonic() - start < 8
    assert until(lambda: is_gone(int((tmp_path / "pid").read_text())))


def test_a_task_that_nobody_wants_any_more_is_ended(tmp_path):
    def stays():
        (tmp_path / "pid").write_text(str(os.getpid()))
        time.sleep(1000)

    packed = cloudpickle.dumps((stays, []))
    with pytest.raises(TaskKilledError):
        run_packed(packed, {}, Means(), wanted=lambda: not (tmp_path / "pid").exists())
    assert until(lambda: is_gone(int((tmp_path / "pid").read_text())))


def test_the_end_of_what_a_task_prints_is_handed_on_even_if_it_crashes():
    said = []

    def crash():
        for number in range(10_000):
            print(f"line {number}")
        sys.stdout.flush()
        os.abort()

    with pytest.raises(TaskError, match="its process was ended by SIGABRT; it last printed: line 9999"):
        run_packed(cloudpickle.dumps((crash, [])), {}, Means(), said=said.append)
    [text] = said
    assert text.endswith("line 9999\n")
    assert len(text) == 16_384


def test_an_array_that_nobody_refers_to_goes_or_stays_without_a_word(tmp_path, capfd, monkeypatch):
    kept = [stored(np.arange(3)), stored(np.arange(3))]
    gone, stays = (array.mapped.path for array in kept)
    del kept[0]
    assert not gone.exists()
    with monkeypatch.context() as patch:
        patch.setattr(type(stays), "unlink", lambda path: path.rmdir())  # the disk refuses it
        kept.clear()
    assert stays.exists()
    stays.unlink()
    assert capfd.readouterr().err == ""


def test_a_process_without_room_for_its_outcome_is_told_as_that_and_not_as_what_it_printed():
    def full():
        def refuse(*_):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "result")

        Path.write_bytes = refuse

    said = []
    with pytest.raises(DiskError, match="No space left"):
        run_packed(cloudpickle.dumps((full, [])), {}, Means(), said=said.append)
    assert said == []


def named_semaphores():
    """Make semaphores as multiprocessing and joblib do; return their names."""
    made = multiprocessing.get_context("spawn").Lock(), get_context("loky").Lock()
    return [lock._semlock.name for lock in made]


@linux
def test_semaphores_of_a_task_go_with_it():
    names = run(named_semaphores)
    assert len(names) == 2
    assert until(lambda: not any((SHARED_MEMORY / f"sem.{name.removeprefix('/')}").exists() for name in names)), names


def test_a_lack_of_files_or_processes_is_none_of_the_task(monkeypatch):
    def lacks(*_):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(socket, "socketpair", lacks)
    with pytest.raises(DiskError, match="cannot be used(?s:.*)ulimit -n"):
        run(abs, -1)


def test_what_cannot_be_pickled_is_told():
    with pytest.raises(TaskError, match="what it returned cannot be pickled: TypeError"):
        run(lambda: (number for number in range(3)))


def test_a_warden_that_is_killed_takes_its_tasks_along_and_another_one_takes_its_place(tmp_path):
    def stays():
        (tmp_path / "pid").write_text(str(os.getpid()))
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(1000)

    first = warden().process
    with pytest.raises(TaskKilledError):
        run(stays)
    if sys.platform == "linux":
        assert until(lambda: is_gone(int((tmp_path / "pid").read_text())))
    assert until(lambda: first.poll() is not None)
    assert in_fresh_process(abs, -1) == 1


@pytest.mark.parametrize("start", ["", "fork_warden()"], ids=["new", "forked"])
def test_a_warden_ends_with_whoever_started_it_whatever_its_tasks_do(tmp_path, start):
    script = f"""
import os, pathlib, re, signal, threading, time
from benchmark.measure.processes import in_fresh_process
from benchmark.measure.warden_client import fork_warden
{start}
def stuck():
    pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(os.getpid()))
    re.match(r"(a+)+$", "a" * 60 + "b")  # years, without giving Python's lock back
threading.Thread(target=in_fresh_process, args=(stuck,), daemon=True).start()
while not pathlib.Path({str(tmp_path / "pid")!r}).exists(): time.sleep(0.05)
time.sleep(0.5)
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script], check=False, timeout=60, env=os.environ | {"TMPDIR": str(tmp_path)})
    assert until(lambda: is_gone(int((tmp_path / "pid").read_text())))


FORKED = """
import json, os, sys, threading
from benchmark.measure.processes import in_fresh_process
from benchmark.measure.warden_client import fork_warden, warden
opened = open(os.devnull)
if sys.argv[1] == "beside a thread":
    threading.Thread(target=threading.Event().wait, daemon=True).start()
fork_warden()
first = warden().process
sys.modules["of_mine"] = threading
def state():
    places = {name: os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if int(name) < 3}
    return os.getsid(os.getppid()) == os.getppid(), "of_mine" in sys.modules, places["0"], len(os.listdir("/proc/self/fd"))
own_session, sees, stdin, files = in_fresh_process(state)
first.poll() is None and os.kill(first._pid if hasattr(first, "_pid") else first.pid, 9)
status = first.wait()
print(json.dumps([type(first).__name__, own_session, sees, stdin, files, status, in_fresh_process(abs, -1), type(warden().process).__name__]))
"""


@linux
def test_a_forked_warden_that_is_gone_is_replaced_also_where_nobody_is_told_of_its_end(tmp_path):
    script = """
import os, signal
from benchmark.measure.processes import in_fresh_process
from benchmark.measure.warden_client import fork_warden, warden
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
fork_warden()
first = warden().process
os.kill(in_fresh_process(os.getppid), signal.SIGKILL)
while first.poll() is None: pass
print(in_fresh_process(abs, -1))
"""
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=60, env=environment
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


@linux
@pytest.mark.parametrize(("beside", "kind"), [("alone", "Forked"), ("beside a thread", "Popen")])
def test_a_warden_is_forked_where_that_is_safe_and_shares_nothing_that_came_later(beside, kind, tmp_path):
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", FORKED, beside],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    found, own_session, sees, stdin, files, status, again, other = json.loads(done.stdout)
    assert (found, own_session, sees, stdin) == (kind, True, False, os.devnull)
    assert files <= 6  # its three streams, its memory-mapped call at most, and the folder that lists them
    assert (status, again, other) == (-signal.SIGKILL, 1, "Popen")
    assert not done.stderr


def test_a_forked_warden_holds_no_lock_of_the_process_that_it_comes_from(tmp_path):
    script = f"""
import fcntl, os, signal
lock = open({str(tmp_path / "lock")!r}, "w")
fcntl.flock(lock, fcntl.LOCK_EX)
from benchmark.measure.warden_client import fork_warden
fork_warden()
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script], check=False, timeout=60)
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
