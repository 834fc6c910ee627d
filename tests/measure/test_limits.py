"""Grids within what a data set can give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import RidgeClassifier

from benchmark.features import HogFeatures, PixelFeatures
from benchmark.measure.entry import ModelEntry
from benchmark.measure.entry_checks import misfit
from benchmark.measure.limits import COMPONENTS, most_components, within
from benchmark.models import MODELS


def entry(name):
    return next(entry for entry in MODELS if entry.name == name)


def grid(entry, shape, n_rows):
    return within([entry], shape, n_rows)[0].grid.get(COMPONENTS)


def test_as_many_components_as_images_have_pixels_cells_or_rows():
    assert most_components(PixelFeatures(), (8, 8), 1000) == 64
    assert most_components(PixelFeatures(), (8, 8), 50) == 50
    assert (
        most_components(HogFeatures((8, 8)), (8, 8), 1000)
        == HogFeatures((8, 8)).fit(np.zeros((1, 64), np.uint8)).transform(np.zeros((1, 64), np.uint8)).shape[1]
    )


def test_what_a_data_set_can_give_is_left_as_it_is():
    assert within(MODELS, (28, 28), 40_000) == list(MODELS)  # the very keys of the tracked results rest on it


def test_more_than_there_are_becomes_all_there_are_once():
    assert grid(entry("lr-pixels"), (8, 8), 598) == [64]
    assert grid(entry("knn-pixels"), (8, 15), 598) == [100, 120]
    assert grid(entry("knn-pixels"), (28, 28), 110) == [100, 110]
    assert (
        within([entry("lr-pixels")], (8, 8), 598)[0].grid["classifier__C"] == entry("lr-pixels").grid["classifier__C"]
    )


@pytest.mark.parametrize(
    "left",
    [
        ModelEntry("m", "m", "m", "pixels", RidgeClassifier(), {"classifier__alpha": [1.0]}),
        ModelEntry("m", "m", "m", "pixels", RidgeClassifier(), {COMPONENTS: [None, 3]}),
        ModelEntry("m", "m", "m", "pixels", RidgeClassifier(), {COMPONENTS: ["a"]}),
        replace(entry("rf-hog"), features="hog"),  # cells of 4 do not tile what follows
        entry("svm-rich"),
    ],
    ids=repr,
)
def test_what_has_no_such_number_is_left_to_the_checks(left):
    assert within([left], (6, 7), 598) == [left]


@given(st.integers(4, 12), st.integers(4, 12), st.integers(4, 3000))
def test_pixels_always_fit_afterwards(height, width, n_rows):
    for found in within([entry("lr-pixels"), entry("svm-pixels")], (height, width), n_rows):
        assert not misfit(found, (height, width), n_rows)
        assert len(set(found.grid[COMPONENTS])) == len(found.grid[COMPONENTS])
