"""The images of a data set on a worker: sent there once, and mapped by each task that reads them.

Comes in: a data set. Goes out: the same data set, its arrays in files of the worker's machine. A worker imports this module and
no other of those that tasks call, so it needs neither the time nor the memory that scikit-learn takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.dataset import Dataset
from benchmark.measure.arrays import Kept, Lent, lent, opened, stored


def pack(dataset: Dataset, *, same_machine: bool) -> tuple[Dataset, dict[str, Any]]:
    """Return a data set without its arrays, and each array: by its file if the worker can map that, else as it is."""
    names = ("train_images", "train_labels", "test_images", "test_labels")
    arrays = {name: getattr(dataset, name) for name in names}
    nothing = np.empty((0, *dataset.image_shape), np.uint8)
    bare = Dataset(dataset.entry, nothing, nothing, nothing, nothing, dataset.digest, dataset.profile)
    return bare, {name: _by_file(array) if same_machine else np.asarray(array) for name, array in arrays.items()}


def _by_file(array: Any) -> Any:
    if not (isinstance(array, np.memmap) and array.filename is not None and array.flags.c_contiguous):
        return np.asarray(array)
    mapped = {"dtype": str(array.dtype), "shape": array.shape, "offset": array.offset}
    return {"filename": str(array.filename)} | mapped if _is_whole(array) else np.asarray(array)


def _is_whole(array: np.memmap[Any, Any]) -> bool:
    """Return whether an array is all that was mapped: a slice of a map has the file and the offset of the whole."""
    return Path(str(array.filename)).stat().st_size == array.offset + array.nbytes


def unpack(bare: Dataset, arrays: dict[str, Any]) -> Dataset:
    """Return the data set that `pack` took apart."""
    found = {name: np.memmap(mode="r", **own) if isinstance(own, dict) else own for name, own in arrays.items()}
    return Dataset(bare.entry, **found, digest=bare.digest, profile=bare.profile)


class HeldDataset(Kept):
    """A data set on a worker: its arrays are files."""

    def __init__(self, bare: Dataset, arrays: dict[str, Any]) -> None:
        self.bare, self.arrays = bare, arrays

    def lend(self) -> LentDataset:
        """Return the names of the files."""
        return LentDataset(self.bare, {name: lent(array) for name, array in self.arrays.items()})


@dataclass(frozen=True)
class LentDataset(Lent):
    """A data set, as it is named between processes of one machine."""

    bare: Dataset
    arrays: dict[str, Any]

    def open(self) -> Dataset:
        """Return the data set, mapped into memory."""
        return unpack(self.bare, {name: opened(array) for name, array in self.arrays.items()})


def hold(bare: Dataset, arrays: dict[str, Any]) -> HeldDataset:
    """Return what `pack` made of a data set, with arrays that have no file here in files of this worker."""
    return HeldDataset(bare, {name: own if isinstance(own, dict) else stored(own) for name, own in arrays.items()})


HERE = (hold,)  # runs in the worker itself: it runs no code of a user and keeps what it returns
