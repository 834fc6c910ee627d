"""A data set's files: read as written, refused when damaged, fetched in order."""

from __future__ import annotations

import dataclasses
import gzip
import itertools
import os
import shutil
import string
import struct
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmark import dataset
from benchmark.dataset import fetch
from benchmark.errors import DataError, EntryError
from tests.conftest import ROOT, SAMPLE

IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = dataset.FILES


def quiet(_):
    pass


@pytest.fixture
def plain(tmp_path, sample):
    """A folder with the sample's four plain files."""
    folder = tmp_path / "plain"
    folder.mkdir()
    for name in dataset.FILES:
        (folder / name).write_bytes(gzip.decompress((ROOT / "tests" / "data" / f"{name}.gz").read_bytes()))
    return folder


def load(folder, tmp_path, name=SAMPLE):
    return dataset.load_dataset(name, root=ROOT, data_dir=folder, cache_dir=tmp_path / "cache", report=quiet)


def test_the_sample_holds_real_images_of_every_class(sample):
    assert np.bincount(sample.train_labels).tolist() == [200] * 10
    assert np.bincount(sample.test_labels).tolist() == [100] * 10
    assert sample.image_shape == (28, 28)
    assert isinstance(sample.train_images, np.memmap)


@settings(max_examples=30)
@given(arrays(np.uint8, st.tuples(*[st.integers(1, 6)] * 3)))
def test_what_is_written_is_read_back(tmp_path_factory, images):
    path = tmp_path_factory.mktemp("idx") / "images"
    dataset.write_idx(path, images)
    assert np.array_equal(dataset.read_idx(path), images)


@settings(max_examples=60)
@given(st.integers(0, 15), st.integers(0, 255))
def test_a_header_with_any_byte_changed_is_refused(tmp_path_factory, place, byte):
    path = tmp_path_factory.mktemp("idx") / "images"
    dataset.write_idx(path, np.zeros((3, 4, 5), np.uint8))
    content = bytearray(path.read_bytes())
    if content[place] == byte:
        return
    content[place] = byte
    path.write_bytes(content)
    with pytest.raises(DataError, match="images"):
        dataset.read_idx(path)


def test_the_digest_is_that_of_the_four_files_in_order(plain, tmp_path, sample):
    import hashlib

    whole = b"".join((plain / name).read_bytes() for name in dataset.FILES)
    assert load(plain, tmp_path).digest == sample.digest == hashlib.sha256(whole).hexdigest()


def truncated(path):
    path.write_bytes(path.read_bytes()[:-100])


def lengthened(path):
    path.write_bytes(path.read_bytes() + b"\0")


def emptied(path):
    path.write_bytes(b"")


def signed(path):
    path.write_bytes(b"\0\0\x09" + path.read_bytes()[3:])


def another_magic(path):
    path.write_bytes(b"PK\3\4" + path.read_bytes()[4:])


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (truncated, "length that its header says"),
        (lengthened, "length that its header says"),
        (emptied, "ends within its header"),
        (signed, "magic 0x00000903"),
        (another_magic, "magic 0x504b0304"),
    ],
)
def test_a_damaged_file_is_refused_by_name(plain, tmp_path, harm, words):
    harm(plain / IMAGES)
    with pytest.raises(DataError) as caught:
        load(plain, tmp_path)
    assert words in str(caught.value)
    assert str(plain / IMAGES) in str(caught.value)
    assert "try:" in str(caught.value)


def test_images_and_labels_exchanged_are_recognised(plain, tmp_path):
    (plain / IMAGES).rename(plain / "x")
    (plain / LABELS).rename(plain / IMAGES)
    (plain / "x").rename(plain / LABELS)
    with pytest.raises(DataError, match="seem to be swapped"):
        load(plain, tmp_path)


def test_a_label_that_is_no_class_is_refused_before_the_checksum(plain, tmp_path):
    content = bytearray((plain / LABELS).read_bytes())
    content[20] = 10
    (plain / LABELS).write_bytes(content)
    with pytest.raises(DataError, match="outside the classes(?s:.*)0 to 9(?s:.*)10 at place 12"):
        load(plain, tmp_path)


def test_fewer_labels_than_images_are_refused(plain, tmp_path):
    body = (plain / LABELS).read_bytes()[8:-1]
    (plain / LABELS).write_bytes(struct.pack(">II", 0x801, len(body)) + body)
    with pytest.raises(DataError, match="as many labels(?s:.*)2000(?s:.*)1999"):
        load(plain, tmp_path)


def test_sound_files_of_other_contents_are_refused(plain, tmp_path):
    content = bytearray((plain / IMAGES).read_bytes())
    content[5000] ^= 1
    (plain / IMAGES).write_bytes(content)
    with pytest.raises(DataError, match="not the file that SHA256SUMS describes"):
        load(plain, tmp_path)


@pytest.mark.parametrize("content", [b"no gzip at all", gzip.compress(b"x" * 5000, mtime=0)[:-20]])
def test_a_damaged_gzip_file_is_refused(tmp_path, content):
    folder = tmp_path / "packed"
    shutil.copytree(ROOT / "tests" / "data", folder)
    (folder / f"{IMAGES}.gz").write_bytes(content)
    with pytest.raises(DataError, match=r"gz is damaged"):
        load(folder, tmp_path)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(DataError, match=SAMPLE):
        dataset.find_entry("cifar")


def test_a_folder_without_the_files_is_refused(tmp_path):
    with pytest.raises(DataError, match="does not hold the data set"):
        load(tmp_path, tmp_path)


def test_when_no_source_answers_all_that_was_tried_is_named(tmp_path, monkeypatch):
    def refuse(*_):
        raise DataError("no answer")

    monkeypatch.setattr(fetch, "download", refuse)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    entry = dataset.find_entry("fashion-mnist")
    (tmp_path / entry.home).mkdir(parents=True)
    shutil.copy(ROOT / entry.home / "SHA256SUMS", tmp_path / entry.home)
    with pytest.raises(DataError) as caught:
        fetch.fetch(entry, root=tmp_path, cache_dir=tmp_path / "cache", report=quiet)
    for words in (*entry.urls, entry.debian_package, "not available here: there is no apt-get", "--data-dir"):
        assert words in str(caught.value)
    assert [path.name for path in (tmp_path / entry.home).iterdir()] == ["SHA256SUMS"]


def test_the_first_source_that_has_the_right_files_is_taken(tmp_path, monkeypatch):
    from dataclasses import replace

    def give(url, folder, _):
        for name in dataset.FILES:
            source = (ROOT / "tests" / "data" / f"{name}.gz").read_bytes()
            (folder / f"{name}.gz").write_bytes(source if "good" in url else source[:-9])

    monkeypatch.setattr(fetch, "download", give)
    entry = replace(dataset.find_entry(SAMPLE), home="home", urls=("http://bad/", "http://good/"))
    (tmp_path / "home").mkdir()
    shutil.copy(ROOT / "tests" / "data" / "SHA256SUMS", tmp_path / "home")
    said = []
    folder = fetch.fetch(entry, root=tmp_path, cache_dir=tmp_path / "cache", report=said.append)
    assert folder == tmp_path / "home"
    assert any("not from there" in line for line in said)
    assert dataset.read_idx(folder / IMAGES).shape == (2000, 28, 28)


def test_a_subset_is_stratified_and_has_a_digest_of_its_own(sample, tmp_path):
    part = dataset.subset(sample, 300, 50, cache_dir=tmp_path)
    again = dataset.subset(sample, 300, 50, cache_dir=tmp_path / "other")
    assert np.bincount(part.train_labels).tolist() == [30] * 10
    assert np.bincount(part.test_labels).tolist() == [5] * 10
    assert part.digest == again.digest != sample.digest
    assert part.profile == "quick"


ENTRY = dataset.DatasetEntry("mine", "Mine", ("a", "b"), "CC0", "here")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "Mine"}, "lower-case letters"),
        ({"name": "figures"}, "none of assets, figures"),
        ({"licence": ""}, "a title, a licence and a source"),
        ({"class_names": "ab"}, "a sequence of str"),
        ({"class_names": ("a",)}, "2 to 62 classes(?s:.*)1"),
        ({"class_names": tuple(f"c{i}" for i in range(63))}, "2 to 62 classes(?s:.*)63"),
        ({"name": "docs"}, "none of assets, figures"),
        ({"name": "cache"}, "none of assets, figures"),
        ({"name": "con"}, "no device of Windows"),
        ({"title": 5}, "a title, a licence and a source"),
        ({"source": "half a character: \udc80"}, "a title, a licence and a source"),
        ({"class_names": ("a b", "a\nb")}, "class names that differ"),
        ({"class_names": ("a", " ")}, "none of them empty"),
        ({"class_names": ("a", "\udc80")}, "none of them empty"),
        ({"families": {"all": ("a", "c")}}, "families of classes(?s:.*)'c'"),
    ],
)
def test_a_wrong_entry_is_refused_with_what_mends_it(wrong, words):
    dataset.check_dataset_entry(ENTRY)
    with pytest.raises(EntryError, match=words) as caught:
        dataset.check_dataset_entry(dataclasses.replace(ENTRY, **wrong))
    assert "try:" in str(caught.value)


@pytest.mark.parametrize(
    "names",
    [tuple(string.digits + string.ascii_letters), tuple("おきすつなはまやれを"), ("猫", "犬"), ("T-shirt", "t shirt")],
)
def test_classes_have_the_names_that_their_data_set_gives_them(names):
    dataset.check_dataset_entry(dataclasses.replace(ENTRY, class_names=names))


def test_every_entry_of_the_table_is_sound():
    for entry in dataset.DATASETS.values():
        dataset.check_dataset_entry(entry)


@pytest.fixture
def mine(tmp_path):
    """A data set of one's own, in the place that its name gives it, not accepted yet."""
    home = tmp_path / "data" / "mine"
    for images, labels in (dataset.FILES[:2], dataset.FILES[2:]):
        dataset.write_idx(home / images, np.zeros((8, 5, 4), np.uint8))
        dataset.write_idx(home / labels, np.arange(8, dtype=np.uint8) % 2)
    return home


def load_mine(home, entry=None, **more):
    root = home.parents[1]
    return dataset.load_dataset(
        "mine", root=root, cache_dir=root / "cache", report=quiet, datasets={"mine": entry or ENTRY}, **more
    )


def test_a_data_set_is_its_files_once_they_are_accepted(mine):
    with pytest.raises(DataError, match="are not recorded(?s:.*)ACCEPT=1"):
        load_mine(mine)
    assert load_mine(mine, accept=True).image_shape == (5, 4)
    assert len((mine / "SHA256SUMS").read_text().splitlines()) == 4
    assert load_mine(mine).n_test == 8


def test_nobody_is_told_to_remove_a_file_that_cannot_be_fetched_again(mine):
    load_mine(mine, accept=True)
    dataset.write_idx(mine / LABELS, np.arange(1, 9, dtype=np.uint8) % 2)
    with pytest.raises(DataError, match="put the right file in its place(?s:.*)ACCEPT=1 if it is meant") as caught:
        load_mine(mine)
    assert "rm " not in str(caught.value)


def test_a_folder_of_pictures_is_read_once_and_again_when_a_picture_changes(tmp_path):
    from PIL import Image

    home = tmp_path / "data" / "mine"
    for part, name, i in itertools.product(("train", "test"), "ab", range(3)):
        (home / part / name).mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 5), 10 * i).save(home / part / name / f"{i}.png")
        os.utime(home / part / name, (1, 1))
        os.utime(home / part / name / f"{i}.png", (1, 1))
    for folder in (home / "train", home / "test"):
        os.utime(folder, (1, 1))
    first = load_mine(home, accept=True)
    assert first.train_images[:, 0, 0].tolist() == [0, 10, 20] * 2
    written = (tmp_path / "cache" / "mine" / IMAGES).stat().st_mtime_ns
    assert load_mine(home).digest == first.digest
    assert (tmp_path / "cache" / "mine" / IMAGES).stat().st_mtime_ns == written
    Image.new("L", (4, 5), 77).save(home / "train" / "a" / "1.png")
    os.utime(home / "train" / "a" / "1.png", (time.time() + 5,) * 2)
    with pytest.raises(DataError, match="not the file that SHA256SUMS describes(?s:.*)ACCEPT=1 if it is meant"):
        load_mine(home)
    assert load_mine(home, accept=True).train_images[1, 0, 0] == 77
    (home / "test" / "b" / "1.png").unlink()
    os.utime(home / "test" / "b", (time.time() + 5,) * 2)
    with pytest.raises(DataError, match="SHA256SUMS"):
        load_mine(home)


def test_pictures_are_read_again_when_the_classes_change_places(tmp_path):
    from PIL import Image

    home = tmp_path / "data" / "mine"
    for part, name, i in itertools.product(("train", "test"), "ab", range(3)):
        (home / part / name).mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 5), 10 * i).save(home / part / name / f"{i}.png")
    assert load_mine(home, accept=True).train_labels.tolist() == [0, 0, 0, 1, 1, 1]
    turned = replace(ENTRY, class_names=("b", "a"))
    assert load_mine(home, turned, accept=True).train_labels.tolist() == [1, 1, 1, 0, 0, 0]


def test_a_folder_of_ones_own_is_mended_by_hand_for_nothing_is_fetched_into_it(plain, tmp_path):
    for damage in (
        lambda path: None,
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.unlink(),
    ):
        damage(plain / LABELS)
        with pytest.raises(DataError, match=r"put (the right file in its place: |it into )/\S+$") as error:
            load(plain, tmp_path, "fashion-mnist")
        assert "make data" not in str(error.value)


def test_a_packed_file_of_other_contents_is_named_and_not_what_it_was_unpacked_to(tmp_path):
    folder = tmp_path / "given"
    shutil.copytree(ROOT / "tests" / "data", folder)
    with gzip.open(folder / f"{IMAGES}.gz") as stream:
        content = bytearray(stream.read())
    content[-1] ^= 1
    (folder / f"{IMAGES}.gz").write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(DataError, match=f"given/{IMAGES}.gz is not the file that SHA256SUMS describes"):
        load(folder, tmp_path)


def test_a_class_with_too_few_images_is_refused(mine):
    dataset.write_idx(mine / LABELS, np.array([0, 0, 0, 0, 0, 0, 1, 1], dtype=np.uint8))
    with pytest.raises(DataError, match="too few training images of the class 'b'(?s:.*)3 or more of each class"):
        load_mine(mine, accept=True)
    dataset.write_idx(mine / LABELS, np.arange(8, dtype=np.uint8) % 2)
    dataset.write_idx(mine / TEST_LABELS, np.zeros(8, dtype=np.uint8))
    with pytest.raises(DataError, match="too few test images of the class 'b'"):
        load_mine(mine, accept=True)
    assert not (mine / "SHA256SUMS").exists()


def test_the_summary_counts_each_class(sample):
    text = dataset.format_summary(dataset.summary(sample))
    assert "2,000 training and 1,000 test images of 28 x 28" in text
    assert sample.digest in text
