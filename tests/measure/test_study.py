"""What pages show and needs fits: learning curves, importances, near-duplicates, each against something known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from benchmark.dataset import Dataset, DatasetEntry
from benchmark.features import HogFeatures, PixelFeatures
from benchmark.measure import study_data, study_model, workers
from benchmark.measure.search import split_folds
from benchmark.models import MODELS
from benchmark.results import DatasetStudy, dump_document, load_results
from tests.conftest import SAMPLE


def pipeline(features, *steps):
    return Pipeline([("features", features), *steps])


def linear(n_components=20):
    return pipeline(
        PixelFeatures(n_components), ("scaler", StandardScaler()), ("classifier", LogisticRegression(max_iter=500))
    )


def test_the_most_confident_mistakes_come_first():
    scores = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    found = study_model.confident_mistakes(scores, np.array([1, 1, 1]), np.array([0, 0, 1]), ["a", "b"])
    assert [mistake["index"] for mistake in found] == [0, 1]
    assert found[0]["margin"] == pytest.approx(0.8)


def test_a_larger_share_holds_the_smaller_ones_and_each_is_stratified():
    labels = np.repeat(np.arange(4, dtype=np.uint8), [400, 200, 100, 100])
    order = study_model.nested_rows(labels)
    assert sorted(order) == list(range(800))
    for n in (8, 80, 400):
        counts = np.bincount(labels[order[:n]], minlength=4)
        assert np.abs(counts - n * np.array([4, 2, 1, 1]) / 8).max() <= 1


def test_a_share_too_small_for_the_parameters_is_left_out(sample):
    labels = np.asarray(sample.train_labels)
    whole = len(split_folds(labels)[0][0])
    assert study_model.curve_sizes(linear(), {}, labels) == [whole // share for share in (1, 2, 4, 8, 16)]
    wide = study_model.curve_sizes(linear(), {"features__n_components": whole // 3}, labels)
    assert wide == [whole, whole // 2]
    near = pipeline(PixelFeatures(5), ("classifier", KNeighborsClassifier(whole // 5)))
    assert study_model.curve_sizes(near, {}, labels) == [whole, whole // 2, whole // 4]


def test_the_last_point_of_the_curve_is_the_fold_score_of_the_search(whole_run):
    for model in load_results(whole_run[0] / "models", SAMPLE).contestants:
        curve = model.study["learning_curve"]
        best = model.metrics["search"]["best_params"]
        (scores,) = [c["scores"] for c in model.metrics["search"]["candidates"] if c["params"] == best]
        values = [point["accuracy"]["value"] for point in curve["points"]]
        # the search slices the leading components of more; the eigensolver's last bits may tip an image
        assert values[-1] == pytest.approx(scores[curve["fold"]], abs=2 / curve["n_held_out"])
        assert values[-1] > values[0]
        assert [point["n_train"] for point in curve["points"]] == sorted(point["n_train"] for point in curve["points"])


def importance(model, images, labels, names):
    flat = images.reshape(len(images), -1)
    before = model.predict(flat) == labels
    after = [
        model.predict(altered.reshape(len(images), -1)) == labels for altered in study_model.shuffled_blocks(images)
    ]
    return study_model.permutation_importance(before, np.array(after), labels, names, images.shape[1:])


def test_permutation_importance_is_that_of_scikit_learn_where_a_block_is_a_pixel(monkeypatch, sample):
    images, labels = np.asarray(sample.train_images)[:300, 10:18, 10:18], np.asarray(sample.train_labels)[:300]
    model = pipeline(PixelFeatures(), ("classifier", RandomForestClassifier(5, random_state=0)))
    model.fit(images.reshape(300, -1), labels)
    monkeypatch.setattr(study_model, "BLOCK", 1)
    names = list(sample.class_names)
    ours = importance(model, images, labels, names)
    assert ours["shape"] == [8, 8]
    theirs = permutation_importance(model, images.reshape(300, -1), labels, n_repeats=20, random_state=0)
    spread = theirs.importances_std + 0.004
    assert np.all(np.abs(np.array(ours["pictures"]["all"]) - theirs.importances_mean) < 5 * spread)
    weights = np.bincount(labels, minlength=10) / 300
    mixed = sum(weights[i] * np.array(ours["pictures"][name]) for i, name in enumerate(names))
    assert np.allclose(mixed, ours["pictures"]["all"])


def test_a_block_that_a_model_cannot_see_has_no_importance(sample):
    images, labels = np.asarray(sample.train_images)[:400].copy(), np.asarray(sample.train_labels)[:400]
    images[:, :4, :4] = 0
    model = linear().fit(images.reshape(400, -1), labels)
    found = importance(model, images, labels, list(sample.class_names))
    assert found["pictures"]["all"][0] == 0
    assert max(found["pictures"]["all"]) > 0.01


def test_a_share_is_scored_as_the_whole_pipeline_would_be(sample, tmp_path):
    images, labels = np.asarray(sample.train_images), np.asarray(sample.train_labels)
    model = linear()
    whole = len(split_folds(labels)[0][0])
    about = {"classes": list(sample.class_names), "image_shape": sample.image_shape}
    for n in (whole // 4, whole):
        described = study_model.share_features(model[0], images, labels, n)
        point, found, growth = workers.share_alone(model[1:], labels, n, described, 20, about)
        share, held_out = study_model._rows(labels, n)
        fitted = linear().fit(images[share].reshape(n, -1), labels[share])
        assert point["accuracy"]["value"] == fitted.score(images[held_out].reshape(len(held_out), -1), labels[held_out])
        assert (found is None) == (n < whole)
        assert growth["n_train"] == n
        assert growth["features_seconds"] == described[1] > 0
        assert growth["n_predict"] == len(described[0]) - n
    shown = study_model._shown(held_out)
    assert found == importance(fitted, images[shown], labels[shown], about["classes"])


def test_coefficients_of_pairs_of_classes_are_no_pictures_of_classes(sample):
    images, labels = np.asarray(sample.train_images)[:200], np.asarray(sample.train_labels)[:200]
    model = pipeline(PixelFeatures(5), ("classifier", SVC(kernel="linear")))
    model.fit(images.reshape(200, -1), labels)
    assert model[-1].coef_.shape == (45, 5)
    assert study_model.carried_back(model, sample.image_shape, list(sample.class_names)) is None


def test_coefficients_carried_back_give_the_models_own_decisions(sample):
    images, labels = np.asarray(sample.train_images)[:500], np.asarray(sample.train_labels)[:500]
    flat = images.reshape(500, -1)
    model = linear().fit(flat, labels)
    names = list(sample.class_names)
    weights = np.array(list(study_model.carried_back(model, sample.image_shape, names)["pictures"].values()))
    scaled = PixelFeatures().fit_transform(flat)
    decisions = scaled @ weights.T
    expected = model.decision_function(flat)
    offset = expected[0] - decisions[0]
    assert np.allclose(decisions + offset, expected, atol=1e-2)


def test_weights_that_lead_to_no_pixel_are_not_shown(sample):
    images, labels = np.asarray(sample.train_images)[:200].reshape(200, -1), np.asarray(sample.train_labels)[:200]
    forest = RandomForestClassifier(3, random_state=0)
    on_pixels = pipeline(PixelFeatures(), ("classifier", forest)).fit(images, labels)
    found = study_model.carried_back(on_pixels, sample.image_shape, list(sample.class_names))
    assert found["method"] == "impurity"
    assert sum(found["pictures"]["all"]) == pytest.approx(1)
    for features in (PixelFeatures(5), HogFeatures(sample.image_shape, 5)):
        hidden = pipeline(features, ("classifier", forest)).fit(images, labels)
        assert study_model.carried_back(hidden, sample.image_shape, list(sample.class_names)) is None


def test_the_spectrum_reaches_every_number_of_components_that_a_search_may_choose():
    offered = [entry.grid.get("features__n_components", [0]) for entry in MODELS if entry.features == "pixels"]
    assert max(map(max, offered)) <= study_data.N_SPECTRUM


@pytest.mark.parametrize(
    ("height", "width", "side"),
    [(28, 28, 4), (40, 40, 4), (41, 40, 5), (96, 96, 10), (224, 224, 23), (1, 4096, 41), (1, 1, 4)],
)
def test_a_block_of_a_large_image_is_as_large_as_few_blocks_take(height, width, side):
    assert study_model.block_side(height, width) == side
    blocks = list(study_model._blocks(height, width))
    assert len(blocks) <= study_model.MOST_BLOCKS
    covered = np.zeros((height, width), int)
    for rows, columns in blocks:
        covered[rows, columns] += 1
    assert np.all(covered == 1)


def small_dataset(images):
    entry = DatasetEntry("small", "Small", ("a", "b"), "CC0", "drawn")
    labels = np.arange(len(images), dtype=np.uint8) % 2
    return Dataset(entry, images, labels, images[:2], labels[:2], "0" * 64)


def equal_but_one(n=12):
    images = np.zeros((n, 3, 3), np.uint8)
    images[-1] = 200
    return images


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((12, 3, 3), np.uint8),
        equal_but_one(),
        np.arange(12, dtype=np.uint8).reshape(12, 1, 1),
        np.random.default_rng(0).integers(0, 256, (6, 1, 4096)).astype(np.uint8),
    ],
    ids=["equal", "one differs", "one pixel", "few"],
)
def test_images_of_little_variance_or_number_are_described(images):
    found = study_data.dataset_study(small_dataset(images))
    places = np.array([found["map"]["x"], found["map"]["y"]])
    assert places.shape == (2, len(images))
    assert np.all(np.isfinite(places))
    assert np.all(np.isfinite(found["components"]))
    text = dump_document(found, DatasetStudy)  # refuses what is not finite
    assert '"name": "small"' in text


def test_near_duplicates_are_those_that_scipy_finds(sample):
    found = study_data.near_duplicates(sample)
    train, test = (np.asarray(i).reshape(len(i), -1).astype(float) for i in (sample.train_images, sample.test_images))
    distances = cdist(test, train)
    relative = distances.min(axis=1) / np.linalg.norm(test, axis=1)
    assert found["counts"] == [int((relative <= limit).sum()) for limit in found["distances"]]
    assert [twin["distance"] for twin in found["nearest"]] == pytest.approx(np.sort(relative)[: len(found["nearest"])])
    for twin in found["nearest"]:
        assert distances[twin["test"], twin["train"]] == pytest.approx(distances[twin["test"]].min())


def test_the_map_is_the_same_twice_and_keeps_classes_together(monkeypatch, sample):
    monkeypatch.setattr(study_data, "N_MAPPED", 400)
    images = np.asarray(sample.train_images).reshape(sample.n_train, -1)
    features = PixelFeatures(50).fit(images)
    first, second = (study_data._map(features, images, sample.train_labels) for _ in range(2))
    assert first == second
    places = np.column_stack([first["x"], first["y"]])
    labels = np.asarray(sample.train_labels)[first["index"]]
    neighbours = KNeighborsClassifier(2).fit(places, labels).kneighbors(places, return_distance=False)
    assert np.mean(labels[neighbours[:, 1]] == labels) > 0.5
