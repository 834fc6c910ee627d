"""Pictures as they are seen: upright, in 8-bit grey, on a ground where they are transparent.

Input: a picture file. Output: its pixels, and what its file holds in words. Data sets and `predict` read pictures with
this function alone.
"""

from __future__ import annotations

import shlex
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmark.errors import DataError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
GREY = "L"  # Pillow's mode of 8-bit grey
STEP = 65535 // 255  # from one grey of 8 bits to the next, in 16 bits
LEAST_CONTRAST = 32  # greys apart, that something stands out from the ground it is laid on
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


def read_picture(path: Path) -> Picture:
    """Return the picture in a file, turned as its EXIF orientation says.

    Colours become grey by their luma (ITU-R BT.601), 16 bits become 8, floats from 0 to 1 become 0 to 255. What is transparent
    is laid on white, or on black where little would be seen on white.

    Raises
    ------
    DataError
        If the file is missing or damaged, is no picture, has more pixels than Pillow takes for safe, or holds numbers whose white is unknown.

    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged metadata, which no pixel depends on
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as picture:
                return Picture(_grey(ImageOps.exif_transpose(picture)), _form(picture))
    except FileNotFoundError:
        raise _missing(path) from None
    except Exception as error:  # a decoder raises anything on bytes that it did not expect
        raise DataError(
            f"{path} cannot be read as a picture",
            expected="a PNG or JPEG file",
            found=str(error) or type(error).__name__,
            remedy="convert it to PNG, or remove it",
        ) from None


def _missing(path: Path) -> DataError:
    if path.is_symlink():
        return DataError(
            f"{path} is a link to a file that is not there",
            expected="a PNG or JPEG file",
            found=f"a link to {path.readlink()}, which is not there",
            remedy="fetch what it points to (git annex get, dvc pull), or remove the link",
        )
    return DataError(
        f"{path} does not exist", expected="a PNG or JPEG file", remedy=f"ls {shlex.quote(str(path.parent))}"
    )


def _form(picture: Image.Image) -> str:
    clear = " with transparency" if picture.has_transparency_data else ""
    if picture.format == "PNG":
        return "" if picture.mode == GREY and not clear else picture.mode + clear
    return f"{picture.format}, {picture.mode}{clear}"


def _grey(picture: Image.Image) -> Bytes:
    """Return the pixels of an upright picture in 8-bit grey."""
    if picture.mode.startswith("I;16"):
        values = np.asarray(picture).astype(np.uint32)
        grey = ((values + STEP // 2) // STEP).astype(np.uint8)
        clear = picture.info.get("transparency")
        return grey if clear is None else _on_ground(grey, values != clear)
    if picture.mode == "F":
        return _from_floats(np.asarray(picture))
    if picture.mode == "I":
        raise ValueError("32-bit integers: which of them is white is not known")
    if not picture.has_transparency_data:
        return np.asarray(picture.convert(GREY))
    coloured = picture.convert("RGBA")
    return _on_ground(coloured.convert("RGB"), np.asarray(coloured.getchannel("A"), dtype=np.float32) / 255)


def _from_floats(values: NDArray[Any]) -> Bytes:
    if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
        raise ValueError("floating-point numbers that do not lie between 0, black, and 1, white")
    return np.rint(values * 255).astype(np.uint8)


def _on_ground(picture: Any, opacity: NDArray[Any]) -> Bytes:
    """Lay a picture, of which `opacity` is from 0 to 1, on white, or on black where it stands out better from that."""
    grey = np.asarray(picture if isinstance(picture, np.ndarray) else picture.convert(GREY)).astype(np.float32)
    on_white, on_black = (np.rint(ground + opacity * (grey - ground)).astype(np.uint8) for ground in (255, 0))
    contrast = int(np.ptp(on_white))
    return on_white if contrast >= min(LEAST_CONTRAST, int(np.ptp(on_black))) else on_black
