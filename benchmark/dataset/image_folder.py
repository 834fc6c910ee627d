"""A data set as a folder of pictures: `train/<class>/*.png` and `test/<class>/*.png`, 8-bit grey, all of one size.

Input: the folder and the names of the classes. Output: images and labels, in the order of the paths.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from benchmark.errors import DataError
from benchmark.text import addresses

PARTS = ("train", "test")
Bytes = NDArray[np.uint8]


def read_image_folder(folder: Path, class_names: Sequence[str]) -> list[Bytes]:
    """Return training images and labels, test images and labels; images have shape (n, height, width).

    A class's folder has the name of the class, or its part of addresses where the name cannot be that of a folder.

    Raises
    ------
    DataError
        If a folder is not a class or has no pictures, or a file is not a grey PNG of the same size as the first.

    """
    names = {name: label for label, name in enumerate(class_names)}
    labels = {address: names[name] for name, address in addresses(class_names).items()} | names
    paths = {part: _paths(folder / part, class_names, labels) for part in PARTS}
    first = _picture(paths["train"][0], None)
    arrays: list[Bytes] = []
    for part in PARTS:
        images = np.empty((len(paths[part]), *first.shape), dtype=np.uint8)
        for image, path in zip(images, paths[part], strict=True):
            image[:] = _picture(path, first.shape)
        arrays += [images, np.array([labels[path.parent.name] for path in paths[part]], dtype=np.uint8)]
    return arrays


def newest_change(folder: Path) -> float:
    """Return when a picture below `folder` was last written, added or removed, in seconds since 1970."""
    parts = [folder / part for part in PARTS]
    return max(path.stat().st_mtime for part in parts for path in (part, *part.rglob("*")))


def _paths(part: Path, class_names: Sequence[str], labels: dict[str, int]) -> list[Path]:
    expected = "one folder per class: " + ", ".join(class_names)
    if not part.is_dir():
        raise DataError(f"{part} is missing", expected=expected, remedy=f"mkdir {part}, with the pictures in it")
    folders = sorted(path for path in part.iterdir() if not path.name.startswith("."))
    foreign = [path for path in folders if path.name not in labels or not path.is_dir()]
    if foreign:
        raise DataError(
            f"{foreign[0]} is not the folder of a class",
            expected=expected,
            found=foreign[0].name,
            remedy="rename or remove it, or name the class in the data set's entry",
        )
    files = {folder: sorted(path for path in folder.iterdir() if not path.name.startswith(".")) for folder in folders}
    filled = {labels[folder.name] for folder in folders if files[folder]}
    empty = [name for label, name in enumerate(class_names) if label not in filled]
    if empty:
        raise DataError(
            f"{part} holds no picture of the class {empty[0]!r}",
            expected=expected + ", each with PNG files",
            found=", ".join(folder.name for folder in folders if files[folder]) or "no pictures",
            remedy=f"put its pictures into {part / empty[0]}, or take the class out of the data set's entry",
        )
    return [path for folder in folders for path in files[folder]]


def _picture(path: Path, shape: tuple[int, ...] | None) -> Bytes:
    """Return a picture of `shape`, or of any shape where that is None."""
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            mode, pixels = picture.mode, np.asarray(picture)
    except (UnidentifiedImageError, OSError, SyntaxError) as error:  # SyntaxError is what a damaged PNG raises
        raise DataError(
            f"{path} is not a PNG file",
            expected="8-bit grey PNG files",
            found=str(error) or type(error).__name__,
            remedy="convert or remove it",
        ) from None
    if mode != "L":
        raise DataError(
            f"{path} is not grey",
            expected="an 8-bit grey PNG file (mode L)",
            found=f"mode {mode}",
            remedy=f"""python -c "from PIL import Image; Image.open('{path}').convert('L').save('{path}')" """.strip(),
        )
    if shape and pixels.shape != shape:
        raise DataError(
            f"{path} is of another size than the first picture",
            expected=f"{shape[0]} x {shape[1]} pixels (height x width)",
            found=f"{pixels.shape[0]} x {pixels.shape[1]}",
            remedy="scale all pictures to one size",
        )
    return pixels
