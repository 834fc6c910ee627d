"""Printing: text, errors, JSON, colours, and silence where nobody reads. No other command writes to the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from benchmark.command import as_typed
from benchmark.errors import BenchmarkError
from benchmark.text import UNSEEN, visible


def silence() -> None:
    """Let nothing more be said, not even by Python on its way out, where nobody reads any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show(text: object = "") -> None:
    """Print text on stdout; what would steer a terminal in it, a name's or a commit message's escape sequence, is shown instead."""
    print(visible(str(text)))


def complain(text: str) -> None:
    """Print the same on stderr."""
    print(visible(text), file=sys.stderr)


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
    r"""Return a document as JSON for a person or a program to read; what would steer a terminal is written as `\u009b`."""
    import json

    text = json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
