"""`python -m benchmark`; see `benchmark.commands`."""

import signal
import sys

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until a command runs, Ctrl-C ends this process without a traceback

from benchmark.commands.main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
