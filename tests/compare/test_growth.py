"""How costs grow: what is taken from a run, and what is too small to be measured."""

from __future__ import annotations

import pytest

from benchmark.compare import growth
from tests import made


def stored(**growths):
    """Return results in memory; each model has the costs given, or none at all."""
    found = made.stored({name: made.predictions(range(10)) for name in growths}, made.labels())
    for model in found.models:
        if growths[model.name] is not None:
            model.run["growth"] = growths[model.name]
    return found


def points(*sizes, fit=lambda n: 0.01 * n, predict=0.5, memory=lambda n: 10**6 * n):
    return [
        {
            "n_train": n,
            "features_seconds": 0.01 * n,
            "fit_seconds": fit(n),
            "predict_seconds": predict,
            "n_predict": 100 if n < 8 else 1000,
            "memory_bytes": memory(n),
        }
        for n in sizes
    ]


def costs_of(found):
    return growth.costs(stored(model=found).model("model"))


def test_costs_are_features_and_fit_together_a_prediction_is_of_one_image_and_sizes_ascend():
    found = costs_of(points(8, 2, 4))
    assert [point["n_train"] for point in found.points] == [2, 4, 8]
    assert found.seconds.at(16) == pytest.approx(0.32)
    assert found.memory.exponent == pytest.approx(1)
    # 5 ms an image, where more are predicted 0.5 ms: logarithms 0, 0 and -1 over 0, 1, 2 doublings
    assert found.prediction.exponent == pytest.approx(-0.5 / 0.30103, rel=1e-5)


def test_costs_that_cannot_be_told_from_noise_have_no_law():
    found = costs_of(points(2, 4, 8, fit=lambda n: 0.0, predict=1e-4, memory=lambda _: 200_000))
    assert (found.seconds, found.prediction, found.memory) == (None, None, None)
    assert found.measured_memory


def test_a_fixed_cost_of_features_does_not_flatten_the_exponent_of_the_fit():
    found = points(2, 4, 8, 16, fit=lambda n: 0.01 * n**2)
    for point in found:
        point["features_seconds"] = 3 + 0.5 * point["n_train"]
    seconds = costs_of(found).seconds
    assert seconds.fit.exponent == pytest.approx(2)
    assert seconds.at(160) == pytest.approx(3 + 0.5 * 160 + 0.01 * 160**2)
    sure = seconds.predict(160)
    assert (sure.value, sure.low, sure.high) == pytest.approx((seconds.at(160),) * 3)


def test_features_never_cost_less_than_nothing():
    found = points(2, 4, 8)
    for point, cost in zip(found, (3, 2, 0), strict=True):
        point["features_seconds"] = cost
    seconds = costs_of(found).seconds
    assert seconds.predict_features(100).value == 0
    assert seconds.at(100) == seconds.fit.at(100)


def test_memory_that_the_system_did_not_tell_is_left_out():
    found = costs_of(points(2, 4, 8, memory=lambda _: None))
    assert found.memory is None
    assert not found.measured_memory


def test_two_sizes_have_costs_and_no_law():
    found = costs_of(points(2, 4))
    assert len(found.points) == 2
    assert (found.seconds, found.prediction, found.memory) == (None, None, None)


def test_results_without_recorded_costs_have_none():
    assert costs_of(None) is None
    assert costs_of([]) is None
    assert list(growth.all_costs(stored(old=None, new=points(1, 2, 4)))) == ["new"]


def test_a_baseline_has_no_part_in_the_comparison():
    found = stored(first=points(1, 2, 4), second=points(1, 2, 4))
    found.model("first").entry["baseline"] = True
    assert list(growth.all_costs(found)) == ["second"]
