"""Features: proper transformers, equal to scikit-learn's PCA and scikit-image's HOG."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.feature import hog
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.utils.estimator_checks import check_estimator

from benchmark import components, features
from benchmark.features import HogFeatures, PixelFeatures, StreamedPCA


@pytest.mark.parametrize(
    "transformer",
    [PixelFeatures(), PixelFeatures(n_components=1), StreamedPCA(), StreamedPCA(n_components=1)],
    ids=repr,
)
def test_passes_every_check_of_scikit_learn(transformer):
    check_estimator(transformer)


NO_IMAGES = "its data are no images"
EXPECTED = dict.fromkeys(
    (
        "check_dict_unchanged",
        "check_dont_overwrite_parameters",
        "check_dtype_object",
        "check_estimators_dtypes",
        "check_estimators_fit_returns_self",
        "check_estimators_nan_inf",
        "check_estimators_overwrite_params",
        "check_estimators_pickle",
        "check_f_contiguous_array_estimator",
        "check_fit2d_1feature",
        "check_fit2d_1sample",
        "check_fit2d_predict1d",
        "check_fit_check_is_fitted",
        "check_fit_idempotent",
        "check_fit_score_takes_y",
        "check_methods_sample_order_invariance",
        "check_methods_subset_invariance",
        "check_n_features_in",
        "check_n_features_in_after_fitting",
        "check_positive_only_tag_during_fit",
        "check_pipeline_consistency",
        "check_readonly_memmap_input",
        "check_transformer_data_not_an_array",
        "check_transformer_general",
        "check_transformer_preserve_dtypes",
    ),
    NO_IMAGES,
)


def test_hog_passes_every_check_whose_data_could_be_images():
    found = check_estimator(HogFeatures(), expected_failed_checks=EXPECTED, on_fail="raise")
    assert {check["check_name"] for check in found if check["status"] == "failed"} == set()
    assert sum(check["status"] == "passed" for check in found) > 10


def test_hog_has_on_images_what_the_skipped_checks_ask(sample):
    images = np.array(sample.train_images[:60]).reshape(60, -1)
    before = images.copy()
    transformer = HogFeatures(n_components=5, cell=14)  # few columns: quick
    assert transformer.fit(images) is transformer
    found = transformer.transform(images)
    assert found.dtype == np.float32
    assert np.array_equal(images, before)
    assert transformer.get_params()["n_components"] == 5
    assert transformer.n_features_in_ == 784
    assert found == pytest.approx(transformer.fit_transform(images), abs=1e-5)
    assert transformer.transform(images[::-1])[::-1] == pytest.approx(found, abs=1e-5)
    assert transformer.transform(images[:3]) == pytest.approx(found[:3], abs=1e-5)
    assert transformer.transform(images.reshape(-1, 28, 28)) == pytest.approx(found, abs=1e-5)


def test_hog_equals_scikit_image_on_real_images(sample):
    images = np.array(sample.test_images[::7]) / 255
    ours = features.oriented_gradients(images, cell=4, n_orientations=9, interpolated=False)
    framed = np.pad(images, ((0, 0), (4, 4), (4, 4)))  # scikit-image takes no gradient at the border
    theirs = [
        hog(
            image,
            orientations=9,
            pixels_per_cell=(4, 4),
            block_norm="L2-Hys",
            cells_per_block=(2, 2),
            feature_vector=False,
        )
        for image in framed
    ]
    inner = np.array(theirs)[:, 1:-1, 1:-1]
    assert ours == pytest.approx(inner.reshape(len(images), -1), abs=1e-6)


@pytest.mark.parametrize(("cell", "n_orientations"), [(4, 9), (3, 2), (7, 5)])
def test_interpolated_votes_are_those_of_a_loop_over_pixels(cell, n_orientations):
    """The definition (Dalal and Triggs, section 6.4), one vote after another, before the blocks are normalised."""
    rng = np.random.default_rng(0)
    side = 3 * cell
    image = rng.random((side, side))
    framed = np.pad(image, 1)
    histogram = np.zeros((3, 3, n_orientations))
    for y, x in np.ndindex(side, side):
        vertical, horizontal = framed[y + 2, x + 1] - framed[y, x + 1], framed[y + 1, x + 2] - framed[y + 1, x]
        angle = math.degrees(math.atan2(vertical, horizontal)) % 180
        for row, column, orientation in np.ndindex(histogram.shape):
            apart = abs(angle - (orientation + 0.5) * 180 / n_orientations)
            weights = [
                1 - min(apart, 180 - apart) / (180 / n_orientations),
                1 - abs(y + 0.5 - (row + 0.5) * cell) / cell,
                1 - abs(x + 0.5 - (column + 0.5) * cell) / cell,
            ]
            if min(weights) > 0:
                histogram[row, column, orientation] += math.hypot(vertical, horizontal) * math.prod(weights)
    expected = features._normalised_blocks((histogram / cell**2)[np.newaxis].astype(np.float32))
    found = features.oriented_gradients(image[np.newaxis], cell=cell, n_orientations=n_orientations)
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("interpolated", [True, False])
def test_whole_numbers_vote_as_the_brightness_that_they_are(sample, interpolated):
    images = sample.test_images[::7]
    votes = [
        features.oriented_gradients(kind, cell=4, n_orientations=9, interpolated=interpolated)
        for kind in (np.array(images), images / 255)
    ]
    assert votes[0] == pytest.approx(votes[1], abs=1e-6)


def test_streamed_components_equal_those_of_scikit_learn(sample, monkeypatch):
    monkeypatch.setattr(components, "CHUNK_ROWS", 300)  # several chunks, the last of another size
    rows = sample.train_images.reshape(2000, -1)
    ours = PixelFeatures(n_components=40).fit(rows)
    theirs = PCA(n_components=40, svd_solver="full").fit(np.sqrt(rows / 255))
    singular = np.sqrt(ours.explained_variance_ * 1999)
    assert singular == pytest.approx(theirs.singular_values_, rel=1e-4)
    assert ours.explained_variance_ratio_ == pytest.approx(theirs.explained_variance_ratio_, rel=1e-3)
    assert np.abs((ours.components_ * theirs.components_).sum(axis=1))[:20] == pytest.approx(1, abs=1e-3)
    assert ours.mean_ == pytest.approx(theirs.mean_, abs=1e-5)


def few_and_large(n_rows=60, n_pixels=4096, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n_rows, n_pixels)).astype(np.uint8)


@pytest.mark.parametrize("n_jobs", [None, 3])
@pytest.mark.parametrize("n_components", [1, 4, 59])
def test_components_of_few_large_images_equal_those_of_scikit_learn(monkeypatch, n_components, n_jobs):
    monkeypatch.setattr(components, "CHUNK_VALUES", 17 * 4096)  # several chunks, and blocks of columns
    monkeypatch.setattr(components, "BLOCK_VALUES", 60 * 1000)
    rows = few_and_large()
    ours = PixelFeatures(n_components=n_components, n_jobs=n_jobs).fit(rows)
    theirs = PCA(n_components=n_components, svd_solver="full").fit(np.sqrt(rows / 255))
    assert ours.explained_variance_ == pytest.approx(theirs.explained_variance_, rel=1e-5)
    assert ours.explained_variance_ratio_ == pytest.approx(theirs.explained_variance_ratio_, rel=1e-5)
    assert np.abs((ours.components_ * theirs.components_).sum(axis=1)) == pytest.approx(1, abs=1e-5)
    assert np.abs(ours.transform(rows)) == pytest.approx(np.abs(theirs.transform(np.sqrt(rows / 255))), abs=1e-4)


def test_the_shape_alone_decides_which_matrix_is_decomposed_and_both_give_the_same(monkeypatch):
    rows = few_and_large(40, 41)
    products = PixelFeatures(n_components=20).fit(rows)
    monkeypatch.setattr(components, "_from_products", components._from_covariance)
    covariance = PixelFeatures(n_components=20).fit(rows)
    assert products.components_ == pytest.approx(covariance.components_, abs=1e-3)
    assert products.explained_variance_ == pytest.approx(covariance.explained_variance_, rel=1e-4)
    monkeypatch.setattr(components, "_from_products", None)  # is not asked for where there are as many rows as columns
    PixelFeatures(n_components=20).fit(few_and_large(41, 41))


@pytest.mark.parametrize("rows", [np.repeat(few_and_large(3, 50), 4, axis=0), np.full((5, 9), 7, np.uint8)])
def test_a_component_without_variance_is_zero(rows):
    n = len(rows)
    found = PixelFeatures(n_components=n).fit(rows)
    rank = np.linalg.matrix_rank(rows - rows.mean(axis=0))
    assert np.linalg.norm(found.components_, axis=1) == pytest.approx([1] * rank + [0] * (n - rank), abs=1e-6)
    assert np.all(found.explained_variance_[rank:] == 0)
    assert np.all(found.transform(rows)[:, rank:] == 0)
    assert found.explained_variance_ratio_.sum() == pytest.approx(float(rank > 0))


def test_large_images_are_described_a_few_at_a_time_and_small_ones_as_ever():
    sizes = [len(chunk) for chunk in components.chunks(np.zeros((90, 224 * 224), np.uint8))]
    assert sizes == [40, 40, 10]
    assert [components.chunk_rows(n) for n in (1, 784, 1024, 4096, 10**9)] == [2000, 2000, 2000, 500, 1]


@pytest.mark.parametrize("n_components", [None, 30])
@pytest.mark.parametrize("own", [PixelFeatures(), HogFeatures(image_shape=(16, 16))], ids=["pixels", "hog"])
def test_threads_change_no_bit(sample, monkeypatch, own, n_components):
    monkeypatch.setattr(components, "CHUNK_ROWS", 100)
    images = sample.train_images[:950, 6:22, 6:22].reshape(950, -1)
    own.set_params(n_components=n_components)
    one, three = (clone(own).set_params(n_jobs=n_jobs).fit_transform(images) for n_jobs in (None, 3))
    assert one.tobytes() == three.tobytes()


def test_signs_of_components_are_fixed(sample):
    fitted = PixelFeatures(n_components=10).fit(sample.train_images)
    largest = np.abs(fitted.components_).argmax(axis=1)
    assert np.all(fitted.components_[np.arange(10), largest] > 0)


def test_fewer_components_are_a_slice_of_more(sample):
    few, more = (PixelFeatures(n_components=n).fit_transform(sample.train_images) for n in (5, 30))
    assert few == pytest.approx(more[:, :5], abs=1e-4)


@pytest.mark.parametrize(
    ("transformer", "words"),
    [
        (PixelFeatures(n_components=785), "n_components=785 must lie between 1 and min"),
        (PixelFeatures(n_components=0), "n_components=0 must lie between"),
        (HogFeatures(image_shape=(20, 20)), "needs 400 pixels a row, got 784"),
        (HogFeatures(image_shape=(28, 28), cell=5), "no whole number"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(sample, transformer, words):
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        transformer.fit(sample.train_images)
