"""How a cost grows with the number of images: a power law, its exponent, and what it predicts at another number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

FEWEST = 3  # two points determine the line and leave nothing to tell its error from


@dataclass(frozen=True)
class Predicted:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class PowerLaw:
    """The law value = a * n^b, as the regression line of log(value) on log(n).

    Parameters
    ----------
    n_points : int
    exponent : float
        b, the slope of the line.
    centre, level : float
        Means of log(n) and of log(value); the line goes through both.
    squares : float
        Sum of the squared deviations of log(n) from its mean.
    error : float
        Residual standard deviation, with `n_points` - 2 degrees of freedom.

    """

    n_points: int
    exponent: float
    centre: float
    level: float
    squares: float
    error: float

    def exponent_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the t interval of the exponent."""
        half = self._quantile(level) * self.error / math.sqrt(self.squares)
        return self.exponent - half, self.exponent + half

    def at(self, n: float) -> float:
        """Return the value on the line at `n`."""
        return math.exp(self._log_at(n))

    def predict(self, n: float, level: float = 0.95) -> Predicted:
        """Return the value on the line at `n` with the interval of a single further measurement there.

        The interval is exact for logarithms if their errors are normal with one variance; the value is a median. Both
        assume that the law holds at `n`. A bound too large for a float is infinite.
        """
        distance = math.log(n) - self.centre
        half = self._quantile(level) * self.error * math.sqrt(1 + 1 / self.n_points + distance**2 / self.squares)
        value = self._log_at(n)
        return Predicted(math.exp(value), _exp(value - half), _exp(value + half))

    def _log_at(self, n: float) -> float:
        return self.level + self.exponent * (math.log(n) - self.centre)

    def _quantile(self, level: float) -> float:
        return float(special.stdtrit(self.n_points - 2, (1 + level) / 2))


def fit_power_law(sizes: Sequence[float], values: Sequence[float], smallest: float = 0.0) -> PowerLaw | None:
    """Return the power law through `values` at `sizes`, by least squares of the logarithms.

    Parameters
    ----------
    sizes, values : sequence of float
        Numbers of images, and what each of them cost.
    smallest : float
        The smallest value that can be told from the noise of its measurement. Smaller ones are left out, and so is 0: on
        a logarithmic scale their errors would outweigh all others.

    Returns
    -------
    PowerLaw or None
        None if fewer than three different sizes are left.

    References
    ----------
    S. F. Goldsmith, A. S. Aiken, D. S. Wilkerson (2007), Measuring empirical computational complexity, ESEC/FSE:395-404:
    costs fitted by a line on logarithmic axes. N. R. Draper, H. Smith (1998), Applied regression analysis, 3rd edition,
    chapter 1: the intervals of a slope and of a further observation.
    """
    pairs = [(n, value) for n, value in zip(sizes, values, strict=True) if n > 0 and value > 0 and value >= smallest]
    if len({n for n, _ in pairs}) < FEWEST:
        return None
    x, y = np.log(np.array(pairs, dtype=float)).T
    centre, level = float(x.mean()), float(y.mean())
    squares = float(((x - centre) ** 2).sum())
    exponent = float(((x - centre) * (y - level)).sum()) / squares
    residual = float(((y - level - exponent * (x - centre)) ** 2).sum())
    return PowerLaw(len(pairs), exponent, centre, level, squares, math.sqrt(residual / (len(pairs) - 2)))


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf
