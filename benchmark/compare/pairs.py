"""Two sets of predictions of the same images: the paired difference, its interval and its test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics import mcnemar_midp, newcombe_paired_interval

LEVEL = 0.05


@dataclass(frozen=True)
class Paired:
    """Two sets of predictions of the same images: difference of accuracy, first less second, its 95 % interval, mid-p.

    `only_first` and `only_second` count the images that just one of the two gets right.
    """

    difference: float
    low: float
    high: float
    p: float
    only_first: int
    only_second: int
    n: int


def paired(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Paired:
    """Compare which images two models get right; both of shape (n_images,)."""
    only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
    both, neither = int((first & second).sum()), int((~first & ~second).sum())
    _, low, high = newcombe_paired_interval(both, only_first, only_second, neither)
    difference = (only_first - only_second) / len(first)
    return Paired(difference, low, high, mcnemar_midp(only_first, only_second), only_first, only_second, len(first))
