"""Grids within what a data set can give: no more principal components than its images have.

Comes in: entries, made with images of some size in mind. Goes out: the same entries, with a grid that the data set at hand allows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from benchmark.measure.entry import ModelEntry, runs_our_code
from benchmark.patches import SampledPCA

COMPONENTS = "features__n_components"


def most_components(features: BaseEstimator, image_shape: tuple[int, int], n_rows: int) -> int:
    """Return how many principal components features of `n_rows` images of a shape (height, width) have.

    Raises
    ------
    ValueError
        If the features cannot be computed for images of this shape.

    """
    images = np.zeros((1, math.prod(image_shape)), dtype=np.uint8)
    every = clone(features).set_params(n_components=None)
    return min(n_rows, int(every.fit(images).transform(images).shape[1]))


def within(entries: Sequence[ModelEntry], image_shape: tuple[int, int], n_rows: int) -> list[ModelEntry]:
    """Return the entries for a data set with `n_rows` training images in its smallest fold.

    A number of components in a grid that is above what such images have becomes that number; what else does not fit is left as it is, and
    refused later.
    """
    return [_within(entry, image_shape, n_rows) for entry in entries]


def _within(entry: ModelEntry, image_shape: tuple[int, int], n_rows: int) -> ModelEntry:
    features, wanted = entry.pipeline(image_shape)[0], entry.grid.get(COMPONENTS, ())
    if not wanted or not runs_our_code(features) or isinstance(features, SampledPCA):
        return entry
    with suppress(TypeError, ValueError):  # of features that do not fit, which is said where they are refused
        most = most_components(features, image_shape, n_rows)
        values: list[Any] = [min(value, most) if isinstance(value, int) else value for value in wanted]
        if values != list(wanted):
            return replace(entry, grid=entry.grid | {COMPONENTS: list(dict.fromkeys(values))})
    return entry
