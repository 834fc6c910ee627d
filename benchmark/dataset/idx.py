"""IDX files: read as memory maps, header checked first, and written.

Y. LeCun, C. Cortes, C. Burges: The MNIST database, "The IDX file format".
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.command import Text
from benchmark.disk import write_atomically
from benchmark.errors import DataError
from benchmark.faults import is_of_machine

UNSIGNED_BYTE = 0x08
CHUNK_BYTES = 1 << 20
Bytes = NDArray[np.uint8]


def read_idx(path: Path, remedy: Text = "") -> Bytes:
    """Return the array in an IDX file as a read-only memory map; its header is checked before a byte is used.

    Parameters
    ----------
    path : Path
        Its name contains `images` or `labels`.
    remedy : str, Command or tuple of both
        What an error suggests.

    Raises
    ------
    DataError
        If the file is missing, empty, of another type, or longer or shorter than its header says.

    References
    ----------
    Y. LeCun, C. Cortes, C. Burges: The MNIST database, "The IDX file format".

    """
    n_dims = 3 if "images" in path.name else 1
    expected = f"an IDX file of {'images' if n_dims == 3 else 'labels'}: magic 0x{UNSIGNED_BYTE << 8 | n_dims:08x}"  # noqa: PLR2004
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            header = stream.read(4 + 4 * n_dims)
    except OSError as error:
        if is_of_machine(error):
            raise
        raise DataError(
            f"{path} cannot be read", expected=expected, found=error.strerror or "", remedy=remedy
        ) from None
    if len(header) < 4 + 4 * n_dims:
        raise DataError(f"{path} ends within its header", expected=expected, found=f"{size} bytes", remedy=remedy)
    magic, *shape = struct.unpack(f">{1 + n_dims}I", header)
    if magic != (UNSIGNED_BYTE << 8 | n_dims):
        raise DataError(
            f"{path} is not the expected IDX file",
            expected=expected,
            found=f"magic 0x{magic:08x}{_guess(magic, n_dims)}",
            remedy=remedy,
        )
    length = len(header) + int(np.prod(shape, dtype=object))
    if size != length or 0 in shape:
        raise DataError(
            f"{path} does not have the length that its header says",
            expected=f"{length} bytes for {' x '.join(map(str, shape))}, none of them 0",
            found=f"{size} bytes",
            remedy=remedy,
        )
    return np.memmap(path, dtype=np.uint8, mode="r", offset=len(header), shape=tuple(shape))


def _guess(magic: int, n_dims: int) -> str:
    if magic == UNSIGNED_BYTE << 8 | (4 - n_dims):
        return ": images and labels seem to be swapped"
    if magic >> 16 == 0x1F8B:  # noqa: PLR2004
        return ": a gzip file without .gz in its name"
    return ""


def write_idx(path: Path, array: Bytes) -> None:
    """Write an array of bytes as an IDX file, atomically."""
    header = struct.pack(f">{1 + array.ndim}I", UNSIGNED_BYTE << 8 | array.ndim, *array.shape)
    write_atomically(path, header + np.ascontiguousarray(array, dtype=np.uint8).tobytes())
