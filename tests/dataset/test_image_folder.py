"""Folders of pictures: read in the order of their paths, and refused where they are no data set."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image

from benchmark.dataset.image_folder import read_image_folder
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
    assert len(read_image_folder(folder, CLASSES)[0]) == 6


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


def nested(folder):
    picture(folder / "train" / "Coat" / "more" / "1.png")


def halved(folder):
    shutil.rmtree(folder / "test")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (coloured, "1.png is not grey(?s:.*)mode RGB(?s:.*)convert"),
        (transparent, "1.png is not grey(?s:.*)mode LA"),
        (deep, "1.png is not grey(?s:.*)mode I;16"),
        (larger, "1.png is of another size(?s:.*)4 x 6(?s:.*)5 x 6"),
        (emptied, "no picture of the class 'Coat'"),
        (removed, "no picture of the class 'Coat'"),
        (unknown, "Hat is not the folder of a class(?s:.*)Coat, T-shirt/top"),
        (stray, "train/1.png is not the folder of a class"),
        (photograph, "9.jpg is not a PNG file"),
        (damaged, "1.png is not a PNG file"),
        (nested, "more is not a PNG file"),
        (halved, "test is missing"),
    ],
)
def test_a_folder_that_is_no_data_set_is_refused_by_name(folder, harm, words):
    harm(folder)
    with pytest.raises(DataError, match=words) as caught:
        read_image_folder(folder, CLASSES)
    assert "try:" in str(caught.value)
