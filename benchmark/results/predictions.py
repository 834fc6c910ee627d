"""Predictions as text, one character an image, and the confusion matrix that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import ResultsError
from benchmark.results.text import Source, restore_remedy

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LINE = 100


def encode_predictions(labels: Sequence[int] | NDArray[Any]) -> str:
    """Return class indices as text, one character an image, 100 a line."""
    characters = "".join(ALPHABET[label] for label in labels)
    return "".join(characters[start : start + LINE] + "\n" for start in range(0, len(characters), LINE))


def decode_predictions(text: str, where: str, *, n_classes: int, n_images: int | None = None) -> NDArray[np.int64]:
    """Return class indices, ndarray of shape (n_images,), from the text of the file `where`.

    Raises
    ------
    ResultsError
        If a character is no class or the number of images is another.

    """
    codes = {character: label for label, character in enumerate(ALPHABET[:n_classes])}
    characters = text.replace("\n", "")
    foreign = sorted(set(characters) - set(codes))
    if foreign:
        raise ResultsError(
            f"{where} holds characters that are no class",
            expected=f"one of {ALPHABET[:n_classes]} an image",
            found=" ".join(map(repr, foreign[:5])),
            remedy=restore_remedy(where),
        )
    if n_images is not None and len(characters) != n_images:
        raise ResultsError(
            f"{where} has another number of images",
            expected=str(n_images),
            found=str(len(characters)),
            remedy=restore_remedy(where),
        )
    return np.array([codes[character] for character in characters], dtype=np.int64)


def read_labels(source: Source, name: str, n_classes: int, n_images: int) -> NDArray[np.int64]:
    """Return the labels, of shape (n_images,), in a file of a source; see `decode_predictions` for errors."""
    content, where = source.read(name), source.where(name)
    if content is None or not content.isascii():
        raise ResultsError(
            f"{where} cannot be read",
            expected="ASCII text",
            found="no such file" if content is None else "other characters",
            remedy="make bench",
        )
    return decode_predictions(content.decode("ascii"), where, n_classes=n_classes, n_images=n_images)


def confusion_matrix(labels: NDArray[Any], predictions: NDArray[Any], n_classes: int) -> NDArray[np.int64]:
    """Return counts of shape (n_classes, n_classes): true class a row, predicted class a column."""
    flat = np.asarray(labels, dtype=np.int64) * n_classes + np.asarray(predictions, dtype=np.int64)
    return np.bincount(flat, minlength=n_classes**2).reshape(n_classes, n_classes)
