"""Checks of a data set's files: the four arrays fit the entry and each other, and the checksums match SHA256SUMS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmark import git
from benchmark.command import Command, Text, word
from benchmark.dataset.entry import DatasetEntry
from benchmark.dataset.idx import Bytes, read_idx
from benchmark.disk import file_sha256, read_bounded
from benchmark.errors import DataError
from benchmark.faults import is_of_machine
from benchmark.layout import shipped

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
MIN_PER_CLASS = {"training": 3, "test": 1}  # one for each fold of the search
COMPARED = 1000  # images at once, to see whether all are equal
Sums = dict[str, str] | None  # SHA-256 by file name; None if new files are being accepted


def read_arrays(
    entry: DatasetEntry, paths: Sequence[Path], origins: Sequence[Path] = (), data_dir: Path | None = None
) -> list[Bytes]:
    """Return the arrays of the four files, which must fit the entry and each other.

    Parameters
    ----------
    entry : DatasetEntry
    paths : sequence of Path
        The plain files, in the order of `FILES`.
    origins : sequence of Path
        What errors name instead: the files or folders that these were made of.
    data_dir : Path, optional
        The folder that the user named.

    Raises
    ------
    DataError

    """
    arrays = [read_idx(path, mend_remedy(entry, path)) for path in paths]
    named = origins or paths
    _check_part(entry, "training", arrays[:2], named[1], data_dir)
    _check_part(entry, "test", arrays[2:], named[3], data_dir)
    if arrays[0].shape[1:] != arrays[2].shape[1:]:
        raise DataError(
            f"{named[2]} holds images of another shape than the training images",
            expected=str(arrays[0].shape[1:]),
            found=str(arrays[2].shape[1:]),
            remedy=mend_remedy(entry, named[2]),
        )
    if _all_equal(arrays[0]):
        raise DataError(
            f"{named[0]} holds {len(arrays[0])} training images that are all equal",
            expected="images that differ",
            found=f"pixels from {arrays[0][0].min()} to {arrays[0][0].max()}, the same in each image",
            remedy=mend_remedy(entry, named[0]),
        )
    return arrays


def mend_remedy(entry: DatasetEntry, path: Path) -> tuple[str | Command, ...]:
    """Return the remedy for a bad file; never suggest removing one that cannot be fetched again."""
    if not entry.can_be_fetched:
        what = "pictures" if path.is_dir() else "file"
        return (f"put the right {what} in {'their' if what == 'pictures' else 'its'} place: {path}",)
    boxed = path.parent.name.replace(".idx", "-idx") in FILES  # in a folder of the file's name
    bad = f"rm -r {word(path.parent)}" if boxed else f"rm {word(path)}"
    return (f"{bad} && ", Command("data"))


def begins_at_one(labels: Bytes, entry: DatasetEntry) -> bool:
    """Return whether labels run from 1 to the number of classes, as in EMNIST's letters."""
    return int(labels.min()) >= 1 and int(labels.max()) == len(entry.class_names)


def _check_part(entry: DatasetEntry, part: str, arrays: list[Bytes], path: Path, data_dir: Path | None) -> None:
    """Refuse labels, of which errors name `path`, that are not a class, classes with too few images, and differing counts."""
    images, labels = arrays
    if len(images) != len(labels):
        raise DataError(
            f"{path} does not have as many labels as there are images",
            expected=str(len(images)),
            found=str(len(labels)),
            remedy=mend_remedy(entry, path),
        )
    if int(labels.max()) >= len(entry.class_names):
        raise _foreign_label(entry, labels, path, data_dir)
    counts = np.bincount(labels, minlength=len(entry.class_names))
    if counts.min() < MIN_PER_CLASS[part]:
        rarest = int(counts.argmin())
        raise DataError(
            f"{path} holds too few {part} images of the class {entry.class_names[rarest]!r}",
            expected=f"{MIN_PER_CLASS[part]} or more of each class",
            found=str(counts[rarest]),
            remedy="more images of the class, or an entry without it",
        )


def _foreign_label(entry: DatasetEntry, labels: Bytes, path: Path, data_dir: Path | None) -> DataError:
    last = len(entry.class_names) - 1
    if begins_at_one(labels, entry) and not entry.can_be_fetched:
        return DataError(
            f"{path} holds labels that begin at 1",
            expected=f"labels from 0, 0 to {last}",
            found=f"{labels.min()} to {labels.max()}",
            remedy=(
                Command("data", dataset=entry.name, convert=1, data_dir=data_dir),
                f", which subtracts 1 and keeps the original in {path.parent / 'originals'}",
            ),
        )
    place = int(labels.argmax())
    return DataError(
        f"{path} holds a label outside the classes",
        expected=f"0 to {last}",
        found=f"{labels[place]} at place {place}",
        remedy=mend_remedy(entry, path),
    )


def _all_equal(images: Bytes) -> bool:
    return all((images[start : start + COMPARED] == images[0]).all() for start in range(0, len(images), COMPARED))


def read_checksums(entry: DatasetEntry, home: Path, data_dir: Path | None = None) -> dict[str, str]:
    """Return the SHA-256 of each file, from the data set's own folder or the one shipped with the package."""
    path = home / "SHA256SUMS"
    if entry.home and not path.exists():
        path = shipped(entry.home) / "SHA256SUMS"
    content = read_bounded(path)
    if content is None:
        raise DataError(
            f"{path} does not exist: the checksums of the data set {entry.name} are not recorded",
            expected="a line '<SHA-256>  <file>' for each of its four files",
            remedy=_restored(entry, path, data_dir),
        )
    try:
        rows = [line.split() for line in content.decode("ascii").splitlines()]
        sums = {name.lstrip("*"): sha256.lower() for sha256, name in rows}  # sha256sum --binary marks names
    except (OSError, ValueError) as error:
        if is_of_machine(error):
            raise
        raise DataError(
            f"{path} cannot be read",
            expected="a line '<SHA-256>  <file>' for each file",
            found=str(error),
            remedy=_restored(entry, path, data_dir),
        ) from None
    missing = [name for name in FILES if name not in sums]
    if missing:
        raise DataError(f"{path} lacks {missing[0]}", remedy=_restored(entry, path, data_dir))
    return sums


def _restored(entry: DatasetEntry, path: Path, data_dir: Path | None) -> Text:
    """Return what brings checksums back: from git where it has others, else from the files that are there."""
    if git.state(path) in ("changed", "unmerged"):
        return f"git -C {word(path.parent)} checkout HEAD -- {word(path.name)}"
    again = Command("data", dataset=entry.name, accept=1, data_dir=data_dir)
    return (again, ", which writes them for the files that are there")


def verify(
    entry: DatasetEntry,
    paths: Sequence[Path],
    sums: Sums,
    origins: Sequence[Path] = (),
    data_dir: Path | None = None,
) -> None:
    """Refuse files with a wrong checksum; errors name `origins`, what the files were made of: a `.gz`, or a folder of pictures."""
    for path, origin in zip(paths, origins or paths, strict=True) if sums else []:
        found = file_sha256(path)
        if sums and found != sums[path.name]:
            meant = (
                ()
                if entry.can_be_fetched or entry.debian_package
                else (
                    ", or ",
                    Command("data", dataset=entry.name, accept=1, data_dir=data_dir),
                    " if it is meant to differ",
                )
            )
            raise DataError(
                f"{_made(path, origin)} is not the file that SHA256SUMS describes",
                expected=f"SHA-256 {sums[path.name]}{' of the contents' if origin.suffix == '.gz' else ''}",
                found=f"SHA-256 {found}",
                remedy=(*mend_remedy(entry, origin), *meant),
            )


def _made(path: Path, origin: Path) -> str:
    """Return what an error calls a file, whose origin may be a folder of pictures."""
    return f"{path.name}, made of {origin}," if origin.is_dir() else str(origin)
