"""Printing: errors, JSON, colours, and silence where nobody reads."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from benchmark.command import as_typed
from benchmark.errors import BenchmarkError, DiskError


def silence() -> None:
    """Let nothing more be said, not even by Python on its way out, where nobody reads any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def flush_printed() -> None:
    """Bring what was printed to where it goes.

    Raises
    ------
    DiskError
        If it goes into a file, and that cannot be written.

    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence()
        raise DiskError(
            "standard output cannot be written", found=error.strerror or "", remedy="another place for the output"
        ) from None


def print_error(error: BenchmarkError, repeat: Mapping[str, str]) -> None:
    """Print an error on stderr, with the commands in it as this person types them."""
    print(f"error: {error.text(lambda text: as_typed(text, repeat))}", file=sys.stderr)


def wants_colour() -> bool:
    """Say whether the output is a terminal whose owner has not asked for none (NO_COLOR)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def to_json(document: Any) -> str:
    """Return a document as JSON for a person or a program to read."""
    import json

    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)
