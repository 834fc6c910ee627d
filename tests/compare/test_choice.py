"""Which model is taken for a purpose: worked by hand, and against every subset of a few models."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.compare.choice import COSTS, Purpose, choose, knee, on_front, standing
from benchmark.compare.leaderboard import leaderboard
from tests import made

N = 40
# 3 images apart are within noise, 18 are not (tests/compare/test_leaderboard.py); seconds for one image, megabytes
WRONG = {"best": range(2), "near": range(5), "far": range(20)}
ONE = {"best": 0.02, "near": 0.005, "far": 0.001}
SIZE = {"best": 5, "near": 50, "far": 1}


@pytest.fixture
def results():
    stored = made.stored({name: made.predictions(where, N) for name, where in WRONG.items()}, made.labels(N))
    for model in stored.models:
        model.run["seconds"] |= {"predict_one": ONE[model.name]}
        model.run["pickle"] |= {"bytes": 10**6 * SIZE[model.name]}
        model.metrics["scores"] = "decision_function" if model.name == "near" else "predict_proba"
    return stored, leaderboard(stored)


def names(models):
    return [model.name for model in models]


def test_the_cheapest_of_those_within_noise_of_the_best_is_taken(results):
    found = choose(*results, Purpose())
    assert (found.taken.name, found.best.name, names(found.equals)) == ("near", "best", ["best"])
    assert found.pair.test.difference == pytest.approx(-3 / N)
    assert not found.excluded


def test_another_cost_takes_another_model(results):
    found = choose(*results, Purpose(by="size"))
    assert (found.taken.name, found.pair) == ("best", None)


@pytest.mark.parametrize(
    ("purpose", "taken", "excluded"),
    [
        (Purpose({"size": 10}), "best", {"near": ["size"]}),
        (Purpose({"one": 5}), "near", {"best": ["one"]}),  # its own cost lets a model in
        (Purpose({"one": 4.999}), "far", {"best": ["one"], "near": ["one"]}),
        (Purpose(probabilities=True), "best", {"near": ["kind"]}),
        (Purpose({"one": 1, "size": 0.5}), None, {"best": ["one", "size"], "near": ["one", "size"], "far": ["size"]}),
    ],
)
def test_limits_exclude(results, purpose, taken, excluded):
    found = choose(*results, purpose)
    assert (found.taken and found.taken.name, found.excluded) == (taken, excluded)


def test_common_questions_have_an_answer_each(results):
    found = {purpose: model.name for purpose, model in standing(*results).items()}
    assert found == {
        "accuracy": "near",
        "speed on one image": "far",
        "a small file": "far",
        "accuracy for little time": "near",
    }


def test_without_a_contestant_there_is_no_answer(results):
    for model in results[0].models:
        model.entry["baseline"] = True
    assert not standing(results[0], leaderboard(results[0]))


def test_each_cost_is_that_of_a_metric_in_its_unit(results):
    model = results[0].model("best")
    assert {cost.key: cost.of(model) for cost in COSTS}["one"] == pytest.approx(20)
    assert {cost.key: cost.of(model) for cost in COSTS}["size"] == pytest.approx(5)


dots = st.lists(st.tuples(st.floats(1e-6, 1e6), st.floats(0, 1)), min_size=1, max_size=12)


@given(dots)
def test_a_knee_is_on_the_front_and_above_the_line_between_its_ends(found):
    costs, accuracies = ([dot[k] for dot in found] for k in (0, 1))
    bend = knee(costs, accuracies)
    front = [i for i, there in enumerate(on_front(costs, accuracies)) if there]
    assert front
    if bend is None:
        return
    assert bend in front
    ends = min(front, key=lambda i: costs[i]), max(front, key=lambda i: costs[i])
    line = np.interp(math.log(costs[bend]), [math.log(costs[i]) for i in ends], [accuracies[i] for i in ends])
    assert accuracies[bend] > line


def test_a_knee_by_hand():
    """In decades of cost: 0.8 at 0, 0.9 at 1, 0.92 at 2: the line is at 0.86 in the middle. One that is beaten does not count."""
    assert knee([1, 10, 100, 50], [0.8, 0.9, 0.92, 0.7]) == 1
    assert knee([1, 10, 100], [0.8, 0.85, 0.92]) is None  # below the line
    assert knee([1, 10], [0.8, 0.9]) is None
    assert knee([0, 10, 100], [0.8, 0.9, 0.92]) is None  # a clock too coarse for the first
