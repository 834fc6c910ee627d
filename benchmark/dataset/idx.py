"""IDX files: read as memory maps, unpacked, and written; their header is checked first.

Y. LeCun, C. Cortes, C. Burges: The MNIST database, "The IDX file format".
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.command import Text
from benchmark.disk import atomic_path, write_atomically
from benchmark.errors import DataError
from benchmark.faults import disk_error, is_of_machine

UNSIGNED_BYTE = 0x08
CHUNK_BYTES = 1 << 20
MOST_BYTES = 1 << 26  # that any packed file may say it holds: equal labels pack to nearly nothing
MOST_RATIO = 200  # of larger ones to what they are packed in; images pack to a fifth, gzip reaches 1,000 on zeros alone
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
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            header = stream.read(_header_bytes(path))
    except OSError as error:
        if is_of_machine(error):
            raise
        raise DataError(
            f"{path} cannot be read", expected=_kind(path), found=error.strerror or "", remedy=remedy
        ) from None
    shape = _shape(header, path, remedy)
    if size != len(header) + math.prod(shape):
        raise _wrong_length(path, len(header) + math.prod(shape), shape, f"{size} bytes", remedy)
    return np.memmap(path, dtype=np.uint8, mode="r", offset=len(header), shape=shape)


def unpack_idx(packed: Path, target: Path, remedy: Text = "") -> None:
    """Decompress a gzip file with an IDX file in it to `target`, atomically, and no more of it than its header says.

    A header that says more than `MOST_BYTES` and `MOST_RATIO` times the packed file is refused before anything is written.

    Raises
    ------
    DataError
        If the file is damaged, or what is in it is not an IDX file of the length that its header says.

    """
    with _told(packed, remedy):
        source = gzip.open(packed, "rb")  # noqa: SIM115  # closed below
    with source:
        with _told(packed, remedy):
            header = source.read(_header_bytes(packed))
        shape = _shape(header, packed, remedy)
        length = len(header) + math.prod(shape)
        if length > max(MOST_BYTES, MOST_RATIO * packed.stat().st_size):
            raise _wrong_length(packed, length, shape, f"{packed.stat().st_size} bytes, packed", remedy)
        with atomic_path(target) as partial, partial.open("wb") as stream:
            stream.write(header)
            while chunk := _read(source, min(CHUNK_BYTES, length - stream.tell()), packed, remedy):
                stream.write(chunk)
            written = stream.tell()
            if written < length or _read(source, 1, packed, remedy):
                found = "more" if written == length else f"{written} bytes"
                raise _wrong_length(packed, length, shape, found, remedy)


def _read(source: gzip.GzipFile, n_bytes: int, packed: Path, remedy: Text) -> bytes:
    with _told(packed, remedy):
        return source.read(n_bytes)


@contextmanager
def _told(packed: Path, remedy: Text) -> Iterator[None]:
    """Raise what is wrong with a packed file as a DataError."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{packed} is damaged", expected="a whole gzip file", found=str(error), remedy=remedy) from None
    except OSError as error:
        if is_of_machine(error):
            raise disk_error(error, packed, "read") from None
        raise DataError(
            f"{packed} cannot be read", expected=_kind(packed), found=error.strerror or str(error), remedy=remedy
        ) from None


def _n_dims(path: Path) -> int:
    return 3 if "images" in path.name else 1


def _header_bytes(path: Path) -> int:
    return 4 + 4 * _n_dims(path)


def _kind(path: Path) -> str:
    n_dims = _n_dims(path)
    return f"an IDX file of {'images' if n_dims == 3 else 'labels'}: magic 0x{UNSIGNED_BYTE << 8 | n_dims:08x}"  # noqa: PLR2004


def _shape(header: bytes, path: Path, remedy: Text) -> tuple[int, ...]:
    """Return the shape that a header says, none of it 0."""
    n_dims = _n_dims(path)
    if len(header) < _header_bytes(path):
        raise DataError(
            f"{path} ends within its header", expected=_kind(path), found=f"{len(header)} bytes", remedy=remedy
        )
    magic, *shape = struct.unpack(f">{1 + n_dims}I", header)
    if magic != (UNSIGNED_BYTE << 8 | n_dims):
        raise DataError(
            f"{path} is not the expected IDX file",
            expected=_kind(path),
            found=f"magic 0x{magic:08x}{_guess(magic, n_dims)}",
            remedy=remedy,
        )
    if 0 in shape:
        raise _wrong_length(path, len(header), tuple(shape), "a length of 0", remedy)
    return tuple(shape)


def _wrong_length(path: Path, length: int, shape: tuple[int, ...], found: str, remedy: Text) -> DataError:
    return DataError(
        f"{path} does not have the length that its header says",
        expected=f"{length} bytes for {' x '.join(map(str, shape))}, none of them 0",
        found=found,
        remedy=remedy,
    )


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
