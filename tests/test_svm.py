"""Support vector machines fitted by pairs of classes are LIBSVM's, whatever the threads and the size of the pairs."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import check_estimator

from benchmark import svm
from benchmark.features import PixelFeatures
from benchmark.svm import RbfSVC, fit_together

FITTED = ("support_", "_n_support", "dual_coef_", "intercept_", "_dual_coef_", "_intercept_", "n_iter_")
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": "LIBSVM stops within a tolerance",
    "check_sample_weight_equivalence_on_sparse_data": "features are dense",
    "check_methods_subset_invariance": "a float32 matrix product rounds otherwise for other numbers of rows",
}


@pytest.fixture(scope="module")
def described(sample):
    """Features of all classes, and the names of the classes."""
    X = PixelFeatures(n_components=25).fit(sample.train_images).transform(sample.train_images)
    return X[:1000], np.array(["abcdefghij"[label] for label in sample.train_labels[:1000]])


def assert_the_same_machine(ours, theirs, Z, tolerance=1e-7):
    assert np.array_equal(ours.classes_, theirs.classes_)
    assert np.array_equal(ours.support_, theirs.support_)
    for name in FITTED:
        assert np.allclose(getattr(ours, name), getattr(theirs, name), rtol=0, atol=tolerance), name
    assert SVC.decision_function(ours, Z) == pytest.approx(theirs.decision_function(Z), abs=tolerance)


def as_libsvm(machine, X):
    """Return a copy of a fitted machine that LIBSVM can ask for decisions, with float64 support vectors."""
    own = SVC(C=machine.C, gamma=machine.gamma)
    vars(own).update(vars(machine) | {"support_vectors_": X[machine.support_].astype(np.float64)})
    return own


@pytest.mark.parametrize("gamma", [0.03, "scale", "auto"])
@pytest.mark.parametrize("classes", ["abcdefghij", "gc", "aei"])
def test_a_machine_fitted_by_pairs_is_that_of_libsvm(described, gamma, classes):
    X, y = described
    rows = np.isin(y, list(classes))
    ours, theirs = (kind(C=4.0, gamma=gamma).fit(X[rows], y[rows]) for kind in (RbfSVC, SVC))
    assert_the_same_machine(as_libsvm(ours, X[rows]), theirs, X[~rows] if len(classes) < 10 else X[:300])
    assert ours.support_vectors_.dtype == np.float32


def test_a_class_of_few_rows_is_fitted_as_by_libsvm(described):
    X, y = described
    rows = np.concatenate([np.flatnonzero(y == "a")[:1], np.flatnonzero(y == "b")[:150], np.flatnonzero(y == "c")[:3]])
    ours, theirs = (kind(gamma=0.03).fit(X[rows], y[rows]) for kind in (RbfSVC, SVC))
    assert_the_same_machine(as_libsvm(ours, X[rows]), theirs, X[:100])


def test_weighted_rows_are_left_to_libsvm(described):
    X, y = described
    weights = np.random.default_rng(0).integers(1, 4, len(y))
    ours, theirs = (kind(gamma=0.03).fit(X, y, weights) for kind in (RbfSVC, SVC))
    assert_the_same_machine(as_libsvm(ours, X), theirs, X[:100], tolerance=0)


def bits(machine):
    return [getattr(machine, name).tobytes() for name in (*FITTED, "support_vectors_") if hasattr(machine, name)]


def test_threads_change_no_bit(described):
    X, y = described
    one, two = (RbfSVC(C=4.0, gamma=0.03, n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 2))
    assert bits(one) == bits(two)


def test_distances_computed_for_each_kernel_or_once_give_the_same_bits(described, monkeypatch):
    """The smallest pairs have fewer rows than a part, the largest more; 190 splits them into both ways."""
    X, y = described
    machines = [RbfSVC(C=4.0, gamma=0.03), RbfSVC(C=1.0, gamma=0.01), RbfSVC(C=1.0, gamma=0.03)]
    once = [bits(machine) for machine in fit_together(machines, X, y)]
    for most in (0, 190):
        monkeypatch.setattr(svm, "SHARED_ROWS", most)
        assert [bits(machine) for machine in fit_together(machines, X, y)] == once
    for machine, expected in zip(machines, once, strict=True):
        assert bits(next(fit_together([machine], X, y))) == expected


def test_only_pairs_that_get_a_kernel_have_room_for_one(monkeypatch):
    members = [np.arange(n) for n in (5, 70, 120, 300)]
    assert svm._most_rows(members) == 420
    for most, expected in ((400, 370), (190, 190), (189, 125), (74, 0)):
        monkeypatch.setattr(svm, "PAIR_ROWS", most)
        assert svm._most_rows(members) == expected


@pytest.mark.parametrize("most", [1, 170])
def test_a_large_pair_is_fitted_from_its_rows_with_the_same_result(described, monkeypatch, most):
    """With 170 rows at most, the pairs of the halved class are small and the others large."""
    halved = np.flatnonzero(described[1] == "a")[50:]
    X, y = (np.delete(values, halved, axis=0) for values in described)
    machines = [RbfSVC(C=4.0, gamma=0.03), RbfSVC(C=1.0, gamma=0.01), RbfSVC(C=1.0, gamma=0.03)]
    alone, together = RbfSVC(C=4.0, gamma=0.03).fit(X, y), list(fit_together(machines, X, y))
    monkeypatch.setattr(svm, "PAIR_ROWS", most)
    large, large_together = clone(alone).set_params(n_jobs=2).fit(X, y), list(fit_together(machines, X, y))
    assert_the_same_machine(as_libsvm(large, X), as_libsvm(alone, X), X[:300], tolerance=1e-6)
    for ours, small in zip(large_together, together, strict=True):
        assert ours._one_vs_one(X[:300]) == pytest.approx(small._one_vs_one(X[:300]), abs=0.005)
        assert np.array_equal(ours.predict(X[:300]), small.predict(X[:300]))


@pytest.mark.parametrize("share", [0, 1])
def test_an_easy_pair_is_fitted_from_its_rows_with_the_same_result(described, monkeypatch, share):
    """All pairs with their kernel, or none."""
    X, y = described
    monkeypatch.setattr(svm, "HARD_SHARE", share)
    ours, theirs = (kind(C=4.0, gamma=0.03).fit(X, y) for kind in (RbfSVC, SVC))
    assert_the_same_machine(as_libsvm(ours, X), theirs, X[:300])


def test_the_number_of_threads_is_no_part_of_the_machine():
    assert clone(RbfSVC(n_jobs=3)).n_jobs == 3
    assert "n_jobs" not in repr(RbfSVC())


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.EstimatorCheckFailedWarning")
def test_passes_the_checks_of_scikit_learn_but_those_on_sparse_data_and_last_bits():
    found = check_estimator(RbfSVC(), expected_failed_checks=EXPECTED, on_fail="raise", on_skip=None)
    assert sorted(check["check_name"] for check in found if check["status"] == "xfail") == sorted(EXPECTED)
