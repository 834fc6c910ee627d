"""Conversion on request: a data set can be made of what lies in the folder, and every original is kept."""

from __future__ import annotations

import gzip
import itertools

import numpy as np
import pytest
from PIL import Image

from benchmark import dataset
from benchmark.dataset.convert import convert_files
from benchmark.dataset.image_folder import read_image_folder
from benchmark.errors import DataError

ENTRY = dataset.DatasetEntry("mine", "Mine", ("a", "b"), "CC0", "here")
IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = dataset.FILES


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pixels_of(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def noise(seed):
    return np.random.default_rng(seed).integers(0, 256, (6, 5)).astype(np.uint8)


@pytest.fixture
def pictures(tmp_path):
    """A folder of pictures, half of them in colour, one of them a JPEG file."""
    for number, (part, name, i) in enumerate(itertools.product(("train", "test"), "ab", range(4))):
        path = tmp_path / part / name / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(number)).convert("RGB" if i % 2 else "L").save(path)
    Image.fromarray(noise(99)).save(tmp_path / "train" / "a" / "9.jpg", quality=95)
    return tmp_path


def test_pictures_become_grey_and_the_originals_are_kept(pictures):
    before, said = contents(pictures), []
    with pytest.raises(DataError, match="9 of 17 pictures"):
        read_image_folder(pictures, "ab")
    convert_files(ENTRY, pictures, said.append)
    assert said == [f"Mine: 9 files were converted; the originals are in {pictures / 'originals'}"]
    images, labels, *_ = read_image_folder(pictures, "ab")
    assert np.array_equal(images[1], noise(1))
    assert labels.tolist() == [0] * 5 + [1] * 4
    after = contents(pictures)
    converted = {path for path in before if after.get(path) != before[path]}
    assert len(converted) == 9
    assert all(after[f"originals/{path}"] == before[path] for path in converted)


def test_what_is_converted_again_overwrites_no_original(pictures):
    convert_files(ENTRY, pictures, str)
    before = contents(pictures)
    convert_files(ENTRY, pictures, str)
    assert contents(pictures) == before
    Image.new("RGB", (5, 6), "red").save(pictures / "train" / "a" / "1.png")
    convert_files(ENTRY, pictures, str)
    assert contents(pictures / "originals") == contents_below(before, "originals")
    assert list(contents(pictures / "originals-2")) == ["train/a/1.png"]


def contents_below(found, folder):
    return {
        path.removeprefix(f"{folder}/"): content for path, content in found.items() if path.startswith(f"{folder}/")
    }


def test_a_picture_beside_one_of_its_name_becomes_another_file(pictures):
    Image.fromarray(noise(50)).save(pictures / "train" / "a" / "0.bmp")
    Image.fromarray(noise(51)).save(pictures / "train" / "a" / "9.jpg.png")
    Image.fromarray(noise(52)).save(pictures / "train" / "a" / "9.png")
    convert_files(ENTRY, pictures, str)
    names = sorted(path.name for path in (pictures / "train" / "a").iterdir())
    assert names == ["0.bmp.png", "0.png", "1.png", "2.png", "3.png", "9.jpg-2.png", "9.jpg.png", "9.png"]
    assert np.array_equal(pixels_of(pictures / "train" / "a" / "0.png"), noise(0))
    assert np.array_equal(pixels_of(pictures / "train" / "a" / "0.bmp.png"), noise(50))


def test_a_conversion_that_was_killed_is_finished_without_a_second_copy(pictures):
    convert_files(ENTRY, pictures, str)
    before = contents(pictures)
    (pictures / "train" / "a" / "9.jpg").write_bytes(before["originals/train/a/9.jpg"])  # not removed before the end
    convert_files(ENTRY, pictures, str)
    after = contents(pictures)
    assert {path for path in after if after[path] != before.get(path)} == {"originals-2/train/a/9.jpg"}


def test_nothing_is_converted_where_one_cannot_be_read(pictures):
    (pictures / "test" / "b" / "3.png").write_text("no picture")
    before = contents(pictures)
    with pytest.raises(DataError, match=r"3.png cannot be read as a picture"):
        convert_files(ENTRY, pictures, str)
    assert contents(pictures) == before


def test_the_target_of_a_link_is_kept_and_not_the_link(pictures):
    original = pictures / "elsewhere.png"
    Image.new("RGB", (5, 6), "red").save(original)
    link = pictures / "test" / "b" / "0.png"
    link.unlink()
    link.symlink_to("../../elsewhere.png")
    convert_files(ENTRY, pictures, str)
    assert (pictures / "originals" / "test" / "b" / "0.png").read_bytes() == original.read_bytes()
    assert pixels_of(link).shape == (6, 5)
    assert pixels_of(original).shape == (6, 5, 3)


def packed(path):
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()


def boxed(path):
    inner = path.rename(path.with_name("x"))
    path.mkdir()
    inner.rename(path / path.name)


@pytest.mark.parametrize("store", [lambda path: None, packed, boxed], ids=["plain", "packed", "in a folder"])
def test_labels_that_begin_at_1_begin_at_0(tmp_path, store):
    for images, labels in (dataset.FILES[:2], dataset.FILES[2:]):
        dataset.write_idx(tmp_path / images, np.stack([noise(seed) for seed in range(8)]))
        dataset.write_idx(tmp_path / labels, np.arange(8, dtype=np.uint8) % 2 + 1)
        store(tmp_path / labels)
    before = contents(tmp_path)
    convert_files(ENTRY, tmp_path, str)
    for labels in (LABELS, TEST_LABELS):
        assert dataset.read_idx(tmp_path / labels).tolist() == [0, 1] * 4
    kept = contents(tmp_path / "originals")
    assert kept == {path: content for path, content in before.items() if "labels" in path}
    converted = contents(tmp_path)
    convert_files(ENTRY, tmp_path, str)
    assert contents(tmp_path) == converted
