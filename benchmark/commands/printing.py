"""Printing: JSON, colours, commands as one types them, and silence where nobody reads."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from benchmark.command import Text, as_typed
from benchmark.commands.settings import DEFAULT_DATASET
from benchmark.errors import BenchmarkError


def silence() -> None:
    """Let nothing more be said, not even by Python on its way out, where nobody reads any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def typed(text: Text, arguments: argparse.Namespace) -> str:
    """Return `text` with the commands in it as this person types them, for the same data set and entries."""
    standard = {"dataset": DEFAULT_DATASET, "profile": "full", "entries": None}
    given = {name: getattr(arguments, name, value) for name, value in standard.items()}
    return as_typed(text, {name: str(value) for name, value in given.items() if value != standard[name]})


def print_error(error: BenchmarkError, arguments: argparse.Namespace) -> None:
    """Print an error on stderr, its remedy as this person types it."""
    print(f"error: {error.text(lambda text: typed(text, arguments))}", file=sys.stderr)


def wants_colour() -> bool:
    """Say whether the output is a terminal whose owner has not asked for none (NO_COLOR)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def to_json(document: Any) -> str:
    """Return a document as JSON for a person or a program to read."""
    import json

    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)
