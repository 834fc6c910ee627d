"""What models return: what is taken as it is, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

from benchmark.returned import TOLERANCE, ReturnedError, checked_features, checked_labels, checked_scores

CLASSES = np.array([0, 1, 2], np.uint8)


@pytest.mark.parametrize("labels", [[0, 2, 1], np.array([0, 2, 1], np.uint8), np.array([0, 2, 1], np.int64)])
def test_integers_that_are_classes_are_labels(labels):
    found = checked_labels(labels, 3, CLASSES)
    assert found.dtype == np.int64
    assert found.tolist() == [0, 2, 1]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([0.0, 1.0, 2.0], "labels of type float64, as 0.0"),
        ([True, False, True], "labels of type bool, as True"),
        (["a", "b", "c"], "labels of type <U1, as 'a'"),
        ([None, 0, 1], "labels of type object, as None"),
        ([0, 1, 3], "the label 3"),
        ([0, -1, 1], "the label -1"),
        (np.array([0, 1, 2**64 - 1], np.uint64), "the label 18446744073709551615"),
        ([0, 1], r"an array of shape \(2,\)"),
        ([[0], [1], [2]], r"an array of shape \(3, 1\)"),
        (iter([0, 1, 2]), "returned list_iterator"),
        (None, "returned NoneType"),
        ([[0], [1, 2]], "returned list: "),
    ],
)
def test_anything_else_is_refused(labels, words):
    with pytest.raises(ReturnedError, match=f"predict returned .*{words}|predict {words}") as caught:
        checked_labels(labels, 3, CLASSES)
    assert caught.value.expected == "a label for each of 3 images, an integer, one of 0, 1, 2"


@pytest.mark.parametrize("model", [LogisticRegression(max_iter=1000), RandomForestClassifier(5), SVC()], ids=str)
@pytest.mark.parametrize("classes", [2, 3])
def test_scores_of_well_kept_estimators_are_taken_as_they_are(model, classes):
    X, y = load_iris(return_X_y=True)
    X, y = X[y < classes], y[y < classes]
    fitted = model.fit(X, y)
    for kind in ("predict_proba", "decision_function"):
        if hasattr(fitted, kind):
            scores = getattr(fitted, kind)(X)
            assert checked_scores(kind, scores, len(X), classes) is scores


@pytest.mark.parametrize(
    ("kind", "scores", "words"),
    [
        ("predict_proba", [[0.5, 0.5, 0.1], [1, 0, 0]], r"probabilities of image 0 that sum to 1\.1"),
        ("predict_proba", [[1, 0, 0], [0.5, 0.5, 2e-6]], r"probabilities of image 1 that sum to 1\.000002"),
        ("predict_proba", [[1.5, -0.5, 0], [1, 0, 0]], "predict_proba returned 1.5"),
        ("predict_proba", [[np.nan, 0, 0], [1, 0, 0]], "predict_proba returned nan"),
        ("predict_proba", [[1, 0], [1, 0]], r"an array of shape \(2, 2\)"),
        ("predict_proba", [1.0, 0.0], r"an array of shape \(2,\)"),
        ("decision_function", [[1, 0, np.inf], [1, 0, 0]], "decision_function returned inf"),
        ("decision_function", [1.0, 0.0], r"an array of shape \(2,\)"),
        ("decision_function", [["a", "b", "c"]] * 2, "values of type <U1"),
        ("decision_function", [[1j, 0, 0], [1, 0, 0]], "values of type complex128"),
    ],
)
def test_scores_that_are_none_are_refused(kind, scores, words):
    with pytest.raises(ReturnedError, match=words):
        checked_scores(kind, scores, 2, 3)


def test_probabilities_in_single_precision_are_near_enough_to_1():
    rng = np.random.default_rng(0)
    raw = rng.random((1000, 62)).astype(np.float32)
    checked_scores("predict_proba", raw / raw.sum(axis=1, keepdims=True), 1000, 62)


def test_probabilities_of_naive_bayes_in_single_precision_are_taken():
    rng = np.random.default_rng(0)
    rows, labels = rng.normal(size=(300, 40)).astype(np.float32), np.arange(300) % 3
    found = GaussianNB().fit(rows, labels).predict_proba(8 * rows)
    assert found.dtype == np.float32
    assert np.abs(found.sum(axis=1, dtype=np.float64) - 1).max() > TOLERANCE
    assert checked_scores("predict_proba", found, 300, 3) is found
    with pytest.raises(ReturnedError, match=r"predict_proba returned 1\.001"):
        checked_scores("predict_proba", np.float32(1.001) * found, 300, 3)


def test_features_are_a_row_an_image():
    assert checked_features([[1, 2], [3, 4]], 2).tolist() == [[1, 2], [3, 4]]
    for features in ([[1, 2]], [1, 2], [["a"], ["b"]]):
        with pytest.raises(ReturnedError, match="transform returned"):
            checked_features(features, 2)
