"""Searching: the scores of GridSearchCV, whatever is shared."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, LeaveOneOut, ParameterGrid, StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from benchmark.features import HogFeatures, PixelFeatures
from benchmark.measure import fit, search
from benchmark.measure.entry import ModelEntry
from benchmark.svm import ACCELERATED, RbfSVC, fit_together

ENTRIES = [
    ModelEntry(
        "lr",
        "",
        "",
        HogFeatures(cell=14),
        Pipeline([("scaler", StandardScaler()), ("classifier", LogisticRegression(max_iter=1000))]),
        {"features__n_components": [20, 30], "classifier__C": [0.01, 0.1]},
    ),
    ModelEntry(
        "knn",
        "",
        "",
        "pixels",
        KNeighborsClassifier(),
        {
            "features__n_components": [15],
            "classifier__n_neighbors": [1, 4, 5],
            "classifier__weights": ["uniform", "distance"],
        },
    ),
    ModelEntry(
        "svm",
        "",
        "",
        "pixels",
        RbfSVC(),
        {"features__n_components": [25], "classifier__C": [1.0, 4.0], "classifier__gamma": [0.03, 0.01]},
    ),
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_scores_equal_those_of_grid_search(entry, sample):
    images, labels = np.array(sample.train_images[::2]), np.array(sample.train_labels[::2])
    pipeline = entry.pipeline((28, 28))
    ours = {}
    for group in search.shared_search(entry.candidates(), pipeline):
        for fold in range(3):
            features, columns = search.feature_source(pipeline, group[0], 784, 600)
            described = search.fold_features(features, images, labels, fold)
            scores, *_ = search.score_candidates(pipeline, group, labels, fold, described, columns)
            for params, score in zip(group, scores, strict=True):
                ours.setdefault(str(params), []).append(score)
    splitter = StratifiedKFold(3, shuffle=True, random_state=0)
    theirs = GridSearchCV(pipeline, entry.grid, cv=splitter, refit=False).fit(images.reshape(len(images), -1), labels)
    for i, params in enumerate(theirs.cv_results_["params"]):
        expected = [theirs.cv_results_[f"split{fold}_test_score"][i] for fold in range(3)]
        assert ours[str(params)] == pytest.approx(expected, abs=1e-12)


def test_one_neighbour_search_serves_the_whole_grid():
    groups = search.shared_search(ENTRIES[1].candidates(), ENTRIES[1].pipeline((28, 28)))
    assert [len(group) for group in groups] == [6]


@pytest.mark.parametrize("accelerator", ["", "1"])
def test_one_set_of_distances_serves_half_of_the_grid_with_an_accelerator_too(monkeypatch, accelerator):
    """It saves more than scikit-learn-intelex does, of which each fit makes its kernel anew."""
    monkeypatch.setenv(ACCELERATED, accelerator)
    grid = ENTRIES[2].grid | {"classifier__gamma": [0.03, 0.01]}
    groups = search.shared_search(ParameterGrid(grid), ENTRIES[2].pipeline((28, 28)))
    assert [[params["classifier__gamma"] for params in group] for group in groups] == [[0.01, 0.01], [0.03, 0.03]]


def test_the_scores_of_machines_are_the_same_however_they_are_split(sample):
    images, labels = np.array(sample.train_images[::4]), np.array(sample.train_labels[::4])
    pipeline, candidates = ENTRIES[2].pipeline((28, 28)), ENTRIES[2].candidates()
    features, columns = search.feature_source(pipeline, candidates[0], 784, 300)
    described = search.fold_features(features, images, labels, 0)
    whole, *_ = search.score_candidates(pipeline, candidates, labels, 0, described, columns)
    one_by_one = [search.score_candidates(pipeline, [one], labels, 0, described, columns)[0][0] for one in candidates]
    assert whole == one_by_one


def test_matrix_products_predict_what_libsvm_predicts(sample):
    X = sample.train_images.reshape(2000, -1)[:, ::3] / np.float32(255)
    for n_classes in (10, 2):
        rows = sample.train_labels < n_classes
        ours, theirs = (kind(C=3.0, gamma=0.02).fit(X[rows], sample.train_labels[rows]) for kind in (RbfSVC, SVC))
        Z = sample.test_images.reshape(1000, -1)[:, ::3] / np.float32(255)
        assert np.array_equal(ours.predict(Z), theirs.predict(Z))
        assert ours.decision_function(Z) == pytest.approx(theirs.decision_function(Z), abs=5e-5)


@pytest.mark.parametrize("n_classes", [10, 2])
def test_machines_on_shared_kernels_are_those_of_libsvm(sample, n_classes):
    """Up to what LIBSVM's own tolerance, 0.001, leaves open."""
    rows = sample.train_labels < n_classes
    features = PixelFeatures(n_components=25).fit(sample.train_images[rows])
    X, y, Z = (
        features.transform(sample.train_images[rows]),
        sample.train_labels[rows],
        features.transform(sample.test_images),
    )
    asked = [{"C": penalty, "gamma": gamma} for penalty in (1.0, 4.0) for gamma in (0.03, 0.01)]
    for params, ours in zip(asked, fit_together([RbfSVC(**params) for params in asked], X, y), strict=True):
        theirs = SVC(**params, decision_function_shape="ovo").fit(X, y)
        decisions = ours.decision_function(Z) if n_classes == 2 else ours._one_vs_one(Z)
        assert decisions == pytest.approx(theirs.decision_function(Z), abs=0.005)
        assert np.array_equal(ours.predict(Z), theirs.predict(Z))
        assert np.abs(ours.n_support_ - theirs.n_support_).max() <= 1


def test_scaled_neighbours_are_scored_in_sample_without_themselves(sample):
    X, y = sample.train_images[:300].reshape(300, -1), sample.train_labels[:300]
    scaled = Pipeline(
        [
            ("features", PixelFeatures(n_components=25)),
            ("scaler", StandardScaler()),
            ("classifier", KNeighborsClassifier(1)),
        ]
    )
    scaled.fit(X, y)
    described = scaled[:-1].transform(X)
    expected = cross_val_score(KNeighborsClassifier(1), described, y, cv=LeaveOneOut()).mean()
    assert fit._in_sample(scaled, X, y) == ("leave-one-out", pytest.approx(expected))


def test_a_large_fold_keeps_only_the_components_asked_for():
    pipeline = Pipeline([("features", PixelFeatures()), ("classifier", LogisticRegression())])
    asked = {"features__n_components": 64}
    kept = [search.feature_source(pipeline, asked, 784, n)[0].n_components for n in (300, 250_000, 250_001)]
    assert kept == [300, 400, 64]


def test_neighbours_at_distance_zero_outvote_all_others():
    distances, labels = np.array([[0.0, 0.1, 0.1]]), np.array([[2, 1, 1]])
    assert search.neighbours_vote(distances, labels, "distance").tolist() == [2]
    assert search.neighbours_vote(distances, labels, "uniform").tolist() == [1]


def test_the_first_of_equal_candidates_wins():
    assert search.choose([{}, {}, {}], [[0.1], [0.3], [0.3]]) == 1


def test_an_edge_is_named_with_its_last_gain_and_the_fold_spread():
    grid = {"classifier__C": [1, 2, 3], "classifier__kind": ["a", "b", "c"], "classifier__min_samples_leaf": [1, 2, 3]}
    candidates = [
        {"classifier__C": c, "classifier__kind": "a", "classifier__min_samples_leaf": leaf}
        for c in (1, 2, 3)
        for leaf in (1, 2, 3)
    ]
    scores = [[0.5, 0.5]] * 3 + [[0.6, 0.6]] * 3 + [[0.7, 0.9]] + [[0.5, 0.5]] * 2
    (edge,) = search.edges(grid, candidates, scores, 6)
    assert (edge["param"], edge["value"]) == ("classifier__C", 3)
    assert edge["gain"] == pytest.approx(0.2)
    assert edge["fold_sd"] == pytest.approx(np.std([0.7, 0.9], ddof=1))


def test_two_values_or_an_inner_winner_are_no_edge():
    candidates = [{"C": c} for c in (1, 2, 3)]
    assert search.edges({"C": [1, 2, 3]}, candidates, [[0.1], [0.2], [0.1]], 1) == []
    assert search.edges({"C": [1, 2]}, candidates[:2], [[0.1], [0.2]], 1) == []
