"""The cache: keys that identify a computation by everything it depends on, and the store of its results.

A key is the SHA-256 of the parts of a computation as canonical JSON. A code digest walks the syntax tree without
positions and docstrings, so that changing a comment or the formatting triggers no rerun.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmark.disk import write_atomically


def digest(*parts: Any) -> str:
    """Return the SHA-256, in hexadecimal, of `parts` as canonical JSON; other objects count by their `repr`."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


class Cache:
    """Files and folders by key under one folder; the least recently used go first when it grows too large."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, kind: str, key: str, suffix: str = "") -> Path:
        """Return where the result of `key` is or will be stored."""
        return self.folder / kind / f"{key}{suffix}"

    def read(self, kind: str, key: str) -> Any:
        """Return the small JSON result of `key`, or None; a damaged file counts as absent."""
        path = self.path(kind, key, ".json")
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        os.utime(path)
        return value

    def write(self, kind: str, key: str, value: Any) -> None:
        """Store a small JSON result, atomically."""
        write_atomically(self.path(kind, key, ".json"), json.dumps(value).encode())

    def content(self, kind: str, key: str, make: Callable[[], bytes]) -> bytes:
        """Return the bytes of `key`; make and store them if they are missing."""
        path = self.path(kind, key)
        try:
            found = path.read_bytes()
        except OSError:
            found = make()
            write_atomically(path, found)
        else:
            os.utime(path)
        return found

    def trim(self, max_bytes: int, *, keep: Iterable[Path] = ()) -> None:
        """Remove the least recently used items until at most `max_bytes` are left; never remove those in `keep`."""
        kept = set(keep)
        items = [item for kind in self.folder.glob("*") if kind.is_dir() for item in kind.iterdir()]
        sizes = {item: _size(item) for item in items}
        excess = sum(sizes.values()) - max_bytes
        for item in sorted(items, key=lambda item: item.stat().st_mtime):
            if excess <= 0:
                break
            if item not in kept:
                shutil.rmtree(item) if item.is_dir() else item.unlink(missing_ok=True)
                excess -= sizes[item]


def _size(item: Path) -> int:
    files = [path for path in item.rglob("*") if path.is_file()] if item.is_dir() else [item]
    return sum(path.stat().st_size for path in files)
