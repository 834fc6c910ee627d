"""IDX files that were made of other files, kept beside a digest of what they were made of.

They are made again where that digest is another or one of them is not as it was written. Names and times count for nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from benchmark.dataset.checks import FILES
from benchmark.decoding import decoded
from benchmark.disk import check_writable, file_sha256, write_atomically

RECORD = "made-of.json"


class Record(msgspec.Struct):
    """What four files were made of, as a digest, and their SHA-256 by name."""

    source: str
    files: dict[str, str]


def digest_of(parts: Iterable[str]) -> str:
    """Return the SHA-256, in hexadecimal, of a sequence of texts."""
    return hashlib.sha256(json.dumps(list(parts)).encode()).hexdigest()


def converted(folder: Path, source: str, make: Callable[[list[Path]], None]) -> list[Path]:
    """Return the four files in `folder`; let `make` write them to these paths unless they were made of `source`."""
    paths = [folder / name for name in FILES]
    if not _is_current(folder, source):
        check_writable(folder)
        (folder / RECORD).unlink(missing_ok=True)  # until all four are there again
        make(paths)
        record = Record(source, {path.name: file_sha256(path) for path in paths})
        write_atomically(folder / RECORD, msgspec.json.encode(record))
    return paths


def _is_current(folder: Path, source: str) -> bool:
    try:
        record = decoded((folder / RECORD).read_bytes(), Record)
        return record.source == source and all(file_sha256(folder / name) == record.files[name] for name in FILES)
    except (OSError, ValueError, KeyError, RecursionError):  # msgspec's errors are ValueErrors
        return False
