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
from benchmark.text import one_line

GAP = 2  # pixels between the images of a sheet
COLUMNS = 20  # tiles a row of a sprite
SCALE, SEEN = 2, 56  # by how much an image is enlarged; the pixels that the longer side of a small one comes to
LARGEST_TILE, LARGEST_IMAGE = 128, 256  # pixels of the longer side, of one image of a sprite and of a sheet
SPRITE_BYTES = 48 * 1024  # of a file; a reader loads one or two
MOST_PIXELS = 16_383  # a side of a WebP file
LOSSLESS = {"lossless": True, "quality": 0, "method": 3}
ROOM = 1104, 300  # pixels of the preview for its images, width and height
LONGEST_TITLE, LONGEST_SENTENCE = 60, 300  # characters; what does not fit would be drawn outside
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

    @property
    def scale(self) -> int:
        """By how much a tile enlarges an image, if it is not too large for that."""
        return max(SCALE, SEEN // int(max(self.images.shape[1:])))

    @property
    def tile_size(self) -> tuple[int, int]:
        """Width and height of a tile in pixels."""
        height, width = shown_size(self.images.shape[1:], self.scale, LARGEST_TILE)
        return width, height

    def sheet(self, name: str, images: NDArray[Any], *, columns: int, scale: int) -> Picture:
        """Put images beside each other into one picture, transparent between them; large ones are made smaller."""
        images, scale = fitted(np.clip(np.rint(images), 0, 255).astype(np.uint8), scale, LARGEST_IMAGE)
        n, height, width = images.shape
        columns = min(columns, n, MOST_PIXELS // (scale * (width + GAP)))
        rows = -(-n // columns)
        canvas = np.zeros((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP), dtype=np.uint8)
        alpha = np.zeros_like(canvas)
        for i, image in enumerate(images):
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
        mixed, scale = fitted(mixed, 4, min(LARGEST_IMAGE, MOST_PIXELS // len(mixed)))
        return self._picture(name, np.concatenate(list(mixed), axis=1), scale)

    def tiles(self, indices: Sequence[int]) -> dict[int, Tile]:
        """Put test images into a sprite, or several where one grew too large, and return each one's tile by its index."""
        unique = list(dict.fromkeys(int(i) for i in indices))
        if not unique:
            return {}
        width, height = self.tile_size
        most = MOST_PIXELS // height * COLUMNS
        content = self._webp(*self._sprite(unique)) if len(unique) <= most else b""
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

    def _sprite(self, indices: Sequence[int]) -> tuple[NDArray[np.uint8], int]:
        """Return the images side by side, and by how much each pixel is enlarged."""
        images, scale = fitted(self.images[indices], self.scale, LARGEST_TILE)
        return _grid(images), scale

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
    words = textwrap.wrap(one_line(sentence)[:LONGEST_SENTENCE], 48, max_lines=3, placeholder=" …")
    drawing.text((48, 72), one_line(title)[:LONGEST_TITLE], fill="#ffffff", font=ImageFont.load_default(76))
    drawing.text((48, 200), "\n".join(words), fill="#f4c95d", font=ImageFont.load_default(44), spacing=16)
    rows = _rows(images)
    canvas.paste(rows, ((1200 - rows.width) // 2, 630 - rows.height - 72))
    stream = io.BytesIO()
    canvas.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _rows(images: NDArray[np.uint8]) -> Image.Image:
    """Return images in as many rows as make them largest within ROOM: in one, where that takes no pixel away."""
    n, height, width = images.shape
    places = [(-(-n // rows), rows) for rows in range(1, n + 1)]
    factors = [min(ROOM[0] / (columns * width), ROOM[1] / (rows * height)) for columns, rows in places]
    best = 0 if factors[0] >= 1 else int(np.argmax(factors))
    picture = Image.fromarray(_grid(images, places[best][0]))
    factor = factors[best] if factors[best] < 1 else int(factors[best])
    return _resized(picture, factor)


def shown_size(shape: Sequence[int], scale: int, longest: int) -> tuple[int, int]:
    """Return the height and width at which an image of `shape` is shown: `scale` times its own, its longer side `longest` at most."""
    factor = min(scale, longest / max(shape))
    factor = factor if factor < 1 else int(factor)
    height, width = (max(1, round(factor * side)) for side in shape)
    return height, width


def fitted(images: NDArray[np.uint8], scale: int, longest: int) -> tuple[NDArray[np.uint8], int]:
    """Return images, of shape (n, height, width) or (n, height, width, 3), and by how much a pixel is to be enlarged.

    Images that are longer than `longest` are made smaller by averaging, the others are not touched.
    """
    shape = images.shape[1:3]
    if max(shape) <= longest:
        return images, int(min(scale, longest / max(shape)))
    height, width = shown_size(shape, scale, longest)
    smaller = [np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BOX)) for image in images]
    return np.stack(smaller), 1


def _resized(picture: Image.Image, factor: float) -> Image.Image:
    size = max(1, round(factor * picture.width)), max(1, round(factor * picture.height))
    return picture.resize(size, Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.BOX)


def _grid(images: NDArray[np.uint8], columns: int = COLUMNS) -> NDArray[np.uint8]:
    """Return images in rows of `columns`, without gaps."""
    n, height, width = images.shape
    columns = min(columns, n)
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
    _resized(Image.fromarray(pixels), scale).save(stream, kind, **how)
    return stream.getvalue()
