"""Checks of a data set's files: the four arrays fit the entry and each other, and the checksums match SHA256SUMS."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmark import git
from benchmark.command import Command, Text, word
from benchmark.dataset.entry import DatasetEntry
from benchmark.dataset.idx import Bytes, read_idx
from benchmark.disk import file_sha256
from benchmark.errors import DataError
from benchmark.faults import is_of_machine
from benchmark.layout import shipped

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
MIN_PER_CLASS = {"training": 3, "test": 1}  # one for each fold of the search
Sums = dict[str, str] | None  # SHA-256 by file name; None if new files are being accepted


def read_arrays(entry: DatasetEntry, paths: list[Path]) -> list[Bytes]:
    """Return the arrays of the four files, which must fit the entry and each other."""
    arrays = [read_idx(path, mend_remedy(entry, path)) for path in paths]
    _check_part(entry, "training", arrays[:2], paths[1])
    _check_part(entry, "test", arrays[2:], paths[3])
    if arrays[0].shape[1:] != arrays[2].shape[1:]:
        raise DataError(
            f"{paths[2]} holds images of another shape than the training images",
            expected=str(arrays[0].shape[1:]),
            found=str(arrays[2].shape[1:]),
            remedy=mend_remedy(entry, paths[2]),
        )
    return arrays


def mend_remedy(entry: DatasetEntry, path: Path) -> tuple[str | Command, ...]:
    """Return the remedy for a bad file; never suggest removing one that cannot be fetched again."""
    return (f"rm {path} && ", Command("data")) if entry.urls else (f"put the right file in its place: {path}",)


def _check_part(entry: DatasetEntry, part: str, arrays: list[Bytes], path: Path) -> None:
    """Refuse labels, in the file `path`, that are not a class, classes with too few images, and differing counts."""
    images, labels = arrays
    if len(images) != len(labels):
        raise DataError(
            f"{path} does not have as many labels as there are images",
            expected=str(len(images)),
            found=str(len(labels)),
            remedy=mend_remedy(entry, path),
        )
    if int(labels.max()) >= len(entry.class_names):
        place = int(labels.argmax())
        raise DataError(
            f"{path} holds a label outside the classes",
            expected=f"0 to {len(entry.class_names) - 1}",
            found=f"{labels[place]} at place {place}",
            remedy=mend_remedy(entry, path),
        )
    counts = np.bincount(labels, minlength=len(entry.class_names))
    if counts.min() < MIN_PER_CLASS[part]:
        rarest = int(counts.argmin())
        raise DataError(
            f"{path} holds too few {part} images of the class {entry.class_names[rarest]!r}",
            expected=f"{MIN_PER_CLASS[part]} or more of each class",
            found=str(counts[rarest]),
            remedy="more images of the class, or an entry without it",
        )


def read_checksums(entry: DatasetEntry, home: Path) -> dict[str, str]:
    """Return the SHA-256 of each file, from the data set's own folder or the one shipped with the package."""
    path = home / "SHA256SUMS"
    if entry.home and not path.exists():
        path = shipped(entry.home) / "SHA256SUMS"
    if not path.exists():
        raise DataError(
            f"{path} does not exist: the checksums of the data set {entry.name} are not recorded",
            expected="a line '<SHA-256>  <file>' for each of its four files",
            remedy=_restored(entry, path),
        )
    try:
        rows = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
        sums = {name: sha256 for sha256, name in rows}
    except (OSError, ValueError) as error:
        if is_of_machine(error):
            raise
        raise DataError(
            f"{path} cannot be read",
            expected="a line '<SHA-256>  <file>' for each file",
            found=str(error),
            remedy=_restored(entry, path),
        ) from None
    missing = [name for name in FILES if name not in sums]
    if missing:
        raise DataError(f"{path} lacks {missing[0]}", remedy=_restored(entry, path))
    return sums


def _restored(entry: DatasetEntry, path: Path) -> Text:
    """Return what brings checksums back: from git where it has others, else from the files that are there."""
    if git.state(path) in ("changed", "unmerged"):
        return f"git -C {word(path.parent)} checkout HEAD -- {word(path.name)}"
    return (Command("data", dataset=entry.name, accept=1), ", which writes them for the files that are there")


def verify(entry: DatasetEntry, paths: list[Path], sums: Sums, given: Path | None = None) -> None:
    """Refuse files with a wrong checksum; the error names the file that they came from, perhaps a `.gz` in `given`."""
    for path in paths if sums else []:
        found = file_sha256(path)
        if sums and found != sums[path.name]:
            meant = (
                ()
                if entry.urls or entry.debian_package
                else (", or ", Command("data", dataset=entry.name, accept=1), " if it is meant to differ")
            )
            packed = given / f"{path.name}.gz" if given and path.parent != given else path
            origin = packed if packed.exists() else path
            raise DataError(
                f"{origin} is not the file that SHA256SUMS describes",
                expected=f"SHA-256 {sums[path.name]}{'' if origin is path else ' of the contents'}",
                found=f"SHA-256 {found}",
                remedy=(*mend_remedy(entry, origin), *meant),
            )
