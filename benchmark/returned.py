"""What a fitted model returns, checked where it comes in: features, labels, probabilities, decision values.

Comes in: whatever `transform`, `predict`, `predict_proba` or `decision_function` returned. Goes out: plain arrays of known shape and
type, or a `ReturnedError` in words.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-6  # of a probability, and of the sum of a row of them
SINGLE_TOLERANCE = 5e-4  # of those in float32: naive Bayes takes powers of sums in the thousands
MOST_SHOWN = 12  # classes


class ReturnedError(Exception):
    """A model returned something else than what was asked for."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        return self.found


def checked_features(described: Any, n_samples: int) -> NDArray[Any]:
    """Return features, of shape (n_samples, n_columns); some classifiers take those that are not finite.

    Raises
    ------
    ReturnedError
        If they are no table of numbers with a row for each image.

    """
    expected = f"numbers, a row for each of {n_samples} images"
    found = _array(described, "transform", expected)
    if found.ndim != 2 or len(found) != n_samples:  # noqa: PLR2004
        raise ReturnedError(expected, f"transform returned an array of shape {found.shape}")
    if found.dtype.kind not in "fiub":
        raise ReturnedError(expected, f"transform returned values of type {found.dtype}")
    return found


def checked_labels(predicted: Any, n_samples: int, classes: NDArray[Any]) -> NDArray[np.int64]:
    """Return predicted labels as integers, of shape (n_samples,).

    Parameters
    ----------
    predicted : object
        What `predict` returned.
    n_samples : int
        How many images it was asked for.
    classes : ndarray of shape (n_classes,)
        The labels that the model was fitted on.

    Raises
    ------
    ReturnedError
        If these are not as many integers, each of them a class.

    """
    expected = f"a label for each of {n_samples} images, an integer, one of {_listed(classes)}"
    labels = _array(predicted, "predict", expected)
    if labels.shape != (n_samples,):
        raise ReturnedError(expected, f"predict returned an array of shape {labels.shape}")
    if labels.dtype.kind not in "iu":
        raise ReturnedError(expected, f"predict returned labels of type {labels.dtype}, as {_shown(labels[0])}")
    strangers = np.setdiff1d(labels, classes)
    if len(strangers):
        raise ReturnedError(expected, f"predict returned the label {strangers[0]}")
    return labels.astype(np.int64)


def checked_scores(kind: str, scores: Any, n_samples: int, n_classes: int) -> NDArray[Any]:
    """Return scores of shape (n_samples, n_classes), or of shape (n_samples,) for decision values between two classes.

    Parameters
    ----------
    kind : {"predict_proba", "decision_function"}
        The method that returned them.
    scores : object
        What it returned.
    n_samples, n_classes : int
        How many rows and columns there must be.

    Raises
    ------
    ReturnedError
        If they are of another shape or not finite, or are probabilities that do not sum to 1.

    """
    expected = f"finite numbers of shape {(n_samples, n_classes)}, one row per image, one column per class"
    found = _array(scores, kind, expected)
    found = found.astype(np.float64) if found.dtype.kind in "iu" else found
    if found.dtype.kind != "f":
        raise ReturnedError(expected, f"{kind} returned values of type {found.dtype}")
    is_binary = kind == "decision_function" and n_classes == 2  # noqa: PLR2004
    if found.shape != (n_samples, n_classes) and not (is_binary and found.shape == (n_samples,)):
        raise ReturnedError(expected, f"{kind} returned an array of shape {found.shape}")
    if not np.isfinite(found).all():
        raise ReturnedError(expected, f"{kind} returned {_shown(found[~np.isfinite(found)][0])}")
    if kind == "predict_proba":
        tolerance = TOLERANCE if found.dtype == np.float64 else SINGLE_TOLERANCE
        _check_probabilities(found.astype(np.float64, copy=False), tolerance)
    return found


def _check_probabilities(probabilities: NDArray[np.float64], tolerance: float) -> None:
    expected = "probabilities from 0 to 1 that sum to 1 for each image"
    outside = probabilities[(probabilities < -tolerance) | (probabilities > 1 + tolerance)]
    if len(outside):
        raise ReturnedError(expected, f"predict_proba returned {_shown(outside[0])}")
    sums = probabilities.sum(axis=1)
    worst = int(np.abs(sums - 1).argmax())
    if abs(sums[worst] - 1) > tolerance:
        raise ReturnedError(
            expected, f"predict_proba returned probabilities of image {worst} that sum to {sums[worst]:.7g}"
        )


def _array(value: Any, method: str, expected: str) -> NDArray[Any]:
    """Return a value as an array; a generator or a ragged list is none."""
    try:
        found = np.asarray(value)
    except Exception as error:
        raise ReturnedError(expected, f"{method} returned {type(value).__name__}: {error}") from None
    if found.dtype == object and found.ndim == 0:
        raise ReturnedError(expected, f"{method} returned {type(value).__name__}")
    return found


def _listed(classes: NDArray[Any]) -> str:
    shown = [str(label) for label in classes]
    return ", ".join(shown if len(shown) <= MOST_SHOWN else [*shown[: MOST_SHOWN - 1], "…", shown[-1]])


def _shown(value: Any) -> str:
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text[:60]
