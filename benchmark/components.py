"""Principal components of rows that are described chunk by chunk.

Input: raw rows, and a function that describes a chunk of them in float32. Output: the leading components. They come from the columns'
covariance or from the products of the rows, whichever matrix is smaller: the shape alone decides.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Describe = Callable[[NDArray[Any]], Floats]
CHUNK_ROWS = 2000  # a constant, not a parameter: the last bits of a sum depend on it
CHUNK_VALUES = CHUNK_ROWS * 1024  # raw values, of large images
BLOCK_VALUES = 1 << 24  # float64 values of described rows at once


@dataclass(frozen=True)
class Components:
    """The leading components, largest variance first; a component without variance is zero.

    Parameters
    ----------
    mean : ndarray of shape (n_described,)
    vectors : ndarray of shape (n_components, n_described)
        Of length 1, the entry of largest magnitude positive.
    variances : ndarray of shape (n_components,)
    total_variance : float
        Of all components.

    """

    mean: Floats
    vectors: Floats
    variances: NDArray[np.float64]
    total_variance: float


def leading_components(
    rows: NDArray[Any], describe: Describe, n_described: int, n_components: int, n_jobs: int
) -> Components:
    """Return the leading components of described rows.

    Parameters
    ----------
    rows : ndarray of shape (n_samples, n_values)
    describe : callable
        Returns the description of some rows, float32, of shape (n_rows, n_described).
    n_described, n_components : int
        At most `min(n_samples, n_described)` components.
    n_jobs : int
        Chunks that are described side by side; it changes no bit.

    """
    find = _from_products if len(rows) < n_described else _from_covariance
    return find(rows, describe, n_described, n_components, n_jobs)


def _from_covariance(
    rows: NDArray[Any], describe: Describe, n_described: int, n_components: int, n_jobs: int
) -> Components:
    """Decompose the covariance, summed chunk by chunk (float32 products, float64 sums).

    It is taken around the mean of the first chunk, to avoid cancellation.
    """
    n_samples = len(rows)
    origin = describe(next(chunks(rows))).mean(axis=0, dtype=np.float64).astype(np.float32)
    total = np.zeros(n_described)
    products = np.zeros((n_described, n_described))

    def moments(chunk: NDArray[Any]) -> tuple[NDArray[np.float64], Floats]:
        centred = describe(chunk) - origin
        return centred.sum(axis=0, dtype=np.float64), centred.T @ centred

    for own_total, own_products in in_order(moments, chunks(rows), n_jobs):
        total += own_total
        products += own_products
    shift = total / n_samples
    covariance = (products - n_samples * np.outer(shift, shift)) / (n_samples - 1)
    total_variance = np.trace(covariance)
    variances, vectors = scipy.linalg.eigh(
        covariance, subset_by_index=(n_described - n_components, n_described - 1), overwrite_a=True
    )
    mean = (origin + shift).astype(np.float32)
    return Components(mean, _signed(vectors[:, ::-1].T), np.maximum(variances[::-1], 0.0), float(total_variance))


def _from_products(
    rows: NDArray[Any], describe: Describe, n_described: int, n_components: int, n_jobs: int
) -> Components:
    """Decompose the products of the centred rows with each other, which have the covariance's eigenvalues but for a factor.

    References
    ----------
    C. Bishop (2006), Pattern Recognition and Machine Learning, section 12.1.4.

    """
    n_samples, start = len(rows), 0
    described = np.empty((n_samples, n_described), dtype=np.float32)
    for chunk in in_order(describe, chunks(rows), n_jobs):
        described[start : start + len(chunk)] = chunk
        start += len(chunk)
    mean = described.mean(axis=0, dtype=np.float64).astype(np.float32)
    described -= mean
    products = np.zeros((n_samples, n_samples))
    for columns in _column_blocks(n_samples, n_described):
        block = described[:, columns].astype(np.float64)
        products += block @ block.T
    averages = products.mean(axis=0)
    products += averages.mean() - averages - averages[:, np.newaxis]  # what rounding the mean has left
    total_variance = np.trace(products) / (n_samples - 1)
    squares, weights = scipy.linalg.eigh(
        products, subset_by_index=(n_samples - n_components, n_samples - 1), overwrite_a=True
    )
    squares, weights = squares[::-1], weights[:, ::-1].T
    varies = squares > squares[0] * n_described * np.finfo(np.float64).eps
    weights = weights * varies[:, np.newaxis] / np.sqrt(np.where(varies, squares, 1.0))[:, np.newaxis]
    vectors = np.empty((n_components, n_described))
    for columns in _column_blocks(n_samples, n_described):
        vectors[:, columns] = weights @ described[:, columns].astype(np.float64)
    return Components(mean, _signed(vectors), np.where(varies, squares, 0.0) / (n_samples - 1), float(total_variance))


def _column_blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    width = max(1, BLOCK_VALUES // n_rows)
    for start in range(0, n_columns, width):
        yield slice(start, start + width)


def _signed(vectors: NDArray[Any]) -> Floats:
    """Return vectors, one a row, with the entry of largest magnitude positive."""
    signs = np.sign(vectors[np.arange(len(vectors)), np.abs(vectors).argmax(axis=1)])
    return np.ascontiguousarray(vectors * signs[:, np.newaxis], dtype=np.float32)


def chunk_rows(n_values: int) -> int:
    """Return how many rows of so many values are worked on at once: fewer, where they are large."""
    return min(CHUNK_ROWS, max(1, CHUNK_VALUES // n_values))


def chunks(rows: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield the rows, of shape (n_samples, n_values), chunk by chunk."""
    size = chunk_rows(rows.shape[1])
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def in_order(function: Callable[[Any], Any], pieces: Iterator[Any], n_jobs: int) -> Iterator[Any]:
    """Yield the result of each chunk in turn; up to `n_jobs` are computed side by side, and no more are kept."""
    if n_jobs == 1:
        yield from map(function, pieces)
        return
    with ThreadPoolExecutor(n_jobs) as threads:  # matrix products and most of NumPy release the GIL
        waiting: deque[Future[Any]] = deque()
        for piece in pieces:
            waiting.append(threads.submit(function, piece))
            if len(waiting) > n_jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
