"""What is not computed twice: keys that name a computation by all it depends on, and the store of what it gave.

A key is the SHA-256 of the parts of a computation as canonical JSON. A code digest walks the syntax tree without
positions and docstrings, so that a comment or a reformatting reruns nothing.
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
    """Return the SHA-256, in hexadecimal, of `parts` as canonical JSON; objects count by their `repr`."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


class Cache:
    """Files and folders by key under one folder; what was used longest ago goes first when it grows too large."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, kind: str, key: str, suffix: str = "") -> Path:
        """Return where the result of `key` lies, or will lie."""
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
        """Keep a small JSON result, whole or not at all."""
        write_atomically(self.path(kind, key, ".json"), json.dumps(value).encode())

    def content(self, kind: str, key: str, make: Callable[[], bytes]) -> bytes:
        """Return the bytes of `key`, and make and keep them if they are not there."""
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
        """Remove what was used longest ago until at most `max_bytes` are left; `keep` stays whatever its age."""
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
