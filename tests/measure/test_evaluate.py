"""Figures against scikit-learn, and what is undefined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from benchmark.measure import evaluate
from benchmark.results import NAMED_RECALL

CLASSES = ["a", "b", "c"]


@pytest.fixture
def scored():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 600)
    scores = rng.dirichlet([1, 1, 1], 600) + 0.6 * np.eye(3)[labels]
    scores /= scores.sum(axis=1, keepdims=True)
    return scores, labels, scores.argmax(axis=1)


def test_figures_equal_those_of_scikit_learn(scored):
    scores, labels, predictions = scored
    found = evaluate.out_of_sample(scores, "predict_proba", labels, predictions, CLASSES)
    assert found["accuracy"]["value"] == metrics.accuracy_score(labels, predictions)
    assert found["macro_f1"]["value"] == pytest.approx(metrics.f1_score(labels, predictions, average="macro"))
    assert found["macro_auc"]["value"] == pytest.approx(metrics.roc_auc_score(labels, scores, multi_class="ovr"))
    assert found["confusion"] == metrics.confusion_matrix(labels, predictions).tolist()
    for i, name in enumerate(CLASSES):
        row = found["per_class"][name]
        assert row["recall"]["value"] == pytest.approx(metrics.recall_score(labels == i, predictions == i))
        assert row["precision"]["value"] == pytest.approx(metrics.precision_score(labels == i, predictions == i))
        for figure in ("auc", "precision", "recall", "f1"):
            assert row[figure]["low"] < row[figure]["value"] < row[figure]["high"]


def test_precision_of_a_class_never_predicted_is_undefined_and_its_f1_is_0():
    labels = np.array([0, 0, 1, 1, 2, 2])
    predictions = np.array([0, 0, 1, 1, 0, 1])
    found = evaluate.out_of_sample(np.eye(3)[predictions], "decision_function", labels, predictions, CLASSES)
    assert found["per_class"]["c"]["precision"] == {"value": None, "low": None, "high": None}
    assert found["per_class"]["c"]["f1"]["value"] == 0
    assert found["calibration"] is None


def test_reliability_exists_only_for_probabilities(scored):
    scores, labels, _ = scored
    assert evaluate.curves("m", scores, "decision_function", labels, CLASSES)["reliability"] is None
    curve = evaluate.curves("m", scores, "predict_proba", labels, CLASSES)["reliability"]
    assert curve["count"] == [40] * 15
    assert all(
        low <= accuracy <= high
        for low, accuracy, high in zip(curve["low"], curve["accuracy"], curve["high"], strict=True)
    )


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.floats(0.2, 3))
def test_a_thinned_roc_curve_errs_by_less_than_an_eye_can_see(seed, shift):
    rng = np.random.default_rng(seed)
    positive = np.arange(3000) < 300
    scores = rng.normal(size=3000) + shift * positive
    fpr, tpr, _ = metrics.roc_curve(positive, scores)
    kept = evaluate.thin_curve(fpr, tpr, log_floor=0.5 / 2700)
    assert len(kept) <= evaluate.MAX_POINTS
    slack = 1 if len(kept) < evaluate.MAX_POINTS else 6  # of so few positives each is a step of 0.003
    for start, stop in zip(kept[:-1], kept[1:], strict=True):  # noqa: RUF007
        inside = slice(start, stop + 1)
        for x, tolerance in ((fpr, 0.001), (np.log10(np.maximum(fpr, 0.5 / 2700)), 0.01)):
            if x[stop] > x[start]:
                line = tpr[start] + (tpr[stop] - tpr[start]) * (x[inside] - x[start]) / (x[stop] - x[start])
                assert np.abs(tpr[inside] - line).max() <= slack * tolerance + 1e-9


def test_few_distinct_scores_are_counted():
    assert evaluate.distinct_scores(np.tile([0.0, 0.25, 0.5], (100, 1))) == 3
    assert evaluate.distinct_scores(np.random.default_rng(0).random((100, 3))) is None


@pytest.mark.parametrize("seed", range(4))
def test_the_precision_that_a_caption_says_is_that_of_the_whole_curve(seed):
    rng = np.random.default_rng(seed)
    positive = np.arange(3000) < 300
    scores = np.round(rng.normal(size=3000) + 1.5 * positive, 2)
    curve = evaluate._precision_recall(scores, positive)
    shown = max(p for r, p in zip(curve["recall"], curve["precision"], strict=True) if r >= NAMED_RECALL)
    precision, recall, _ = metrics.precision_recall_curve(positive, scores)
    assert shown == max(precision[recall >= NAMED_RECALL])
