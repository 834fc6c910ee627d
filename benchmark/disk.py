"""Files written atomically, through a temporary sibling that is flushed and renamed; files read whole and checked by digest."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark.errors import DiskError
from benchmark.faults import told

MOST_BYTES = 1 << 28  # of a document, predictions or checksums; a study of 224 x 224 pixels has 13 MB


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to a temporary sibling, flush it to the disk and rename it to `path`."""
    with atomic_path(path) as partial, partial.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def write_if_changed(path: Path, content: bytes) -> None:
    """Write `content` to `path`, atomically, unless it holds that already."""
    with told(path, "read"), suppress(FileNotFoundError):
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return
    write_atomically(path, content)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling of `path` that becomes `path` when the block ends, and is removed when it fails.

    Raises
    ------
    DiskError
        If it cannot be written.

    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield partial
            partial.replace(path)
    finally:
        with suppress(OSError):
            partial.unlink()


def remove_partials(folder: Path) -> None:
    """Remove the temporary files and folders that processes which are gone left anywhere below `folder`."""
    for partial in list(folder.rglob(".*.partial")):
        number = partial.name.split(".")[-2]
        if number.isdecimal() and not _is_running(int(number)):
            with suppress(DiskError):
                remove(partial)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        return True
    return True


def check_writable(folder: Path) -> None:
    """Refuse a folder that is not writable, and leave nothing in it.

    Raises
    ------
    DiskError

    """
    with told(folder / "…"):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder with all that is in it; what is not there is no error.

    Raises
    ------
    DiskError

    """
    with told(path, "removed"), suppress(FileNotFoundError):
        if path.is_symlink() or not path.is_dir():
            path.unlink()
        else:
            shutil.rmtree(path)


def below(folder: Path, name: str) -> Path:
    """Return the path of the file `name` below `folder`.

    Raises
    ------
    DiskError
        If the name leads out of the folder.

    """
    path = Path(os.path.normpath(folder / name))
    if path == folder or not path.is_relative_to(os.path.normpath(folder)):
        raise DiskError(
            f"{name[:200]!r} is no file below {folder}", expected="a relative path without ..", found=name[:200]
        )
    return path


def is_there(path: Path) -> bool:
    """Return whether a file or folder is there; False for what can be no path, as a name that is too long."""
    return os.path.exists(path)  # noqa: PTH110  # Path.exists raises for those


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's contents, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_bounded(path: Path) -> bytes | None:
    """Return the contents of a file that is small wherever it is genuine, None if there is none.

    What a link leads to may be of any size.

    Raises
    ------
    DiskError
        If it is larger than `MOST_BYTES`, or cannot be read.

    """
    with told(path, "read"), suppress(FileNotFoundError), path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        content = stream.read(MOST_BYTES + 1) if size <= MOST_BYTES else b""
        if max(size, len(content)) > MOST_BYTES:
            raise DiskError(
                f"{path} is too large to be read whole",
                expected=f"at most {MOST_BYTES:,} bytes",
                found=f"{max(size, len(content)):,}",
                remedy="look what it is, or whether it is a link to something else",
            )
        return content
    return None


def read_checked(path: Path, sha256: str) -> bytes:
    """Return the contents of a file, read once, which are those of the SHA-256 in hexadecimal.

    Raises
    ------
    DiskError
        If they are others, or the file cannot be read.

    """
    with told(path, "read"):
        content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise changed_in_use(path, sha256, found)
    return content


def changed_in_use(path: Path, expected: str, found: str = "nothing like it") -> DiskError:
    """Return that a file is not as this run has written or checked it."""
    return DiskError(
        f"{path} was changed by something else while it was in use",
        expected=expected,
        found=found,
        remedy="the same command again, which makes it anew",
    )
