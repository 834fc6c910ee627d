"""A data set's files on this machine: four IDX files, plain or packed, or folders of pictures.

Input: the folder that holds them. Output: the folder with the four plain IDX files, verified.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from benchmark.command import Command, Text
from benchmark.dataset.checks import FILES, Sums, mend_remedy, read_arrays, verify
from benchmark.dataset.conversion import converted, digest_of
from benchmark.dataset.entry import DatasetEntry
from benchmark.dataset.idx import CHUNK_BYTES, read_idx, unpack_idx, write_idx
from benchmark.dataset.sources import Report
from benchmark.disk import atomic_path, file_sha256
from benchmark.errors import DataError

N_LISTED = 6  # files of a folder, in an error


def find_idx(folder: Path) -> dict[str, Path]:
    """Return the file for each of `FILES` that `folder` holds, by name.

    It may be packed, may have the name that other archives give it (`train-images.idx3-ubyte`), and may lie in a folder of its own
    name, as in Kaggle's archives.
    """
    found = {}
    for name in FILES:
        place = next((path for path in _places(folder, name) if _is_file(path)), None)
        if place:
            found[name] = place
    return found


def _places(folder: Path, name: str) -> Iterator[Path]:
    dotted = name.replace("-idx", ".idx")
    for where in (folder, folder / name, folder / dotted):
        for spelled in (name, dotted):
            yield where / spelled
            yield where / f"{spelled}.gz"


def _is_file(path: Path) -> bool:
    with suppress(OSError):  # of a folder that may not be read
        return path.is_file()
    return False


def check_links(folder: Path) -> None:
    """Refuse a file or folder of a data set that is a link to nothing, as before a pull of git-annex or DVC.

    Raises
    ------
    DataError

    """
    for path in (folder / name for name in (*FILES, *(f"{name}.gz" for name in FILES), "train", "test")):
        if path.is_symlink() and not path.exists():
            raise DataError(
                f"{path} is a link to what is not there",
                expected="a file or folder of the data set",
                found=f"a link to {path.readlink()}",
                remedy="fetch what it points to (git annex get, dvc pull), or remove the link",
            )


def has_pictures(folder: Path) -> bool:
    """Return whether `folder` has one of the folders of pictures."""
    return any((folder / part).is_dir() for part in ("train", "test"))


def listed(folder: Path) -> str:
    """Return what a folder holds, in words."""
    try:
        names = sorted(path.name + "/" * path.is_dir() for path in folder.iterdir())
    except OSError as error:
        return error.strerror or "nothing"
    more = f" and {len(names) - N_LISTED} more" if len(names) > N_LISTED else ""
    return ", ".join(names[:N_LISTED]) + more or "nothing"


def open_idx(
    entry: DatasetEntry, given: Path, unpacked: Path, sums: Sums, data_dir: Path | None, sources: dict[str, Path]
) -> Path:
    """Return the folder of the plain files: `given` where it holds them, else `unpacked`, where they are made of `sources`.

    Raises
    ------
    DataError
        If one is missing, damaged, or not what `sums` says.

    """
    missing = [name for name in FILES if name not in sources]
    if missing:
        raise DataError(
            f"{given / missing[0]} is missing",
            expected=f"{missing[0]} or {missing[0]}.gz",
            found=listed(given),
            remedy=f"put it into {given}",
        )
    origins = [sources[name] for name in FILES]
    paths = [given / name for name in FILES]
    if sums is None:
        for origin in origins:
            _check_packed(origin)
    if origins != paths:
        source = digest_of(f"{path.suffix} {file_sha256(path)}" for path in origins)
        paths = converted(unpacked, source, lambda made: copy_idx(entry, origins, made))
    read_arrays(entry, paths, origins, data_dir)
    verify(entry, paths, sums, origins, data_dir)
    return paths[0].parent


def copy_idx(entry: DatasetEntry, origins: Sequence[Path], paths: Sequence[Path]) -> None:
    """Write plain IDX files to `paths`, each from a plain or packed one."""
    for origin, path in zip(origins, paths, strict=True):
        if origin.suffix == ".gz":
            unpack_idx(origin, path, mend_remedy(entry, origin))
        else:
            read_idx(origin, mend_remedy(entry, origin))  # an error is to name this file, not its copy
            with atomic_path(path) as partial:
                shutil.copyfile(origin, partial)


def _check_packed(path: Path) -> None:
    """Refuse to accept a file beside a packed one of other contents: which of them is meant is not known."""
    packed = path.with_name(f"{path.name}.gz")
    if _is_file(packed) and _unpacked_sha256(packed) != file_sha256(path):
        raise DataError(
            f"{path} and {packed} hold different contents",
            expected="one of the two, or equal contents",
            remedy="move the one that is not meant to another folder",
        )


def _unpacked_sha256(packed: Path) -> str:
    found = hashlib.sha256()
    with suppress(OSError, EOFError, ValueError), gzip.open(packed) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            found.update(chunk)
        return found.hexdigest()
    return ""


def open_pictures(
    entry: DatasetEntry, given: Path, unpacked: Path, sums: Sums, data_dir: Path | None, report: Report
) -> Path:
    """Return `unpacked`, the folder with the IDX files that are made of the pictures in `given`.

    Raises
    ------
    DataError
        If a picture or a folder cannot be used, or the files are not what `sums` says.

    """
    from benchmark.dataset.image_folder import contents_digest, read_image_folder  # needs Pillow; IDX files do not

    def make(paths: list[Path]) -> None:
        report(f"{entry.title}: reading the pictures in {given}")
        arrays = read_image_folder(given, entry.class_names, _convert_remedy(entry, given, sums, data_dir))
        for path, array in zip(paths, arrays, strict=True):
            write_idx(path, array)

    paths = converted(unpacked, contents_digest(given, entry.class_names), make)
    origins = [given / part for part in ("train", "train", "test", "test")]
    read_arrays(entry, paths, origins, data_dir)
    verify(entry, paths, sums, origins, data_dir)
    return unpacked


def _convert_remedy(entry: DatasetEntry, given: Path, sums: Sums, data_dir: Path | None) -> Text:
    asked = Command("data", dataset=entry.name, convert=1, data_dir=data_dir)
    if sums is None:
        asked = Command("data", dataset=entry.name, convert=1, accept=1, data_dir=data_dir)
    return (asked, f", which makes grey PNG files of them and keeps the originals in {given / 'originals'}")
