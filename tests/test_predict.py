"""What `predict` is given by a model that was not measured here: no prediction that is none, and no traceback."""

from __future__ import annotations

import hashlib
import pickle

import numpy as np
import pytest
from PIL import Image

from benchmark.errors import ResultsError
from benchmark.predict import load_model, predict_images

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
