"""What msgspec reads against a type, in one thread at a time.

msgspec 0.22 builds what it knows of a type at the first use and keeps it with the type before it is whole; a second thread that gets
there meanwhile ends the process with a segmentation fault (seen once in a bench; tests/test_cache.py shows it). Beside the main thread,
the engine's threads read.
"""

from __future__ import annotations

import functools
import threading
from typing import Any

import msgspec

_one_at_a_time = threading.RLock()


def decoded(content: bytes, kind: Any) -> Any:
    """Return the JSON in `content` as a value of the type `kind`; raises what msgspec does."""
    with _one_at_a_time:
        return _decoder(kind).decode(content)


def converted(value: Any, kind: Any) -> Any:
    """Return a plain value as one of the type `kind`; raises what msgspec does."""
    with _one_at_a_time:
        return msgspec.convert(value, kind)


@functools.cache
def _decoder(kind: Any) -> Any:
    return msgspec.json.Decoder(kind)
