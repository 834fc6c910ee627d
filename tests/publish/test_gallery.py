"""Pictures of images of any size and number: none is empty, larger than its format allows, or too large for a page."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from benchmark.publish.gallery import LARGEST_TILE, MOST_PIXELS, Gallery, preview

SIZES = [
    (10, 28, 28), (47, 28, 28), (62, 28, 28), (10, 111, 111), (5, 224, 224), (10, 224, 224), (2, 1, 4096), (2, 4096, 1), (2, 1, 1),
    (62, 512, 3),
]  # fmt: skip


def images(n, height, width):
    return np.random.default_rng(0).integers(0, 256, (n, height, width), dtype=np.uint8)


def opened(content):
    with Image.open(io.BytesIO(content)) as picture:
        return picture.convert("RGB")


@pytest.mark.parametrize("size", SIZES)
def test_the_preview_has_room_for_images_of_any_size_and_number(size):
    picture = opened(preview("A title", "A sentence.", images(*size)))
    assert picture.size == (1200, 630)
    assert len(np.unique(np.asarray(picture)[258:558].reshape(-1, 3), axis=0)) > 2


def test_the_preview_shows_few_images_in_one_row_as_large_as_whole_pixels_can_be():
    shown = np.full((10, 28, 28), 255, dtype=np.uint8)
    white = (np.asarray(opened(preview("", "", shown))) == 255).all(axis=-1)
    assert np.flatnonzero(white.any(axis=0))[[0, -1]].tolist() == [180, 1019]
    assert np.flatnonzero(white.any(axis=1))[[0, -1]].tolist() == [474, 557]


@pytest.mark.parametrize("words", ["a\nb", "x" * 10_000, "word " * 2000, "\x1b[31m", "日本", ""])
def test_the_preview_takes_any_words(words):
    assert opened(preview(words, words, images(3, 8, 8))).size == (1200, 630)


@pytest.mark.parametrize("size", SIZES)
def test_no_picture_is_larger_than_its_format_allows(size):
    shown, files = images(*size), {}
    gallery = Gallery(shown, files)
    gallery.sheet("row", shown, columns=len(shown), scale=2)
    gallery.sheet("mean", shown[:1], columns=1, scale=4)
    gallery.overlays("looks", shown.astype(float), np.ones(shown.shape))
    tiles = gallery.tiles(range(len(shown)))
    assert len(tiles) == len(shown)
    for path, content in files.items():
        assert 0 < min(opened(content).size) <= max(opened(content).size) <= MOST_PIXELS, path
    for tile in tiles.values():
        picture = opened(files[tile.path])
        assert (tile.width, tile.height) == gallery.tile_size
        assert max(gallery.tile_size) <= max(LARGEST_TILE, *size[1:])
        assert tile.x + tile.width <= picture.width
        assert tile.y + tile.height <= picture.height


@pytest.mark.parametrize("size", [(25, 28, 28), (25, 20, 64), (3, 224, 224)])
def test_a_tile_shows_its_image(size):
    shown, files = images(*size), {}
    gallery = Gallery(shown, files)
    for index, tile in gallery.tiles(range(len(shown))).items():
        found = np.asarray(opened(files[tile.path]))[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width, 0]
        own = Image.fromarray(shown[index])
        smaller = own.width > tile.width
        expected = own.resize((tile.width, tile.height), Image.Resampling.BOX if smaller else Image.Resampling.NEAREST)
        np.testing.assert_array_equal(found, np.asarray(expected))


def test_overlays_of_large_images_stand_side_by_side():
    gallery = Gallery(images(2, 300, 600), {})
    sheet = gallery.overlays("looks", images(3, 300, 600).astype(float), np.zeros((3, 300, 600)))
    assert sheet.width == 3 * 256
    assert sheet.height == 128
