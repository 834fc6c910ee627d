"""Progress: what is running, how far it is, how long it will take; a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

__all__ = ["Reporter"]

Advance = Callable[[str, str], None]


class Reporter:
    """Reports progress on `stream`, with a bar only if that is a terminal; several threads may use it at once."""

    def __init__(self, stream: TextIO = sys.stderr, *, quiet: bool = False) -> None:
        self.stream = stream
        self.quiet = quiet
        self.console = Console(file=stream, highlight=False)
        self._bar: tuple[Progress, TaskID] | None = None
        self._running: dict[str, str] = {}  # what is shown of each running task, by its key
        self._lock = threading.Lock()

    def line(self, text: str) -> None:
        """Print one line."""
        if not self.quiet:
            self.console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def whole(self, title: str) -> Iterator[None]:
        """Show one bar for all batches until the block ends, if the stream is a terminal."""
        if self.quiet or not self.console.is_terminal:
            yield
            return
        columns = [
            TextColumn("{task.description}"),
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("[dim]{task.fields[running]}"),
        ]
        with Progress(*columns, console=self.console, transient=True) as bar:
            self._bar = bar, bar.add_task(title, total=0, running="")
            yield
        self._bar = None

    @contextmanager
    def batch(self, name: str, totals: Mapping[str, int]) -> Iterator[Advance]:
        """Yield a function to call after each task with its title and a few words.

        Parameters
        ----------
        name : str
            What all lines begin with.
        totals : mapping of str to int
            The number of tasks by title; a line says when all of one title are done.

        """
        start, done = time.monotonic(), Counter[str]()
        self._grow(sum(totals.values()))

        def advance(title: str, words: str) -> None:
            done[title] += 1
            self._step()
            if done[title] == totals[title]:
                last = f", {words}" if totals[title] == 1 and words else ""
                self.line(f"{name}: {title}: {totals[title]} done, {time.monotonic() - start:.0f} s{last}")

        yield advance

    def running(self, key: str, *, begins: bool) -> None:
        """Take note that a task begins or ends; what stands before the # of its key is shown."""
        with self._lock:
            if begins:
                self._running[key] = key.partition(" #")[0]
            else:
                self._running.pop(key, None)
            shown = ", ".join(sorted(set(self._running.values())))
        if self._bar:
            self._bar[0].update(self._bar[1], running=shown)

    def _grow(self, number: int) -> None:
        with self._lock:
            if self._bar:
                bar, task = self._bar
                bar.update(task, total=(bar.tasks[0].total or 0) + number)

    def _step(self) -> None:
        if self._bar:
            self._bar[0].advance(self._bar[1])
