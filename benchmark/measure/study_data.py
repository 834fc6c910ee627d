"""The study of a data set: what its page shows that is computed from its images.

Test images are compared with training images to find near-duplicates; no fit or choice depends on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from benchmark.components import chunks
from benchmark.dataset import Dataset
from benchmark.features import PixelFeatures
from benchmark.measure.study_model import SEED, Images, Indices, nested_rows
from benchmark.results import SCHEMA_VERSION, DatasetStudy, Map, Twins

N_SPECTRUM = 200
N_COMPONENTS = 16
N_MAPPED = 2000
MAP_COMPONENTS = 50
MAP_STEPS = 500
TWIN_DISTANCES = (0.05, 0.1, 0.15, 0.2)
N_TWINS = 24


def dataset_study(dataset: Dataset) -> DatasetStudy:
    """Return class means, the spread of each pixel, leading components, a map, and near-duplicates across the splits."""
    images = dataset.train_images.reshape(len(dataset.train_images), -1)
    n_spectrum = min(N_SPECTRUM, images.shape[1], len(images))
    with threadpool_limits(1):
        features = PixelFeatures(n_components=n_spectrum).fit(images)
        places = _map(features, images, dataset.train_labels)
        twins = near_duplicates(dataset)
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
        "map": places,
        "near_duplicates": twins,
    }


def _standard_deviation(images: Images) -> NDArray[Any]:
    """Return each pixel's standard deviation, of shape (n_pixels,), from exact integer sums."""
    squares = sum(np.square(chunk, dtype=np.int64).sum(axis=0) for chunk in np.array_split(images, 50))
    mean = images.mean(axis=0)
    return np.sqrt(np.maximum(squares / len(images) - mean**2, 0))  # type: ignore[no-any-return]


def _map(features: PixelFeatures, images: Images, labels: NDArray[np.uint8]) -> Map:
    """Embed training images in two dimensions, with neighbours near each other.

    References
    ----------
    L. van der Maaten, G. Hinton (2008), Journal of Machine Learning Research 9:2579-2605 (t-SNE).
    """
    chosen = np.sort(nested_rows(labels)[:N_MAPPED])
    described = features.transform(images[chosen])[:, :MAP_COMPONENTS]
    perplexity = min(30.0, (len(chosen) - 1) / 3)
    places = np.zeros((len(chosen), 2))
    if np.ptp(
        described, axis=0
    ).any():  # among equal rows t-SNE divides by 0, and its native code does not survive that
        plane = np.pad(described, ((0, 0), (0, max(0, 2 - described.shape[1]))))  # where an image has one pixel
        tsne = TSNE(perplexity=perplexity, max_iter=MAP_STEPS, init="pca", random_state=SEED, n_jobs=1)
        places = tsne.fit_transform(plane)
    return {
        "method": f"t-SNE (perplexity {perplexity:g}) of {described.shape[1]} principal components of the scaled pixels",
        "index": chosen.tolist(),
        "x": places[:, 0].astype(float).tolist(),
        "y": places[:, 1].astype(float).tolist(),
    }


def near_duplicates(dataset: Dataset) -> Twins:
    """Find each test image's nearest training image and count those that are nearly the same.

    The distance is that of the pixels, relative to the norm of the test image: 0.1 is a tenth of its norm.
    """
    train, test = (images.reshape(len(images), -1) for images in (dataset.train_images, dataset.test_images))
    nearest = np.concatenate([_nearest_rows(train, chunk) for chunk in chunks(test)])
    lengths = np.sqrt(np.concatenate([_squared(chunk) for chunk in chunks(test)]))
    apart = np.concatenate(  # recomputed exactly: float32 products are too coarse to separate neighbours
        [np.sqrt(_squared(chunk, train[own])) for chunk, own in zip(chunks(test), _split(nearest, test), strict=True)]
    )
    distance = apart / np.maximum(lengths, 1)
    closest = np.argsort(distance, kind="stable")[:N_TWINS]
    near = distance <= TWIN_DISTANCES[1]
    return {
        "distances": list(TWIN_DISTANCES),
        "counts": [int((distance <= limit).sum()) for limit in TWIN_DISTANCES],
        "nearest": [{"test": int(i), "train": int(nearest[i]), "distance": float(distance[i])} for i in closest],
        "n_other_class": int((near & (dataset.train_labels[nearest] != dataset.test_labels)).sum()),
    }


def _nearest_rows(train: Images, test: Images) -> Indices:
    """Return the row of `train` nearest to each row of `test`, of shape (len(test),)."""
    asked = test.astype(np.float32)
    best = np.full(len(test), np.inf, dtype=np.float32)
    nearest = np.zeros(len(test), dtype=np.int64)
    start = 0
    for chunk in chunks(train):  # with as many test images, 16 MB of distances
        rows = chunk.astype(np.float32)
        squares = np.einsum("ij,ij->i", rows, rows) - 2 * (asked @ rows.T)
        candidate = squares.argmin(axis=1)
        found = squares[np.arange(len(test)), candidate]
        closer = found < best
        best[closer], nearest[closer] = found[closer], start + candidate[closer]
        start += len(chunk)
    return nearest


def _split(values: Indices, rows: Images) -> list[Indices]:
    """Return one value a row in parts, as `chunks` returns the rows."""
    return np.split(values, np.cumsum([len(chunk) for chunk in chunks(rows)])[:-1])


def _squared(first: Images, second: Images | None = None) -> NDArray[np.int64]:
    """Return each row's squared norm, or squared distance from the same row of `second`, exactly."""
    rows = first.astype(np.int64)
    rows = rows if second is None else rows - second
    return (rows * rows).sum(axis=1)  # type: ignore[no-any-return]
