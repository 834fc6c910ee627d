"""Pictures of garments: images beside each other in one PNG, and sprites whose tiles a page shows one by one.

Comes in: images, ndarray of shape (n, height, width). Goes out: WebP files, lossless, in `files`, by path below the docs folder.
"""

from __future__ import annotations

import hashlib
import io
import textwrap
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmark.cache import Cache, digest

GAP = 2  # pixels between the images of a sheet
COLUMNS = 20  # tiles a row of a sprite
SCALE = 2
SPRITE_BYTES = 48 * 1024  # of a file; a reader loads one or two
MOST_PIXELS = 16_383  # a side of a WebP file
LOSSLESS = {"lossless": True, "quality": 0, "method": 3}
POSITIVE, NEGATIVE = (255, 140, 40), (60, 150, 255)


@dataclass(frozen=True)
class Picture:
    """A file of its own: its path below the docs folder, and its size in pixels, so that nothing jumps when it has come."""

    path: str
    width: int
    height: int


@dataclass(frozen=True)
class Tile:
    """One image of a sprite: the sprite's path, and where in it the image is, in pixels."""

    index: int
    path: str
    x: int
    y: int
    width: int
    height: int

    @property
    def style(self) -> str:
        """The style of an `img` that shows this tile alone."""
        return f"width:{self.width}px;height:{self.height}px;object-position:-{self.x}px -{self.y}px"


@dataclass(frozen=True)
class Gallery:
    """The test images, the files that pictures are written to, and where those are kept that have been packed before."""

    images: NDArray[np.uint8]
    files: dict[str, bytes]
    cache: Cache | None = None

    def sheet(self, name: str, images: NDArray[Any], *, columns: int, scale: int) -> Picture:
        """Put images beside each other into one picture, transparent between them."""
        n, height, width = images.shape
        columns = min(columns, n)
        rows = -(-n // columns)
        canvas = np.zeros((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP), dtype=np.uint8)
        alpha = np.zeros_like(canvas)
        for i, image in enumerate(np.clip(np.rint(images), 0, 255).astype(np.uint8)):
            top, left = i // columns * (height + GAP), i % columns * (width + GAP)
            canvas[top : top + height, left : left + width] = image
            alpha[top : top + height, left : left + width] = 255
        return self._picture(name, np.stack([canvas, alpha], axis=-1), scale)

    def overlays(self, name: str, images: NDArray[Any], weights: NDArray[Any]) -> Picture:
        """Lay weights, of the images' shape, over images in colour, side by side in one picture.

        Orange where a weight is positive, blue where it is negative, opaque at 1 and -1.
        """
        grey = np.clip(np.rint(images), 0, 255)[..., np.newaxis].repeat(3, axis=-1) * 0.6
        share = np.abs(weights)[..., np.newaxis]
        colour = np.where(weights[..., np.newaxis] > 0, POSITIVE, NEGATIVE)
        mixed = np.rint(grey * (1 - share) + colour * share).astype(np.uint8)
        return self._picture(name, np.concatenate(list(mixed), axis=1), 4)

    def tiles(self, indices: Sequence[int]) -> dict[int, Tile]:
        """Put test images into a sprite, or several where one grew too large, and return each one's tile by its index."""
        unique = list(dict.fromkeys(int(i) for i in indices))
        if not unique:
            return {}
        height, width = (SCALE * side for side in self.images.shape[1:])
        most = MOST_PIXELS // height * COLUMNS
        content = self._webp(_grid(self.images[unique]), SCALE) if len(unique) <= most else b""
        if (len(content) > SPRITE_BYTES or not content) and len(unique) > 1:
            half = len(unique) // 2
            with ThreadPoolExecutor(1) as beside:  # packing holds no lock
                rest = beside.submit(self.tiles, unique[half:])
                return self.tiles(unique[:half]) | rest.result()
        path = f"images/sprites/{hashlib.sha256(content).hexdigest()[:16]}.webp"
        self.files[path] = content
        return {
            index: Tile(index, path, i % COLUMNS * width, i // COLUMNS * height, width, height)
            for i, index in enumerate(unique)
        }

    def _picture(self, name: str, pixels: NDArray[np.uint8], scale: int) -> Picture:
        """Write pixels, each as `scale` times `scale`, into the file of that name."""
        path = f"images/{name}.webp"
        self.files[path] = self._webp(pixels, scale)
        height, width = pixels.shape[:2]
        return Picture(path, scale * width, scale * height)

    def _webp(self, pixels: NDArray[np.uint8], scale: int) -> bytes:
        """Return pixels as a WebP; what has not changed is not packed again."""
        if self.cache is None:
            return webp(pixels, scale)
        content = hashlib.sha256(pixels.tobytes()).hexdigest()
        return self.cache.content(
            "sprites", digest(pixels.shape, content, scale, LOSSLESS, PIL.__version__), lambda: webp(pixels, scale)
        )


def preview(title: str, sentence: str, images: NDArray[np.uint8]) -> bytes:
    """Return the PNG that a link to the site shows elsewhere: two lines of text above a row of garments."""
    canvas = Image.new("RGB", (1200, 630), "#14323c")
    drawing = ImageDraw.Draw(canvas)
    drawing.text((48, 72), title, fill="#ffffff", font=ImageFont.load_default(76))
    drawing.text((48, 200), textwrap.fill(sentence, 48), fill="#f4c95d", font=ImageFont.load_default(44), spacing=16)
    scale = (1200 - 96) // (len(images) * images.shape[2])
    row = Image.fromarray(np.concatenate(list(images), axis=1))
    row = row.resize((row.width * scale, row.height * scale), Image.Resampling.NEAREST)
    canvas.paste(row, ((1200 - row.width) // 2, 630 - row.height - 72))
    stream = io.BytesIO()
    canvas.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _grid(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return images in rows of COLUMNS, without gaps."""
    n, height, width = images.shape
    columns = min(COLUMNS, n)
    rows = -(-n // columns)
    padded = np.concatenate([images, np.zeros((rows * columns - n, height, width), dtype=np.uint8)])
    return padded.reshape(rows, columns, height, width).swapaxes(1, 2).reshape(rows * height, columns * width)


def png(pixels: NDArray[np.uint8], scale: int) -> bytes:
    """Return pixels, of shape (height, width) or (height, width, 2 to 4), as a PNG, each as `scale` times `scale`."""
    return _encoded(pixels, scale, "PNG", optimize=True)


def webp(pixels: NDArray[np.uint8], scale: int) -> bytes:
    """Return pixels as `png` does, as a lossless WebP, a quarter smaller."""
    return _encoded(pixels, scale, "WEBP", **LOSSLESS)


def _encoded(pixels: NDArray[np.uint8], scale: int, kind: str, **how: Any) -> bytes:
    stream = io.BytesIO()
    picture = Image.fromarray(pixels)
    picture = picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)
    picture.save(stream, kind, **how)
    return stream.getvalue()
