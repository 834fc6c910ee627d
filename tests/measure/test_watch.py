"""Who joins and leaves a cluster is said, and a run without a worker ends after a while."""

from __future__ import annotations

import pytest

from benchmark.command import Command
from benchmark.errors import BenchmarkError
from benchmark.measure.watch import GIVE_UP_SECONDS, Watch

GOOD = {"nthreads": 2, "resources": {"memory": 2**30}}
OTHER = {"nthreads": 4, "numpy": "1.0"}
SMALL = {"nthreads": 2, "resources": {"memory": 2**29}}


class Spy:
    """A watch of a cluster of two workers, and what it said and stopped with."""

    def __init__(self):
        self.said, self.stopped = [], []
        start = Command("worker", dask="tcp://h:1")
        self.watch = Watch(self.check, self.said.append, self.stopped.append, start, {"a", "b"}, 2**30)

    def check(self, name, worker):
        if worker is OTHER:
            raise BenchmarkError(f"the worker {name} would compute something else", expected="numpy 2", found="numpy 1")


@pytest.fixture
def spy():
    return Spy()


def test_nothing_is_said_while_nothing_changes(spy):
    spy.watch.look({"a": GOOD, "b": GOOD}, 0.0)
    spy.watch.look({"a": GOOD, "b": GOOD}, 1.0)
    assert not spy.said


def test_a_worker_that_joins_or_leaves_is_named_once(spy):
    for now in (0.0, 1.0):
        spy.watch.look({"a": GOOD, "c": GOOD}, now)
    assert spy.said == [
        "the worker c joined, 2 cores",
        "the worker b is gone; 2 left, its tasks are tried again there",
    ]


def test_a_worker_with_other_versions_is_said_to_get_no_task_and_does_not_count(spy):
    for now in (0.0, 1.0):
        spy.watch.look({"b": GOOD, "a": GOOD, "c": OTHER}, now)
    assert spy.said == ["the worker c would compute something else: it has numpy 1, not numpy 2; it gets no task"]
    spy.watch.look({"c": OTHER}, 2.0)
    spy.watch.look({"c": OTHER}, 2.0 + GIVE_UP_SECONDS)
    assert len(spy.stopped) == 1


def test_tasks_that_fit_on_no_worker_that_is_left_are_said_to_wait(spy):
    spy.watch.look({"a": GOOD, "b": SMALL}, 0.0)
    spy.watch.look({"b": SMALL}, 1.0)
    waits = "a task that takes more than 512MiB waits for a worker with 1GiB for tasks: make worker DASK=tcp://h:1"
    assert spy.said == ["the worker a is gone; 1 left, its tasks are tried again there", waits]


def test_the_end_of_the_last_worker_is_said_at_once_with_what_starts_one(spy):
    spy.watch.look({}, 0.0)
    waits = "no worker is left, so this waits 10 minutes for one: make worker DASK=tcp://h:1"
    assert spy.said == [f"the worker a is gone; {waits}", f"the worker b is gone; {waits}"]


def test_it_goes_on_when_a_worker_comes_and_gives_up_when_none_does(spy):
    spy.watch.look({}, 0.0)
    spy.watch.look({}, GIVE_UP_SECONDS - 1)
    spy.watch.look({"c": GOOD}, GIVE_UP_SECONDS)
    spy.watch.look({"c": GOOD}, 2 * GIVE_UP_SECONDS)
    assert not spy.stopped
    spy.watch.look({}, 2 * GIVE_UP_SECONDS + 1)
    spy.watch.look({}, 3 * GIVE_UP_SECONDS)
    assert not spy.stopped
    spy.watch.look({}, 3 * GIVE_UP_SECONDS + 1)
    [error] = spy.stopped
    assert "no worker for 10 minutes" in str(error)
    assert "make worker DASK=tcp://h:1, then this command again" in str(error)
