"""The cache: keys that identify a computation by everything it depends on, and the store of its results.

A key is the SHA-256 of the parts of a computation as canonical JSON. A code digest walks the syntax tree without
positions and docstrings, so that changing a comment or the formatting triggers no rerun.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from benchmark.decoding import converted, decoded
from benchmark.disk import remove, write_atomically
from benchmark.errors import DiskError


def digest(*parts: Any) -> str:
    """Return the SHA-256, in hexadecimal, of `parts` as canonical JSON; other objects count by their `repr`."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


class Cache:
    """Files and folders by key under one folder; the least recently used go first when it grows too large.

    An entry carries its kind, its key and a digest of its contents. One that is damaged, that is another's, or whose contents
    have another shape than expected counts as absent. A digest tells damage, not intent: who can write here can make one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, kind: str, key: str, suffix: str = "") -> Path:
        """Return where the result of `key` is or will be stored."""
        return self.folder / kind / f"{key}{suffix}"

    def read(self, kind: str, key: str, shape: Any) -> Any:
        """Return the small JSON result of `key`, whose type is `shape`, or None."""
        path = self.path(kind, key, ".json")
        try:
            entry = decoded(path.read_bytes(), _Entry)
            if (entry.kind, entry.key, entry.sha256) != (kind, key, digest(kind, key, entry.value)):
                return None
            converted(entry.value, shape)
        except (OSError, ValueError, RecursionError):  # what msgspec raises is a ValueError
            return None
        _touch(path)
        return entry.value

    def write(self, kind: str, key: str, value: Any) -> None:
        """Store a small JSON result, atomically."""
        value = json.loads(json.dumps(value))  # as it will be read
        entry = {"kind": kind, "key": key, "sha256": digest(kind, key, value), "value": value}
        write_atomically(self.path(kind, key, ".json"), json.dumps(entry).encode())

    def content(self, kind: str, key: str, make: Callable[[], bytes]) -> bytes:
        """Return the bytes of `key`; make and store them if they are missing."""
        path = self.path(kind, key)
        with suppress(OSError):
            head, _, found = path.read_bytes().partition(b"\n")
            if head == _head(kind, key, found):
                _touch(path)
                return found
        made = make()
        write_atomically(path, _head(kind, key, made) + b"\n" + made)
        return made

    def trim(self, max_bytes: int, *, keep: Iterable[Path] = ()) -> None:
        """Remove the least recently used items until at most `max_bytes` are left; never remove those in `keep`."""
        kept = set(keep)
        items = [item for kind in self.folder.glob("*") if kind.is_dir() for item in kind.iterdir()]
        sizes = {item: _size(item) for item in items}
        excess = sum(sizes.values()) - max_bytes
        for item in sorted(items, key=lambda item: item.lstat().st_mtime):
            if excess <= 0:
                break
            if item not in kept:
                with suppress(DiskError):  # the next run tries again
                    remove(item)
                    excess -= sizes[item]


class _Entry(msgspec.Struct):
    """A JSON result as it is stored."""

    kind: str
    key: str
    sha256: str
    value: Any


def _head(kind: str, key: str, content: bytes) -> bytes:
    """Return the first line of stored bytes: kind, key and digest."""
    return f"{kind} {key} {hashlib.sha256(content).hexdigest()}".encode()


def _touch(path: Path) -> None:
    with suppress(OSError):  # on a disk that may only be read nothing grows, so nothing need be known to be in use
        os.utime(path)


def _size(item: Path) -> int:
    files = [path for path in item.rglob("*") if path.is_file()] if item.is_dir() else [item]
    return sum(path.stat().st_size for path in files)
