"""The data set that comes with an installed library: its files, its checksums, and that nobody's own folder gets them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score
from sklearn.svm import SVC

from benchmark import dataset
from benchmark.dataset.bundled import BUNDLED
from benchmark.dataset.entry import LIBRARIES, check_dataset_entry
from benchmark.errors import DataError, EntryError
from tests.conftest import ROOT


@pytest.fixture
def root(tmp_path):
    """A checkout of a fresh clone: the checksums are there, the images are not."""
    home = tmp_path / "data" / "digits"
    home.mkdir(parents=True)
    (home / "SHA256SUMS").write_bytes((ROOT / "data" / "digits" / "SHA256SUMS").read_bytes())
    return tmp_path


def digits(root, **more):
    return dataset.load_dataset("digits", root=root, cache_dir=root / "cache", report=str, **more)


def test_digits_are_those_of_scikit_learn_split_as_in_its_example(root):
    found, all_of_them = digits(root), load_digits()
    assert (found.n_train, found.n_test, found.image_shape) == (898, 899, (8, 8))
    images = np.concatenate([found.train_images, found.test_images]).astype(float)
    assert np.array_equal(np.rint(images * 16 / 255), all_of_them.images)  # no grey is lost
    assert np.array_equal(np.concatenate([found.train_labels, found.test_labels]), all_of_them.target)
    assert digits(root).digest == found.digest == digits(ROOT).digest


def test_what_the_example_reports_is_what_these_images_give(root):
    found = digits(root)
    pixels = [
        np.asarray(part, float).reshape(len(part), -1) * 16 / 255 for part in (found.train_images, found.test_images)
    ]
    predicted = SVC(gamma=0.001).fit(pixels[0], found.train_labels).predict(pixels[1])
    assert round(accuracy_score(found.test_labels, predicted), 2) == 0.97  # the example's report


def test_a_damaged_file_of_it_is_made_anew(root):
    digits(root)
    path = root / "data" / "digits" / dataset.FILES[1]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"rm \S+ && make data DATASET=digits|rm \S+ && make data") as caught:
        digits(root)
    assert path.name in str(caught.value)
    path.unlink()
    assert digits(root).n_train == 898


def test_nothing_is_put_into_a_folder_of_ones_own(root):
    mine = root / "mine"
    mine.mkdir()
    with pytest.raises(DataError, match="does not hold the data set digits"):
        digits(root, data_dir=mine)
    assert not list(mine.iterdir())


def test_images_of_another_version_of_the_library_are_refused(root, monkeypatch):
    other = load_digits()
    other.images = 16 - other.images
    monkeypatch.setattr("sklearn.datasets.load_digits", lambda: other)
    with pytest.raises(DataError, match="could not be fetched(?s:.*)the installed scikit-learn: (?s:.*)SHA256SUMS"):
        digits(root)
    assert not list((root / "data" / "digits").glob("*-ubyte"))


def test_an_entry_can_name_only_a_library_that_is_known():
    assert tuple(BUNDLED) == LIBRARIES
    for wrong in ("torchvision", ["scikit-learn"], None):
        with pytest.raises(EntryError, match="bundled: one of scikit-learn"):
            check_dataset_entry(replace(dataset.DATASETS["digits"], bundled=wrong))
