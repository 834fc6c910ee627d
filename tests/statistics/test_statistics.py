"""Statistics against SciPy, statsmodels, scikit-learn, published tables and exact enumeration."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm
from sklearn.metrics import brier_score_loss, f1_score, log_loss, roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from benchmark import statistics
from tests import made
from tests.conftest import ROOT

# Outcome, clinical grade and two blood markers of 113 patients: N. Turck et al. (2010), Intensive Care Medicine 36:107-115,
# the data that the R package pROC is documented and tested with.
ASAH = ROOT / "tests" / "data" / "asah.csv"

counts = st.integers(0, 300)


@given(st.integers(1, 20_000), st.data())
def test_wilson_equals_statsmodels(n, data):
    successes = data.draw(st.integers(0, n))
    expected = proportion_confint(successes, n, method="wilson")
    assert statistics.wilson_interval(successes, n) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_what_is_no_share(successes, n):
    with pytest.raises(ValueError, match="no share"):
        statistics.wilson_interval(successes, n)


# R. G. Newcombe (1998), Statistics in Medicine 17:2635-2650: method 10 on four of the paper's tables, as it prints them
NEWCOMBE = {
    (36, 12, 2, 0): (0.0569, 0.3404),
    (18, 12, 2, 18): (0.0562, 0.3290),
    (53, 0, 0, 1): (-0.0729, 0.0729),
    (0, 30, 0, 0): (0.8395, 1.0000),
}


@pytest.mark.parametrize(("table", "interval"), NEWCOMBE.items())
def test_newcombe_gives_the_intervals_printed_in_his_paper(table, interval):
    difference, low, high = statistics.newcombe_paired_interval(*table)
    assert difference == pytest.approx((table[1] - table[2]) / sum(table))
    assert (round(low, 4), round(high, 4)) == interval


@given(counts, counts, counts, counts)
def test_newcombe_contains_the_difference_and_mirrors(a, b, c, d):
    if a + b + c + d == 0:
        return
    difference, low, high = statistics.newcombe_paired_interval(a, b, c, d)
    assert -1 <= low <= difference + 1e-12
    assert difference - 1e-12 <= high <= 1
    mirrored = statistics.newcombe_paired_interval(a, c, b, d)
    assert mirrored == pytest.approx((-difference, -high, -low), abs=1e-12)


def test_newcombe_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    tables = rng.multinomial(500, [0.85, 0.06, 0.04, 0.05], size=2000)
    covered = [
        low <= 0.02 <= high for _, low, high in (statistics.newcombe_paired_interval(*t) for t in tables.tolist())
    ]
    assert 0.93 < np.mean(covered) < 0.975


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_midp_is_the_exact_p_less_the_point_probability(b, c):
    if b == c:
        assert statistics.mcnemar_midp(b, c) == 1
        return
    exact = mcnemar([[0, b], [c, 0]], exact=True).pvalue
    expected = exact - binom.pmf(min(b, c), b + c, 0.5)
    assert statistics.mcnemar_midp(b, c) == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_midp_does_not_know_which_side_is_which(b, c):
    assert statistics.mcnemar_midp(b, c) == statistics.mcnemar_midp(c, b)


@pytest.mark.parametrize("n", [1, 2, 5, 8, 11])
def test_midp_equals_an_enumeration_of_every_way_the_pairs_could_have_fallen(n):
    ways = [sum(signs) for signs in product((0, 1), repeat=n)]
    for b in range(n + 1):
        few = min(b, n - b)
        beyond = [ones < few for ones in ways]
        equal = [ones == few for ones in ways]
        expected = 1 if b == n - b else 2 * Fraction(2 * sum(beyond) + sum(equal), 2 * 2**n)
        assert statistics.mcnemar_midp(b, n - b) == pytest.approx(float(expected), abs=1e-12)


def test_midp_gives_the_worked_example_of_fagerland():
    assert round(statistics.mcnemar_midp(1, 7), 3) == 0.039


def test_midp_exceeds_its_level_a_little_as_its_docstring_says():
    rejected = sum(binom.pmf(b, 16, 0.5) for b in range(17) if statistics.mcnemar_midp(b, 16 - b) < 0.05)
    assert round(100 * rejected, 1) == 7.7


@pytest.mark.parametrize("discordance", [0.003, 0.03, 0.06])
def test_midp_rejects_a_true_null_hardly_more_often_than_its_level(discordance):
    rng = np.random.default_rng(0)
    tables = [made.null_table(rng, discordance) for _ in range(2000)]
    assert np.mean(tables) * 2 / 10_000 == pytest.approx(discordance, rel=0.02)
    rejected = sum(statistics.mcnemar_midp(b, c) < 0.05 for b, c in tables)
    assert rejected <= 131  # the 99.9 % bound of a binomial with 2,000 draws of 5 %


def test_the_bound_of_the_simulations_is_that_of_the_binomial():
    assert binom.ppf(0.999, 2000, 0.05) == 131


@pytest.mark.parametrize("n", [1, 2, 9, 30])
def test_holm_equals_statsmodels(n):
    p = np.random.default_rng(n).random(n) ** 3
    assert statistics.holm(p) == pytest.approx(multipletests(p, method="holm")[1], abs=1e-12)


scored = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=2, max_size=25).filter(
    lambda rows: 0 < sum(positive for _, positive in rows) < len(rows)
)


@given(scored)
def test_auc_and_its_components_equal_the_kernel_worked_by_hand(rows):
    scores, positive = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    auc, above, below = statistics.delong_components(scores, positive)
    kernel = np.sign(scores[positive][:, None] - scores[~positive][None, :]) / 2 + 0.5
    assert auc == pytest.approx(roc_auc_score(positive, scores))
    assert above == pytest.approx(kernel.mean(axis=1))
    assert below == pytest.approx(kernel.mean(axis=0))


def test_delong_covariance_equals_its_definition():
    rng = np.random.default_rng(1)
    positive = rng.random(60) < 0.4
    scores = rng.normal(size=(2, 60)) + positive
    aucs, covariance = statistics.delong_covariance(scores, positive)
    kernels = [np.sign(s[positive][:, None] - s[~positive][None, :]) / 2 + 0.5 for s in scores]
    tens = np.array([k.mean(axis=1) for k in kernels])
    ones = np.array([k.mean(axis=0) for k in kernels])
    m, n = positive.sum(), (~positive).sum()
    expected = [
        [
            ((tens[i] - aucs[i]) @ (tens[j] - aucs[j])) / (m - 1) / m
            + ((ones[i] - aucs[i]) @ (ones[j] - aucs[j])) / (n - 1) / n
            for j in range(2)
        ]
        for i in range(2)
    ]
    assert covariance == pytest.approx(np.array(expected))


def test_delong_gives_the_figures_that_proc_is_tested_with():
    poor, *markers = np.loadtxt(ASAH, delimiter=",", skiprows=1).T
    aucs, covariance = statistics.delong_covariance(markers, poor)
    wfns, s100b, ndka = range(3)
    # pROC's tests/testthat/test-cov.R and test-roc.test.R
    assert covariance[wfns, ndka] == pytest.approx(-0.000532967856762438, rel=1e-9)
    assert covariance[ndka, s100b] == pytest.approx(-0.000756164938056579, rel=1e-9)
    assert covariance[s100b, wfns] == pytest.approx(0.00119615567376754, rel=1e-9)
    gap = aucs[wfns] - aucs[s100b]
    error = math.sqrt(covariance[wfns, wfns] + covariance[s100b, s100b] - 2 * covariance[wfns, s100b])
    assert gap / error == pytest.approx(2.20898359144091, rel=1e-9)
    assert 2 * norm.sf(gap / error) == pytest.approx(0.0271757822291882, rel=1e-9)
    ends = gap + norm.ppf([0.025, 0.975]) * error
    assert ends == pytest.approx([0.0104061769564846, 0.174214419249478], rel=1e-9)
    # its manual prints them to seven digits
    assert [f"{auc:.7f}" for auc in (aucs[wfns], aucs[s100b])] == ["0.8236789", "0.7313686"]


def test_auc_interval_stays_inside_zero_and_one_and_is_none_at_the_ends():
    low, high = statistics.auc_interval(0.999, 1e-5)
    assert 0 < low < 0.999 < high < 1
    assert statistics.auc_interval(1.0, 0.0) is None
    assert statistics.auc_interval(0.5, 0.0) is None


@pytest.mark.parametrize("n_classes", [2, 3, 7, 10])
def test_a_constant_score_has_auc_one_half_and_no_interval(n_classes):
    labels = np.repeat(np.arange(n_classes), 1000)
    found = statistics.macro_auc_interval(np.full((len(labels), n_classes), 0.1), labels)
    assert (found.value, found.low, found.high) == (0.5, None, None)


def test_macro_auc_error_is_within_15_percent_of_a_stratified_bootstrap():
    rng = np.random.default_rng(2)
    labels = np.repeat(np.arange(4), 150)
    scores = rng.normal(size=(600, 4)) + 1.2 * np.eye(4)[labels]
    scores[:, 1] += 0.8 * (labels == 2)
    found = statistics.macro_auc_interval(scores, labels)
    assert found.value == pytest.approx(np.mean([roc_auc_score(labels == c, scores[:, c]) for c in range(4)]))
    values = []
    for _ in range(400):
        rows = np.concatenate([rng.choice(np.flatnonzero(labels == c), 150) for c in range(4)])
        values.append(np.mean([statistics.delong_components(scores[rows, c], labels[rows] == c)[0] for c in range(4)]))
    assert found.standard_error == pytest.approx(np.std(values, ddof=1), rel=0.15)


def test_f1_equals_scikit_learn_and_is_zero_without_hits():
    labels, predictions = [0, 0, 1, 1, 2, 2, 2], [0, 1, 1, 1, 0, 1, 1]
    confusion = np.zeros((3, 3), int)
    np.add.at(confusion, (labels, predictions), 1)
    assert statistics.f1_scores(confusion) == pytest.approx(
        f1_score(labels, predictions, average=None, zero_division=0)
    )


def test_f1_intervals_hold_the_estimate_and_repeat_with_the_seed():
    confusion = np.array([[90, 10], [20, 80]])
    per_class, (low, high) = statistics.f1_intervals(confusion)
    scores = statistics.f1_scores(confusion)
    assert np.all((per_class[:, 0] < scores) & (scores < per_class[:, 1]))
    assert low < scores.mean() < high
    assert statistics.f1_intervals(confusion)[1] == (low, high)


def test_ranks_follow_the_pairwise_tests():
    correct = np.zeros((3, 1000), bool)
    correct[0, :900] = True
    correct[1, :897] = True
    correct[2, :500] = True
    found = statistics.ranks(correct)
    assert found.best.tolist() == [1, 1, 3]
    assert found.worst.tolist() == [2, 2, 3]
    assert found.order.tolist() == [0, 1, 2]


def test_ranks_do_not_depend_on_the_order_of_images():
    rng = np.random.default_rng(3)
    correct = rng.random((4, 300)) < [[0.9], [0.85], [0.8], [0.6]]
    shuffled = statistics.ranks(correct[:, rng.permutation(300)])
    assert shuffled.p == pytest.approx(statistics.ranks(correct).p)


def test_a_smallest_difference_is_given_without_any_discordance():
    assert 0 < statistics.smallest_detectable_difference(0.0, 10_000, 0.05) < 0.002


def test_seed_threshold_is_students_t_of_a_difference():
    # t(0.975, 4) = 2.776, from a printed table
    assert statistics.seed_threshold(0.17, 5) == pytest.approx(2.776 * math.sqrt(2) * 0.17, rel=1e-3)


def test_the_smallest_detectable_difference_is_detected_with_its_power():
    difference = statistics.smallest_detectable_difference(0.05, 2000, 0.05)
    rng = np.random.default_rng(4)
    shares = [(0.05 + difference) / 2, (0.05 - difference) / 2, 0.95]
    tables = rng.multinomial(2000, shares, size=2000)
    power = np.mean([statistics.mcnemar_midp(int(b), int(c)) < 0.05 for b, c, _ in tables])
    assert power == pytest.approx(0.8, abs=0.04)


@given(st.lists(st.sampled_from([0.1, 0.2, 0.5, 0.7, 0.9, 1.0]), min_size=1, max_size=200))
def test_bins_never_split_equal_confidences_and_keep_their_order(values):
    bins = statistics.equal_count_bins(np.array(values))
    for a, b in product(range(len(values)), repeat=2):
        if values[a] == values[b]:
            assert bins[a] == bins[b]
        elif values[a] < values[b]:
            assert bins[a] <= bins[b]
    assert set(bins) == set(range(bins.max() + 1))


def test_distinct_confidences_make_bins_of_equal_count():
    bins = statistics.equal_count_bins(np.random.default_rng(5).random(1500))
    assert np.bincount(bins).tolist() == [100] * 15


def test_calibration_error_is_worked_by_hand():
    confidence, correct, bins = [0.9, 0.9, 0.6, 0.6], [1, 1, 1, 0], [1, 1, 0, 0]
    assert statistics.expected_calibration_error(confidence, correct, bins) == pytest.approx(0.1)


def test_brier_score_equals_scikit_learn():
    rng = np.random.default_rng(6)
    labels = rng.integers(0, 2, 50)
    share = rng.random(50)
    both = np.stack([1 - share, share], axis=1)
    assert statistics.brier_score(both, labels) == pytest.approx(2 * brier_score_loss(labels, share))


def test_log_loss_is_that_of_scikit_learn_and_its_interval_that_of_statsmodels():
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet(np.ones(4), 500), rng.integers(0, 4, 500)
    value, low, high = statistics.log_loss_interval(probabilities, labels)
    assert value == pytest.approx(log_loss(labels, probabilities))
    expected = DescrStatsW(-np.log(probabilities[np.arange(500), labels])).zconfint_mean()
    assert (low, high) == pytest.approx(expected)


def test_log_loss_worked_by_hand():
    even = np.full((3, 2), 0.5)
    assert statistics.log_loss_interval(even, [0, 1, 1]) == pytest.approx((np.log(2),) * 3)
    assert statistics.log_loss_interval(np.eye(2), [0, 1]) == (0, 0, 0)
    assert statistics.log_loss_interval(np.eye(2), [1, 0]) == pytest.approx((15 * np.log(10),) * 3)  # clipped at 1e-15
    assert statistics.log_loss_interval([[0.25, 0.75]], [0]) == pytest.approx((np.log(4),) * 3)  # one image: no spread
