"""Whether a difference is real: paired tests and intervals, corrections for many tests, ranks, effects of noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from benchmark.statistics.shares import Floats, wilson_interval


def newcombe_paired_interval(
    both: int, only_first: int, only_second: int, neither: int, level: float = 0.95
) -> tuple[float, float, float]:
    """Return the difference of two paired shares, first minus second, with its interval.

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

    The level holds approximately, not strictly: with 16 discordant pairs, 5 % becomes 7.7 %.

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
    """Return adjusted p-values, of shape (n_tests,), in the order given.

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


def seed_threshold(sd: float, n: int, level: float = 0.95) -> float:
    """Return the difference that two refits with other seeds exceed in `1 - level` of pairs: t * sqrt(2) * sd.

    The repeatability limit of a measurement method, with Student's t because the spread itself is estimated.

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

    A difference larger than the observed discordance needs more discordance, all of it in one direction.

    Parameters
    ----------
    discordance : float
        Share of pairs in which exactly one side is right.
    n : int
        Number of pairs.
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


LEVEL = 0.05


@dataclass(frozen=True)
class Paired:
    """Two sets of predictions of the same images: difference in accuracy, first minus second, its 95 % interval, mid-p.

    `only_first` and `only_second` count the images that just one of the two gets right.
    """

    difference: float
    low: float
    high: float
    p: float
    only_first: int
    only_second: int
    n: int

    def swapped(self) -> Paired:
        """Return the same test of the second less the first."""
        return Paired(  # subtracted from 0.0, because -0.0 would be printed with its sign
            0.0 - self.difference, 0.0 - self.high, 0.0 - self.low, self.p, self.only_second, self.only_first, self.n
        )


def paired(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Paired:
    """Compare which images two models get right; both of shape (n_images,)."""
    only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
    both, neither = int((first & second).sum()), int((~first & ~second).sum())
    _, low, high = newcombe_paired_interval(both, only_first, only_second, neither)
    difference = (only_first - only_second) / len(first)
    return Paired(difference, low, high, mcnemar_midp(only_first, only_second), only_first, only_second, len(first))


def mcnemar_level(n: int, level: float = 0.05) -> float:
    """Return how often the mid-p of `n` discordant pairs falls below `level` when neither side is better."""
    tables = [math.comb(n, b) for b in range(n + 1) if mcnemar_midp(b, n - b) < level]
    return float(sum(tables) / 2**n)
