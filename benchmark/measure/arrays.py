"""Large values that tasks share: arrays in files on the worker's machine, which each process maps into its memory.

Comes in: what a task returns. Goes out: a short name for it that another process of this machine can open. So an array that
several tasks read exists once there.
"""

from __future__ import annotations

import uuid
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.disk import changed_in_use, file_sha256
from benchmark.faults import told


class Lent:
    """Something large, as it is named between processes of one machine; a task gets what `open` returns."""

    def open(self) -> Any:
        """Return it, in the memory of this process."""
        raise NotImplementedError


class Kept:
    """Something large that stays with a worker; it can be sent to another one."""

    def lend(self) -> Lent:
        """Return the name of it for another process of this machine."""
        raise NotImplementedError


@dataclass(frozen=True)
class Mapped(Lent):
    """An array in a `.npy` file, with the digest that the file had when it was written."""

    path: Path
    sha256: str

    def open(self) -> NDArray[Any]:
        """Return the array, mapped read-only; DiskError if it is not as it was written."""
        with told(self.path, "read"):
            found = file_sha256(self.path)
            if found != self.sha256:
                raise changed_in_use(self.path, self.sha256, found)
            return np.asarray(np.load(self.path, mmap_mode="r"))


class Stored(Kept):
    """An array in a `.npy` file, which is removed when nobody refers to it."""

    def __init__(self, mapped: Mapped) -> None:
        self.mapped = mapped
        weakref.finalize(self, _forget, mapped.path)

    def lend(self) -> Mapped:
        """Return the name of the file."""
        return self.mapped

    def __reduce__(self) -> Any:
        return stored, (self.mapped.open(),)


class Room:
    """Where files of this worker are."""

    folder: Path = Path()

    @classmethod
    @contextmanager
    def at(cls, folder: Path) -> Iterator[None]:
        """Use a folder, and afterwards the one before: the end of a run removes its own."""
        before, cls.folder = cls.folder, folder
        try:
            yield
        finally:
            cls.folder = before


def _forget(path: Path) -> None:
    """Remove a file; one that cannot be removed goes with the worker's folder."""
    with suppress(OSError):
        path.unlink()


def stored(array: NDArray[Any]) -> Stored:
    """Return an array in a file of this worker."""
    return Stored(mapped(array, Room.folder))


def mapped(array: NDArray[Any], folder: Path) -> Mapped:
    """Return an array in a new file of a folder."""
    path = folder / f"{uuid.uuid4().hex}.npy"
    with told(path):
        np.save(path, array)
    return Mapped(path, file_sha256(path))


def each(value: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    """Return a value with each part of a kind changed, those in a tuple as well."""
    if isinstance(value, tuple):
        return tuple(each(part, kind, change) for part in value)
    return change(value) if isinstance(value, kind) else value


def lent(value: Any) -> Any:
    """Return a shared result as it is named between processes."""
    return each(value, Kept, lambda part: part.lend())


def opened(value: Any) -> Any:
    """Return an argument of a task with what is lent in the memory of this process."""
    return each(value, Lent, lambda part: part.open())
