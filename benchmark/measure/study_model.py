"""The study of a model: what its page shows that needs a fitted model or its scores.

Input: pipelines, scores and images. Output: the parts of `study.json`, unrounded. Learning curves and importances use
only training images; of the test images, only the existing scores are used.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from benchmark.features import PixelFeatures
from benchmark.measure.meter import metered
from benchmark.measure.search import fit_tails, split_folds
from benchmark.results import SCHEMA_VERSION, CurvePoint, Estimate, Growth, Importance, LearningCurve, Mistake, Study
from benchmark.results.study_documents import all_classes
from benchmark.returned import checked_features, checked_labels
from benchmark.statistics import wilson_interval

N_MISTAKES = 24
FOLD = 0  # the learning curve is fitted on its training part and scored on its held-out images
SHARES = (1, 2, 4, 8, 16)
BLOCK = 4  # pixels, at least
MOST_BLOCKS = 100  # of larger images, blocks are larger
N_PERMUTED = 1000
SEED = 0
Images = NDArray[np.uint8]
Indices = NDArray[np.int64]
Params = dict[str, Any]


def confident_mistakes(
    scores: NDArray[Any], labels: Indices, predictions: Indices, classes: list[str]
) -> list[Mistake]:
    """Return a model's most confident mistakes, the largest margin first, ties by index."""
    wrong = np.flatnonzero(predictions != labels)
    margins = scores[wrong, predictions[wrong]] - scores[wrong, labels[wrong]]
    worst = np.argsort(-margins, kind="stable")[:N_MISTAKES]
    return [
        {
            "index": int(wrong[i]),
            "true": classes[labels[wrong[i]]],
            "predicted": classes[predictions[wrong[i]]],
            "margin": float(margins[i]),
        }
        for i in worst
    ]


def curve_sizes(pipeline: Pipeline, params: Params, labels: NDArray[np.uint8]) -> list[int]:
    """Return the training set sizes of the learning curve, the largest first.

    A share that is too small for the chosen number of components or neighbours is left out.
    """
    whole = len(split_folds(labels)[FOLD][0])
    chosen = clone(pipeline).set_params(**params).get_params()
    needed = [
        value
        for name, value in chosen.items()
        if name.endswith(("n_components", "n_neighbors")) and isinstance(value, int)
    ]
    fewest = max([2 * len(np.unique(labels)), *needed])
    return [whole // share for share in SHARES if share == 1 or whole // share >= fewest]


def learning_curve(points: list[CurvePoint], n_held_out: int) -> LearningCurve:
    """Return the learning curve from its points, ordered by size."""
    return {"fold": FOLD, "n_held_out": n_held_out, "points": points}


def study_document(
    name: str, mistakes: list[Mistake], curve: LearningCurve | None, importances: list[Importance]
) -> Study:
    """Return `study.json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "name": name,
        "confident_mistakes": mistakes,
        "learning_curve": curve,
        "importances": importances,
    }


def share_features(
    features: Any, images: Images, labels: NDArray[np.uint8], n_train: int
) -> tuple[NDArray[np.float32], float]:
    """Fit `features` on a share of the fold's training part; return the features of all rows to fit on or predict.

    These are the share, the held-out images and, if the share is the whole part, held-out images with one block
    exchanged, for each block in turn. Models with the same features share them.

    Returns
    -------
    tuple
        The features, and the CPU seconds of fitting them on the share and of transforming it, without the other rows. The
        seconds are those of this thread, because others work in the same process.
    """
    share, held_out = _rows(labels, n_train)
    flat = images.reshape(len(images), -1)
    rows = flat[share]
    parts: Iterator[Images] = iter([flat[held_out]])
    if n_train == len(split_folds(labels)[FOLD][0]):
        altered = shuffled_blocks(images[_shown(held_out)])  # one block after the other: all would take much memory
        parts = itertools.chain(parts, (own.reshape(len(own), -1) for own in altered))
    with threadpool_limits(1):
        start = time.thread_time()
        fitted = clone(features).fit(rows, labels[share])
        described = [fitted.transform(rows)]
        seconds = time.thread_time() - start
        described = [checked_features(described[0], n_train)]
        described += [checked_features(fitted.transform(part), len(part)) for part in parts]
    return np.concatenate([np.asarray(part, dtype=np.float32) for part in described]), seconds


def fit_share(
    tail: Pipeline,
    labels: NDArray[np.uint8],
    n_train: int,
    rows: tuple[Path, Path],
    features_seconds: float,
    about: Params,
) -> tuple[CurvePoint, Importance | None, Growth]:
    """Fit a model on a share of the fold's training part and score the held-out images; measure what that costs.

    Runs in its own process, so that the costs are those of this fit alone.

    Parameters
    ----------
    tail : Pipeline
        The model after its features, unfitted.
    rows : tuple of Path
        `.npy` files: the features of the share, and of what is predicted, the other rows of `share_features`. The latter are
        read after the fit, which thus needs no memory for them.
    features_seconds : float
        Those of `share_features`.
    about : dict
        `classes`, the names in label order, and `image_shape`.

    Returns
    -------
    tuple
        The point of the learning curve; the permutation importance of the fit on the whole part (None for a smaller share);
        and the costs, from the features in memory to the fitted steps, and to the predictions.
    """
    share, held_out = _rows(labels, n_train)
    X, y = np.load(rows[0]), labels[share]
    classes = np.unique(y)
    with threadpool_limits(1):
        with metered() as fit:
            fitted = next(fit_tails([tail], X, y))
        X = np.load(rows[1])
        with metered() as predict:
            returned = fitted.predict(X)
    predicted = checked_labels(returned, len(X), classes)
    growth: Growth = {
        "n_train": n_train,
        "features_seconds": features_seconds,
        "fit_seconds": fit.seconds,
        "predict_seconds": predict.seconds,
        "n_predict": len(predicted),
        "memory_bytes": fit.memory_bytes,
    }
    right = predicted[: len(held_out)] == labels[held_out]
    point: CurvePoint = {"n_train": n_train, "accuracy": _share(int(right.sum()), len(held_out))}
    if len(predicted) == len(held_out):
        return point, None, growth
    shown = _shown(held_out)
    before = right[np.searchsorted(held_out, shown)]
    after = predicted[len(held_out) :].reshape(-1, len(shown)) == labels[shown]
    return point, permutation_importance(before, after, labels[shown], **about), growth


def _rows(labels: NDArray[np.uint8], n_train: int) -> tuple[Indices, Indices]:
    """Return the rows of a share of the fold's training part, and those held out, each in order."""
    rows, held_out = split_folds(labels)[FOLD]
    return rows[np.sort(nested_rows(labels[rows])[:n_train])], held_out


def nested_rows(labels: NDArray[np.uint8]) -> Indices:
    """Return all rows in an order whose every prefix is stratified, so that larger shares contain the smaller ones."""
    rng = np.random.default_rng(SEED)
    place = np.empty(len(labels))
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        place[own] = (rng.permutation(len(own)) + 0.5) / len(own)
    return np.argsort(place, kind="stable")


def n_altered(image_shape: tuple[int, int], n_held_out: int) -> int:
    """Return how many images with an exchanged block the features of the largest share have."""
    return len(list(_blocks(*image_shape))) * min(N_PERMUTED, max(1, n_held_out // 4))


def _shown(held_out: Indices) -> Indices:
    """Return the held-out images that blocks are permuted on: 1,000, or a quarter of a small fold."""
    n = min(N_PERMUTED, max(1, len(held_out) // 4))
    return np.sort(np.random.default_rng(SEED).choice(held_out, n, replace=False))


def shuffled_blocks(images: Images) -> Iterator[Images]:
    """Yield the images, of shape (n_samples, height, width), with one block at a time taken from another image."""
    donors = np.random.default_rng(SEED).permutation(len(images))
    for rows, columns in _blocks(*images.shape[1:]):
        altered = images.copy()
        altered[:, rows, columns] = images[donors, rows, columns]
        yield altered


def permutation_importance(
    before: NDArray[np.bool_],
    after: NDArray[np.bool_],
    labels: NDArray[np.uint8],
    classes: list[str],
    image_shape: tuple[int, int],
) -> Importance:
    """Return the loss of accuracy, and of each class's recall, when a block of pixels comes from another image.

    Parameters
    ----------
    before : ndarray of shape (n_samples,)
        Which images are predicted correctly; all of them are held out.
    after : ndarray of shape (n_blocks, n_samples)
        The same for each of `shuffled_blocks`.

    References
    ----------
    L. Breiman (2001), Machine Learning 45:5-32, section 10, with blocks of pixels as variables: a single pixel can
    be inferred from its neighbours.
    """
    drops = before.astype(int) - after
    pictures = {all_classes(classes): drops.mean(axis=1).tolist()}
    for label, name in enumerate(classes):
        own = labels == label
        pictures[name] = drops[:, own].mean(axis=1).tolist() if own.any() else [0.0] * len(drops)
    height, width = image_shape
    side = block_side(height, width)
    return {
        "method": "permutation",
        "shape": [-(-height // side), -(-width // side)],
        "block": side,
        "n_images": len(labels),
        "pictures": pictures,
    }


def block_side(height: int, width: int) -> int:
    """Return the side of a block in pixels: `BLOCK`, or the least of which `MOST_BLOCKS` cover an image of this size."""
    return next(side for side in itertools.count(BLOCK) if -(-height // side) * -(-width // side) <= MOST_BLOCKS)


def _blocks(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    side = block_side(height, width)
    for top in range(0, height, side):
        for left in range(0, width, side):
            yield slice(top, top + side), slice(left, left + side)


def carried_back(fitted: Pipeline, image_shape: tuple[int, int], classes: list[str]) -> Importance | None:
    """Return a model's own weights as pictures if they map back to pixels exactly, otherwise None.

    Coefficients do if all steps between the scaled pixels and the classifier are linear, a forest's importances if its
    features are the scaled pixels.
    """
    features, last = fitted.steps[0][1], fitted.steps[-1][1]
    if not isinstance(features, PixelFeatures):
        return None
    between = [step for _, step in fitted.steps[1:-1]]
    own: Importance = {"method": "impurity", "shape": list(image_shape), "block": 1, "n_images": None, "pictures": {}}
    if features.n_components is None and not between and hasattr(last, "feature_importances_"):
        importances = np.asarray(last.feature_importances_, dtype=np.float64)
        own["pictures"] = {all_classes(classes): importances.tolist()}
        return own if importances.shape == (math.prod(image_shape),) and np.isfinite(importances).all() else None
    if not hasattr(last, "coef_") or not all(isinstance(step, StandardScaler) for step in between):
        return None
    weights = np.asarray(last.coef_, dtype=np.float64)
    for step in reversed(between):
        weights = weights / (1 if step.scale_ is None else step.scale_)
    weights = weights if features.n_components is None else weights @ features.components_
    weights = np.concatenate([-weights, weights]) if len(weights) == 1 else weights
    if weights.shape != (len(classes), math.prod(image_shape)) or not np.isfinite(weights).all():
        return None  # those of pairs of classes, or of something else that the estimator calls so
    own["method"] = "coefficients"
    own["pictures"] = dict(zip(classes, weights.tolist(), strict=True))
    return own


def _share(successes: int, n: int) -> Estimate:
    low, high = wilson_interval(successes, n)
    return {"value": successes / n, "low": float(low), "high": float(high)}
