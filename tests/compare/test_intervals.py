"""Stored intervals follow from the stored predictions, or are refused before anything is compared or published."""

from __future__ import annotations

import json

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from benchmark import results
from benchmark.compare.intervals import checked
from benchmark.compare.sides import read_side
from benchmark.errors import ResultsError
from benchmark.statistics import f1_intervals
from tests import made
from tests.conftest import ROOT

WRONG = range(0, 300, 2)


@pytest.fixture
def path(tmp_path):
    """The metrics of a model whose intervals are those of statsmodels, and of its F1 those of the resampling."""
    folder = tmp_path / "made"
    made.write_table(folder, ["one"])
    made.write_model(folder, "one", made.predictions(WRONG))
    path = folder / "one" / "metrics.json"
    document = results.read_document(path, results.Metrics)
    test = document["test"]
    confusion = np.array(test["confusion"])
    wilson(test["accuracy"], np.trace(confusion), confusion.sum())
    classes, macro = f1_intervals(confusion)
    test["macro_f1"] |= dict(zip(("low", "high"), map(float, macro), strict=True))
    for i, figures in enumerate(test["per_class"].values()):
        wilson(figures["recall"], confusion[i, i], confusion[i].sum())
        wilson(figures["precision"], confusion[i, i], confusion[:, i].sum())
        figures["f1"] |= dict(zip(("low", "high"), map(float, classes[i]), strict=True))
    results.write_document(path, document, results.Metrics)
    return path


def wilson(estimate, hits, n):
    low, high = proportion_confint(hits, n, method="wilson")
    estimate |= {"low": float(low), "high": float(high)}


def read(path, *, resampled=True):
    return checked(results.load_results(path.parents[2], "made"), resampled=resampled)


def forge(path, *keys, **ends):
    document = json.loads(path.read_text())
    estimate = document["test"]
    for key in keys:
        estimate = estimate[key]
    estimate |= ends
    path.write_text(json.dumps(document))


def test_intervals_that_follow_are_accepted(path):
    assert read(path).models[0].name == "one"


@pytest.mark.parametrize("name", ["svm-hog", "dummy"])
def test_those_of_the_tracked_results_follow(name):
    stored = results.load_results(ROOT / "models", "fashion-mnist")
    stored.models[:] = [stored.model(name)]
    checked(stored, resampled=True)


@pytest.mark.parametrize(
    ("keys", "ends", "what"),
    [
        (("accuracy",), {"low": 0.5}, "accuracy: [0.5, "),
        (("accuracy",), {"high": 0.99}, "accuracy: ["),
        (("per_class", "Coat", "recall"), {"low": 0.9}, "recall of Coat: [0.9, "),
        (("per_class", "Coat", "precision"), {"high": 1.0}, "precision of Coat: ["),
        (("per_class", "Bag", "f1"), {"low": 0.5}, "F1 of Bag: [0.5, "),
        (("macro_f1",), {"low": 0.99, "high": 1.0}, "macro F1: [0.99, 1.0]"),
    ],
    ids=["low", "high", "recall", "precision", "F1", "macro F1"],
)
def test_a_forged_interval_is_refused_with_what_follows(path, keys, ends, what):
    forge(path, *keys, **ends)
    with pytest.raises(ResultsError) as caught:
        read(path)
    error = caught.value
    assert error.problem.startswith(f"{path.with_name('predictions.txt')} does not reproduce the metrics in {path}")
    assert error.expected.startswith(f"interval of {what}")
    assert error.found.startswith("[0.")


def test_a_comparison_refuses_it_too(path):
    forge(path, "accuracy", high=0.99)
    with pytest.raises(ResultsError, match="interval of accuracy"):
        read_side(str(path.parents[1]), repository=ROOT, models_dir=ROOT, dataset="made")


def test_the_resampling_is_left_out_where_time_matters(path):
    forge(path, "macro_f1", low=0.5)
    read(path, resampled=False)


def test_other_resamples_are_no_forgery(path):
    document = json.loads(path.read_text())
    _, (low, high) = f1_intervals(document["test"]["confusion"], seed=1)
    assert low != document["test"]["macro_f1"]["low"]
    forge(path, "macro_f1", low=low, high=high)
    read(path)
