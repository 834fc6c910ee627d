"""Progress: what is running, how far it is, how long it will take; a few bars on a terminal, plain lines in a log.

Comes in: each model's tasks as they become known and as they end, and the seconds that it took last time. Goes out: on a
terminal a line for the whole bench and one for each model in progress; elsewhere a line when a step of a model is done.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID
from rich.table import Column
from rich.text import Text

from benchmark.text import one_line, visible

__all__ = ["Part", "Reporter", "part_left", "whole_left"]

Advance = Callable[[str, str], None]
PRIOR_SECONDS = 60.0  # how long it takes until this run's pace counts as much as that of the last run
BAR_FROM = 70  # columns; a narrower terminal has the figures without bars


# ------------------------------------------------------------------------------------------------------------ estimates
@dataclass
class Part:
    """One model's part of a bench.

    Parameters
    ----------
    seconds : float, optional
        What it took last time.
    known, later, done : int
        Numbers of tasks: submitted so far, expected after them, finished.
    began : float, optional
        When its first task began.
    ended : bool
        Whether nothing of it is left.

    """

    seconds: float | None = None
    known: int = 0
    later: int = 0
    done: int = 0
    began: float | None = None
    ended: bool = False

    @property
    def total(self) -> int:
        """Number of its tasks, as far as can be told."""
        return self.known + self.later

    @property
    def share(self) -> float:
        """Share of its tasks that are done."""
        return 1.0 if self.ended else self.done / max(1, self.total)


def _weights(parts: Collection[Part]) -> list[float]:
    """Return how much work each part is: its seconds of the last run, else its tasks at the mean seconds of a task."""
    timed = [part for part in parts if part.seconds]
    per_task = sum(part.seconds or 0 for part in timed) / max(1, sum(part.total for part in timed)) if timed else 1.0
    return [part.seconds or part.total * per_task for part in parts]


def _pace(parts: Collection[Part], elapsed: float) -> float | None:
    """Return the seconds that a unit of work takes: 1 at first where the last run is known, later as measured."""
    prior = PRIOR_SECONDS if any(part.seconds for part in parts) else 0.0
    done = sum(part.share * weight for part, weight in zip(parts, _weights(parts), strict=True))
    return (elapsed + prior) / (done + prior) if done + prior else None


def whole_left(parts: Collection[Part], elapsed: float) -> float | None:
    """Return the seconds until all parts are done, None if nothing can be told yet."""
    pace = _pace(parts, elapsed)
    left = sum((1 - part.share) * weight for part, weight in zip(parts, _weights(parts), strict=True))
    return None if pace is None else left * pace


def part_left(part: Part, parts: Collection[Part], elapsed: float, now: float) -> float | None:
    """Return the seconds until one of the parts is done, which shares the machine with the others.

    Its own progress is extrapolated. The machine's time that it still needs is the least that it can take, and the time
    left of the whole the most.
    """
    whole = whole_left(parts, elapsed)
    if whole is None or not part.share or part.began is None:
        return whole
    weight = next(own for other, own in zip(parts, _weights(parts), strict=True) if other is part)
    least = (1 - part.share) * weight * (_pace(parts, elapsed) or 0)
    return min(whole, max(least, (now - part.began) * (1 - part.share) / part.share))


# ----------------------------------------------------------------------------------------------------------- the reporter
class Reporter:
    """Reports progress on `stream`, with bars only if that is a terminal; several threads may use it at once."""

    def __init__(self, stream: TextIO = sys.stderr, *, quiet: bool = False) -> None:
        self.stream = stream
        self.quiet = quiet
        self.console = Console(file=stream, highlight=False, emoji=False)
        self._bars: _Bars | None = None

    def line(self, text: str) -> None:
        """Print one line."""
        if not self.quiet:
            self.console.print(visible(text), markup=False, soft_wrap=True)

    @contextmanager
    def whole(self, title: str, seconds: Mapping[str, float | None]) -> Iterator[None]:
        """Show bars until the block ends, if the stream is a terminal.

        Parameters
        ----------
        title : str
            What the bar of the whole is called.
        seconds : mapping of str to float or None
            The models, and what each took last time.

        """
        if self.quiet or not self.console.is_terminal:
            yield
            return
        self._bars = _Bars(self.console, title, seconds)
        try:
            with self._bars.progress:
                yield
        finally:
            self._bars = None

    @contextmanager
    def batch(self, name: str, totals: Mapping[str, int], later: int = 0) -> Iterator[Advance]:
        """Yield a function to call after each task with its title and a few words.

        Parameters
        ----------
        name : str
            What all lines begin with.
        totals : mapping of str to int
            The number of tasks by title; a line says when all of one title are done.
        later : int
            The number of tasks that are expected in later batches of this name.

        """
        start, done = time.monotonic(), Counter[str]()
        if self._bars:
            self._bars.grow(name, sum(totals.values()), later)

        def advance(title: str, words: str) -> None:
            done[title] += 1
            if self._bars:
                self._bars.step(name)
            if done[title] == totals[title]:
                last = f", {words}" if totals[title] == 1 and words else ""
                self.line(f"{name}: {title}: {totals[title]} done, {time.monotonic() - start:.0f} s{last}")

        try:
            yield advance
        except BaseException:
            if self._bars:
                self._bars.end(name)  # nothing comes later
            raise

    def running(self, key: str, *, begins: bool) -> None:
        """Take note that a task begins or ends; its key is `name: title #…`, or `title #…` if it is for several models."""
        if self._bars:
            self._bars.running(key, begins=begins)


class _Bars:
    """The lines on a terminal: the whole first, which is what a low window has room for."""

    def __init__(self, console: Console, title: str, seconds: Mapping[str, float | None]) -> None:
        self._parts = {name: Part(own) for name, own in seconds.items()}
        self._running: dict[str, str] = {}  # what is shown of each running task, by its key
        self._lock = threading.Lock()
        self._start = time.monotonic()
        self.progress = Progress(*_columns(console.width), console=console, transient=True, expand=True)
        self._whole = self.progress.add_task(title, total=0, words=self._words, left=self._whole_left)
        self._lines: dict[str, TaskID] = {}

    def grow(self, name: str, number: int, later: int) -> None:
        with self._lock:
            part = self._parts.setdefault(name, Part())
            if not part.known and not number:
                part.seconds = None  # what took long last time is kept, so those seconds say nothing
            part.known += number
            part.later = later
            self._show(name)

    def step(self, name: str) -> None:
        with self._lock:
            part = self._parts[name]
            part.done += 1
            part.ended = part.done == part.total
            self._show(name)

    def running(self, key: str, *, begins: bool) -> None:
        with self._lock:
            self._running.pop(key, None)
            if begins:
                self._running[key] = key.partition(" #")[0]
            name = key.partition(": ")[0]
            if begins and name in self._parts:
                part = self._parts[name]
                part.began = part.began or time.monotonic()
                self._show(name)

    def end(self, name: str) -> None:
        with self._lock:
            part = self._parts[name]
            part.seconds = part.seconds and part.seconds * part.share  # the rest was not done, at no pace
            part.known, part.later, part.ended = part.done, 0, True
            self._show(name)

    def _show(self, name: str) -> None:
        part, parts = self._parts[name], self._parts.values()
        self.progress.update(
            self._whole, total=sum(own.total for own in parts), completed=sum(own.done for own in parts)
        )
        if name not in self._lines and part.began and not part.ended:
            words, left = (lambda: self._titles(name)), (lambda: self._part_left(name))
            self._lines[name] = self.progress.add_task(name, words=words, left=left)
        if name in self._lines:
            self.progress.update(self._lines[name], total=part.total, completed=part.done, visible=not part.ended)

    # rich calls these while it holds its own lock, so they take none: `_show` takes both in the other order
    def _words(self) -> str:
        parts = tuple(self._parts.values())
        passed = _clock(time.monotonic() - self._start)
        common = {title for title in tuple(self._running.values()) if title.partition(": ")[0] not in self._parts}
        return ", ".join([f"{sum(part.ended for part in parts)} of {len(parts)} done in {passed}", *sorted(common)])

    def _titles(self, name: str) -> str:
        prefix = f"{name}: "
        own = {title.removeprefix(prefix) for title in tuple(self._running.values()) if title.startswith(prefix)}
        return ", ".join(sorted(own)) or "waits"

    def _whole_left(self) -> float | None:
        return whole_left(tuple(self._parts.values()), time.monotonic() - self._start)

    def _part_left(self, name: str) -> float | None:
        now = time.monotonic()
        return part_left(self._parts[name], tuple(self._parts.values()), now - self._start, now)


class _Words(ProgressColumn):
    """What runs; it takes the room that the other columns leave."""

    def __init__(self) -> None:
        super().__init__(Column(ratio=1, no_wrap=True, overflow="ellipsis"))

    def render(self, task: Task) -> Text:
        return Text(visible(task.fields["words"]()), style="dim")


class _Name(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(visible(one_line(task.description)))


class _Left(ProgressColumn):
    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        seconds = task.fields["left"]()
        return Text("" if seconds is None else f"{_clock(seconds)} left", justify="right")


def _columns(width: int) -> list[ProgressColumn]:
    bar = [BarColumn(width // 8)] if width >= BAR_FROM else []
    return [_Name(Column(no_wrap=True)), _Words(), *bar, MofNCompleteColumn(), _Left(Column(no_wrap=True))]


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
