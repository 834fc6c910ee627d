"""Calls side by side, a thread each: what fails in one leaves the others alone."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping

from benchmark.errors import BenchmarkError, FitError

Ended = queue.SimpleQueue[tuple[str, BaseException | None]]


def side_by_side(
    calls: Mapping[str, Callable[[], None]], note: Callable[[str, FitError | None], None]
) -> dict[str, FitError]:
    """Run each call in a thread of its own and return the errors of models that failed, by name, in the order of the calls.

    Any other error of this package concerns the whole run, and is raised at once. What nobody expected is raised when all
    calls have ended.

    Parameters
    ----------
    calls : mapping of str to callable
    note : callable
        Gets each name as its call ends, with the model's error or None.

    """
    ended: Ended = queue.SimpleQueue()
    for name, call in calls.items():
        threading.Thread(target=_reporting, args=(call, name, ended), daemon=True).start()
    failures: dict[str, FitError] = {}
    unexpected: BaseException | None = None
    for _ in calls:
        name, error = ended.get()
        if error is None:
            note(name, None)
        elif isinstance(error, FitError):
            failures[name] = error
            note(name, error)
        elif isinstance(error, BenchmarkError):
            raise error
        else:
            unexpected = unexpected or error
    if unexpected:
        raise unexpected
    return {name: failures[name] for name in calls if name in failures}


def _reporting(call: Callable[[], None], name: str, ended: Ended) -> None:
    try:
        call()
    except BaseException as error:  # the waiting thread raises it
        ended.put((name, error))
    else:
        ended.put((name, None))
