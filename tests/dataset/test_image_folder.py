"""Folders of pictures: read in the order of their paths, and refused where they are no data set."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.dataset.image_folder import contents_digest, read_image_folder
from benchmark.errors import DataError

CLASSES = ("Coat", "T-shirt/top")


def picture(path, value=0, size=(6, 4), mode="L"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(path)


@pytest.fixture
def folder(tmp_path):
    for part, n in (("train", 3), ("test", 2)):
        for i in range(n):
            picture(tmp_path / part / "Coat" / f"{i}.png", 10 + i)
            picture(tmp_path / part / "t-shirt-top" / f"{n - i}.png", 20 + i)
    return tmp_path


def test_pictures_come_in_the_order_of_their_paths_and_labels_in_that_of_the_classes(folder):
    train, train_labels, test, test_labels = read_image_folder(folder, CLASSES)
    assert train.shape == (6, 4, 6)
    assert train.dtype == np.uint8
    assert train[:, 0, 0].tolist() == [10, 11, 12, 22, 21, 20]
    assert train_labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert test[:, 0, 0].tolist() == [10, 11, 21, 20]
    assert test_labels.tolist() == [0, 0, 1, 1]


def test_hidden_files_are_passed_over(folder):
    (folder / "train" / ".DS_Store").write_text("")
    (folder / "train" / "Coat" / "._0.png").write_text("")
    (folder / "train" / "Coat" / ".#0.png").symlink_to("me@host.1234")
    assert len(read_image_folder(folder, CLASSES)[0]) == 6


@pytest.mark.parametrize(
    "name",
    [
        "Thumbs.db",
        "desktop.ini",
        "ehthumbs.db",
        "Icon\r",
        "0.png~",
        "~$0.png",
        "0.png:Zone.Identifier",
        "__MACOSX",
        "lost+found",
    ],
)
def test_what_systems_and_editors_leave_is_passed_over(folder, name):
    for place in (folder / "train", folder / "test" / "Coat"):
        if "." in name:
            (place / name).write_text("")
        else:
            (place / name).mkdir()
    assert len(read_image_folder(folder, CLASSES)[0]) == 6


def test_classes_of_equal_slugs_have_folders_with_numbers(tmp_path):
    classes = ("A/b", "a|b")
    for part in ("train", "test"):
        picture(tmp_path / part / "a-b" / "0.png", 1)
        picture(tmp_path / part / "a-b-2" / "0.png", 2)
    images, labels, *_ = read_image_folder(tmp_path, classes)
    assert images[:, 0, 0].tolist() == [1, 2]
    assert labels.tolist() == [0, 1]


def test_the_folder_of_a_class_whose_name_cannot_be_one_is_named(tmp_path):
    for part in ("train", "test"):
        picture(tmp_path / part / "b" / "0.png")
    with pytest.raises(DataError, match="no picture of the class 'A/b'(?s:.*)put its pictures into .*/train/a-b,"):
        read_image_folder(tmp_path, ("A/b", "b"))


def coloured(folder):
    picture(folder / "train" / "Coat" / "1.png", (1, 2, 3), mode="RGB")


def transparent(folder):
    picture(folder / "test" / "Coat" / "1.png", (1, 2), mode="LA")


def deep(folder):
    picture(folder / "test" / "Coat" / "1.png", 300, mode="I;16")


def larger(folder):
    picture(folder / "test" / "Coat" / "1.png", 1, size=(6, 5))


def emptied(folder):
    shutil.rmtree(folder / "test" / "Coat")
    (folder / "test" / "Coat").mkdir()


def removed(folder):
    shutil.rmtree(folder / "train" / "Coat")


def unknown(folder):
    picture(folder / "train" / "Hat" / "1.png")


def stray(folder):
    picture(folder / "train" / "1.png")


def photograph(folder):
    Image.new("L", (6, 4)).save(folder / "train" / "Coat" / "9.jpg")


def damaged(folder):
    path = folder / "train" / "Coat" / "1.png"
    path.write_bytes(path.read_bytes()[:40])


def dangling(folder):
    (folder / "train" / "Coat" / "9.png").symlink_to("../annex/x")


def nested(folder):
    picture(folder / "train" / "Coat" / "more" / "1.png")


def halved(folder):
    shutil.rmtree(folder / "test")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (coloured, "1.png is not an 8-bit grey PNG file(?s:.*)found: +RGB(?s:.*)turn them grey"),
        (transparent, "1.png is not an 8-bit grey PNG file(?s:.*)LA with transparency"),
        (deep, "1.png is not an 8-bit grey PNG file(?s:.*)I;16"),
        (larger, "1.png is of another size(?s:.*)5 x 6 pixels(?s:.*)4 x 6(?s:.*)scale all"),
        (emptied, "no picture of the class 'Coat'"),
        (removed, "no picture of the class 'Coat'"),
        (unknown, "Hat is not the folder of a class(?s:.*)Coat, T-shirt/top"),
        (stray, "train/1.png is not the folder of a class"),
        (photograph, "9.jpg is not an 8-bit grey PNG file(?s:.*)JPEG, L(?s:.*)turn them grey"),
        (damaged, "1.png cannot be read as a picture"),
        (nested, "more cannot be read as a picture"),
        (dangling, "9.png cannot be read as a picture(?s:.*)a link to ../annex/x(?s:.*)git annex get"),
        (halved, "test is missing"),
    ],
)
def test_a_folder_that_is_no_data_set_is_refused_by_name(folder, harm, words):
    harm(folder)
    with pytest.raises(DataError, match=words) as caught:
        read_image_folder(folder, CLASSES, "turn them grey")
    assert "try:" in str(caught.value)


def test_all_that_is_refused_is_counted_at_once(folder):
    for harm in (transparent, damaged, dangling):
        harm(folder)
    for path in sorted((folder / "train" / "t-shirt-top").iterdir()):
        picture(path, (1, 2, 3), mode="RGB")
    picture(folder / "test" / "t-shirt-top" / "9.png", 1, size=(3, 3))
    with pytest.raises(DataError) as caught:
        read_image_folder(folder, CLASSES, "turn them grey")
    text = str(caught.value)
    assert f"7 of 12 pictures in {folder} cannot be used as they are" in text
    assert "2 unreadable: " in text
    assert "3 of the form RGB: " in text
    assert "1 of the form LA with transparency: " in text
    assert "1 of 3 x 3 pixels" in text
    assert text.endswith(
        "remove or replace what cannot be read; then turn them grey; then scale all pictures to one size"
    )


def test_a_digest_is_of_contents_places_and_classes_and_of_no_time(folder):
    before = contents_digest(folder, CLASSES)
    path = folder / "train" / "Coat" / "1.png"
    os.utime(path, (1, 1))
    assert contents_digest(folder, CLASSES) == before
    moved = path.rename(path.with_name("5.png"))
    assert contents_digest(folder, CLASSES) != before
    moved.rename(path)
    assert contents_digest(folder, CLASSES) == before != contents_digest(folder, CLASSES[::-1])
    picture(path, 99)
    os.utime(path, (1, 1))
    assert contents_digest(folder, CLASSES) != before


def test_a_folder_that_may_not_be_listed_is_named(folder, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DataError, match="train cannot be read(?s:.*)Permission denied(?s:.*)chmod"):
        read_image_folder(folder, CLASSES)
