"""Data sets of other shapes and classes, and models that fit them, written as a user would supply them."""

from __future__ import annotations

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from benchmark.dataset import FILES, write_idx

ENTRIES = """
from pathlib import Path

from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from benchmark.dataset import DatasetEntry
from benchmark.features import HogFeatures
from benchmark.models import ModelEntry

HERE = Path(__file__).parent
DATASETS = [
    DatasetEntry(
        name="numerals",
        title="Numerals",
        class_names=("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
        licence="CC BY 4.0",
        source="https://archive.ics.uci.edu/dataset/80",
        home=str(HERE / "numerals"),
    ),
    DatasetEntry(
        name="shapes",
        title="Shapes",
        class_names=("a", "b", "c", "d", "e", "f", "g/h"),
        licence="CC0",
        source="drawn with a seed",
        home=str(HERE / "shapes"),
        families={"Vowels": ("a", "e")},
    ),
    DatasetEntry(
        name="tall",
        title="Tall images",
        class_names=("left", "middle", "right"),
        licence="CC0",
        source="drawn with a seed",
        home=str(HERE / "tall"),
    ),
]
MODELS = [
    ModelEntry(
        name="near",
        title="Neighbours in 16 components",
        family="knn",
        features="pixels",
        estimator=KNeighborsClassifier(algorithm="brute"),
        grid={"features__n_components": [16], "classifier__n_neighbors": [1, 3]},
    ),
    ModelEntry(
        name="linear",
        title="Logistic regression on 20 components",
        family="lr",
        features="hog",
        estimator=LogisticRegression(max_iter=1000),
        grid={"features__n_components": [20], "classifier__C": [0.1, 1.0]},
    ),
    ModelEntry(
        name="elsewhere",
        title="Logistic regression for images of 28 x 28",
        family="lr",
        features=HogFeatures((28, 28)),
        estimator=LogisticRegression(max_iter=1000),
        grid={"classifier__C": [1.0]},
    ),
]
"""


def write_entries(folder):
    (folder / "my_data.py").write_text(ENTRIES)
    return folder / "my_data.py"


def write_digits(folder, n_train=40, n_test=20):
    """Write scikit-learn's digits, 8 x 8, as PNG files, `n_train` and `n_test` of each class."""
    digits = load_digits()
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    for label, name in enumerate(names):
        rows = np.flatnonzero(digits.target == label)[: n_train + n_test]
        for i, row in enumerate(rows):
            path = folder / ("train" if i < n_train else "test") / name / f"{i:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.rint(digits.images[row] * 255 / 16).astype(np.uint8)).save(path)


def write_drawn(folder, n_classes, shape, n_train=420, n_test=140):
    """Write images of `n_classes` noisy prototypes as IDX files."""
    rng = np.random.default_rng(0)
    prototypes = rng.integers(0, 256, (n_classes, *shape))
    for n, images, labels in ((n_train, *FILES[:2]), (n_test, *FILES[2:])):
        truth = np.arange(n) % n_classes
        noise = rng.normal(0, 120, (n, *shape))
        write_idx(folder / images, np.clip(prototypes[truth] + noise, 0, 255).astype(np.uint8))
        write_idx(folder / labels, truth.astype(np.uint8))
