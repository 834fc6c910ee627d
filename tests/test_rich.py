"""Patches and rich features: their definitions, step by step, with scikit-learn as the oracle; sizes; and no bit by chance."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.metrics import pairwise_distances
from sklearn.utils.estimator_checks import check_estimator
from threadpoolctl import threadpool_limits

from benchmark import components, patches, rich
from benchmark.features import HogFeatures
from benchmark.measure.entry import FEATURES as ENTRY_FEATURES
from benchmark.measure.keys import FIT_CODE, fit_code
from benchmark.measure.memory import feature_bytes, sampled_columns
from benchmark.patches import PatchFeatures
from benchmark.publish.pages.methods import FEATURES
from benchmark.rich import GradientFeatures, RichFeatures
from tests.measure.test_memory import peak_of
from tests.test_features import EXPECTED

SMALL = {"n_centroids": 12}


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    with threadpool_limits(1):
        yield


def rows_of(sample, n):
    return np.array(sample.train_images[:n]).reshape(n, -1)


@pytest.mark.parametrize("transformer", [PatchFeatures(), GradientFeatures(), RichFeatures()], ids=repr)
def test_passes_every_check_of_scikit_learn_whose_data_could_be_images(transformer):
    found = check_estimator(transformer, expected_failed_checks=EXPECTED, on_fail="raise")
    assert {check["check_name"] for check in found if check["status"] == "failed"} == set()
    assert sum(check["status"] == "passed" for check in found) > 10


def by_definition(fitted, image):
    """Return the codes of an image's patches, one after the other, pooled: Coates, Lee and Ng (2011), sections 3.1 to 3.3."""
    side, places = fitted.patch, []
    for top in range(image.shape[0] - side + 1):
        for left in range(image.shape[1] - side + 1):
            patch = image[top : top + side, left : left + side].astype(float).ravel()
            patch = (patch - patch.mean()) / np.sqrt(patch.var() + patches.CONTRAST)
            white = (patch - fitted.patch_mean_) @ fitted.whitening_
            distances = np.sqrt(pairwise_distances(white[np.newaxis], fitted.centroids_)[0] ** 2 + patches.POSITIVE)
            places.append((top, left, np.maximum(0, distances.mean() - distances)))
    n = image.shape[0] - side + 1
    regions = [[] for _ in range(fitted.regions**2)]
    for top, left, code in places:
        regions[top * fitted.regions // n * fitted.regions + left * fitted.regions // n].append(code)
    return np.sqrt([np.mean(region, axis=0) for region in regions]).ravel()


def test_patches_are_coded_as_defined(sample):
    images = np.array(sample.train_images[:40])
    fitted = PatchFeatures(patch=5, n_centroids=9).fit(images)
    found = fitted.transform(images[:7])  # more than are described at once, and no whole number of that
    assert found == pytest.approx(np.stack([by_definition(fitted, image) for image in images[:7]]), abs=2e-3)


def test_patches_are_whitened_and_centroids_are_means_of_their_own(sample):
    fitted = PatchFeatures(n_centroids=20).fit(sample.train_images[:300])
    normalised = fitted._patches(rows_of(sample, 300))
    white = (normalised - fitted.patch_mean_) @ fitted.whitening_
    variances = np.linalg.eigvalsh(np.cov(white.T))
    assert variances.max() == pytest.approx(1, abs=0.05)  # those well above the noise
    nearest = pairwise_distances(white, fitted.centroids_).argmin(axis=1)
    assert np.bincount(nearest, minlength=20).min() > 0


def test_components_are_those_of_the_sample(sample, monkeypatch):
    monkeypatch.setattr(patches, "N_SAMPLED", 100)
    rows = rows_of(sample, 1000)
    fitted = GradientFeatures(n_components=20, cell=7).fit(rows)
    described = clone(fitted).set_params(n_components=None).fit(rows).transform(rows)
    theirs = PCA(n_components=20, svd_solver="full").fit(described[::10])
    assert fitted.explained_variance_ == pytest.approx(theirs.explained_variance_, rel=1e-4)
    assert np.abs(fitted.transform(rows)) == pytest.approx(np.abs(theirs.transform(described)), abs=1e-3)


def test_each_block_has_its_weight_in_the_variance(sample):
    rows = rows_of(sample, 600)
    features = RichFeatures(n_block_components=(30, 20, 40), **SMALL).fit(rows)
    found = features.transform(rows)
    assert found.dtype == np.float32
    assert found.shape == (600, 90)
    shares = [found[:, columns].var(axis=0, ddof=1).sum() for columns in (slice(30), slice(30, 50), slice(50, 90))]
    assert shares == pytest.approx(features.weights, rel=1e-3)
    alone = HogFeatures(n_components=30).fit(rows).transform(rows)
    assert np.corrcoef(found[:, 0], alone[:, 0])[0, 1] == pytest.approx(1, abs=1e-5)


def test_of_fewer_images_than_components_the_further_columns_are_zero(sample):
    rows = rows_of(sample, 25)
    found = RichFeatures(n_block_components=(30, 20, 40), **SMALL).fit(rows).transform(rows)
    assert found.shape == (25, 90)
    assert np.all(found[:, [*range(25, 30), *range(75, 90)]] == 0)
    assert np.isfinite(found).all()
    same = np.repeat(rows[:1], 30, axis=0)
    assert np.all(RichFeatures(**SMALL).fit(same).transform(same) == 0)


def test_further_components_are_of_all_blocks(sample):
    rows = rows_of(sample, 300)
    blocks = RichFeatures(n_block_components=(30, 20, 40), **SMALL).fit(rows).transform(rows)
    found = RichFeatures(n_components=10, n_block_components=(30, 20, 40), **SMALL).fit(rows).transform(rows)
    theirs = PCA(n_components=10, svd_solver="full").fit_transform(blocks)
    assert np.abs(found) == pytest.approx(np.abs(theirs), abs=1e-3)


@pytest.mark.parametrize("n_components", [None, 15])
def test_threads_change_no_bit_and_neither_does_a_second_fit(sample, monkeypatch, n_components):
    monkeypatch.setattr(components, "CHUNK_ROWS", 100)
    rows = rows_of(sample, 450)
    own = RichFeatures(n_components=n_components, n_block_components=(30, 20, 40), **SMALL)
    one, again, three = (clone(own).set_params(n_jobs=n).fit(rows).transform(rows) for n in (None, 1, 3))
    assert one.tobytes() == again.tobytes() == three.tobytes()


def test_an_image_alone_is_described_as_among_others(sample):
    rows = rows_of(sample, 203)
    fitted = RichFeatures(n_block_components=(30, 20, 40), **SMALL).fit(rows)
    together = fitted.transform(rows)
    assert np.concatenate([fitted.transform(rows[i : i + 1]) for i in (0, 5, 202)]) == pytest.approx(
        together[[0, 5, 202]], abs=1e-5
    )
    assert fitted.transform(rows.astype(float)) == pytest.approx(together, abs=1e-4)


@pytest.mark.parametrize(
    ("transformer", "shape", "words"),
    [
        (RichFeatures(), (30, 30), "no whole number (2 or more) of cells of 4"),
        (RichFeatures(), (1, 4096), "no whole number"),
        (RichFeatures((4, 4)), (4, 4), "no whole number (2 or more) of cells of 4"),
        (PatchFeatures(), (7, 28), "is less than 8 x 8 pixels"),
        (RichFeatures(), (96, 96), "has 8281 patches; more than 4096 take too long"),
        (RichFeatures(n_components=600), (28, 28), "n_components=600, where there are 40 at most"),
        (PatchFeatures(n_centroids=500), (8, 8), "n_centroids=500, where there are 360 patches"),
        (GradientFeatures(n_components=60), (28, 28), "n_components=60, where there are 40 at most"),
    ],
    ids=str,
)
def test_images_of_another_size_are_refused_in_words(transformer, shape, words):
    images = np.random.default_rng(0).integers(0, 256, (40, *shape)).astype(np.uint8)
    own = clone(transformer).set_params(image_shape=shape)
    with pytest.raises(ValueError, match=words.replace("(", r"\(").replace(")", r"\)")):
        own.fit(images)
    assert words in own.misfit(40)
    with pytest.raises(ValueError, match="pixels a row, got 81"):
        own.fit(np.zeros((40, 9, 9), np.uint8))


@pytest.mark.parametrize("shape", [(8, 8), (28, 32), (64, 12)])
def test_images_that_are_no_square_are_described(shape):
    images = np.random.default_rng(0).integers(0, 256, (60, *shape)).astype(np.uint8)
    assert np.isfinite(RichFeatures(shape, n_block_components=(9, 8, 7), **SMALL).fit(images).transform(images)).all()


def test_memory_is_no_more_than_is_said(sample):
    rows, features = rows_of(sample, 400), RichFeatures()
    said = sampled_columns(patches.N_SAMPLED, features.most_components, features.most_described)
    assert peak_of(lambda: features.fit(rows).transform(rows)) < feature_bytes(400, features.n_columns, 784, said)
    assert said < 4500  # not those of the block's 6,084 columns


def test_the_key_of_a_model_has_the_code_of_its_own_features():
    assert fit_code(HogFeatures()) == FIT_CODE
    assert fit_code(RichFeatures()) == (*FIT_CODE, "patches", "rich")
    assert fit_code(PatchFeatures()) == (*FIT_CODE, "patches")
    assert {rich.__name__, patches.__name__} == {"benchmark.rich", "benchmark.patches"}


def test_the_methods_page_says_what_they_are():
    own, words = RichFeatures(), FEATURES["rich"]
    fine, code = GradientFeatures(), PatchFeatures(n_centroids=own.n_centroids)
    coarse, small, patch = own.n_block_components
    assert (
        f"hog ({coarse} principal components), gradients in cells of {fine.cell} × {fine.cell} pixels ({small})"
        in words
    )
    assert f"patches ({patch}). Patches of {code.patch} × {code.patch} pixels" in words
    assert f"{code.n_centroids} typical ones" in words
    assert f"{code.regions} × {code.regions} regions" in words
    assert "{:.0f}, {:.0f} and {:.0f} %".format(*(100 * weight for weight in own.weights)) in words
    assert f"those of {patches.N_SAMPLED:,} of the images" in words
    assert set(FEATURES) == set(ENTRY_FEATURES)
