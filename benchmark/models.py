"""The table of models: one plain entry a model, and nothing else to edit for a page, charts and a comparison.

To add a model, add an entry to `MODELS` and run `make bench MODELS=<name>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from benchmark.errors import EntryError
from benchmark.features import HogFeatures, PixelFeatures
from benchmark.results import SCHEMA_VERSION, Entries, Entry
from benchmark.svm import RbfSVC

__all__ = ["MODELS", "ModelEntry", "check_entries", "entries_document", "select_entries"]


@dataclass(frozen=True)
class ModelEntry:
    """A model as one runs it: features, estimator and the grid that its parameters are chosen from.

    Parameters
    ----------
    name : str
        Its name in addresses and folders: lower-case letters, digits and hyphens.
    title, family, note : str
        How pages call it, which entries belong together, and what a reader should know.
    features : str or transformer
        "pixels", "hog", or a scikit-learn transformer of raw images.
    estimator : classifier or sklearn.pipeline.Pipeline
        Has `predict_proba` or `decision_function`. A pipeline's last step is called `classifier` in the grid.
    grid : dict of str to list
        Parameters of the whole pipeline: `features__n_components`, `classifier__C`, ….
    stochastic : bool
        Whether another `random_state` can change a prediction; such entries are refitted with four more.
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
        if isinstance(self.features, str):
            features = {"pixels": PixelFeatures(), "hog": HogFeatures(image_shape)}[self.features]
        else:
            features = clone(self.features)
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
            "pipeline": " ".join(repr(self.pipeline(image_shape)).split()),
            "grid": self.grid,
            "note": self.note,
            "baseline": self.baseline,
        }


def _whitened(estimator: BaseEstimator) -> Pipeline:
    """Give every component unit variance first: logistic regression then converges in a fraction of the steps."""
    return Pipeline([("scaler", StandardScaler()), ("classifier", estimator)])


MODELS: tuple[ModelEntry, ...] = (
    ModelEntry(
        name="dummy",
        title="Most frequent class",
        family="dummy",
        features="pixels",
        estimator=DummyClassifier(strategy="prior"),
        grid={"classifier__strategy": ["prior"]},
        note="Looks at no image: what guessing is worth.",
        baseline=True,
    ),
    ModelEntry(
        name="lr-pixels",
        title="Logistic regression, pixels",
        family="lr",
        features="pixels",
        estimator=_whitened(LogisticRegression(max_iter=1000)),
        grid={"features__n_components": [96, 128, 200, 256], "classifier__C": [0.1, 0.3, 1.0, 3.0]},
        note="Multinomial, on whitened principal components.",
    ),
    ModelEntry(
        name="lr-hog",
        title="Logistic regression, HOG",
        family="lr",
        features="hog",
        estimator=_whitened(LogisticRegression(max_iter=1000)),
        grid={"features__n_components": [200, 256, 320, 400], "classifier__C": [0.003, 0.01, 0.03, 0.1]},
        note="Multinomial, on whitened principal components.",
    ),
    ModelEntry(
        name="svm-pixels",
        title="SVM (RBF), pixels",
        family="svm",
        features="pixels",
        estimator=RbfSVC(),
        grid={
            "features__n_components": [100],
            "classifier__C": [3.0, 6.0, 12.0],
            "classifier__gamma": [0.02, 0.03, 0.04],
        },
        note="One against one, 45 machines.",
    ),
    ModelEntry(
        name="svm-hog",
        title="SVM (RBF), HOG",
        family="svm",
        features="hog",
        estimator=RbfSVC(),
        grid={
            "features__n_components": [200],
            "classifier__C": [2.0, 4.0, 8.0],
            "classifier__gamma": [0.04, 0.06, 0.09],
        },
        note="One against one, 45 machines.",
    ),
    ModelEntry(
        name="rf-pixels",
        title="Random forest, pixels",
        family="rf",
        features="pixels",
        estimator=RandomForestClassifier(100, random_state=0),
        grid={"classifier__max_features": [14, 28, 42], "classifier__min_samples_leaf": [1, 2]},
        note="On the scaled pixels themselves: components mix what a tree would split.",
        stochastic=True,
    ),
    ModelEntry(
        name="rf-hog",
        title="Random forest, HOG",
        family="rf",
        features="hog",
        estimator=RandomForestClassifier(100, random_state=0),
        grid={
            "features__n_components": [60],
            "classifier__max_features": [4, 8, 12],
            "classifier__min_samples_leaf": [1, 2],
        },
        note="On few components: a tree looks at one feature at a time.",
        stochastic=True,
    ),
    ModelEntry(
        name="knn-pixels",
        title="k-nearest neighbours, pixels",
        family="knn",
        features="pixels",
        estimator=KNeighborsClassifier(algorithm="brute"),
        grid={
            "features__n_components": [80, 100, 128, 160],
            "classifier__n_neighbors": [3, 5, 8, 12],
            "classifier__weights": ["uniform", "distance"],
        },
        note="Keeps all training images and looks at the nearest.",
    ),
    ModelEntry(
        name="knn-hog",
        title="k-nearest neighbours, HOG",
        family="knn",
        features="hog",
        estimator=KNeighborsClassifier(algorithm="brute"),
        grid={
            "features__n_components": [100, 128, 160, 200],
            "classifier__n_neighbors": [3, 5, 8, 12],
            "classifier__weights": ["uniform", "distance"],
        },
        note="Keeps all training images and looks at the nearest.",
    ),
)


def check_entries(entries: Sequence[ModelEntry], image_shape: tuple[int, int]) -> None:
    """Refuse an entry that cannot be run, before anything runs.

    Raises
    ------
    EntryError
        For a name that is no folder's or stands twice, unknown features, an empty grid, a parameter that the pipeline
        does not have, or an estimator that is no classifier or gives no scores.

    """
    seen: set[str] = set()
    for entry in entries:
        _check_name(entry, seen)
        if isinstance(entry.features, str) and entry.features not in ("pixels", "hog"):
            raise EntryError(
                f"model {entry.name!r}: unknown features",
                expected='"pixels", "hog" or a transformer',
                found=repr(entry.features),
                remedy="mend the entry's features",
            )
        pipeline = entry.pipeline(image_shape)
        _check_grid(entry, pipeline)
        last = pipeline.steps[-1][1]
        if not is_classifier(last) or not (hasattr(last, "predict_proba") or hasattr(last, "decision_function")):
            raise EntryError(
                f"model {entry.name!r}: {type(last).__name__} gives no class scores",
                expected="a classifier with predict_proba or decision_function",
                found=type(last).__name__,
                remedy="another estimator, or sklearn.calibration.CalibratedClassifierCV around it",
            )


def _check_name(entry: ModelEntry, seen: set[str]) -> None:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.name):
        raise EntryError(
            f"model {entry.name!r} has a name that is no folder's",
            expected="lower-case letters, digits and hyphens",
            found=repr(entry.name),
            remedy="rename the entry",
        )
    if entry.name in seen:
        raise EntryError(f"model {entry.name!r} stands twice in the table", remedy="rename one of the two entries")
    seen.add(entry.name)


def _check_grid(entry: ModelEntry, pipeline: Pipeline) -> None:
    known = pipeline.get_params()
    if not entry.grid or not all(entry.grid.values()):
        raise EntryError(
            f"model {entry.name!r} has an empty grid",
            expected="one parameter with one value at least",
            found=repr(entry.grid),
            remedy="name a parameter and its value in the entry's grid",
        )
    for name in entry.grid:
        if name not in known:
            close = [key for key in known if key.endswith("__" + name.rpartition("__")[2])]
            raise EntryError(
                f"model {entry.name!r}: the pipeline has no parameter {name!r}",
                expected="one of " + ", ".join(close or sorted(key for key in known if "__" in key)),
                found=name,
                remedy="mend the entry's grid",
            )


def entries_document(entries: Iterable[ModelEntry], dataset: str, image_shape: tuple[int, int]) -> Entries:
    """Return the table of models as data, for `entries.json`."""
    documents = [entry.document(image_shape) for entry in entries]
    return {"schema_version": SCHEMA_VERSION, "dataset": dataset, "entries": documents}


def select_entries(entries: Sequence[ModelEntry], names: str) -> list[ModelEntry]:
    """Return the entries named in the comma-separated `names`, all of them for an empty string.

    Raises
    ------
    EntryError
        If a name is not in the table.

    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    table = {entry.name: entry for entry in entries}
    unknown = [name for name in wanted if name not in table]
    if unknown:
        raise EntryError(
            f"there is no model {unknown[0]!r}",
            expected="one of " + ", ".join(table),
            found=unknown[0],
            remedy="make help, or add an entry to benchmark/models.py",
        )
    return [entry for entry in entries if not wanted or entry.name in wanted]


def public_path(estimator: Any) -> str:
    """Return where an estimator's class is imported from, without private modules: sklearn.svm.SVC."""
    kind = type(estimator)
    public = [part for part in kind.__module__.split(".") if not part.startswith("_")]
    return ".".join([*public, kind.__qualname__])
