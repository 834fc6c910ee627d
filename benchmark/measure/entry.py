"""An entry of the table of models: features, estimator, grid; and an estimator as plain data."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline

from benchmark.features import HogFeatures, PixelFeatures, StreamedPCA
from benchmark.measure.code import foreign_code
from benchmark.results import Entry
from benchmark.rich import RichFeatures

# by what a table calls them, made for images of a height and width
FEATURES: dict[str, Callable[[tuple[int, int]], BaseEstimator]] = {
    "pixels": lambda _: PixelFeatures(),
    "hog": HogFeatures,
    "rich": RichFeatures,
}
OURS = ("benchmark.features", "benchmark.patches", "benchmark.rich")
ADDRESS = r" at 0x[0-9a-fA-F]+"  # in the default `repr` of an object; differs between processes


@dataclass(frozen=True)
class ModelEntry:
    """A model: its features, its estimator, and the grid that its parameters are chosen from.

    Parameters
    ----------
    name : str
        Its name in URLs and folders: lower-case letters, digits and hyphens.
    title, family, note : str
        What pages call it, which entries belong together, and what a reader should know.
    features : str or transformer
        One of `FEATURES`, or a scikit-learn transformer of raw images.
    estimator : classifier or sklearn.pipeline.Pipeline
        Has `predict_proba` or `decision_function`, and an integer `random_state` if it draws random numbers: the same
        commit must give the same predictions. The grid calls it `classifier`; a pipeline keeps its own step names.
    grid : dict of str to list
        Parameters of the pipeline, `features__n_components`, `classifier__C`, …: numbers, strings, booleans, None.
    stochastic : bool
        Whether another `random_state` can change a prediction; such entries are refitted with four more seeds.
    baseline : bool
        A reference, not a contestant: not ranked.

    """

    name: str
    title: str
    family: str
    features: str | BaseEstimator
    estimator: BaseEstimator
    grid: dict[str, list[Any]]
    note: str = ""
    stochastic: bool = False
    baseline: bool = False

    def pipeline(self, image_shape: tuple[int, int]) -> Pipeline:
        """Return the unfitted pipeline, from raw images of `image_shape` to class."""
        features = FEATURES[self.features](image_shape) if isinstance(self.features, str) else clone(self.features)
        steps = list(self.estimator.steps) if isinstance(self.estimator, Pipeline) else [("classifier", self.estimator)]
        return Pipeline([("features", features), *[(name, clone(step)) for name, step in steps]])

    def candidates(self) -> list[dict[str, Any]]:
        """Return every point of the grid, in scikit-learn's order."""
        return list(ParameterGrid(self.grid))

    def document(self, image_shape: tuple[int, int]) -> Entry:
        """Return the entry as data."""
        last = self.estimator.steps[-1][1] if isinstance(self.estimator, Pipeline) else self.estimator
        return {
            "name": self.name,
            "title": self.title,
            "family": self.family,
            "features": self.features if isinstance(self.features, str) else type(self.features).__name__,
            "estimator": public_path(last),
            "pipeline": re.sub(ADDRESS, "", " ".join(repr(self.pipeline(image_shape)).split())),
            "grid": self.grid,
            "note": self.note,
            "baseline": self.baseline,
        }


def parts(value: Any) -> Any:
    """Return an estimator as nested plain data: class and parameters, without `n_jobs`, which changes no result.

    A user's own class or function contributes its code, one from another package its version; see `foreign_code`.
    """
    if isinstance(value, BaseEstimator) and not isinstance(value, type):
        params = {name: parts(item) for name, item in value.get_params(deep=False).items() if name != "n_jobs"}
        return [public_path(value), params, *foreign_code(type(value))]
    if isinstance(value, (list, tuple)):
        return [parts(item) for item in value]
    if isinstance(value, dict):
        return {key: parts(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return [str(value.dtype), value.shape, hashlib.sha256(value.tobytes()).hexdigest()]
    if isinstance(value, type) or inspect.isroutine(value):
        return [f"{value.__module__}.{value.__qualname__}", *foreign_code(value)]
    return value


def runs_our_code(features: Any) -> bool:
    """Whether features are of this package, and not of a class of one's own, which may do anything and runs in tasks alone."""
    return isinstance(features, StreamedPCA) and type(features).__module__ in OURS


def public_path(estimator: Any) -> str:
    """Return where an estimator's class is imported from, without private modules: sklearn.svm.SVC."""
    kind = type(estimator)
    public = [part for part in kind.__module__.split(".") if not part.startswith("_")]
    return ".".join([*public, kind.__qualname__])
