"""Files of models that run no code: what is in them, what may not be, and that they predict as the model does."""

from __future__ import annotations

import hashlib
import importlib
import io
import zipfile

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline

from benchmark import load_model
from benchmark.errors import ResultsError
from benchmark.features import PixelFeatures
from benchmark.models import MODELS
from benchmark.portable import OWN_TYPES, PLAIN_TYPES, SUFFIX, TREE_TYPES, to_portable

skops = pytest.importorskip("skops.io")
SIDE, PER_CLASS = 8, 15


class OwnClassifier(GaussianNB):
    """A classifier that is not of scikit-learn."""


class Payload:
    """Something that does what it wants when it is made."""

    def __init__(self, done=None):
        self.done = done


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), PER_CLASS)
    prototypes = rng.integers(0, 256, (3, SIDE**2))
    return np.clip(prototypes[labels] + rng.normal(0, 50, (len(labels), SIDE**2)), 0, 255).astype(np.uint8), labels


def fitted(entry, drawn):
    """Return a fitted pipeline of an entry, small enough for a test."""
    small = {
        "features__n_components": 5,
        "classifier__n_estimators": 3,
        "classifier__max_features": 2,
        "classifier__batch_size": 10,
    }
    pipeline = entry.pipeline((SIDE, SIDE)).set_params(**entry.candidates()[0])
    known = pipeline.get_params()
    own = {name: value for name, value in small.items() if known.get(name) is not None}
    return pipeline.set_params(**own).fit(*drawn)


def stored(folder, content):
    path = folder / f"m{SUFFIX}"
    path.write_bytes(content)
    return path, hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("entry", MODELS, ids=lambda entry: entry.name)
def test_every_model_of_the_table_comes_back_with_the_same_scores(entry, drawn, tmp_path):
    pipeline = fitted(entry, drawn)
    path, sha256 = stored(tmp_path, to_portable(pipeline))
    scores = "predict_proba" if hasattr(pipeline, "predict_proba") else "decision_function"
    found = load_model(path, sha256)
    assert np.array_equal(getattr(found, scores)(drawn[0]), getattr(pipeline, scores)(drawn[0]))
    assert np.array_equal(found.predict(drawn[0]), pipeline.predict(drawn[0]))
    if entry.family == "rf":
        with pytest.raises(ResultsError, match="holds decision trees, and no digest is given"):
            load_model(path)
    else:
        assert np.array_equal(load_model(path).predict(drawn[0]), pipeline.predict(drawn[0]))


def test_the_types_named_are_there_and_are_no_functions():
    for name in (*OWN_TYPES, *PLAIN_TYPES, *TREE_TYPES):
        module, _, kind = name.rpartition(".")
        assert isinstance(getattr(importlib.import_module(module), kind), type)


def test_a_file_of_another_digest_is_not_loaded(drawn, tmp_path):
    path, _ = stored(tmp_path, to_portable(fitted(MODELS[0], drawn)))
    with pytest.raises(ResultsError, match="not the file of the digest given; it was not opened"):
        load_model(path, "0" * 64)


@pytest.mark.parametrize(
    "what",
    [
        Pipeline([("features", PixelFeatures()), ("classifier", OwnClassifier())]),
        Pipeline([("features", Payload())]),
        Payload(),
        {"model": print},
        importlib.import_module,
    ],
    ids=["a class of a user", "a step that is none", "no model", "a function", "a function alone"],
)
@pytest.mark.parametrize("vouched", [False, True])
def test_nothing_but_listed_classes_is_made(what, vouched, tmp_path):
    path, sha256 = stored(tmp_path, skops.dumps(what))
    with pytest.raises(ResultsError, match="holds classes that may not be in such a file; it was not loaded"):
        load_model(path, sha256 if vouched else None)


def test_what_is_no_model_is_refused(tmp_path):
    path, _ = stored(tmp_path, skops.dumps([1, 2]))
    with pytest.raises(ResultsError, match="is no whole file of a model(?s:.*)but list"):
        load_model(path)


def damaged(content):
    yield b""
    yield b"PK"
    for place in range(0, len(content), max(1, len(content) // 40)):
        yield content[:place]
        yield content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


def test_a_damaged_file_is_refused_in_words_or_still_is_a_model(drawn, tmp_path):
    for content in damaged(to_portable(fitted(MODELS[1], drawn))):
        path, _ = stored(tmp_path, content)
        try:
            found = load_model(path)
        except ResultsError as error:
            assert str(path) in error.problem  # noqa: PT017
        else:
            assert hasattr(found, "predict")


def test_a_file_that_would_grow_is_refused_before_it_does(drawn, tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * 50_000_000)
    path, _ = stored(tmp_path, stream.getvalue())
    with pytest.raises(ResultsError, match="its parts are larger than the file"):
        load_model(path)


def test_a_file_that_is_replaced_after_the_check_is_not_loaded(drawn, tmp_path, monkeypatch):
    """The bytes that were checked are those that are loaded: the file is opened once."""
    from pathlib import Path

    path, sha256 = stored(tmp_path, to_portable(fitted(MODELS[0], drawn)))
    read, opened = Path.read_bytes, []

    def once(self):
        content = read(self)
        if self == path:
            opened.append(self)
            path.write_bytes(b"another")
        return content

    monkeypatch.setattr(Path, "read_bytes", once)
    assert load_model(path, sha256).predict(drawn[0]).shape == (3 * PER_CLASS,)
    assert opened == [path]
