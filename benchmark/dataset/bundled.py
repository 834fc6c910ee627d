"""Data sets that come with an installed library, written as the IDX files that every other data set has: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmark.dataset.checks import FILES
from benchmark.dataset.idx import write_idx

GREYS = 16  # the highest pixel of the digits: a count of dots among 4 × 4


def from_scikit_learn(folder: Path) -> None:
    """Write scikit-learn's digits: the first half of them as training images, the rest as test images.

    That is how scikit-learn's own example splits them ("Recognizing hand-written digits"). They are in the order in which people
    wrote them, so that the halves share few writers. Their 17 greys are spread over 0 to 255.
    """
    from sklearn.datasets import load_digits  # the digits are a file of its wheel

    found = load_digits()
    images, labels = np.rint(found.images * (255 / GREYS)).astype(np.uint8), found.target.astype(np.uint8)
    half = len(labels) // 2
    for name, array in zip(FILES, (images[:half], labels[:half], images[half:], labels[half:]), strict=True):
        write_idx(folder / name, array)


BUNDLED: dict[str, Callable[[Path], None]] = {"scikit-learn": from_scikit_learn}
