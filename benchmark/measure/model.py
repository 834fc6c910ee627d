"""A model that is being measured: its entry, the setting of the run, and what its tasks need of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from benchmark.cache import digest
from benchmark.measure.engine import Shared
from benchmark.measure.entry import ModelEntry, parts
from benchmark.measure.keys import STUDY_CODE, code_of, fit_environment
from benchmark.measure.search import Params, feature_source
from benchmark.measure.setting import Setting
from benchmark.measure.workers import on_training_images

FOLDS, SHARES = "folds", "shares"  # the groups of shared features


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

    def group(self, kind: str) -> str:
        """Return the group of the features that this model shares with others."""
        return f"{kind} of {parts(self.pipeline.named_steps['features'])!r}"

    def features(self, kind: str, function: Callable[..., Any], params: Params, part: int, n_rows: int) -> Any:
        """Return the features of a fold or a share as a shared result, and how many of its columns are used."""
        setting = self.setting
        features, n_columns = feature_source(self.pipeline, params, setting.n_pixels, n_rows)
        code = [code_of(STUDY_CODE)] if kind == SHARES else []
        key = digest(kind, setting.dataset.digest, parts(features), part, *code, *fit_environment(setting))
        shared = Shared(
            f"features-{key}",
            self.group(kind),
            on_training_images,
            (function, features, self.images, part),
            memory=3 * float_bytes(setting.dataset.n_train, setting.n_pixels),
        )
        return shared, n_columns

    def memory(self, n_rows: int, n_columns: int | None, *, machine: bool) -> int:
        """Return the bytes that a fit takes, roughly: copies of its rows, and the kernels of a support vector machine."""
        copies = 3 * float_bytes(n_rows, n_columns or self.setting.n_pixels)
        shares = np.sort(np.bincount(self.labels))[-2:].sum() / len(self.labels)
        return copies + (12 * int(shares * n_rows) ** 2 if machine else 0)


def float_bytes(n_rows: int, n_columns: int) -> int:
    """Return the bytes of a float32 array."""
    return 4 * n_rows * n_columns
