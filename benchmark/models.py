"""The table of models: one plain entry a model, and nothing else to edit for a page, charts and a comparison.

To add a model, add an entry to `MODELS` and run `make bench MODELS=<name>`, or put it into a file of your own: see
`benchmark.entries`.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import math
import pickle
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from benchmark.cache import foreign_code
from benchmark.errors import EntryError
from benchmark.features import HogFeatures, PixelFeatures, StreamedPCA
from benchmark.results import SCHEMA_VERSION, Entries, Entry
from benchmark.svm import RbfSVC

__all__ = ["MODELS", "ModelEntry", "check_entries", "check_fits", "entries_document", "parts", "select_entries"]


ANY_SHAPE = (28, 28)  # of images, where none matters
ADDRESS = r" at 0x[0-9a-fA-F]+"  # in the `repr` of what has no value of its own, another in each process


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
        Has `predict_proba` or `decision_function`, and an integer as `random_state` if it draws random numbers: the same
        commit must give the same predictions. It is called `classifier` in the grid; a pipeline keeps its own names.
    grid : dict of str to list
        Parameters of the whole pipeline, `features__n_components`, `classifier__C`, …: numbers, words, true, false, None.
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
            "pipeline": re.sub(ADDRESS, "", " ".join(repr(self.pipeline(image_shape)).split())),
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
        grid={"features__n_components": [96, 128, 200], "classifier__C": [0.1, 0.3, 1.0, 3.0]},
        note="Multinomial, on whitened principal components.",
    ),
    ModelEntry(
        name="lr-hog",
        title="Logistic regression, HOG",
        family="lr",
        features="hog",
        estimator=_whitened(LogisticRegression(max_iter=1000)),
        grid={"features__n_components": [256, 320, 400], "classifier__C": [0.003, 0.01, 0.03, 0.1]},
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
        note="A binary classifier for each pair of classes, which vote.",
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
        note="A binary classifier for each pair of classes, which vote.",
    ),
    ModelEntry(
        name="rf-pixels",
        title="Random forest, pixels",
        family="rf",
        features="pixels",
        estimator=RandomForestClassifier(100, max_samples=0.5, random_state=0),
        grid={"classifier__max_features": [7, 14, 28], "classifier__min_samples_leaf": [1, 4]},
        note="On the scaled pixels themselves: components mix what a tree would split. A tree sees half of the images.",
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
            "classifier__max_features": [2, 3, 4],
            "classifier__min_samples_leaf": [1, 4],
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
            "features__n_components": [100, 128, 160],
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
            "features__n_components": [128, 160, 200],
            "classifier__n_neighbors": [3, 5, 8, 12],
            "classifier__weights": ["uniform", "distance"],
        },
        note="Keeps all training images and looks at the nearest.",
    ),
)


def check_entries(entries: Sequence[ModelEntry]) -> None:
    """Refuse an entry that cannot be run, before anything runs, or is fetched.

    Raises
    ------
    EntryError
        For a name that is no folder's, a name or title that stands twice, unknown features, an estimator that is no
        classifier, gives no scores or cannot be stored, or a grid that is empty or does not fit the pipeline.

    """
    seen: set[tuple[str, str]] = set()
    for entry in entries:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.name) or entry.name == "index":
            _refuse(
                entry, "has a name that is no folder's", "lower-case letters, digits and hyphens", entry.name, "name"
            )
        for field, value in (("name", entry.name), ("title", entry.title)):
            if (field, value) in seen:
                raise EntryError(
                    f"the {field} {value!r} stands twice in the table", remedy="rename one of the two entries"
                )
            seen.add((field, value))
        _check_features(entry)
        _check_estimator(entry)
        pipeline = entry.pipeline(ANY_SHAPE)
        _check_grid(entry, pipeline)
        _check_storable(entry, pipeline)


def check_fits(entry: ModelEntry, dataset: str, image_shape: tuple[int, int], n_rows: int) -> None:
    """Refuse an entry whose features cannot be had of a data set, of which a fold has `n_rows` images to fit on.

    Raises
    ------
    EntryError
        If its grid asks for more components than there are, or images of this shape cannot be described.

    """
    pipeline = entry.pipeline(image_shape)
    grid = {name: values for name, values in entry.grid.items() if name.startswith("features__")}
    for params in ParameterGrid(grid) if isinstance(pipeline[0], StreamedPCA) else []:
        features = clone(pipeline).set_params(**params)[0]
        wanted = features.n_components
        images = np.zeros((1, math.prod(image_shape)), dtype=np.uint8)
        try:
            most = min(n_rows, features.set_params(n_components=None).fit(images).transform(images).shape[1])
        except ValueError as error:
            reason = str(error)
        else:
            if wanted is None or wanted <= most:
                continue
            reason = f"features__n_components={wanted}, where there are {most} at most"
        raise EntryError(
            f"model {entry.name!r} does not fit the data set {dataset}: {reason}",
            expected=f"features that {n_rows} images a fold, of {image_shape[0]} x {image_shape[1]} pixels, can give",
            remedy="an entry of your own for this data set, in a file named by --entries",
        )


def _refuse(entry: ModelEntry, problem: str, expected: str, found: Any, field: str, remedy: str = "") -> NoReturn:
    raise EntryError(
        f"model {entry.name!r} {problem}",
        expected=expected,
        found=found if isinstance(found, str) else repr(found)[:200],
        remedy=remedy or f"mend the entry's {field}",
    )


def _check_features(entry: ModelEntry) -> None:
    known = entry.features in ("pixels", "hog") if isinstance(entry.features, str) else _is_ready(entry.features)
    if not known or not (isinstance(entry.features, str) or hasattr(entry.features, "transform")):
        expected = '"pixels", "hog" or a scikit-learn transformer, with its parentheses'
        _refuse(entry, "has unknown features", expected, repr(entry.features), "features")


def _check_estimator(entry: ModelEntry) -> None:
    if not _is_ready(entry.estimator):
        expected = "a scikit-learn classifier or pipeline, with its parentheses"
        _refuse(entry, "has no estimator", expected, repr(entry.estimator), "estimator")
    names = [name for name, _ in entry.estimator.steps] if isinstance(entry.estimator, Pipeline) else []
    if "features" in names:
        _refuse(entry, "has a step called features", "another name, for that is the first step's", names, "pipeline")
    last = entry.estimator.steps[-1][1] if names else entry.estimator
    if not is_classifier(last) or not (hasattr(last, "predict_proba") or hasattr(last, "decision_function")):
        _refuse(
            entry,
            "has an estimator that gives no class scores",
            "a classifier with predict_proba or decision_function",
            type(last).__name__,
            "estimator",
            "another estimator, or sklearn.calibration.CalibratedClassifierCV around it",
        )


def _is_ready(value: Any) -> bool:
    return isinstance(value, BaseEstimator) and not isinstance(value, type)


def _check_grid(entry: ModelEntry, pipeline: Pipeline) -> None:
    known = pipeline.get_params()
    if not isinstance(entry.grid, dict) or not all(isinstance(values, (list, tuple)) for values in entry.grid.values()):
        _refuse(
            entry, "has a grid that is none", "a dict of parameters, each with a list of values", entry.grid, "grid"
        )
    if not entry.grid or not all(entry.grid.values()):
        expected = "one parameter with one value at least"
        _refuse(entry, "has an empty grid", expected, entry.grid, "grid: name a parameter and its value")
    for name, values in entry.grid.items():
        if name not in known:
            close = [key for key in known if key.endswith("__" + name.rpartition("__")[2])]
            expected = "one of " + ", ".join(close or sorted(key for key in known if "__" in key))
            _refuse(entry, f"has no parameter {name!r}", expected, name, "grid")
        if strangers := [value for value in values if not _is_plain(value)]:
            expected = f"{name}: numbers, words, true, false or None, which JSON can hold"
            found = f"{type(strangers[0]).__name__}: {strangers[0]!r}"[:200]
            _refuse(
                entry,
                "has a value in its grid that cannot be stored",
                expected,
                found,
                "grid, by .tolist() of an array",
            )


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_is_plain(item) for item in value)
    return value is None or isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value))


def _check_storable(entry: ModelEntry, pipeline: Pipeline) -> None:
    """Refuse what cannot be pickled, told from another by its values, or refitted with another seed."""
    try:
        pickle.dumps(pipeline)
    except Exception as error:  # each class has its own way to refuse
        expected = "classes and functions that stand by name at the top level of a module"
        _refuse(entry, "cannot be pickled", expected, f"{type(error).__name__}: {error}"[:200], "pipeline")
    if stranger := re.search(rf"<[^<>]*{ADDRESS}|\S*{ADDRESS}", json.dumps(parts(pipeline), default=repr)):
        expected = "parameters that two runs can tell by their values, such as an integer as random_state"
        _refuse(entry, "has a parameter without a value of its own", expected, stranger[0], "pipeline")
    seeds = [value for name, value in pipeline.get_params().items() if name.endswith("random_state")]
    if entry.stochastic and not (seeds and all(isinstance(seed, int) for seed in seeds)):
        expected = "random_state=0, or another integer, for all that draws random numbers"
        _refuse(entry, "is stochastic, but has no seed", expected, seeds or "no random_state", "estimator")


def parts(value: Any) -> Any:
    """Return an estimator as plain data: its class and parameters, nested; the number of jobs changes no result.

    A class or function of one's own brings its code along, one of another package its version; see `foreign_code`.
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
            remedy="make list, or an entry of that name in benchmark/models.py or in the file that --entries names",
        )
    return [entry for entry in entries if not wanted or entry.name in wanted]


def public_path(estimator: Any) -> str:
    """Return where an estimator's class is imported from, without private modules: sklearn.svm.SVC."""
    kind = type(estimator)
    public = [part for part in kind.__module__.split(".") if not part.startswith("_")]
    return ".".join([*public, kind.__qualname__])
