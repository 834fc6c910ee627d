"""What pages show of a data set and needs computing over all its training images; no test image is looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmark.dataset import Dataset
from benchmark.features import PixelFeatures
from benchmark.results import SCHEMA_VERSION, DatasetStudy

N_SPECTRUM = 100
N_COMPONENTS = 16


def dataset_study(dataset: Dataset) -> DatasetStudy:
    """Return class means, the spread of each pixel, and the leading principal components of the scaled pixels."""
    images = dataset.train_images.reshape(len(dataset.train_images), -1)
    n_spectrum = min(N_SPECTRUM, images.shape[1], len(images))
    with threadpool_limits(1):
        features = PixelFeatures(n_components=n_spectrum).fit(images)
    means = {
        name: np.rint(images[dataset.train_labels == label].mean(axis=0)).astype(int).tolist()
        for label, name in enumerate(dataset.class_names)
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "name": dataset.entry.name,
        "digest": dataset.digest,
        "image_shape": list(dataset.image_shape),
        "class_means": means,
        "pixel_sd": _standard_deviation(images).tolist(),
        "explained_variance_ratio": features.explained_variance_ratio_.tolist(),
        "components": features.components_[:N_COMPONENTS].astype(float).tolist(),
    }


def _standard_deviation(images: NDArray[np.uint8]) -> NDArray[Any]:
    """Return each pixel's standard deviation, of shape (n_pixels,), from exact integer sums."""
    squares = sum(np.square(chunk, dtype=np.int64).sum(axis=0) for chunk in np.array_split(images, 50))
    mean = images.mean(axis=0)
    return np.sqrt(np.maximum(squares / len(images) - mean**2, 0))  # type: ignore[no-any-return]
