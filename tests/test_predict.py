"""What `predict` is given by a model that was not measured here: no prediction that is none, and no traceback."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.errors import ResultsError
from benchmark.predict import load_model, model_folder, predict_images

SHAPE = (8, 8)


class Sure:
    """A model of three classes that is sure of the first."""

    classes_ = np.arange(3)

    def predict_proba(self, images):
        return np.tile([1.0, 0.0, 0.0], (len(images), 1))

    def predict(self, images):
        return np.zeros(len(images), dtype=int)


class Gone(Sure):
    """A model whose labels are none of the first numbers: a class had no training image."""

    classes_ = np.array([0, 2, 5])

    def predict_proba(self, images):
        return np.tile([0.1, 0.2, 0.7], (len(images), 1))

    def predict(self, images):
        return np.full(len(images), 5)


def leaves(*_):
    raise SystemExit(0)


def raises(*_):
    raise ValueError("no such luck")


class Unloadable:
    def __reduce__(self):
        return raises, ()


@pytest.fixture
def picture(tmp_path):
    image = Image.new("L", SHAPE, 0)
    image.paste(220, (2, 2, 6, 6))
    image.save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


def test_a_prediction_has_the_score_of_its_class(picture):
    [found] = predict_images(Sure(), [picture], SHAPE)
    assert (found.label, found.score, found.kind) == (0, 1.0, "predict_proba")
    assert [label for label, _ in found.others] == [1, 2]
    [found] = predict_images(Gone(), [picture], SHAPE)
    assert (found.label, found.score) == (5, 0.7)


@pytest.mark.parametrize(
    ("method", "act", "words"),
    [
        ("predict_proba", lambda _, images: np.full((len(images), 3), np.nan), "predict_proba returned nan"),
        ("predict_proba", lambda _, images: np.ones((len(images), 3)), "sum to 3"),
        ("predict_proba", lambda _, images: np.ones((len(images), 2)), r"shape \(1, 2\)"),
        ("predict", lambda _, images: np.full(len(images), -1), "the label -1"),
        ("predict", lambda _, images: np.array(["coat"] * len(images)), "labels of type <U4"),
        ("predict", raises, "ValueError: no such luck"),
        ("predict", leaves, "SystemExit: 0"),
        ("classes_", None, "gives no predictions"),
    ],
)
def test_what_is_no_prediction_is_refused_in_words(picture, method, act, words):
    model = type("Wrong", (Sure,), {method: act})()
    with pytest.raises(ResultsError, match=f"m.pkl gives no predictions(?s:.*){words}" if act else words):
        predict_images(model, [picture], SHAPE, "m.pkl")


def test_what_is_no_model_is_refused_in_words(picture):
    with pytest.raises(ResultsError, match="gives no predictions"):
        predict_images([1, 2], [picture], SHAPE)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (pickle.dumps(Unloadable()), "ValueError: no such luck"),
        (b"\x80\x05\x95", "(UnpicklingError|EOFError)"),
        (b"", "EOFError"),
    ],
)
def test_a_pickle_that_cannot_be_loaded_is_refused_in_words(tmp_path, content, words):
    path = tmp_path / "model.pkl"
    path.write_bytes(content)
    with pytest.raises(ResultsError, match=f"model.pkl cannot be loaded(?s:.*){words}"):
        load_model(path, hashlib.sha256(content).hexdigest())


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """A folder of results of the models a and b; the current folder is another one."""
    for name in "ab":
        (tmp_path / "models" / "made" / name).mkdir(parents=True)
        (tmp_path / "models" / "made" / name / "metrics.json").touch()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "models" / "made"


def test_a_model_is_given_by_name_folder_or_pickle(measured):
    assert model_folder(Path("a"), measured) == measured / "a"
    assert model_folder(measured / "a", Path("elsewhere")) == measured / "a"
    assert model_folder(measured / "a" / "model.pkl", Path("elsewhere")) == measured / "a"
    Path("a").mkdir()  # nothing of a model
    assert model_folder(Path("a"), measured) == measured / "a"
    Path("a/metrics.json").touch()
    assert model_folder(Path("a"), measured) == Path("a")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("c", "no such file or folder"),
        ("A", "no such file or folder"),
        ("a b", "no such file or folder"),
        ("..", "a folder without metrics.json"),
        (".", "a folder without metrics.json"),
        ("../models/made", "a folder without metrics.json"),
        ("../a.png", "no such file or folder"),
        ("model.skops", "no such file or folder"),
        ("/", "a folder without metrics.json"),
    ],
)
def test_what_is_no_model_is_told_what_there_is(measured, given, found):
    with pytest.raises(ResultsError, match="there are no results of a model") as caught:
        model_folder(Path(given), measured)
    assert "one of a, b" in str(caught.value)
    assert f"found:    {found}" in str(caught.value)
    assert "make list" in str(caught.value)


def test_without_any_results_the_remedy_measures(measured):
    with pytest.raises(ResultsError, match="has none yet(?s:.*)make bench$"):
        model_folder(Path("a"), measured.parent / "other")


@pytest.mark.parametrize("name", ["mine.pkl", "a.pkl"])
def test_another_pickle_is_not_taken_for_the_models_own(measured, name):
    (measured / "a" / "mine.pkl").touch()
    with pytest.raises(ResultsError, match=f"{name} is not the pickle of a model's folder"):
        model_folder(measured / "a" / name, measured)
