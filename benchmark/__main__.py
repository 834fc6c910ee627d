"""`python -m benchmark`; see `benchmark.commands`."""

import sys

from benchmark.commands.main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
