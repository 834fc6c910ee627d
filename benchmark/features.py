"""From raw images to features: transformers that are fitted and applied chunk by chunk, in float32.

Input: `uint8` images, of shape (n_samples, n_pixels) or (n_samples, height, width). Output: `float32` features.
"""

from __future__ import annotations

import functools
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from benchmark.components import chunks, in_order, leading_components

__all__ = ["HogFeatures", "PixelFeatures", "StreamedPCA"]

Floats = NDArray[np.float32]
GREYS = 255  # the largest grey value
N_DIFFERENCES = 2 * GREYS + 1
CENTRE = GREYS * N_DIFFERENCES + GREYS  # the index at which both differences are 0


class StreamedPCA(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Principal components from one pass over the data, exact and in little memory.

    The covariance is summed chunk by chunk (float32 products, float64 sums, around the mean of the first chunk, to
    avoid cancellation) and decomposed once; where there are fewer rows than columns, their products are instead. Equals
    `sklearn.decomposition.PCA` up to the signs of components, which are fixed here: the entry of largest magnitude is positive. A
    component without variance is zero.

    Parameters
    ----------
    n_components : int or None
        How many components to keep; None leaves the described rows as they are, without PCA.
    n_jobs : int or None
        Chunks that are described side by side, in threads; None means 1. It changes no bit: sums are made in order.

    Attributes
    ----------
    mean_ : ndarray of shape (n_described,)
    components_ : ndarray of shape (n_components, n_described)
    explained_variance_, explained_variance_ratio_ : ndarray of shape (n_components,)
    """

    def __init__(self, n_components: int | None = None, n_jobs: int | None = None) -> None:
        self.n_components = n_components
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit on `X` of shape (n_samples, n_pixels) or (n_samples, height, width); ValueError if it cannot give the components."""
        rows = validate_data(self, _as_rows(X), ensure_min_samples=1 if self.n_components is None else 2)
        self._n_described = self._describe(rows[:1]).shape[1]
        if self.n_components is not None:
            self._fit_components(rows, self.n_components)
        return self

    def transform(self, X: Any) -> Floats:
        """Return the features of `X`, of shape (n_samples, n_components)."""
        check_is_fitted(self)
        rows = validate_data(self, _as_rows(X), reset=False)
        return np.concatenate(list(in_order(self._transformed, chunks(rows), self.n_jobs or 1)))

    def _transformed(self, chunk: NDArray[Any]) -> Floats:
        described = self._describe(chunk)
        if self.n_components is None:
            return described
        projection = self.components_.T
        return described @ projection - self.mean_ @ projection

    def _describe(self, rows: NDArray[Any]) -> Floats:
        """Turn raw rows into the rows that PCA is applied to."""
        return rows.astype(np.float32)

    def _fit_components(self, rows: NDArray[Any], n_components: int) -> None:
        n_samples, n_described = len(rows), self._n_described
        if not 1 <= n_components <= min(n_samples, n_described):
            raise ValueError(
                f"n_components={n_components} must lie between 1 and min(n_samples={n_samples}, "
                f"n_features={n_described})"
            )
        found = leading_components(rows, self._describe, n_described, n_components, self.n_jobs or 1)
        self.mean_ = found.mean
        self.components_ = found.vectors
        self.explained_variance_ = found.variances
        self.explained_variance_ratio_ = found.variances / (found.total_variance or 1.0)

    @property
    def _n_features_out(self) -> int:
        return self._n_described if self.n_components is None else self.n_components

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


class PixelFeatures(StreamedPCA):
    """The square roots of the pixels, scaled to [0, 1], then PCA.

    The root evens out the contrast: a dark and a bright garment of the same shape come closer. Negative values, which
    no image has, keep their sign.

    Parameters
    ----------
    n_components : int or None
        How many principal components to keep; None keeps the scaled pixels.
    """

    def _describe(self, rows: NDArray[Any]) -> Floats:
        return _rooted(rows)


class HogFeatures(StreamedPCA):
    """Histograms of oriented gradients beside the scaled pixels, then PCA.

    Gradients are central differences of the image padded with black; orientations are unsigned; each pixel votes with
    its gradient's magnitude, shared between the nearest orientations and cells; blocks of 2x2 cells are normalised by
    L2-Hys.

    Parameters
    ----------
    image_shape : tuple of int
        Height and width of an image; both must be multiples of `cell` and span two cells at least.
    n_components : int or None
        How many principal components to keep; None keeps all.
    cell : int
        Side of a cell in pixels.
    n_orientations : int
        Bins of a histogram over 180 degrees, 2 or more.
    pixel_weight : float
        Factor for the pixels, divided by 255, relative to histograms with blocks of unit norm.

    References
    ----------
    N. Dalal, B. Triggs: Histograms of oriented gradients for human detection. CVPR 2005, section 6.
    """

    def __init__(
        self,
        image_shape: tuple[int, int] = (28, 28),
        n_components: int | None = None,
        cell: int = 4,
        n_orientations: int = 9,
        pixel_weight: float = 0.45,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(n_components, n_jobs)
        self.image_shape = image_shape
        self.cell = cell
        self.n_orientations = n_orientations
        self.pixel_weight = pixel_weight

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit on images of `image_shape`, which is a whole number of cells; ValueError otherwise. See `StreamedPCA.fit`."""
        rows = _as_rows(X)
        validate_data(self, rows)
        height, width = self.image_shape
        if rows.shape[1] != height * width:
            raise ValueError(f"image_shape={self.image_shape} needs {height * width} pixels a row, got {rows.shape[1]}")
        if height % self.cell or width % self.cell or min(height, width) < 2 * self.cell:
            raise ValueError(f"image_shape={self.image_shape} is no whole number (2 or more) of cells of {self.cell}")
        if self.n_orientations < 2:  # noqa: PLR2004
            raise ValueError(f"n_orientations={self.n_orientations} must be 2 or more")
        return super().fit(rows, y)

    def _describe(self, rows: NDArray[Any]) -> Floats:
        images = (rows if rows.dtype == np.uint8 else rows / 255).reshape(-1, *self.image_shape)
        histograms = oriented_gradients(images, cell=self.cell, n_orientations=self.n_orientations)
        pixels = rows.astype(np.float32) * np.float32(self.pixel_weight / 255)
        return np.concatenate([histograms, pixels], axis=1)


def oriented_gradients(
    images: NDArray[np.floating], *, cell: int, n_orientations: int, interpolated: bool = True
) -> Floats:
    """Return block-normalised histograms of oriented gradients.

    Parameters
    ----------
    images : ndarray of shape (n_samples, height, width)
        Brightness from 0 to 1, or `uint8` from 0 to 255, which is three times as fast.
    cell : int
        Side of a cell in pixels.
    n_orientations : int
        Bins over 180 degrees, 2 or more.
    interpolated : bool
        Whether a gradient is shared, linearly, between its two nearest orientations and its four nearest cells
        ("trilinear interpolation"), or goes whole into one bin of one cell, as in `skimage.feature.hog`.

    Returns
    -------
    ndarray of shape (n_samples, n_blocks * 4 * n_orientations)
        Ordered as in `skimage.feature.hog`, with which it agrees on images with a black border of one cell.
    """
    whole = images.dtype == np.uint8
    padded = np.pad(images.astype(np.int32 if whole else np.float64), ((0, 0), (1, 1), (1, 1)))
    vertical = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    horizontal = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    if whole:
        votes = _vote_table(n_orientations, interpolated).take(vertical * N_DIFFERENCES + horizontal + CENTRE, axis=0)
    else:
        votes = _votes(vertical, horizontal, n_orientations, interpolated)
    n, height, width = images.shape
    rows, columns = _cell_shares(height, cell, interpolated), _cell_shares(width, cell, interpolated)
    strips = (rows @ votes.reshape(n, height, -1)).reshape(-1, width, n_orientations)
    return _normalised_blocks((columns @ strips).reshape(n, len(rows), len(columns), -1) / np.float32(cell**2))


def _votes(vertical: NDArray[Any], horizontal: NDArray[Any], n_orientations: int, interpolated: bool) -> Floats:  # noqa: FBT001
    """Return the votes of gradients for each orientation, of shape (..., n_orientations)."""
    magnitude = np.hypot(vertical, horizontal)
    position = np.rad2deg(np.arctan2(vertical, horizontal)) % 180 / (180 / n_orientations) - interpolated / 2
    lower = np.floor(position)
    share = position - lower if interpolated else np.zeros_like(position)
    votes = np.zeros((*magnitude.shape, n_orientations), dtype=np.float32)
    for orientation, weight in ((lower, 1 - share), (lower + 1, share)):
        bins = orientation.astype(np.int64) % n_orientations
        np.put_along_axis(votes, bins[..., np.newaxis], (magnitude * weight).astype(np.float32)[..., np.newaxis], -1)
    return votes


@functools.cache
def _vote_table(n_orientations: int, interpolated: bool) -> Floats:  # noqa: FBT001
    """Return the votes of every integer gradient, one row each; the horizontal difference varies fastest."""
    differences = np.arange(-GREYS, GREYS + 1) / GREYS
    return _votes(
        np.repeat(differences, N_DIFFERENCES), np.tile(differences, N_DIFFERENCES), n_orientations, interpolated
    )


def _cell_shares(length: int, cell: int, interpolated: bool) -> Floats:  # noqa: FBT001
    """Return how much of each pixel's vote each cell gets along one axis, of shape (n_cells, length)."""
    pixels, cells = np.arange(length) + 0.5, (np.arange(length // cell) + 0.5) * cell
    distance = np.abs(pixels - cells[:, np.newaxis]) / cell
    shares = np.maximum(1 - distance, 0) if interpolated else distance < 1 / 2
    return shares.astype(np.float32)


def _normalised_blocks(histogram: Floats) -> Floats:
    """L2-Hys: normalise 2x2 blocks of cells, clip at 0.2, normalise again."""
    corners = [histogram[:, i : i - 1 or None, j : j - 1 or None] for i in (0, 1) for j in (0, 1)]
    blocks = np.stack(corners, axis=3).reshape(len(histogram), -1, 4 * histogram.shape[-1])
    for clip in (0.2, np.inf):
        norm = np.sqrt(np.einsum("nbd,nbd->nb", blocks, blocks) + np.float32(1e-5) ** 2)
        blocks = np.minimum(blocks / norm[..., np.newaxis], np.float32(clip))
    return np.ascontiguousarray(blocks.reshape(len(histogram), -1))


def _rooted(rows: NDArray[Any]) -> Floats:
    scaled = rows.astype(np.float32) / np.float32(255)
    return np.copysign(np.sqrt(np.abs(scaled)), scaled)  # type: ignore[no-any-return]


def _as_rows(X: Any) -> Any:
    return X.reshape(len(X), -1) if getattr(X, "ndim", 2) > 2 else X  # noqa: PLR2004
