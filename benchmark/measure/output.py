"""What tasks print: a file for each model, written anew by each run, and one line that says where it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


class Output:
    """Keeps what tasks print in files of a folder.

    Parameters
    ----------
    folder : Path
    say : callable
        Prints a line.

    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self.folder = folder
        self.say = say
        self._begun: set[str] = set()
        self._lock = threading.Lock()

    def take(self, title: str, text: str) -> None:
        """Keep what a task printed; its title is `model: step`, or what models share."""
        name = title.partition(": ")[0]
        path = self.folder / f"{name}.txt"
        with self._lock, suppress(OSError):  # it is no result, and its loss no reason to end
            self.folder.mkdir(parents=True, exist_ok=True)
            begins = name not in self._begun
            with path.open("w" if begins else "a", encoding="utf-8") as stream:
                stream.write(f"--- {title}\n{text.rstrip()}\n")
            self._begun.add(name)
            if begins:
                self.say(f"{name}: what it prints goes to {path}")
