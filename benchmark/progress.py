"""Progress: what is running, how far it is, how long it will take; a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

__all__ = ["Reporter"]

Advance = Callable[[str], None]


class Reporter:
    """Reports progress on `stream`, with a bar only if that is a terminal."""

    def __init__(self, stream: TextIO = sys.stderr, *, quiet: bool = False) -> None:
        self.stream = stream
        self.quiet = quiet
        self.console = Console(file=stream, highlight=False)

    def line(self, text: str) -> None:
        """Print one line."""
        if not self.quiet:
            self.console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def steps(self, title: str, total: int) -> Iterator[Advance]:
        """Yield a function to call with a few words after each of `total` steps."""
        start = time.monotonic()
        if self.quiet or not self.console.is_terminal:
            done = 0

            def count(_: str) -> None:
                nonlocal done
                done += 1

            yield count
            self.line(f"{title}: {done} done, {time.monotonic() - start:.0f} s")
            return
        columns = [
            TextColumn("{task.description}"),
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("[dim]{task.fields[last]}"),
        ]
        with Progress(*columns, console=self.console, transient=True) as bar:
            task = bar.add_task(title, total=total, last="")
            yield lambda words: bar.update(task, advance=1, last=words)
        self.line(f"{title}: {total} done, {time.monotonic() - start:.0f} s")
