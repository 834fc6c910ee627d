"""Power laws against SciPy, statsmodels, values worked by hand, and laws that are exact."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import linregress, t

from benchmark.statistics import Predicted, fit_line, fit_power_law

NOISE = 1e-3
costs = st.lists(st.floats(NOISE, 1e5), min_size=5, max_size=5)
SIZES = (2500, 5000, 10000, 20000, 40000)


def test_a_law_worked_by_hand():
    # logarithms to the base e: x = 0, 1, 2 and y = 0, 1, 3. Slope 3/2, mean of y 4/3; residuals 1/6, -1/3, 1/6, so
    # that their squares sum to 1/6, with 1 degree of freedom; t of 97.5 % is 12.7062
    law = fit_power_law([1, math.e, math.e**2], [1, math.e, math.e**3], NOISE)
    assert law.exponent == pytest.approx(1.5)
    half = 12.7062 * math.sqrt(1 / 6) / math.sqrt(2)
    assert law.exponent_interval() == pytest.approx((1.5 - half, 1.5 + half), rel=1e-5)
    # at x = 4: 4/3 + 3/2 * 3 = 35/6, and the factor of a further value is 1 + 1/3 + 9/2
    found = law.predict(math.e**4)
    assert found.value == law.at(math.e**4) == pytest.approx(math.exp(35 / 6))
    reach = 12.7062 * math.sqrt(1 / 6) * math.sqrt(1 + 1 / 3 + 9 / 2)
    assert (math.log(found.low), math.log(found.high)) == pytest.approx((35 / 6 - reach, 35 / 6 + reach), rel=1e-5)


@given(costs)
def test_the_exponent_and_its_interval_are_those_of_linregress(values):
    assume(np.ptp(np.log(values)) > 1e-9)  # linregress has no error of a line through equal values
    law = fit_power_law(SIZES, values, NOISE)
    expected = linregress(np.log(SIZES), np.log(values))
    half = t.ppf(0.975, 3) * expected.stderr
    assert law.exponent == pytest.approx(expected.slope, abs=1e-9)
    assert law.exponent_interval() == pytest.approx((expected.slope - half, expected.slope + half), abs=1e-6)


@given(costs, st.floats(100, 1e7))
def test_a_prediction_is_that_of_statsmodels(values, n):
    model = sm.OLS(np.log(values), sm.add_constant(np.log(SIZES))).fit()
    frame = model.get_prediction([[1, math.log(n)]]).summary_frame(alpha=0.05)
    expected = frame[["mean", "obs_ci_lower", "obs_ci_upper"]].to_numpy()[0]
    found = fit_power_law(SIZES, values, NOISE).predict(n)
    assert np.log([found.value, found.low, found.high]) == pytest.approx(expected, abs=1e-5)


@given(st.lists(st.floats(0, 1e5), min_size=5, max_size=5), st.floats(100, 1e7))
def test_a_straight_line_predicts_as_statsmodels(values, n):
    centre, scale = np.mean(SIZES), np.ptp(SIZES)  # a prediction is the same, and the oracle's matrix well conditioned
    model = sm.OLS(values, sm.add_constant((np.array(SIZES) - centre) / scale)).fit()
    expected = model.get_prediction([[1, (n - centre) / scale]]).summary_frame(alpha=0.05)
    found = fit_line(SIZES, values).predict(n)
    bounds = expected[["mean", "obs_ci_lower", "obs_ci_upper"]].to_numpy()[0]
    assert (found.value, found.low, found.high) == pytest.approx(bounds, rel=1e-6, abs=1e-6)


def test_there_is_no_line_through_two_sizes():
    assert fit_line([1, 2, 2], [1, 2, 3]) is None


def test_a_sum_has_the_sums_of_the_bounds():
    assert Predicted(2, 1, 4) + Predicted(10, 9, 12) == Predicted(12, 10, 16)


@given(st.floats(0.1, 100), st.floats(0, 3), st.lists(st.integers(1, 10**6), min_size=3, max_size=8, unique=True))
def test_an_exact_law_is_recovered(factor, exponent, sizes):
    law = fit_power_law(sizes, [factor * n**exponent for n in sizes], NOISE)
    spread = np.ptp(np.log(sizes))
    assert law.exponent == pytest.approx(exponent, abs=1e-9 + 1e-12 / spread)
    assert law.predict(sizes[0]).value == pytest.approx(factor * sizes[0] ** exponent)


@pytest.mark.parametrize(
    ("sizes", "values"),
    [
        ([], []),
        ([1, 2], [1, 2]),
        ([1, 2, 4], [1, 2, NOISE / 2]),
        ([1, 1, 2], [1, 2, 3]),
        ([1, 2, 4], [0, 0, 0]),
        ([0, 2, 4], [1, 2, 3]),
    ],
    ids=["nothing", "two points", "two that can be measured", "two sizes", "no cost", "no images"],
)
def test_there_is_no_law_of_fewer_than_three_sizes_that_can_be_measured(sizes, values):
    assert fit_power_law(sizes, values, NOISE) is None


def test_values_below_the_noise_do_not_bend_the_law():
    clean = fit_power_law([10, 100, 1000], [1, 10, 100], NOISE)
    found = fit_power_law([1, 10, 100, 1000], [1e-9, 1, 10, 100], NOISE)
    assert found == clean


def test_a_bound_beyond_every_float_is_infinite():
    found = fit_power_law([1, 2, 3], [1e-3, 1e5, 1e-3], NOISE).predict(1e7)
    assert (found.low, found.high) == (0.0, math.inf)
