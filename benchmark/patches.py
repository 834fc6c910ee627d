"""Richer features: what the patches of an image look like, and components of a sample.

Input: `uint8` images, of shape (n_samples, n_pixels) or (n_samples, height, width). Output: `float32` features. Components are those
of a sample of the images: so many columns are described that products of all rows would take longer than everything else.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data
from threadpoolctl import threadpool_limits

from benchmark.features import StreamedPCA

__all__ = ["PatchFeatures", "SampledPCA"]

Floats = NDArray[np.float32]
N_SAMPLED = 3000  # images that components and patches are taken of, evenly spaced
N_PATCHES = 30_000  # that centroids are found of
ITERATIONS = 20  # of k-means
MOST_PLACES = 4096  # of patches in an image, of which 60,000 images take ten minutes
AT_ONCE = 4  # images, whose distances stay in a processor's cache; a constant: the last bits of a product depend on it
CONTRAST = 10.0  # added to the variance of a patch's grey values, so that noise on an even patch stays small
EVENNESS = 0.1  # added to the variances of normalised patches before they are made equal
POSITIVE = 1e-3  # added to squared distances, which are some 30, against rounding below 0


class SampledPCA(StreamedPCA):
    """`StreamedPCA` whose components are those of a sample: `N_SAMPLED` rows, evenly spaced, where there are more.

    Parameters
    ----------
    image_shape : tuple of int
        Height and width of an image.
    n_components : int or None
        How many principal components to keep; None keeps the described rows as they are.
    n_jobs : int or None
        As of `StreamedPCA`.

    """

    def __init__(
        self, image_shape: tuple[int, int] = (28, 28), n_components: int | None = None, n_jobs: int | None = None
    ) -> None:
        super().__init__(n_components, n_jobs)
        self.image_shape = image_shape

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit on images of `image_shape`; ValueError if they are of another or too small. See `StreamedPCA.fit`."""
        rows = validate_data(self, X.reshape(len(X), -1) if getattr(X, "ndim", 2) > 2 else X)  # noqa: PLR2004
        height, width = self.image_shape
        if rows.shape[1] != height * width:
            raise ValueError(f"image_shape={self.image_shape} needs {height * width} pixels a row, got {rows.shape[1]}")
        if reason := self.misfit(len(rows)):
            raise ValueError(reason)
        self._learn(_evenly_spaced(rows, N_SAMPLED))
        return super().fit(rows, y)

    def misfit(self, n_samples: int) -> str:
        """Return why so many images of `image_shape` cannot be described, "" if they can."""
        return ""

    def _learn(self, rows: NDArray[Any]) -> None:
        """Learn what the description of rows needs."""

    def _fit_components(self, rows: NDArray[Any], n_components: int) -> None:
        super()._fit_components(_evenly_spaced(rows, N_SAMPLED), n_components)


class PatchFeatures(SampledPCA):
    """How near the patches of an image come to typical ones, by region of the image, then PCA.

    Each patch is normalised and whitened. Its code has a value for each centroid of k-means: by how much the patch is
    nearer to that one than to all on average, or 0 ("triangle"). Features are the square roots of the mean codes of a region.

    Parameters
    ----------
    image_shape, n_components, n_jobs
        As of `SampledPCA`.
    patch : int
        Side of a patch in pixels.
    n_centroids : int
        How many typical patches.
    regions : int
        How many regions along each side of an image; a patch belongs to one.
    random_state : int
        Chooses the patches that centroids are found of, and where k-means starts.

    References
    ----------
    A. Coates, H. Lee, A. Ng (2011), An analysis of single-layer networks in unsupervised feature learning. AISTATS 15:215-223.

    """

    def __init__(
        self,
        image_shape: tuple[int, int] = (28, 28),
        n_components: int | None = None,
        patch: int = 6,
        n_centroids: int = 200,
        regions: int = 3,
        random_state: int = 0,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(image_shape, n_components, n_jobs)
        self.patch = patch
        self.n_centroids = n_centroids
        self.regions = regions
        self.random_state = random_state

    def misfit(self, n_samples: int) -> str:
        """Return why so many images of `image_shape` cannot be described, "" if they can."""
        least = self.patch + self.regions - 1
        if min(self.image_shape) < least:
            return f"image_shape={self.image_shape} is less than {least} x {least} pixels"
        if self._n_places > MOST_PLACES:
            return f"image_shape={self.image_shape} has {self._n_places} patches; more than {MOST_PLACES} take too long"
        n_patches = min(n_samples, N_SAMPLED) * self._n_places
        if n_patches < self.n_centroids:
            return f"n_centroids={self.n_centroids}, where there are {n_patches} patches"
        return too_many(self.n_components, n_samples, self.most_described)

    @property
    def most_described(self) -> int:
        """Number of columns before PCA."""
        return self.regions**2 * self.n_centroids

    @property
    def _places(self) -> tuple[int, int]:
        """How many patches there are along the height and the width."""
        height, width = self.image_shape
        return height - self.patch + 1, width - self.patch + 1

    @property
    def _n_places(self) -> int:
        return self._places[0] * self._places[1]

    def _learn(self, rows: NDArray[Any]) -> None:
        rng, n = np.random.default_rng(self.random_state), self._n_places
        of_each = min(n, -(-N_PATCHES // len(rows)))
        chosen = [self._patches(row[np.newaxis])[rng.choice(n, of_each, replace=False)] for row in rows]
        patches = np.concatenate(chosen)
        self.patch_mean_ = patches.mean(axis=0)
        variances, axes = np.linalg.eigh(np.cov(patches.T.astype(np.float64)))
        self.whitening_ = ((axes / np.sqrt(variances + EVENNESS)) @ axes.T).astype(np.float32)
        white = (patches - self.patch_mean_) @ self.whitening_
        from sklearn.cluster import KMeans  # takes a while

        with threadpool_limits(1):  # several threads would sum in any order
            means = KMeans(self.n_centroids, n_init=1, max_iter=ITERATIONS, random_state=self.random_state).fit(white)
        self.centroids_ = means.cluster_centers_.astype(np.float32)

    def _patches(self, rows: NDArray[Any]) -> Floats:
        """Return the normalised patches of images, of shape (n_samples * n_places, patch ** 2)."""
        images = rows.reshape(-1, *self.image_shape)
        windows = sliding_window_view(images, (self.patch, self.patch), axis=(1, 2))
        patches = windows.reshape(len(rows) * self._n_places, self.patch**2).astype(np.float32)
        patches -= patches.mean(axis=1, keepdims=True)
        variances = np.einsum("ij,ij->i", patches, patches) / np.float32(self.patch**2)
        patches /= np.sqrt(variances + np.float32(CONTRAST))[:, np.newaxis]
        return patches

    def _describe(self, rows: NDArray[Any]) -> Floats:
        """Describe images by one product each: the squared distance of a patch w to a centroid c is w² - 2 wc + c²."""
        pooling, n = self._pooling(), self._n_places
        lengths = np.einsum("ij,ij->i", self.centroids_, self.centroids_)
        ones = np.ones(self.n_centroids, dtype=np.float32)
        factors = np.stack([*(-2 * self.centroids_.T), ones, lengths + np.float32(POSITIVE)])
        white = np.ones((AT_ONCE * n, self.patch**2 + 2), dtype=np.float32)
        distances = np.empty((AT_ONCE * n, self.n_centroids), dtype=np.float32)
        described = np.empty((len(rows), len(pooling), self.n_centroids), dtype=np.float32)
        for start in range(0, len(rows), AT_ONCE):
            own = rows[start : start + AT_ONCE]
            w, d = white[: len(own) * n], distances[: len(own) * n]
            np.matmul(self._patches(own) - self.patch_mean_, self.whitening_, out=w[:, :-2])
            np.einsum("ij,ij->i", w[:, :-2], w[:, :-2], out=w[:, -2])
            np.sqrt(np.matmul(w, factors, out=d), out=d)
            np.subtract((d @ (ones / np.float32(self.n_centroids)))[:, np.newaxis], d, out=d)
            np.maximum(d, 0, out=d)
            np.sqrt(pooling @ d.reshape(len(own), n, -1), out=described[start : start + len(own)])
        found: Floats = described.reshape(len(rows), -1)
        return found

    def _pooling(self) -> Floats:
        """Return how much of each place's code each region gets, of shape (n_regions, n_places)."""
        shares = []
        for n in self._places:
            own = np.arange(n) * self.regions // n == np.arange(self.regions)[:, np.newaxis]
            shares.append(own / own.sum(axis=1, keepdims=True))
        found: Floats = np.einsum("ap,bq->abpq", *shares).reshape(self.regions**2, -1).astype(np.float32)
        return found


def too_many(n_components: int | None, n_samples: int, n_columns: int) -> str:
    """Return why there are not so many components, "" if there are."""
    most = min(n_samples, n_columns)
    if n_components is None or 1 <= n_components <= most:
        return ""
    return f"n_components={n_components}, where there are {most} at most"


def _evenly_spaced(rows: NDArray[Any], n: int) -> NDArray[Any]:
    return rows if len(rows) <= n else rows[np.arange(n) * len(rows) // n]
