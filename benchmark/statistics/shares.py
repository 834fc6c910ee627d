"""Intervals of shares."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]


def normal_quantile(level: float) -> float:
    """Return the z for which mean +- z standard deviations contain `level` of a normal distribution."""
    return float(special.ndtri((1 + level) / 2))


def wilson_interval(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval of a share.

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
    z = normal_quantile(level)
    share = successes / n
    centre = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else (centre - half) / (1 + z * z / n)
    high = 1.0 if successes == n else (centre + half) / (1 + z * z / n)
    return low, high
