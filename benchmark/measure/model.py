"""A model that is being measured: its entry, the setting of the run, and what its tasks need of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from benchmark.cache import digest
from benchmark.command import Command
from benchmark.errors import BenchmarkError, FitError
from benchmark.features import HogFeatures, PixelFeatures, StreamedPCA
from benchmark.machine import in_words
from benchmark.measure.entry import ModelEntry, parts, runs_our_code
from benchmark.measure.keys import STUDY_CODE, code_of, fit_environment
from benchmark.measure.memory import (
    feature_bytes,
    final_bytes,
    fit_bytes,
    float_bytes,
    needed,
    sampled_columns,
    study_bytes,
    threads_within,
)
from benchmark.measure.processes import in_fresh_process
from benchmark.measure.search import N_SPLITS, Params, feature_source, flat_rows, split_folds, tail_of
from benchmark.measure.setting import Setting
from benchmark.measure.study_model import FOLD, n_altered
from benchmark.measure.study_model import SHARES as LEARNING_SHARES
from benchmark.measure.task import Shared
from benchmark.measure.workers import on_training_images
from benchmark.patches import N_SAMPLED
from benchmark.rich import RichFeatures

FOLDS, SHARES = "folds", "shares"  # the groups of shared features
MOST_THREADS = 256  # of a timed fit
N_TRIED = 500  # images, to see how many columns features have


@dataclass(frozen=True)
class Model:
    """A model that is being measured.

    Parameters
    ----------
    setting : Setting
    entry : ModelEntry
    images : Shared
        The data set, where the workers have it.
    rank : int
        Added to priorities: the higher, the sooner.

    """

    setting: Setting
    entry: ModelEntry
    images: Shared
    rank: int

    @property
    def pipeline(self) -> Pipeline:
        """The unfitted pipeline."""
        return self.entry.pipeline(self.setting.dataset.image_shape)

    @property
    def labels(self) -> Any:
        """The training labels, in memory."""
        return np.asarray(self.setting.dataset.train_labels)

    @cached_property
    def folds(self) -> list[tuple[Any, Any]]:
        """Each fold's training and held-out rows; every estimate asks for them, and splitting takes a while."""
        return split_folds(self.labels)

    @cached_property
    def sources(self) -> dict[str, tuple[Any, int]]:
        """The transformers that the candidates' features come from, with how many columns they give, by what they are."""
        n_rows = min(len(rows) for rows, _ in self.folds)
        found = (
            feature_source(self.pipeline, params, self.setting.n_pixels, n_rows)[0]
            for params in self.entry.candidates()
        )
        distinct = {repr(parts(features)): features for features in found}
        return {name: (features, self._count_columns(features)) for name, features in distinct.items()}

    def _count_columns(self, features: Any) -> int:
        """Return the number of columns of features: of components, else those of a trial on a few images."""
        wanted = getattr(features, "n_components", None)
        if isinstance(wanted, int):
            return wanted
        images = flat_rows(np.asarray(self.setting.dataset.train_images[:N_TRIED]))
        labels = self.labels[:N_TRIED]
        try:
            if isinstance(features, RichFeatures):
                return features.n_columns
            if type(features) in (PixelFeatures, HogFeatures):
                return _columns(features, images, labels)
            return int(in_fresh_process(_columns, features, images, labels))
        except Exception:  # whatever a user's transformer needs is missing among a few images
            return self.setting.n_pixels

    def group(self, kind: str) -> str:
        """Return the group of the features that this model shares with others, which need as much memory."""
        return f"{kind} of {list(self.sources)!r}, {self.kept_bytes(kind)} bytes"

    def kept_bytes(self, kind: str) -> int:
        """Return how much memory the features of a group take where they stay."""
        dataset = self.setting.dataset
        if kind == FOLDS:
            n_rows = N_SPLITS * dataset.n_train
        else:
            n_rows = 0 if self.entry.baseline else sum(self._share_rows(n) for n in self._shares())
            n_rows += (dataset.n_train + dataset.n_test) * self.entry.stochastic
        return sum(float_bytes(n_rows, n_columns) for _, n_columns in self.sources.values())

    def _shares(self) -> list[int]:
        return [(len(self.labels) - self._n_held_out) // share for share in LEARNING_SHARES]

    @property
    def _n_held_out(self) -> int:
        return len(self.folds[FOLD][1])

    def _share_rows(self, n_fit: int) -> int:
        """Return how many rows the features of a share have."""
        altered = n_altered(self.setting.dataset.image_shape, self._n_held_out)
        return n_fit + self._n_held_out + (altered if n_fit == self._shares()[0] else 0)

    def features(self, kind: str, function: Callable[..., Any], params: Params, part: int, n_rows: int) -> Any:
        """Return the features of a fold or a share as a shared result, and how many of its columns are used."""
        setting = self.setting
        features, n_columns = feature_source(self.pipeline, params, setting.n_pixels, n_rows)
        code = [code_of(STUDY_CODE)] if kind == SHARES else []
        key = digest(kind, setting.dataset.digest, parts(features), part, *code, *fit_environment(setting, features))
        n_train = setting.dataset.n_train
        all_rows = n_train if kind == FOLDS else self._share_rows(n_rows)
        altered = float_bytes(max(0, all_rows - n_train), self._widest)  # made of raw images, a few at a time
        shared = Shared(
            f"features-{key}",
            self.group(kind),
            on_training_images,
            (function, features, self.images, part),
            memory=feature_bytes(min(all_rows, n_train), self._widest, setting.n_pixels, self._described) + 2 * altered,
        )
        return shared, n_columns

    # ------------------------------------------------------------------------------------------- what its tasks take
    @property
    def _widest(self) -> int:
        return max(n_columns for _, n_columns in self.sources.values())

    @cached_property
    def _described(self) -> int:
        """The most columns of which principal components are taken, 0 where none are."""
        reduced = [features for features, _ in self.sources.values() if isinstance(features, StreamedPCA)]
        found = [
            self._columns_before(features)
            for features in reduced
            if features.n_components is not None or isinstance(features, RichFeatures)
        ]
        return max(found, default=0)

    def _columns_before(self, features: StreamedPCA) -> int:
        """Return of how many columns features take components; a class of one's own, which runs in tasks alone, of the pixels."""
        if not runs_our_code(features):
            return self.setting.n_pixels
        if isinstance(features, RichFeatures):
            return sampled_columns(N_SAMPLED, features.most_components, features.most_described)
        image = np.zeros((1, self.setting.n_pixels), dtype=np.uint8)
        found: int = clone(features).set_params(n_components=None).fit(image).transform(image).shape[1]
        return found

    def _tail(self, params: Params, n_fit: int) -> tuple[Any, list[int], int]:
        """Return the classifier, how many rows of each class it is fitted on, and how many columns."""
        classifier = tail_of(self.pipeline, params).steps[-1][1]
        counts = np.ceil(np.bincount(self.labels) * (n_fit / len(self.labels))).astype(int)
        n_columns = params.get("features__n_components")
        return classifier, counts.tolist(), n_columns if isinstance(n_columns, int) else self._widest

    def search_bytes(self, params: Params) -> int:
        """Return what scoring candidates like these takes on a fold."""
        n_rows = len(self.labels)
        classifier, counts, n_columns = self._tail(params, n_rows * (N_SPLITS - 1) // N_SPLITS)
        return fit_bytes(classifier, counts, n_rows, n_columns, together=True)

    def curve_bytes(self, params: Params, n_fit: int) -> int:
        """Return what a fit of the learning curve takes."""
        classifier, counts, n_columns = self._tail(params, n_fit)
        return fit_bytes(classifier, counts, self._share_rows(n_fit), n_columns)

    def whole_bytes(self) -> int:
        """Return what the features of all training and test images take while they are computed."""
        dataset = self.setting.dataset
        return feature_bytes(dataset.n_train + dataset.n_test, self._widest, self.setting.n_pixels, self._described)

    def refit_bytes(self, params: Params) -> int:
        """Return what a refit with another seed takes."""
        classifier, counts, n_columns = self._tail(params, len(self.labels))
        return fit_bytes(classifier, counts, len(self.labels) + self.setting.dataset.n_test, n_columns)

    def final_bytes(self, params: Params, memory: int) -> tuple[int, int]:
        """Return how many threads the timed fit may have within `memory`, and what it takes then."""
        classifier, counts, n_columns = self._tail(params, len(self.labels))
        size = classifier, counts, len(self.labels) + self.setting.dataset.n_test, n_columns, self.setting.n_pixels
        n_jobs = threads_within(memory, MOST_THREADS, *size, self._described)
        return n_jobs, final_bytes(*size, n_jobs, self._described)

    def score_bytes(self, params: Params) -> int:
        """Return what the scores of all training and test images take."""
        n_rows = len(self.labels) + self.setting.dataset.n_test
        _, counts, n_columns = self._tail(params, len(self.labels))
        return self.whole_bytes() + 3 * float_bytes(n_rows, n_columns) + 16 * n_rows * len(counts)

    def largest_bytes(self) -> dict[str, int]:
        """Return what the largest task of each step takes, by its title."""
        every = self.entry.candidates()
        found = {
            "search": max(map(self.search_bytes, every)),
            "final fit": max(self.final_bytes(params, 0)[1] for params in every),
        }
        if not self.entry.baseline:
            found["learning curve"] = max(self.curve_bytes(params, n) for params in every for n in self._shares())
        return found


def _columns(features: Any, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> int:
    """Return how many columns features have, of shape (n_samples, n_columns)."""
    return int(clone(features).fit(images, labels).transform(images[:2]).shape[1])


def check_memory(model: Model, memory: int, kept: int) -> None:
    """Refuse a model before it starts of which a task takes more than `memory` bytes, or the features more than `kept`.

    Raises
    ------
    FitError
        Saying which, and how much memory would do.

    """
    step, task = max(model.largest_bytes().items(), key=lambda item: item[1])
    held, found = max(model.kept_bytes(FOLDS), model.kept_bytes(SHARES)), []
    found += [f"{in_words(memory)} for tasks, its {step} takes about {in_words(task)}"] if task > memory else []
    found += [f"{in_words(max(0, kept))} for features, its own take {in_words(held)}"] if held > kept else []
    if found:
        # to the next GiB: the features beside the images
        enough = -(-needed(task, held + model.setting.dataset.train_images.nbytes, model.setting.jobs) // 2**30)
        raise FitError(
            f"model {model.entry.name!r} needs more memory than this run may use",
            expected=f"about {enough}GiB on the machine that computes",
            found="; ".join(found),
            remedy=(Command("bench", models=model.entry.name, memory=f"{enough}GiB"), ", there; or fewer JOBS"),
        )


def check_study_memory(setting: Setting, memory: int) -> None:
    """Refuse a data set before anything is fitted whose study takes more than `memory` bytes.

    Raises
    ------
    BenchmarkError
        Saying how much memory would do.

    """
    dataset = setting.dataset
    task = study_bytes(dataset.n_train, setting.n_pixels)
    if task > memory:
        enough = -(-needed(task, dataset.train_images.nbytes, setting.jobs) // 2**30)
        height, width = dataset.image_shape
        raise BenchmarkError(
            f"the images of {dataset.entry.name} need more memory than this run may use",
            expected=f"about {enough}GiB on the machine that computes, for {dataset.n_train:,} images of {height} x {width} pixels",
            found=f"{in_words(memory)} for tasks",
            remedy=(Command("bench", memory=f"{enough}GiB"), ", there; or smaller images"),
        )
