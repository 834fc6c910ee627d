"""Predictions as text, one character per image, and the confusion matrix computed from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LINE = 100


def encode_predictions(labels: Sequence[int] | NDArray[Any]) -> str:
    """Return class indices as text, one character per image, 100 per line."""
    characters = "".join(ALPHABET[label] for label in labels)
    return "".join(characters[start : start + LINE] + "\n" for start in range(0, len(characters), LINE))


def confusion_matrix(labels: NDArray[Any], predictions: NDArray[Any], n_classes: int) -> NDArray[np.int64]:
    """Return counts of shape (n_classes, n_classes): one row per true class, one column per predicted class."""
    flat = np.asarray(labels, dtype=np.int64) * n_classes + np.asarray(predictions, dtype=np.int64)
    return np.bincount(flat, minlength=n_classes**2).reshape(n_classes, n_classes)
