"""Progress: what is running, how far it is, how long it will take; a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console

__all__ = ["Reporter"]

Advance = Callable[[str, str], None]


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
    def batch(self, name: str, totals: Mapping[str, int]) -> Iterator[Advance]:
        """Yield a function to call after each task with its title and a few words; `totals` counts tasks by title."""
        start, done = time.monotonic(), Counter[str]()

        def advance(title: str, _words: str) -> None:
            done[title] += 1
            if done[title] == totals[title]:
                self.line(f"{name}: {title}: {totals[title]} done, {time.monotonic() - start:.0f} s")

        yield advance
