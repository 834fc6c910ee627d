"""Printing: streams that any terminal, file or pipe can take; text, errors, JSON, colours. No other command writes to the terminal."""

from __future__ import annotations

import codecs
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from benchmark.command import as_typed
from benchmark.errors import BenchmarkError, DiskError
from benchmark.text import UNSEEN, visible

LEAST_WIDTH = 40  # characters of a line that is broken no further
INPUT, OUTPUT, ERROR = range(3)  # numbers of the streams
USUAL_WIDTH = 80
# what is written where an encoding lacks a character; all else that it lacks is ? on stdout and an escape on stderr
STAND_INS = {
    "−": "-", "–": "-", "—": "-", "×": "x", "≤": "<=", "≥": ">=", "≈": "~", "±": "+-", "→": "->", "←": "<-", "…": "...", "·": "-",
    "“": '"', "”": '"', "„": '"', "’": "'", "‘": "'", "\u00a0": " ", "\u202f": " ",
}  # fmt: skip
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))
JOINED = "\ue000"  # for a space at which no line is broken; in no text, for it has no meaning
WORD = r"""(?:'[^']*'|"[^"]*"|[^\s,;()'"]|,(?=\S))+"""  # of a shell
TOOLS = r"git|apt-get|fashion-bench|ls|mkdir|chmod|[\w./-]*(?:pip|python[\d.]*)"
COMMAND = re.compile(rf"(?<![\w/-])(?:make [a-z-]+(?: [A-Z_]+={WORD})*|(?:{TOOLS})(?: {WORD})+)")
LABEL = re.compile(r" *(?:error|expected|found|try): +|")


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
    sys.stdout = _tolerant(OUTPUT, sys.stdout, sys.__stdout__, _instead("stand-in or ?", lambda _: "?"))
    sys.stderr = _tolerant(
        ERROR, sys.stderr, sys.__stderr__, _instead("stand-in or escape", lambda one: ascii(one)[1:-1])
    )


def _instead(name: str, otherwise: Callable[[str], str]) -> str:
    """Return the name of what writes stand-ins where an encoding lacks a character."""

    def written(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        lacking = range(error.start, error.end)
        return "".join(_stand_in(error.object, place) or otherwise(error.object[place]) for place in lacking), error.end

    codecs.register_error(name, written)
    return name


def _tolerant(number: int, now: Any, first: Any, errors: str) -> Any:
    if now is None:
        return Stream(os.fdopen(number, "wb"), encoding="utf-8", errors=errors)
    if now is not first or isinstance(now, Stream):
        return now  # somebody captures it
    return Stream(  # `first` still holds the buffer too
        now.buffer, now.encoding, errors, line_buffering=now.line_buffering, write_through=now.write_through
    )


def _stand_in(text: str, place: int) -> str:
    """Return what is written instead of a character, a circumflex before the first that is raised; "" where nothing is."""
    one = text[place]
    if one in RAISED:
        return RAISED[one] if text[place - 1 : place] in RAISED else f"^{RAISED[one]}"
    return STAND_INS.get(one, "")


def show(text: object = "") -> None:
    """Print text on stdout; what would steer a terminal in it, a name's or a commit message's escape sequence, is shown instead."""
    print(visible(str(text)))


def complain(text: str, *, whole: bool = False) -> None:
    """Print the same on stderr, in lines of its terminal's width unless it is to be `whole`; nobody may be there to tell."""
    lines = visible(text).split("\n")
    limit = None if whole else width(sys.stderr)
    with suppress(OSError):
        print("\n".join(broken(line, limit) if limit else line for line in lines), file=sys.stderr, flush=True)


def broken(line: str, limit: int, label: str = "") -> str:
    """Return a line of a message as lines of at most `limit` characters, beside its label; a command is never broken, nor is a word.

    The label is what it begins with, `expected: ` and the like, or is given and put before it.
    """
    if not label and (found := LABEL.match(line)):
        label = found[0]
    wrapped = textwrap.wrap(
        COMMAND.sub(lambda command: command[0].replace(" ", JOINED), line.removeprefix(label)),
        limit,
        initial_indent=label,
        subsequent_indent=" " * len(label),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(wrapped).replace(JOINED, " ")


def width(stream: TextIO | None = None) -> int | None:
    """Return how many characters a line of a terminal has, stdout's by default; None where output goes elsewhere, and is to be whole."""
    stream = stream or sys.stdout
    if not stream.isatty():
        return None
    asked = os.environ.get("COLUMNS", "")
    if asked.isdecimal() and int(asked):
        return max(LEAST_WIDTH, int(asked))
    try:
        return max(LEAST_WIDTH, os.get_terminal_size(stream.fileno()).columns or USUAL_WIDTH)
    except OSError:  # a stream that says it is a terminal, and is none
        return USUAL_WIDTH


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
        subprocess.run(
            [*pager, *colours],
            input=f"{text}\n".encode(sys.stdout.encoding, sys.stdout.errors or "replace"),
            check=False,
            env=settings,
        )


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
