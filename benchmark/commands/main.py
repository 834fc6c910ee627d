"""Runs one command: words come in, an exit status goes out.

What an exit status means is `usage.STATUSES`. `diff` alone says 1 for a regression, so an error of its own is 2, and a fault of
the program is `CRASHED` whatever the command.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

from benchmark.command import Command, word
from benchmark.commands.parser import Call, parse
from benchmark.commands.printing import complain, prepare_streams, print_error
from benchmark.commands.process import end, end_on_signals, pin_arithmetic
from benchmark.commands.settings import explained
from benchmark.commands.usage import WRONG_USE
from benchmark.errors import BenchmarkError
from benchmark.faults import any_told
from benchmark.layout import is_checkout, shipped

FAILED = 1
CRASHED = 70  # EX_SOFTWARE of sysexits.h
OF_RESULTS = (
    "serve",
    "predict",
    "leaderboard",
    "diff",
    "compare",
    "history",
    "readme",
)  # which read no table of data sets


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    prepare_streams()
    pin_arithmetic()
    try:
        call = _parsed(argv)
        end_on_signals(call.name)
        return _run(call)
    except BenchmarkError as error:  # the output of --help cannot be written
        print_error(error, {})
        return FAILED
    except Exception as error:
        complain(
            f"{traceback.format_exc()}error: a fault of this program ({type(error).__name__}); the lines above say where",
            whole=True,
        )
        return CRASHED


def _not_installed(error: ModuleNotFoundError) -> BenchmarkError:
    return BenchmarkError(
        f"{error.name} is not installed for {sys.executable}",
        expected="the locked packages",
        remedy=(Command("setup"), f", then {word(shipped('.venv/bin/python'))} instead")
        if is_checkout()
        else "pip install it",
    )


def _parsed(argv: Sequence[str] | None) -> Call:
    try:
        return parse(argv)
    finally:
        sys.stdout.flush()


def _run(call: Call) -> int:
    failed = WRONG_USE if call.name == "diff" else FAILED
    try:
        with any_told():
            status = call.run()
            sys.stdout.flush()
    except BenchmarkError as error:
        error = explained(error, call.dataset, call.models_dir) if call.name in OF_RESULTS else error
        print_error(error, call.repeat)
        return WRONG_USE if error.wrong_use else failed
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("benchmark"):
            raise
        print_error(_not_installed(error), call.repeat)
        return failed
    except KeyboardInterrupt:
        end(call.name)
    except SystemExit as left:
        raise RuntimeError(f"something ended the program with {left.code!r}") from left
    return status
