"""Pictures: read as they are seen, whatever their depth, colours, transparency and orientation, or refused by name."""

from __future__ import annotations

import io
import os
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from benchmark.dataset.pictures import read_picture
from benchmark.errors import BenchmarkError, DataError
from benchmark.predict import load_image

ORIENTATION = 0x0112
DEEP = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
EIGHT = (DEEP >> 8).astype(np.uint8)


def saved(path, pixels, mode=None, **how):
    picture = Image.fromarray(pixels)
    (picture if mode is None else picture.convert(mode)).save(path, **how)
    return read_picture(path)


@pytest.mark.parametrize(
    ("name", "pixels", "form"),
    [
        ("8.png", EIGHT, ""),
        ("16.png", DEEP, "I;16"),
        ("16.tif", DEEP, "TIFF, I;16"),
        ("16-big.tif", DEEP.astype(">u2"), "TIFF, I;16B"),
        ("float.tif", (DEEP / 65535).astype(np.float32), "TIFF, F"),
    ],
)
def test_a_picture_of_any_depth_is_its_8_bit_copy_within_a_grey(tmp_path, name, pixels, form):
    found = saved(tmp_path / name, pixels)
    assert found.grey.dtype == np.uint8
    assert np.abs(found.grey.astype(int) - EIGHT).max() <= 1
    assert found.form == form


@pytest.mark.parametrize(
    ("mode", "form"), [("RGB", "RGB"), ("P", "P"), ("LA", "LA with transparency"), ("RGBA", "RGBA with transparency")]
)
def test_grey_in_another_form_keeps_its_greys(tmp_path, mode, form):
    found = saved(tmp_path / "picture.png", EIGHT, mode)
    assert np.array_equal(found.grey, EIGHT)
    assert found.form == form


def test_colours_become_grey_by_their_luma(tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (9, 7, 3)).astype(np.uint8)
    expected = colours @ np.array([0.299, 0.587, 0.114])
    assert saved(tmp_path / "picture.png", colours).grey == pytest.approx(expected, abs=1)


def cut_out(grey):
    """A square of one grey on transparent ground."""
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[2:6, 2:6] = (grey, grey, grey, 255)
    return pixels


@pytest.mark.parametrize(("grey", "ground"), [(0, 255), (120, 255), (250, 0), (255, 0)])
def test_what_lies_on_transparent_ground_stands_out_from_it(tmp_path, grey, ground):
    found = saved(tmp_path / "picture.png", cut_out(grey)).grey
    assert (found[0, 0], found[3, 3]) == (ground, grey)


def test_a_transparent_grey_of_a_png_file_is_seen_through(tmp_path):
    for pixels, clear in ((EIGHT, 0), (DEEP, 0)):
        found = saved(tmp_path / "picture.png", pixels, transparency=clear)
        assert found.grey[0, 0] == 255
        assert np.abs(found.grey.astype(int) - EIGHT).ravel()[1:].max() <= 1
        assert found.form.endswith("with transparency")


@pytest.mark.parametrize("pixels", [EIGHT[:4], DEEP[:4]], ids=["8 bits", "16 bits"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_orientation_says_wherever_it_is_read(tmp_path, pixels, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    with Image.open(tmp_path / "turned.png") as picture:
        upright = np.asarray(ImageOps.exif_transpose(picture)).astype(int) // (257 if pixels.dtype == np.uint16 else 1)
    found = read_picture(tmp_path / "turned.png").grey
    assert np.abs(found - upright).max() <= 1
    assert np.array_equal(load_image(tmp_path / "turned.png", found.shape), found)


def integers(path):
    Image.fromarray(DEEP.astype(np.int32)).save(path.with_suffix(".tif"), "TIFF")


def large_floats(path):
    Image.fromarray(DEEP.astype(np.float32)).save(path.with_suffix(".tif"), "TIFF")


def dangling(path):
    path.symlink_to("../annex/picture.png")


def tall(path):
    Image.new("L", (4, 70_000)).save(path)


def deep_and_large(path):
    Image.new("I;16", (4_000, 4_000)).save(path)


def bomb(path):
    monochrome = Image.new("1", (10_000, 8_000))
    monochrome.save(path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "does not exist(?s:.*)try: +ls "),
        (
            dangling,
            "is a link to a file that is not there(?s:.*)annex/picture.png, which is not there(?s:.*)git annex get",
        ),
        (lambda path: path.write_text("no picture"), "cannot be read as a picture(?s:.*)convert it to PNG"),
        (lambda path: path.mkdir(), "cannot be read as a picture(?s:.*)a directory"),
        (os.mkfifo, "cannot be read as a picture(?s:.*)a device"),
        (integers, "32-bit integers"),
        (large_floats, "do not lie between 0, black, and 1, white"),
        (tall, "4 x 70,000 pixels, a side of more than 65,535"),
        (deep_and_large, "4,000 x 4,000 pixels, more than 12,000,000"),
        (bomb, "10,000 x 8,000 pixels, more than 25,000,000(?s:.*)make it smaller"),
    ],
    ids=["nothing", "link", "text", "folder", "pipe", "integers", "floats", "tall", "deep", "bomb"],
)
def test_what_is_no_picture_or_has_no_known_white_is_refused_by_name(tmp_path, make, words):
    make(tmp_path / "picture.png")
    path = next(tmp_path.iterdir(), tmp_path / "picture.png")
    with pytest.raises(DataError, match=f"picture(?s:.*){words}"):
        read_picture(path)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_large_photograph_of_a_phone_is_read_upright_at_half_its_size(tmp_path, mode):
    pixels = Image.new(mode, (6_000, 4_500))
    pixels.paste("white", (0, 0, 1_000, 500))
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # its top is on the right
    pixels.save(tmp_path / "photo.jpg", exif=exif)
    found = read_picture(tmp_path / "photo.jpg")
    assert found.grey.shape == (3_000, 2_250)
    assert found.form == f"JPEG, {mode}"
    assert found.grey[:490, 2_010:].min() > 250
    assert found.grey[510:, :].max() < 5
    assert found.grey[:, :1_990].max() < 5


def encoded(kind, pixels=EIGHT, **how):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **how)
    return stream.getvalue()


FILES = [
    encoded("PNG"),
    encoded("PNG", DEEP),
    encoded("PNG", cut_out(9)),
    encoded("JPEG"),
    encoded("GIF"),
    encoded("TIFF"),
]


@given(st.sampled_from(FILES), st.data())
def test_a_picture_cut_short_or_altered_anywhere_is_read_or_refused(tmp_path_factory, content, data):
    path = tmp_path_factory.mktemp("picture") / "picture.png"
    altered = bytearray(content[: data.draw(st.integers(0, len(content)))])
    for place in data.draw(st.lists(st.integers(0, max(0, len(altered) - 1)), max_size=4)) if altered else []:
        altered[place] = data.draw(st.integers(0, 255))
    path.write_bytes(altered)
    with suppress(BenchmarkError):
        assert read_picture(path).grey.dtype == np.uint8


# ---------------------------------------------------------------------------------------------- prepared for a model
def test_a_bright_and_a_dark_cut_out_are_both_seen(tmp_path):
    for grey in (0, 128, 255):
        pixels = np.zeros((60, 60, 4), np.uint8)
        pixels[10:50, 20:40] = (grey, grey, grey, 255)
        Image.fromarray(pixels).save(tmp_path / "shirt.png")
        found = load_image(tmp_path / "shirt.png", (28, 28))
        assert found[14, 14] > 100
        assert found[0, 0] == 0


def scattered():
    """Specks so far apart that they vanish when they are scaled."""
    pixels = np.zeros((500, 4000), np.uint8)
    pixels[[250, 0, 499], [0, 3999, 0]] = 255
    return pixels


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((28, 28), np.uint8), np.full((60, 60), 100, np.uint8), np.zeros((9, 9, 4), np.uint8), scattered()],
    ids=["black", "grey", "transparent", "specks"],
)
def test_a_picture_in_which_nothing_is_left_to_see_is_not_handed_to_a_model(tmp_path, pixels):
    Image.fromarray(pixels).save(tmp_path / "blank.png")
    with pytest.raises(DataError, match="nothing to see in .*blank.png(?s:.*)try:"):
        load_image(tmp_path / "blank.png", (28, 28))
