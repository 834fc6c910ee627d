"""Memory: how it is divided, estimates that are not exceeded, features held within their part, models that do not fit."""

from __future__ import annotations

import threading
import time
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone

from benchmark.errors import BenchmarkError, FitError
from benchmark.features import HogFeatures, PixelFeatures
from benchmark.measure import dask_settings
from benchmark.measure.engine import Engine
from benchmark.measure.memory import (
    cores_within,
    divided,
    feature_bytes,
    final_bytes,
    fit_bytes,
    needed,
    study_bytes,
    threads_within,
)
from benchmark.measure.model import Model, check_memory, check_study_memory
from benchmark.measure.search import fold_features
from benchmark.measure.setting import Setting
from benchmark.models import MODELS
from benchmark.progress import Reporter
from benchmark.svm import RbfSVC, fit_together
from tests.conftest import ROOT

GIB = 2**30


@pytest.mark.parametrize("cores", [1, 16, 64])
@pytest.mark.parametrize("memory", [3 * GIB, 6 * GIB, 12 * GIB])
def test_tasks_and_features_take_no_more_than_the_processes_leave(memory, cores):
    used = cores_within(memory, cores)
    assert 1 <= used <= cores
    tasks, kept = divided(memory, used)
    assert 0 < kept < tasks
    assert tasks + kept < memory - GIB / 2
    least = needed(tasks, kept, used)
    assert least == pytest.approx(memory, abs=8)
    assert divided(least + 8, used) >= (tasks, kept)


def test_a_run_that_would_have_too_little_memory_is_refused_and_one_takes_no_more_than_is_free(monkeypatch):
    monkeypatch.setattr(dask_settings, "free_memory", lambda: 2 * GIB)
    assert dask_settings.bound(None) == dask_settings.bound(4 * GIB) == 2 * GIB
    monkeypatch.setattr(dask_settings, "free_memory", lambda: GIB)
    with pytest.raises(BenchmarkError, match=r"too little memory is free(?s:.*)found: +1GiB"):
        dask_settings.bound(None)


def peak_of(function):
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("features", [HogFeatures((28, 28), 60), PixelFeatures(60), PixelFeatures()], ids=str)
def test_features_take_no_more_than_is_said(sample, features):
    images, labels = np.array(sample.train_images), np.array(sample.train_labels)
    n_columns = features.n_components or 28 * 28
    assert peak_of(lambda: fold_features(features, images, labels, 0)) < feature_bytes(len(images), n_columns, 28 * 28)


@pytest.mark.parametrize(
    ("features", "n_rows", "side"),
    [
        (PixelFeatures(20), 60, 96),
        (HogFeatures((64, 64), 20), 60, 64),
        (PixelFeatures(20), 1200, 24),
        (HogFeatures((32, 32), 60), 300, 32),
    ],
    ids=str,
)
def test_components_of_few_large_images_take_no_more_than_is_said(features, n_rows, side):
    images = np.random.default_rng(0).integers(0, 256, (n_rows, side, side)).astype(np.uint8)
    labels = np.arange(n_rows, dtype=np.uint8) % 3
    flat = images[:1].reshape(1, -1)
    n_described = clone(features).set_params(n_components=None).fit(flat).transform(flat).shape[1]
    said = feature_bytes(n_rows, features.n_components, side * side, n_described)
    assert peak_of(lambda: fold_features(features, images, labels, 0)) < said


def test_what_large_images_take_grows_with_their_number_and_is_bounded_by_their_size():
    assert feature_bytes(60, 20, 224**2, 224**2) < 2**29
    assert feature_bytes(60_000, 200, 28**2, 28**2) == feature_bytes(60_000, 200, 28**2)  # no more than a chunk takes
    assert 2 * GIB < study_bytes(10_000, 96**2) < 6 * GIB
    assert study_bytes(60_000, 224**2) > 60 * GIB


def drawn(n_train, shape):
    """A data set that only says how large it is."""
    images = np.broadcast_to(np.uint8(0), (n_train, *shape))
    return SimpleNamespace(
        entry=SimpleNamespace(name="large"),
        n_train=n_train,
        image_shape=shape,
        train_images=SimpleNamespace(nbytes=images.size),
    )


def test_a_data_set_whose_study_does_not_fit_is_refused_with_the_memory_that_would_do(tmp_path):
    setting = Setting(ROOT, tmp_path, tmp_path, drawn(60_000, (224, 224)), 2, Reporter(quiet=True))
    with pytest.raises(
        BenchmarkError, match=r"images of large need more memory(?s:.*)224 x 224 pixels(?s:.*)MEMORY=\d+GiB"
    ):
        check_study_memory(setting, 8 * GIB)
    check_study_memory(Setting(ROOT, tmp_path, tmp_path, drawn(600, (224, 224)), 2, Reporter(quiet=True)), 8 * GIB)


def test_machines_fitted_together_take_no_more_than_is_said_and_not_far_less():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((3000, 10)).astype(np.float32), rng.integers(0, 2, 3000)
    machines = [RbfSVC(gamma=gamma) for gamma in (0.1, 0.2)]
    for chosen, together in ((machines, True), (machines[:1], False)):
        said = fit_bytes(machines[0], np.bincount(y).tolist(), 3000, 10, together=together)
        assert said / 2 < peak_of(lambda chosen=chosen: list(fit_together(chosen, X, y))) < said


def test_a_large_pair_is_bounded_by_the_cache_of_libsvm():
    size = [30_000, 30_000], 70_000, 100
    assert fit_bytes(RbfSVC(), *size) < 2 * GIB < fit_bytes(RbfSVC(), [10_000, 10_000], 70_000, 100)


def test_a_timed_fit_has_as_many_threads_as_fit_into_the_memory():
    size = RbfSVC(), [6000] * 10, 70_000, 100, 784
    for n_jobs in (1, 2, 5):
        memory = final_bytes(*size, n_jobs)
        assert threads_within(memory, 16, *size) == n_jobs
        assert threads_within(memory - 1, 16, *size) == max(1, n_jobs - 1)
    assert threads_within(100 * GIB, 16, *size) == 16


def test_features_that_stay_never_take_more_than_their_part_and_nobody_waits_forever():
    engine = Engine(SimpleNamespace(subscribe_topic=lambda *_: None), 0, 10, True, False, Reporter(quiet=True))  # noqa: FBT003
    most, ended = [], []

    def measure(group):
        for kind in "ab":
            engine.hold(f"{kind}{group}", 6 - group)
            most.append(sum(dict(engine._held).values()))
            time.sleep(0.002)
            engine.leave(f"{kind}{group}")
        ended.append(group)

    threads = [threading.Thread(target=measure, args=(group,), daemon=True) for group in (0, 1, 2, 3) * 5]
    for group in (0, 1, 2, 3) * 5:
        engine.announce(f"a{group}")
        engine.announce(f"b{group}")
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(ended) == 20
    assert max(most) <= 10
    assert not engine._held


def test_a_model_that_cannot_fit_is_refused_in_words(sample, tmp_path):
    setting = Setting(ROOT, tmp_path / "models", tmp_path / "build", sample, 2, Reporter(quiet=True))
    [entry] = [entry for entry in MODELS if entry.name == "svm-pixels"]
    model = Model(setting, entry, None, 0)
    check_memory(model, 4 * GIB, GIB)
    with pytest.raises(FitError) as caught:
        check_memory(model, 2**20, GIB)
    text = str(caught.value)
    assert "model 'svm-pixels' needs more memory than this run may use" in text
    assert "found:    1MiB for tasks, its final fit takes about" in text
    assert "make bench MODELS=svm-pixels MEMORY=" in text
    with pytest.raises(FitError, match="1MiB for features, its own take"):
        check_memory(model, 4 * GIB, 2**20)
