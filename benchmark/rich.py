"""The richest features: histograms of gradients of two sizes beside patches.

Input: `uint8` images, of shape (n_samples, n_pixels) or (n_samples, height, width). Output: `float32` features.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.features import HogFeatures, oriented_gradients
from benchmark.patches import PatchFeatures, SampledPCA, too_many

__all__ = ["GradientFeatures", "RichFeatures"]

Floats = NDArray[np.float32]
LEAST_VARIANCE = 1e-6  # of a block: less is rounding, of images that are all the same; of photographs it is more than 1
PIECE = 500  # images of which all blocks are described at once; a constant: the last bits of a product depend on it


class GradientFeatures(SampledPCA):
    """Histograms of oriented gradients of small cells, then PCA; see `HogFeatures`.

    Parameters
    ----------
    image_shape, n_components, n_jobs
        As of `SampledPCA`.
    cell : int
        Side of a cell in pixels.
    n_orientations : int
        Bins of a histogram over 180 degrees, 2 or more.

    """

    def __init__(
        self,
        image_shape: tuple[int, int] = (28, 28),
        n_components: int | None = None,
        cell: int = 2,
        n_orientations: int = 9,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(image_shape, n_components, n_jobs)
        self.cell = cell
        self.n_orientations = n_orientations

    def misfit(self, n_samples: int) -> str:
        """Return why so many images of `image_shape` cannot be described, "" if they can."""
        height, width = self.image_shape
        if height % self.cell or width % self.cell or min(height, width) < 2 * self.cell:
            return f"image_shape={self.image_shape} is no whole number (2 or more) of cells of {self.cell}"
        return too_many(self.n_components, n_samples, self.most_described)

    @property
    def most_described(self) -> int:
        """Number of columns before PCA."""
        height, width = self.image_shape
        return (height // self.cell - 1) * (width // self.cell - 1) * 4 * self.n_orientations

    def _describe(self, rows: NDArray[Any]) -> Floats:
        images = (rows if rows.dtype == np.uint8 else rows / 255).reshape(-1, *self.image_shape)
        return oriented_gradients(images, cell=self.cell, n_orientations=self.n_orientations)


class RichFeatures(SampledPCA):
    """Histograms of gradients of two sizes and patches, each reduced by PCA, side by side; then PCA of them all, if asked for.

    Blocks are scaled so that each has its weight in the squared distance between two images, on average.

    Parameters
    ----------
    image_shape, n_components, n_jobs
        As of `SampledPCA`; without `n_components` all columns of the blocks are kept, in their order.
    n_block_components : tuple of int
        Principal components of `HogFeatures`, `GradientFeatures` and `PatchFeatures`. Of fewer images there are no more than
        images; the further columns are 0.
    weights : tuple of float
        Weights of the blocks; their sum is the variance of all columns together.
    n_centroids : int
        As of `PatchFeatures`.

    """

    def __init__(
        self,
        image_shape: tuple[int, int] = (28, 28),
        n_components: int | None = None,
        n_block_components: tuple[int, int, int] = (200, 150, 200),
        weights: tuple[float, float, float] = (0.4, 0.25, 0.35),
        n_centroids: int = 200,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(image_shape, n_components, n_jobs)
        self.n_block_components = n_block_components
        self.weights = weights
        self.n_centroids = n_centroids

    def _unfitted(self) -> tuple[HogFeatures, GradientFeatures, PatchFeatures]:
        shape = self.image_shape
        return HogFeatures(shape), GradientFeatures(shape), PatchFeatures(shape, n_centroids=self.n_centroids)

    def misfit(self, n_samples: int) -> str:
        """Return why so many images of `image_shape` cannot be described, "" if they can."""
        coarse, fine, patches = self._unfitted()
        reasons = (block.misfit(n_samples) for block in (_histograms(coarse), fine, patches))
        return next(filter(None, reasons), "") or too_many(self.n_components, n_samples, self._n_blocks)

    @property
    def n_columns(self) -> int:
        """Number of features."""
        return self._n_blocks if self.n_components is None else self.n_components

    @property
    def most_components(self) -> int:
        """Components of the block that has most."""
        return max(self.n_block_components)

    @property
    def most_described(self) -> int:
        """Number of columns before PCA of the block that has most."""
        found: int = max(block.most_described for block in self._unfitted()[1:])
        return found

    @property
    def _n_blocks(self) -> int:
        return sum(self.n_block_components)

    def _learn(self, rows: NDArray[Any]) -> None:
        coarse, fine, patches = self._unfitted()
        n_described = _histograms(coarse).most_described + rows.shape[1], fine.most_described, patches.most_described
        self.blocks_ = [
            block.set_params(n_components=min(wanted, len(rows), n)).fit(rows)
            for block, wanted, n in zip((coarse, fine, patches), self.n_block_components, n_described, strict=True)
        ]
        variances = [float(block.explained_variance_.sum()) for block in self.blocks_]
        self.scales_ = [
            np.float32(np.sqrt(weight / variance) if variance > LEAST_VARIANCE else 0.0)
            for weight, variance in zip(self.weights, variances, strict=True)
        ]

    def _describe(self, rows: NDArray[Any]) -> Floats:
        described = np.zeros((len(rows), self._n_blocks), dtype=np.float32)
        for start in range(0, len(rows), PIECE):
            own, column = slice(start, start + PIECE), 0
            for block, scale, width in zip(self.blocks_, self.scales_, self.n_block_components, strict=True):
                found = block.transform(rows[own])
                np.multiply(found, scale, out=described[own, column : column + found.shape[1]])
                column += width
        return described


def _histograms(features: HogFeatures) -> GradientFeatures:
    """Return what `HogFeatures` has besides the pixels."""
    return GradientFeatures(features.image_shape, None, features.cell, features.n_orientations)
