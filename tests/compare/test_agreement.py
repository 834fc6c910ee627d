"""What models say together: worked by hand, and against loops over single images."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.compare.agreement import Agreement, agreement
from benchmark.compare.hard_classes import hard_classes, hardest_of_all
from benchmark.results import load_results
from tests import made
from tests.conftest import ROOT

NOBODY = np.zeros((0, 4), dtype=np.int64)


def of(labels, *said, n_classes=4):
    return Agreement(np.array(labels), np.array(said), n_classes)


#                 image: 0  1  2  3  4  5
BY_HAND = of([0, 0, 0, 0, 1, 2],
             [0, 1, 1, 0, 1, 2],
             [0, 1, 1, 1, 1, 2],
             [0, 1, 2, 2, 0, 0],
             [0, 1, 2, 3, 0, 1])  # fmt: skip


def test_four_models_on_six_images():
    found = BY_HAND
    assert (found.n_models, found.n_good) == (4, 2)
    assert np.flatnonzero(found.unsolved).tolist() == [1, 2]
    assert np.flatnonzero(found.same_wrong).tolist() == [1]
    assert np.flatnonzero(found.suspected).tolist() == [1, 2]
    assert found.relabelled.tolist() == [0, 1, 1, 0, 1, 2]
    assert np.flatnonzero(found.spread).tolist() == [3, 5]  # 4 goes to two classes alone
    assert found.divided(0, 1).tolist() == found.divided(1, 0).tolist() == [4]
    assert found.votes[3].tolist() == [1, 1, 1, 1]


def test_accuracies_without_suspects_worked_by_hand():
    first, _, third, _ = (BY_HAND.corrected(place) for place in range(4))
    assert (first.measured, first.dropped, first.relabelled) == (4 / 6, 4 / 4, 6 / 6)
    assert (third.measured, third.dropped, third.relabelled) == (1 / 6, 1 / 4, 2 / 6)
    assert first.gain == pytest.approx(2 / 6)  # the share of suspects


def test_where_every_image_is_suspected_none_is_left():
    found = of([0, 0], [1, 1], [1, 1], [0, 0])
    assert found.corrected(0).dropped is None
    assert (found.corrected(0).relabelled, found.corrected(2).relabelled) == (1, 0)


@pytest.mark.parametrize("n_models", [1, 2])
def test_a_single_good_model_suspects_nothing(n_models):
    found = of([0, 0, 0], *[[1, 1, 0]] * n_models)
    assert not found.suspected.any()
    assert found.unsolved.tolist() == [True, True, False]


def test_nobody_says_nothing():
    found = Agreement(np.arange(4), NOBODY, 4)
    for mask in (found.unsolved, found.same_wrong, found.suspected, found.spread):
        assert not mask.any()
    assert found.divided(0, 1).tolist() == []
    assert found.relabelled.tolist() == [0, 1, 2, 3]


@st.composite
def agreements(draw):
    n_classes, n, n_models = draw(st.integers(1, 5)), draw(st.integers(1, 12)), draw(st.integers(1, 7))
    row = st.lists(st.integers(0, n_classes - 1), min_size=n, max_size=n)
    return of(draw(row), *[draw(row) for _ in range(n_models)], n_classes=n_classes)


@given(agreements())
def test_masks_are_those_of_loops_over_single_images(found):
    n = found.n_models
    for i, label in enumerate(found.labels):
        said = found.said[:, i].tolist()
        votes = Counter(said)
        most = votes.most_common(1)[0][1]
        good = said[: (n + 1) // 2]
        assert found.unsolved[i] == (label not in said)
        assert found.same_wrong[i] == (len(votes) == 1 and label not in said)
        assert found.suspected[i] == (len(good) > 1 and len(set(good)) == 1 and good[0] != label)
        assert found.spread[i] == (len(votes) > 2 and most <= n / 2)
        for first, second in ((0, found.n_classes - 1), (found.n_classes - 1, 0)):
            if first != second:
                of_two = label in {first, second} and votes[first] + votes[second] == n
                assert (i in found.divided(first, second)) == (of_two and min(votes[first], votes[second]) >= n / 3)


@given(agreements())
def test_the_better_half_gains_the_share_of_suspects_and_both_figures_bound_it_from_above(found):
    share = found.suspected.mean()
    for place in range(found.n_good):
        own = found.corrected(place)
        assert own.gain == pytest.approx(share)
        assert own.measured <= (1 if own.dropped is None else own.dropped) + 1e-12
        if own.dropped is not None:
            assert own.dropped <= own.relabelled + 1e-12
        for wrong in range(int(found.suspected.sum())):  # if only some of the suspects are wrong labels
            right = (found.said[place] == found.labels).sum()
            if own.dropped is not None:
                assert right / (len(found.labels) - wrong) <= own.dropped + 1e-12


@given(agreements(), st.integers(0, 4), st.integers(0, 4))
def test_the_most_evenly_divided_come_first(found, first, second):
    if first != second and max(first, second) < found.n_classes:
        apart = [abs(found.votes[i, first] - found.votes[i, second]) for i in found.divided(first, second)]
        assert apart == sorted(apart)


def test_the_ranked_models_alone_speak_best_first():
    stored = load_results(ROOT / "models", "fashion-mnist")
    found = agreement(stored)
    assert found.n_models == len(stored.contestants) < len(stored.models)
    np.testing.assert_array_equal(found.said[0], stored.leaderboard()[0].predictions)
    wrong = np.sum([~stored.correct(model) for model in stored.contestants], axis=0)
    np.testing.assert_array_equal(found.unsolved, wrong == found.n_models)
    np.testing.assert_array_equal(found.right, found.n_models - wrong)


# --------------------------------------------------------------------------------------------------------- hard classes
def stored_of(*columns, truth):
    return made.stored({f"m{place}": np.array(column) for place, column in enumerate(columns)}, np.array(truth))


def test_the_hardest_class_has_the_lowest_median_f1():
    # F1 by hand. m0: Shirt 2/3 (1 right, 1 lost), Coat 4/5 (2 right, 1 called); the others 1. m1: all 1. m2: Boot 0, Bag 4/6.
    truth = [0, 0, 1, 1, 2, 2, 3]
    stored = stored_of([0, 1, 1, 1, 2, 2, 3], truth, [0, 0, 1, 1, 2, 2, 2], truth=truth)
    found = {score.name: score for score in hard_classes(stored)}
    assert found["Boot"] == ("Boot", 1, pytest.approx(2 / 3))
    assert found["Shirt"] == ("Shirt", 1, pytest.approx((2 / 3 + 2) / 3))
    assert found["Bag"].mean == pytest.approx((0.8 + 2) / 3)
    assert list(found) == [
        "Boot",
        "Shirt",
        "Coat",
        "Bag",
    ]  # all medians are 1, so that means decide; equals as they come
    stored = stored_of([0, 1, 1, 1, 2, 2, 3], [0, 1, 1, 1, 2, 2, 3], [0, 0, 1, 1, 2, 2, 2], truth=truth)
    assert hard_classes(stored)[0] == ("Shirt", pytest.approx(2 / 3), pytest.approx(7 / 9))
    assert hardest_of_all(stored) == "Shirt"


def test_a_class_without_test_images_is_not_the_hardest():
    stored = stored_of([0, 3, 1, 2], truth=[0, 0, 1, 2])
    assert stored.models[0].metrics["test"]["per_class"]["Boot"]["f1"]["value"] == 0
    assert hardest_of_all(stored) == "Shirt"
    assert [score.name for score in hard_classes(stored)] == ["Shirt", "Coat", "Bag"]


def test_without_an_error_or_a_ranked_model_no_class_is_the_hardest():
    stored = stored_of([0, 1, 2, 3], truth=[0, 1, 2, 3])
    assert hardest_of_all(stored) == ""
    stored.models[0].entry["baseline"] = True
    assert hard_classes(stored) == []
    assert hardest_of_all(stored) == ""
