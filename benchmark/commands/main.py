"""Runs one command: words come in, an exit status goes out."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.commands.parser import parse
from benchmark.commands.printing import print_error, silence
from benchmark.commands.process import end, end_on_signals, pin_arithmetic
from benchmark.errors import BenchmarkError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    pin_arithmetic()
    call = parse(argv)
    end_on_signals(call.name)
    try:
        return call.run()
    except BenchmarkError as error:
        print_error(error, call.repeat)
        return 1
    except BrokenPipeError:  # `… | head` has seen enough
        silence()
        return 0
    except KeyboardInterrupt:
        end(call.name)
