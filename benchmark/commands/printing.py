"""Printing: streams that any terminal, file or pipe can take; text, errors, JSON, colours. No other command writes to the terminal."""

from __future__ import annotations

import codecs
import io
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmark.command import as_typed
from benchmark.errors import BenchmarkError, DiskError
from benchmark.text import UNSEEN, visible

LEAST_WIDTH = 40  # characters of a line that is broken no further
INPUT, OUTPUT, ERROR = range(3)  # numbers of the streams


class Stream(io.TextIOWrapper):
    """Standard output or error: what its encoding lacks is replaced, and what nobody reads any more is dropped.

    Raises
    ------
    DiskError
        If standard output cannot be written for another reason.

    """

    def write(self, text: str) -> int:
        """Write `text`, as `TextIOBase.write` does."""
        try:
            return super().write(text)
        except OSError as error:
            self._drop(error)
            return len(text)

    def flush(self) -> None:
        """Write what is held back."""
        try:
            super().flush()
        except OSError as error:
            self._drop(error)

    def _drop(self, error: OSError) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
        if self.fileno() == OUTPUT and not isinstance(error, BrokenPipeError):
            raise DiskError(
                "standard output cannot be written", found=error.strerror or "", remedy="another place for the output"
            ) from None


def prepare_streams() -> None:
    """Make standard output and error take whatever is printed; open those that are closed (`>&-`) to nothing.

    A file that is opened while one of them is closed would get its number, and then what is printed there.
    """
    for number in (INPUT, OUTPUT, ERROR):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
    sys.stdout = _tolerant(OUTPUT, sys.stdout, sys.__stdout__, "replace")
    sys.stderr = _tolerant(ERROR, sys.stderr, sys.__stderr__, "backslashreplace")


def _tolerant(number: int, now: Any, first: Any, errors: str) -> Any:
    if now is None:
        return Stream(os.fdopen(number, "wb"), encoding="utf-8", errors=errors)
    if now is not first or isinstance(now, Stream):
        return now  # somebody captures it
    return Stream(  # `first` still holds the buffer too
        now.buffer, now.encoding, errors, line_buffering=now.line_buffering, write_through=now.write_through
    )


def show(text: object = "") -> None:
    """Print text on stdout; what would steer a terminal in it, a name's or a commit message's escape sequence, is shown instead."""
    print(visible(str(text)))


def complain(text: str) -> None:
    """Print the same on stderr; where that cannot be written, there is nobody to tell."""
    with suppress(OSError):
        print(visible(text), file=sys.stderr, flush=True)


def width() -> int | None:
    """Return how many characters a line of the terminal has; None where output goes elsewhere, and is to be whole."""
    if not sys.stdout.isatty():
        return None
    return max(LEAST_WIDTH, shutil.get_terminal_size().columns)


def show_long(text: str, *, painted: bool = False) -> None:
    """Print text, in the pager of the person (PAGER, else less) where it is longer than the terminal; with an empty PAGER as it is.

    `painted` says that its escape sequences are colours of ours.
    """
    text = text if painted else visible(text)
    pager = shlex.split(os.environ.get("PAGER", "less"))
    high = text.count("\n") >= shutil.get_terminal_size().lines - 1
    if not (sys.stdout.isatty() and sys.stdin.isatty() and high and pager and shutil.which(pager[0])):
        print(text)
        return
    colours = ["-R"] if Path(pager[0]).name == "less" and painted else []  # whatever LESS says
    settings = {"LESS": "FRX"} | os.environ  # quit where it fits, take colours, leave the text on the screen
    with suppress(BrokenPipeError):
        subprocess.run([*pager, *colours], input=f"{text}\n".encode(errors="replace"), check=False, env=settings)


def show_painted(text: str) -> None:
    """Print text whose escape sequences are colours of ours; whoever has put them there has made the text itself visible."""
    print(text)


def print_error(error: BenchmarkError, repeat: Mapping[str, str]) -> None:
    """Print an error on stderr, with the commands in it as this person types them."""
    complain(f"error: {error.text(lambda text: as_typed(text, repeat))}")


def wants_colour() -> bool:
    """Say whether the output is a terminal whose owner has not asked for none (NO_COLOR)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def to_json(document: Any) -> str:
    r"""Return a document as JSON for a person or a program to read, in characters that the output has.

    What would steer a terminal is written as `\u009b`.
    """
    import json

    unicode = codecs.lookup(sys.stdout.encoding or "ascii").name == "utf-8"
    text = json.dumps(document, indent=2, allow_nan=False, ensure_ascii=not unicode)
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
