"""Atomic writes, through a temporary sibling that is flushed and renamed; and the digest of a file."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark.errors import ResultsError


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to a temporary sibling, flush it to the disk and rename it to `path`."""
    with atomic_path(path) as partial, partial.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling of `path` that becomes `path` when the block ends, and is removed when it fails.

    Raises
    ------
    ResultsError
        If the folder cannot be written.

    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except OSError as error:
        if error.errno is None:  # not from the file system: a damaged gzip file is an OSError too
            raise
        raise _unwritable(path, error) from None
    finally:
        with suppress(OSError):
            partial.unlink()


def check_writable(folder: Path) -> None:
    """Refuse a folder that is not writable, and leave nothing in it.

    Raises
    ------
    ResultsError

    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder / "…", error) from None


def _unwritable(path: Path, error: OSError) -> ResultsError:
    return ResultsError(
        f"{path} cannot be written",
        expected="a folder that this user may write",
        found=error.strerror or str(error),
        remedy=f"chmod u+w {path.parent}, or free space on its disk",
    )


def is_there(path: Path) -> bool:
    """Return whether a file or folder is there; False for what can be no path, as a name that is too long."""
    return os.path.exists(path)  # noqa: PTH110  # Path.exists raises for those


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's contents, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
