"""One thread at a time where msgspec reads a document against a type.

msgspec 0.22 builds what it knows of a TypedDict at the first use and keeps it with the type before it is whole; a second thread that
gets there meanwhile ends the process with a segmentation fault (seen once in a bench; tests/test_cache.py shows it). Beside the main thread,
the engine's threads read.
"""

from __future__ import annotations

import threading

one_at_a_time = threading.RLock()
