"""Worker processes: parallel for a search, fresh and alone for timed fits."""

from __future__ import annotations

import functools
import multiprocessing
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver
from typing import Any

import joblib

from benchmark.command import Command
from benchmark.errors import FitError
from benchmark.measure.entry import ModelEntry
from benchmark.measure.setting import Setting

KILLED = "its process was killed; the system does that when memory runs out"


def parallel(setting: Setting, calls: list[Any]) -> Iterator[tuple[Any, str]]:
    """Yield the results of the calls, each wrapped in `guarded`, as they finish."""
    try:
        if calls:
            yield from joblib.Parallel(setting.jobs, return_as="generator_unordered")(calls)
    except BrokenProcessPool:
        yield None, KILLED


@functools.cache
def fresh_processes() -> Any:
    """Return a context for processes that hold nothing but the imports, forked from a server that starts them now."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmark.models", "benchmark.measure.fit"])
    forkserver.ensure_running()
    return context


def guarded(function: Any, *arguments: Any) -> tuple[Any, str]:
    """Return the result and "", or None and the error as text: one estimator's error must not stop the others."""
    try:
        return function(*arguments), ""
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"


def raise_fit_error(entry: ModelEntry, error: str) -> None:
    """Raise the error that `guarded` returned as text, if there is one."""
    if error:
        raise FitError(
            f"model {entry.name!r} could not be fitted",
            expected="an estimator that fits and predicts on this data set",
            found=" ".join(error.split())[:400],
            remedy=("fix its entry, then ", Command("bench", models=entry.name)),
        )
