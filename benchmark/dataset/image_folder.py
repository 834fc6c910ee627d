"""A data set as a folder of pictures: `train/<class>/*.png` and `test/<class>/*.png`, 8-bit grey, all of one size.

Input: the folder and the names of the classes. Output: images and labels, in the order of the paths.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.command import Text, word
from benchmark.dataset import pictures
from benchmark.dataset.conversion import digest_of
from benchmark.dataset.pictures import read_picture
from benchmark.dataset.refused import FORM, SIZE, UNREADABLE, Refused, refusal
from benchmark.disk import file_sha256
from benchmark.errors import DataError
from benchmark.faults import is_of_machine
from benchmark.text import addresses

PARTS = ("train", "test")
N_FOREIGN = 6  # names, in an error
LEFT_BY_SYSTEMS = (
    "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$recycle.bin", "system volume information",
    "__macosx", "icon\r", "lost+found", "@eadir", "#recycle", "#snapshot",
)  # fmt: skip
Bytes = NDArray[np.uint8]


def read_image_folder(folder: Path, class_names: Sequence[str], remedy: Text = "") -> list[Bytes]:
    """Return training images and labels, test images and labels; images have shape (n, height, width).

    A class's folder has the name of the class, or its part of addresses where the name cannot be that of a folder.

    Parameters
    ----------
    folder : Path
    class_names : sequence of str
        In label order.
    remedy : str, Command or tuple of both
        What makes 8-bit grey PNG files of other pictures.

    Raises
    ------
    DataError
        If a folder is not a class or has no pictures, or files are not grey PNGs of the same size as the first; all of them are counted.

    """
    paths = {part: _paths(folder / part, class_names) for part in PARTS}
    everything = [path for part in PARTS for path, _ in paths[part]]
    images: Bytes | None = None
    refused: list[Refused] = []
    for place, path in enumerate(everything):
        grey, own = _pixels(path)
        refused += own
        if grey is not None:
            images = _room(len(everything), grey, path) if images is None else images
            refused += [] if own else _other_size(path, grey, images)
            if not refused:
                images[place] = grey
    if refused or images is None:
        raise refusal(folder, refused, len(everything), remedy)
    arrays: list[Bytes] = []
    for part, ours in zip(PARTS, np.split(images, [len(paths["train"])]), strict=True):
        arrays += [ours, np.array([label for _, label in paths[part]], dtype=np.uint8)]
    return arrays


def contents_digest(folder: Path, class_names: Sequence[str]) -> str:
    """Return a digest of the pictures in `folder`, their places and classes, and the code that reads them.

    Raises
    ------
    DataError
        If a folder is not a class or has no pictures.

    """
    code = [file_sha256(Path(module)) for module in (__file__, pictures.__file__)]
    found = hashlib.sha256()
    for path, label in (pair for part in PARTS for pair in _paths(folder / part, class_names)):
        try:
            content = file_sha256(path) if path.is_file() else "no file"
        except OSError as error:  # whoever reads it says so
            if is_of_machine(error):
                raise
            content = f"unreadable: {error.strerror}"
        found.update(f"{content} {label} {path.relative_to(folder).as_posix()}\n".encode(errors="surrogateescape"))
    return digest_of([*code, found.hexdigest()])


def foreign_pictures(folder: Path, class_names: Sequence[str]) -> list[Path]:
    """Return the pictures in `folder` that are no 8-bit grey PNG files.

    Raises
    ------
    DataError
        If a folder is not a class or has no pictures, or a file cannot be read as a picture.

    """
    paths = [path for part in PARTS for path, _ in _paths(folder / part, class_names)]
    refused = [own for path in paths for own in _pixels(path)[1]]
    if unreadable := [own for own in refused if own.kind == UNREADABLE]:
        raise refusal(folder, unreadable, len(paths), "")
    return [own.path for own in refused]


def is_left_by_a_system(name: str) -> bool:
    """Return whether a file or folder of this name is hidden, or one that systems and editors leave everywhere."""
    plain = name.lower()
    return plain.startswith((".", "~$")) or plain.endswith(("~", ":zone.identifier")) or plain in LEFT_BY_SYSTEMS


def _paths(part: Path, class_names: Sequence[str]) -> list[tuple[Path, int]]:
    """Return the files of a part with their labels, in the order of their paths."""
    expected = "one folder per class: " + ", ".join(class_names)
    if not part.is_dir():
        raise DataError(f"{part} is missing", expected=expected, remedy=f"mkdir {word(part)}, with the pictures in it")
    labels = _labels(class_names)
    folders = _listed(part)
    foreign = [path.name for path in folders if path.name not in labels or not path.is_dir()]
    if foreign:
        more = f" and {len(foreign) - N_FOREIGN} more" if len(foreign) > N_FOREIGN else ""
        raise DataError(
            f"{part / foreign[0]} is not the folder of a class",
            expected=expected,
            found=", ".join(foreign[:N_FOREIGN]) + more,
            remedy="rename or remove it, or name the class in the data set's entry",
        )
    files = {folder: _listed(folder) for folder in folders}
    filled = {labels[folder.name] for folder in folders if files[folder]}
    empty = [name for label, name in enumerate(class_names) if label not in filled]
    if empty:
        place = addresses(class_names)[empty[0]] if "/" in empty[0] else empty[0]
        raise DataError(
            f"{part} holds no picture of the class {empty[0]!r}",
            expected=expected + ", each with PNG files",
            found=", ".join(folder.name for folder in folders if files[folder]) or "no pictures",
            remedy=f"put its pictures into {word(part / place)}, or take the class out of the data set's entry",
        )
    return [(path, labels[folder.name]) for folder in folders for path in files[folder]]


def _labels(class_names: Sequence[str]) -> dict[str, int]:
    """Return the label of each folder's name: a class, or its part of addresses."""
    names = {name: label for label, name in enumerate(class_names)}
    return {address: names[name] for name, address in addresses(class_names).items()} | names


def _listed(folder: Path) -> list[Path]:
    """Return what is in a folder, sorted, without what systems leave."""
    try:
        return sorted(path for path in folder.iterdir() if not is_left_by_a_system(path.name))
    except OSError as error:
        if is_of_machine(error):
            raise
        raise DataError(
            f"{folder} cannot be read",
            expected="a folder that this user may list",
            found=error.strerror or str(error),
            remedy=f"chmod u+rx {word(folder)}",
        ) from None


def _pixels(path: Path) -> tuple[Bytes | None, list[Refused]]:
    """Return the pixels of a picture, None if it is none, and what keeps its file from a data set."""
    try:
        picture = read_picture(path)
    except DataError as error:
        return None, [Refused(path, UNREADABLE, error.found or error.problem)]
    except OSError as error:
        if is_of_machine(error):
            raise
        return None, [Refused(path, UNREADABLE, error.strerror or str(error))]
    return picture.grey, [Refused(path, FORM, picture.form)] if picture.form else []


def _room(n: int, grey: Bytes, path: Path) -> Bytes:
    try:
        return np.empty((n, *grey.shape), dtype=np.uint8)
    except MemoryError:
        raise DataError(
            f"{path} is too large: {n} pictures of its size do not fit into memory",
            expected="pictures of one size, a few hundred pixels high and wide at most",
            found=f"{grey.shape[0]} x {grey.shape[1]} pixels (height x width)",
            remedy="scale all pictures to one size",
        ) from None


def _other_size(path: Path, grey: Bytes, images: Bytes) -> list[Refused]:
    (height, width), first = grey.shape, images.shape[1:]
    if (height, width) == first:
        return []
    found = f"{height} x {width} pixels (height x width), where the first has {first[0]} x {first[1]}"
    return [Refused(path, SIZE, found)]
