"""How a cost grows with the number of images: a power law or a straight line, and what it predicts at another number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

FEWEST = 3  # two points determine the line and leave nothing to tell its error from


@dataclass(frozen=True)
class Predicted:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float

    def __add__(self, other: Predicted) -> Predicted:
        """Return the sum of two values; the bounds are added too, which is wide enough however their errors go together."""
        return Predicted(self.value + other.value, self.low + other.low, self.high + other.high)


@dataclass(frozen=True)
class Line:
    """A regression line of y on x, by least squares.

    Parameters
    ----------
    n_points : int
    slope : float
    centre, level : float
        Means of x and of y; the line goes through both.
    squares : float
        Sum of the squared deviations of x from its mean.
    error : float
        Residual standard deviation, with `n_points` - 2 degrees of freedom.

    """

    n_points: int
    slope: float
    centre: float
    level: float
    squares: float
    error: float

    def at(self, x: float) -> float:
        """Return the height of the line at `x`."""
        return self.level + self.slope * (x - self.centre)

    def slope_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the t interval of the slope."""
        half = self._quantile(level) * self.error / math.sqrt(self.squares)
        return self.slope - half, self.slope + half

    def predict(self, x: float, level: float = 0.95) -> Predicted:
        """Return the height at `x` with the interval of a single further measurement there.

        The interval is exact if the errors are normal with one variance, and if the line holds at `x`.
        """
        distance = x - self.centre
        half = self._quantile(level) * self.error * math.sqrt(1 + 1 / self.n_points + distance**2 / self.squares)
        return Predicted(self.at(x), self.at(x) - half, self.at(x) + half)

    def _quantile(self, level: float) -> float:
        return float(special.stdtrit(self.n_points - 2, (1 + level) / 2))


@dataclass(frozen=True)
class PowerLaw:
    """The law value = a * n^b: `logarithms` is the regression line of log(value) on log(n), with slope b."""

    logarithms: Line

    @property
    def exponent(self) -> float:
        """The power of n."""
        return self.logarithms.slope

    def exponent_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the t interval of the exponent."""
        return self.logarithms.slope_interval(level)

    def at(self, n: float) -> float:
        """Return the value of the law at `n`."""
        return math.exp(self.logarithms.at(math.log(n)))

    def predict(self, n: float, level: float = 0.95) -> Predicted:
        """Return the value of the law at `n`, a median, with the interval of a single further measurement there.

        A bound too large for a float is infinite. See `Line.predict`; it holds of the logarithms here.
        """
        found = self.logarithms.predict(math.log(n), level)
        return Predicted(math.exp(found.value), _exp(found.low), _exp(found.high))


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
    return PowerLaw(_regression(*np.log(np.array(pairs, dtype=float)).T))


def fit_line(sizes: Sequence[float], values: Sequence[float]) -> Line | None:
    """Return the regression line of `values` on `sizes`, None if there are fewer than three different sizes."""
    if len(set(sizes)) < FEWEST:
        return None
    return _regression(np.array(sizes, dtype=float), np.array(values, dtype=float))


def _regression(x: NDArray[np.float64], y: NDArray[np.float64]) -> Line:
    centre, level = float(x.mean()), float(y.mean())
    squares = float(((x - centre) ** 2).sum())
    slope = float(((x - centre) * (y - level)).sum()) / squares
    residual = float(((y - level - slope * (x - centre)) ** 2).sum())
    return Line(len(x), slope, centre, level, squares, math.sqrt(residual / (len(x) - 2)))


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf
