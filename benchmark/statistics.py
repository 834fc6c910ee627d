"""How sure a figure is, and whether a difference is real: small pure functions, counts and arrays in, numbers out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

__all__ = [
    "MacroAuc",
    "RankTable",
    "auc_interval",
    "brier_score",
    "delong_components",
    "delong_covariance",
    "equal_count_bins",
    "expected_calibration_error",
    "f1_intervals",
    "f1_scores",
    "holm",
    "macro_auc_interval",
    "mcnemar_midp",
    "newcombe_paired_interval",
    "ranks",
    "seed_threshold",
    "smallest_detectable_difference",
    "wilson_interval",
]

Floats = NDArray[np.float64]


def _normal_quantile(level: float) -> float:
    return float(special.ndtri((1 + level) / 2))


def wilson_interval(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a share.

    Raises
    ------
    ValueError
        If `n` is 0 or `successes` does not lie in 0..n.

    References
    ----------
    E. B. Wilson (1927), J. Am. Stat. Assoc. 22:209-212.
    """
    if n <= 0 or not 0 <= successes <= n:
        raise ValueError(f"successes={successes} of n={n} is no share")
    z = _normal_quantile(level)
    share = successes / n
    centre = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else (centre - half) / (1 + z * z / n)
    high = 1.0 if successes == n else (centre + half) / (1 + z * z / n)
    return low, high


def newcombe_paired_interval(
    both: int, only_first: int, only_second: int, neither: int, level: float = 0.95
) -> tuple[float, float, float]:
    """Return the difference of two paired shares, first less second, with its interval.

    Square-and-add of the two Wilson intervals with a correction for their correlation.

    References
    ----------
    R. G. Newcombe (1998), Statistics in Medicine 17:2635-2650, method 10: phi is set to (max(ad - bc - n/2, 0)) / root
    where ad - bc is positive, and left as it is elsewhere; 0 where a margin is 0.
    """
    n = both + only_first + only_second + neither
    first, second = (both + only_first) / n, (both + only_second) / n
    low_1, high_1 = wilson_interval(both + only_first, n, level)
    low_2, high_2 = wilson_interval(both + only_second, n, level)
    product = (both + only_first) * (only_second + neither) * (both + only_second) * (only_first + neither)
    cross = both * neither - only_first * only_second
    if cross > 0:
        cross = max(cross - n / 2, 0)  # type: ignore[assignment]
    phi = cross / math.sqrt(product) if product else 0.0
    down_1, up_1, down_2, up_2 = first - low_1, high_1 - first, second - low_2, high_2 - second
    below = math.sqrt(max(down_1**2 - 2 * phi * down_1 * up_2 + up_2**2, 0))
    above = math.sqrt(max(down_2**2 - 2 * phi * down_2 * up_1 + up_1**2, 0))
    difference = first - second
    return difference, max(-1.0, difference - below), min(1.0, difference + above)


def mcnemar_midp(b: int, c: int) -> float:
    """Return the two-sided mid-p value of McNemar's test of `b` against `c` discordant pairs; 1 if they are equal.

    Nearly, not strictly, of its level: given 16 discordant pairs, 5 % becomes 7.7 %.

    References
    ----------
    M. W. Fagerland, S. Lydersen, P. Laake (2013), BMC Medical Research Methodology 13:91.
    """
    if b == c:
        return 1.0
    few, n = min(b, c), b + c
    exact = 2 * float(special.bdtr(few, n, 0.5))
    log_point = special.gammaln(n + 1) - special.gammaln(few + 1) - special.gammaln(n - few + 1) - n * math.log(2)
    return min(1.0, exact - math.exp(log_point))


def holm(p_values: Any) -> Floats:
    """Return adjusted p values, of shape (n_tests,), in the order given.

    References
    ----------
    S. Holm (1979), Scandinavian Journal of Statistics 6:65-70.
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


# ---------------------------------------------------------------------------------------------------------------- AUC
def _midranks(values: NDArray[Any]) -> Floats:
    """Return ranks from 1, the mean rank where values are equal."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse.ravel()], dtype=float)


def delong_components(scores: Any, is_positive: Any) -> tuple[float, Floats, Floats]:
    """Return the AUC and its structural components.

    Parameters
    ----------
    scores, is_positive : ndarray of shape (n_samples,)

    Returns
    -------
    tuple
        AUC; for each positive the share of negatives that it is scored above; for each negative the share of positives
        that are scored above it; equal scores count half.

    Raises
    ------
    ValueError
        If there is no positive or no negative.

    References
    ----------
    E. R. DeLong et al. (1988), Biometrics 44:837-845; by midranks: X. Sun, W. Xu (2014), IEEE Signal Processing Letters
    21:1389-1393.
    """
    scores, positive = np.asarray(scores), np.asarray(is_positive, dtype=bool)
    m, n = int(positive.sum()), int((~positive).sum())
    if not m or not n:
        raise ValueError("an AUC needs positives and negatives")
    ranks_all = _midranks(scores)
    above = (ranks_all[positive] - _midranks(scores[positive])) / n
    below = 1 - (ranks_all[~positive] - _midranks(scores[~positive])) / m
    return float(above.mean()), above, below


def delong_covariance(scores: Any, is_positive: Any) -> tuple[Floats, Floats]:
    """Return the AUCs, of shape (k,), of k score vectors (k, n_samples), and their covariance (k, k).

    References
    ----------
    E. R. DeLong et al. (1988), Biometrics 44:837-845.
    """
    found = [delong_components(row, is_positive) for row in np.atleast_2d(scores)]
    above, below = np.array([item[1] for item in found]), np.array([item[2] for item in found])
    covariance = np.atleast_2d(np.cov(above)) / above.shape[1] + np.atleast_2d(np.cov(below)) / below.shape[1]
    return np.array([item[0] for item in found]), covariance


def auc_interval(auc: float, variance: float, level: float = 0.95) -> tuple[float, float] | None:
    """Return an AUC's interval on the logit scale; None at 0 or 1, or without variance.

    References
    ----------
    G. Qin, L. Hotilovac (2008), Statistical Methods in Medical Research 17:207-221: the logit-transformed interval.
    """
    if not 0 < auc < 1 or not variance > 0:
        return None
    centre = math.log(auc / (1 - auc))
    half = _normal_quantile(level) * math.sqrt(variance) / (auc * (1 - auc))
    return float(special.expit(centre - half)), float(special.expit(centre + half))


@dataclass(frozen=True)
class MacroAuc:
    """The mean one-vs-rest AUC with its interval, and the AUC and variance of each class, of shape (n_classes,)."""

    value: float
    low: float | None
    high: float | None
    standard_error: float
    class_aucs: Floats
    class_variances: Floats


def macro_auc_interval(scores: Any, labels: Any, level: float = 0.95) -> MacroAuc:
    """Return the macro AUC with an interval that knows that its parts rest on the same images.

    An image of class c adds to the macro AUC its component as a positive of c and as a negative of every other class.
    The variance is that of these sums, stratified by class.

    Parameters
    ----------
    scores : ndarray of shape (n_samples, n_classes)
    labels : ndarray of shape (n_samples,)

    References
    ----------
    Components as in E. R. DeLong et al. (1988), Biometrics 44:837-845, summed over the classes.
    """
    scores, labels = np.asarray(scores), np.asarray(labels)
    n_classes = scores.shape[1]
    share = np.zeros(len(labels))
    aucs, variances = np.empty(n_classes), np.empty(n_classes)
    for label in range(n_classes):
        positive = labels == label
        aucs[label], above, below = delong_components(scores[:, label], positive)
        variances[label] = _variance_of_mean(above) + _variance_of_mean(below)
        share[positive] += above / (n_classes * len(above))
        share[~positive] += below / (n_classes * len(below))
    variance = 0.0
    if variances.any():  # constant scores have none, but their shares differ in the last bit
        for label in range(n_classes):
            own = share[labels == label]
            variance += len(own) ** 2 * _variance_of_mean(own)
    value = float(aucs.mean())
    low, high = auc_interval(value, variance, level) or (None, None)
    return MacroAuc(value, low, high, math.sqrt(variance), aucs, variances)


def _variance_of_mean(values: Floats) -> float:
    return float(values.var(ddof=1)) / len(values) if len(values) > 1 else 0.0


# ----------------------------------------------------------------------------------------------------------------- F1
def f1_scores(confusion: Any) -> Floats:
    """Return each class's 2TP / (2TP + FP + FN), 0 where TP is 0, of shape (..., n_classes).

    References
    ----------
    C. J. van Rijsbergen (1979), Information Retrieval, second edition, chapter 7: 1 - E with equal weights.
    """
    counts = np.asarray(confusion, dtype=float)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    total = counts.sum(axis=-1) + counts.sum(axis=-2)
    return np.asarray(np.divide(2 * hits, total, out=np.zeros_like(hits), where=total > 0))


def f1_intervals(
    confusion: Any, *, n_resamples: int = 2000, seed: int = 0, level: float = 0.95
) -> tuple[Floats, tuple[float, float]]:
    """Return the intervals of the classes' F1, of shape (n_classes, 2), and of macro F1, by resampling.

    Each row of the confusion matrix is drawn anew as a multinomial, which is a bootstrap stratified by class; intervals
    are percentiles.

    References
    ----------
    B. Efron, R. J. Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    counts = np.asarray(confusion, dtype=np.int64)
    rng = np.random.default_rng(seed)
    rows = [rng.multinomial(row.sum(), row / max(1, row.sum()), size=n_resamples) for row in counts]
    drawn = f1_scores(np.stack(rows, axis=1))
    ends = ((1 - level) / 2, (1 + level) / 2)
    macro = np.quantile(drawn.mean(axis=1), ends)
    return np.quantile(drawn, ends, axis=0).T, (float(macro[0]), float(macro[1]))


# -------------------------------------------------------------------------------------------------------------- ranks
@dataclass(frozen=True)
class RankTable:
    """Rank intervals: `order` is by accuracy; `best`, `worst` of shape (n_models,); adjusted `p` (n_models, n_models)."""

    order: NDArray[np.int64]
    best: NDArray[np.int64]
    worst: NDArray[np.int64]
    p: Floats


def ranks(correct: Any, level: float = 0.95) -> RankTable:
    """Return each model's rank interval from all pairwise McNemar tests, adjusted together.

    Best rank is 1 + the number of models significantly better, worst is the number of models - those significantly worse.

    Parameters
    ----------
    correct : ndarray of bool, shape (n_models, n_images)

    References
    ----------
    Pairwise tests: `mcnemar_midp`; adjustment: `holm`.
    """
    right = np.asarray(correct, dtype=bool)
    m = len(right)
    pairs = [(i, j) for i in range(m) for j in range(i + 1, m)]
    raw = [mcnemar_midp(int((right[i] & ~right[j]).sum()), int((~right[i] & right[j]).sum())) for i, j in pairs]
    p = np.ones((m, m))
    for (i, j), adjusted in zip(pairs, holm(raw), strict=True):
        p[i, j] = p[j, i] = adjusted
    totals = right.sum(axis=1)
    significant = p < 1 - level
    better = (significant & (totals[np.newaxis, :] > totals[:, np.newaxis])).sum(axis=1)
    worse = (significant & (totals[np.newaxis, :] < totals[:, np.newaxis])).sum(axis=1)
    return RankTable(np.argsort(-totals, kind="stable"), 1 + better, m - worse, p)


# ------------------------------------------------------------------------------------------------------ what noise does
def seed_threshold(sd: float, n: int, level: float = 0.95) -> float:
    """Return the difference that two refits with other seeds exceed in `1 - level` of pairs: t * sqrt(2) * sd.

    The repeatability limit of a method of measurement, with Student's t, as the spread itself is estimated.

    Raises
    ------
    ValueError
        If `n` is below 2.

    References
    ----------
    ISO 5725-6:1994, clause 4: the critical difference of two values under repeatability conditions.
    """
    if n < 2:  # noqa: PLR2004
        raise ValueError("a spread needs two values or more")
    return float(special.stdtrit(n - 1, (1 + level) / 2)) * math.sqrt(2) * sd


def smallest_detectable_difference(discordance: float, n: int, alpha: float, power: float = 0.8) -> float:
    """Return the smallest difference of two paired shares that a McNemar test would find with `power`.

    A difference beyond the discordance seen needs more discordance: then all of it would point one way.

    Parameters
    ----------
    discordance : float
        Share of pairs in which exactly one side is right.
    n : int
        Pairs.
    alpha : float
        Two-sided level.

    References
    ----------
    R. J. Connor (1987), Biometrics 43:207-211, equation for the sample size solved for the difference.
    """
    z_alpha, z_power = float(special.ndtri(1 - alpha / 2)), float(special.ndtri(power))
    low, high = 0.0, 1.0
    for _ in range(100):
        middle = (low + high) / 2
        apart = max(discordance, middle)
        needed = (z_alpha * math.sqrt(apart) + z_power * math.sqrt(apart - middle**2)) / math.sqrt(n)
        low, high = (middle, high) if needed > middle else (low, middle)
    return high


# -------------------------------------------------------------------------------------------------------- calibration
def equal_count_bins(confidence: Any, n_bins: int = 15) -> NDArray[np.int64]:
    """Return each image's bin, of shape (n_samples,): bins of equal count, equal confidences in one bin.

    References
    ----------
    K. Nguyen, B. O'Connor (2015), EMNLP, 1587-1598: adaptive bins.
    """
    values = np.asarray(confidence)
    unique, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    bins = np.minimum((middle * n_bins / len(values)).astype(np.int64), n_bins - 1)
    return np.unique(bins, return_inverse=True)[1][inverse.ravel()] if len(unique) else bins


def expected_calibration_error(confidence: Any, correct: Any, bins: Any) -> float:
    """Return the mean distance between confidence and accuracy over bins, weighted by count.

    References
    ----------
    M. P. Naeini, G. F. Cooper, M. Hauskrecht (2015), AAAI, equation 3, over bins of equal count.
    """
    confidence, correct, bins = np.asarray(confidence, float), np.asarray(correct, float), np.asarray(bins)
    gaps = np.bincount(bins, confidence - correct)
    return float(np.abs(gaps).sum() / len(bins))


def brier_score(probabilities: Any, labels: Any) -> float:
    """Return the mean squared distance of probabilities (n_samples, n_classes) from the labels, summed over classes.

    References
    ----------
    G. W. Brier (1950), Monthly Weather Review 78:1-3, equation 2.
    """
    probabilities = np.asarray(probabilities, dtype=float)
    truth = np.eye(probabilities.shape[1])[np.asarray(labels)]
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())
