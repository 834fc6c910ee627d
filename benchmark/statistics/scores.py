"""Metrics of class scores with their intervals: AUC, F1, calibration."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from benchmark.statistics.shares import Floats, normal_quantile

SMALLEST_PROBABILITY = 1e-15  # keeps the logarithm finite: a forest may give the true class 0


def _midranks(values: NDArray[Any]) -> Floats:
    """Return ranks from 1; tied values get their mean rank."""
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
    half = normal_quantile(level) * math.sqrt(variance) / (auc * (1 - auc))
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
    """Return the macro AUC with an interval that accounts for the class AUCs sharing the same images.

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

    Each row of the confusion matrix is resampled as a multinomial, which is a bootstrap stratified by class; intervals
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
    """Return the mean absolute gap between confidence and accuracy over bins, weighted by count.

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


def log_loss_interval(probabilities: Any, labels: Any, level: float = 0.95) -> tuple[float, float, float]:
    """Return the mean of -ln p of the true class with its interval; p is clipped at 1e-15 from below.

    The loss of an image is one observation, so the central limit theorem applies: the interval is the mean +- z
    standard errors, not below 0. For a single image it is the mean alone.

    Parameters
    ----------
    probabilities : ndarray of shape (n_samples, n_classes)
    labels : ndarray of shape (n_samples,)

    References
    ----------
    I. J. Good (1952), Journal of the Royal Statistical Society B 14:107-114: the logarithmic score.
    """
    labels = np.asarray(labels)
    true = np.asarray(probabilities, dtype=float)[np.arange(len(labels)), labels]
    losses = -np.log(np.maximum(true, SMALLEST_PROBABILITY))
    mean = max(0.0, float(losses.mean()))
    half = normal_quantile(level) * math.sqrt(_variance_of_mean(losses))
    return mean, max(0.0, mean - half), mean + half
