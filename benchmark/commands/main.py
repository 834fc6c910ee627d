"""Runs one command: words come in, an exit status goes out."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.commands.parser import Call, parse
from benchmark.commands.printing import flush_printed, print_error, silence
from benchmark.commands.process import end, end_on_sigterm, pin_arithmetic
from benchmark.errors import BenchmarkError
from benchmark.faults import any_told


def _finished(call: Call) -> int:
    with any_told():
        status = call.run()
    flush_printed()
    return status


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    pin_arithmetic()
    call = parse(argv)
    end_on_sigterm(call.name)
    try:
        return _finished(call)
    except BenchmarkError as error:
        print_error(error, call.repeat)
        return 1
    except BrokenPipeError:  # `… | head` has seen enough
        silence()
        return 0
    except KeyboardInterrupt:
        end(call.name)
