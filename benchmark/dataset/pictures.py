"""Pictures as they are seen: upright, in 8-bit grey, on a ground where they are transparent.

Input: a picture file. Output: its pixels, and what its file holds in words. Data sets and `predict` read pictures with
this function alone.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile

from benchmark.command import word
from benchmark.errors import DataError
from benchmark.faults import is_of_disk, nearest_folder

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
GREY, ALPHA = "L", ("LA", "RGBA")  # Pillow's modes of 8-bit grey, and with opacity
STEP = 65535 // 255  # from one grey of 8 bits to the next, in 16 bits
# A file of a few bytes may say that it has any number of pixels: no picture takes more than 250 MB of memory.
MOST_PIXELS = 25_000_000
MOST_IN_JPEG = 170_000_000  # of a phone; one of so many is decoded as grey, at half its size
MOST_COSTLY = 12_000_000  # of more than 8 bits, or with a copy in between
MOST_SIDE = 65_535  # as in JPEG; Pillow keeps the place of each row
LEAST_CONTRAST = 32  # greys apart, that something stands out from the ground it is laid on
ORIENTATION = ExifTags.Base.Orientation
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """A picture.

    Parameters
    ----------
    grey : ndarray of shape (height, width)
        Its pixels, `uint8`, as they are seen.
    form : str
        What its file holds, such as `RGB` or `JPEG, L`; empty for an opaque 8-bit grey PNG file, whose pixels these are.

    """

    grey: Bytes
    form: str


class _TooLargeError(ValueError):
    """A picture would take too much memory."""


def read_picture(path: Path) -> Picture:
    """Return the picture in a file, turned as its EXIF orientation says.

    Colours become grey by their luma (ITU-R BT.601), 16 bits become 8, floats from 0 to 1 become 0 to 255. What is transparent
    is laid on white, or on black where little would be seen on white.

    Raises
    ------
    DataError
        If the file is missing or damaged, is no picture, has too many pixels, or holds numbers whose white is unknown.
    OSError
        If the file system refuses to read it.

    """
    try:
        _check_file(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged metadata, which no pixel depends on
            with Image.open(path, formats=FORMATS) as picture:
                form = _form(picture)
                _check_size(picture)
                return Picture(_upright(_grey(picture), picture.getexif().get(ORIENTATION)), form)
    except FileNotFoundError:
        raise _missing(path) from None
    except Exception as error:  # a decoder raises anything on bytes that it did not expect
        if is_of_disk(error):
            raise
        raise DataError(
            f"{path} cannot be read as a picture",
            expected="a PNG or JPEG file",
            found=str(error) or type(error).__name__,
            remedy=f"{'make it smaller' if isinstance(error, _TooLargeError) else 'convert it to PNG'}, or remove it",
        ) from None


def _missing(path: Path) -> DataError:
    if path.is_symlink():
        return DataError(
            f"{path} is a link to a file that is not there",
            expected="a PNG or JPEG file",
            found=f"a link to {path.readlink()}, which is not there",
            remedy="fetch what it points to (git annex get, dvc pull), or remove the link",
        )
    return DataError(f"{path} does not exist", expected="a PNG or JPEG file", remedy=f"ls {word(nearest_folder(path))}")


def _check_file(path: Path) -> None:
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise ValueError("a directory or a device, and no file")


def _check_size(picture: Image.Image) -> None:
    """Refuse what would take too much memory, and have a large JPEG picture decoded at half its size."""
    n_pixels = math.prod(picture.size)
    deep = picture.mode in ("F", "I") or picture.mode.startswith("I;")
    copied = picture.format == "WEBP" or (picture.has_transparency_data and picture.mode not in ALPHA)
    large = isinstance(picture, JpegImageFile) and n_pixels > MOST_PIXELS
    most = MOST_COSTLY if deep or copied else MOST_IN_JPEG if large else MOST_PIXELS
    size = f"{picture.width:,} x {picture.height:,} pixels"
    if n_pixels > most:
        raise _TooLargeError(f"{size}, more than {most:,}")
    if max(picture.size) > MOST_SIDE:
        raise _TooLargeError(f"{size}, a side of more than {MOST_SIDE:,}")
    if large:
        picture.draft(GREY, (picture.width // 2, picture.height // 2))
        if picture.mode != GREY and math.prod(picture.size) > MOST_PIXELS:  # colours for a printer
            raise _TooLargeError(f"{size} of {picture.mode}, more than {MOST_PIXELS:,}")


def _form(picture: Image.Image) -> str:
    clear = " with transparency" if picture.has_transparency_data else ""
    if picture.format == "PNG":
        return "" if picture.mode == GREY and not clear else picture.mode + clear
    return f"{picture.format}, {picture.mode}{clear}"


def _grey(picture: Image.Image) -> Bytes:
    """Return the pixels of an upright picture in 8-bit grey."""
    if picture.mode.startswith("I;16"):
        values = np.asarray(picture)
        scaled = values.astype(np.uint32)
        scaled += STEP // 2
        scaled //= STEP
        grey = Image.fromarray(scaled.astype(np.uint8))
        clear = picture.info.get("transparency")
        opaque = None if clear is None else Image.fromarray((values != clear).astype(np.uint8) * 255)
        return np.asarray(grey) if opaque is None else _on_ground(grey, opaque)
    if picture.mode == "F":
        return _from_floats(np.asarray(picture))
    if picture.mode == "I":
        raise ValueError("32-bit integers: which of them is white is not known")
    if not picture.has_transparency_data:
        return np.asarray(picture if picture.mode == GREY else picture.convert(GREY))
    coloured = picture if picture.mode in ALPHA else picture.convert("RGBA")
    return _on_ground(coloured.convert(GREY), coloured.getchannel("A"))


def _upright(grey: Bytes, orientation: int | None) -> Bytes:
    """Return a picture turned as an EXIF orientation says."""
    if orientation in (None, 1):
        return grey
    turned = Image.fromarray(grey)
    turned.getexif()[ORIENTATION] = orientation
    return np.asarray(ImageOps.exif_transpose(turned))


def _from_floats(values: NDArray[Any]) -> Bytes:
    if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
        raise ValueError("floating-point numbers that do not lie between 0, black, and 1, white")
    return np.asarray(np.rint(values * 255), dtype=np.uint8)


def _on_ground(grey: Image.Image, opacity: Image.Image) -> Bytes:
    """Lay a picture on white, or on black where it stands out better from that."""

    def laid(ground: int) -> Bytes:
        canvas = Image.new(GREY, grey.size, ground)
        canvas.paste(grey, mask=opacity)
        return np.asarray(canvas)

    on_white, on_black = laid(255), laid(0)
    return on_white if np.ptp(on_white) >= min(LEAST_CONTRAST, int(np.ptp(on_black))) else on_black
