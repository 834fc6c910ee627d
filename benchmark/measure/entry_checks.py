"""Checks of entries before anything runs: names, features, estimators, grids, and whether they fit a data set."""

from __future__ import annotations

import json
import math
import pickle
import re
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline

from benchmark.errors import EntryError, described
from benchmark.layout import NAME_RULE, is_name
from benchmark.measure.entry import ADDRESS, FEATURES, ModelEntry, parts, runs_our_code
from benchmark.measure.limits import most_components
from benchmark.measure.search import split_folds
from benchmark.measure.setting import Setting
from benchmark.patches import SampledPCA
from benchmark.text import is_storable, is_text

LARGEST = 2**63 - 1  # of whole numbers, as the documents and NumPy hold them
ANY_SHAPE = (28, 28)  # of images, where the shape does not matter


def check_entries(entries: Sequence[ModelEntry]) -> None:
    """Refuse an entry that cannot be run, before anything is run or fetched.

    Raises
    ------
    EntryError
        For an invalid name, a duplicate name or title, unknown features, an estimator that is not a classifier, gives
        no scores or cannot be stored, or a grid that is empty or does not fit the pipeline.

    """
    seen: set[tuple[str, str]] = set()
    for entry in entries:
        try:
            _check(entry, seen)
        except EntryError:
            raise
        except Exception as error:  # its classes may raise anything when they are looked at
            _refuse(
                entry,
                "cannot be prepared",
                "an estimator that keeps its parameters as they are given, and a grid of their values",
                described(error)[:200],
                "estimator and its grid",
            )


def _check(entry: ModelEntry, seen: set[tuple[str, str]]) -> None:
    _check_text(entry)
    if not is_name(entry.name):
        _refuse(entry, "has an invalid name", NAME_RULE, entry.name[:200], "name")
    for field, value in (("name", entry.name), ("title", entry.title)):
        if (field, value) in seen:
            raise EntryError(
                f"the {field} {value!r} is used twice in the table", remedy="rename one of the two entries"
            )
        seen.add((field, value))
    _check_features(entry)
    _check_estimator(entry)
    pipeline = entry.pipeline(ANY_SHAPE)
    _check_grid(entry, pipeline)
    clone(pipeline)
    _check_storable(entry, pipeline)


def check_fits(entry: ModelEntry, dataset: str, image_shape: tuple[int, int], n_rows: int) -> None:
    """Refuse an entry whose features cannot be computed for a data set with `n_rows` training images per fold.

    Raises
    ------
    EntryError
        If its grid asks for more components than there are, or its features do not support images of this shape.

    """
    if reason := misfit(entry, image_shape, n_rows):
        raise EntryError(
            f"model {entry.name!r} does not fit the data set {dataset}: {reason}",
            expected=f"features that {n_rows} images a fold, of {image_shape[0]} x {image_shape[1]} pixels, can give",
            remedy="an entry of your own for this data set, in a file named by --entries",
        )


def misfit(entry: ModelEntry, image_shape: tuple[int, int], n_rows: int) -> str:
    """Return why the features of an entry cannot be computed for such a data set, "" where they can; see `check_fits`."""
    pipeline = entry.pipeline(image_shape)
    grid = {name: values for name, values in entry.grid.items() if name.startswith("features__")}
    for params in ParameterGrid(grid) if runs_our_code(pipeline[0]) else []:
        images = np.zeros((1, math.prod(image_shape)), dtype=np.uint8)
        try:
            features = clone(pipeline).set_params(**params)[0]
            if isinstance(features, SampledPCA):
                if images.shape[1] != math.prod(features.image_shape):
                    return f"image_shape={features.image_shape} of its features is another than that of the images"
                if reason := features.misfit(n_rows):
                    return reason
                continue
            wanted = features.n_components
            most = most_components(features, image_shape, n_rows)
        except (TypeError, ValueError) as error:
            return str(error)
        if wanted is not None and not (isinstance(wanted, (int, float)) and wanted <= most):
            return f"features__n_components={wanted}, where there are {most} at most"
    return ""


def _refuse(entry: ModelEntry, problem: str, expected: str, found: Any, field: str, remedy: str = "") -> NoReturn:
    raise EntryError(
        f"model {entry.name!r} {problem}",
        expected=expected,
        found=found if isinstance(found, str) else _repr(found),
        remedy=remedy or f"fix the entry's {field}",
    )


def _repr(value: Any) -> str:
    """Return how a value shows itself, or its type where that fails."""
    try:
        return repr(value)[:200]
    except Exception:  # of a class that is a user's
        return type(value).__name__


def _check_text(entry: ModelEntry) -> None:
    for field in ("name", "title", "family", "note"):
        value, may_be_empty = getattr(entry, field), field in ("family", "note")
        if not is_text(value) and not (value == "" and may_be_empty):
            expected = "a str" if may_be_empty else "a str that is not empty"
            _refuse(entry, f"has a {field} that is no text", expected, _repr(value), field)


def _check_features(entry: ModelEntry) -> None:
    known = entry.features in FEATURES if isinstance(entry.features, str) else _is_ready(entry.features)
    if not known or not (isinstance(entry.features, str) or hasattr(entry.features, "transform")):
        expected = f"{', '.join(FEATURES)} or a scikit-learn transformer, with its parentheses"
        _refuse(entry, "has unknown features", expected, _repr(entry.features), "features")


def _check_estimator(entry: ModelEntry) -> None:
    if not _is_ready(entry.estimator):
        expected = "a scikit-learn classifier or pipeline, with its parentheses"
        _refuse(entry, "has no estimator", expected, _repr(entry.estimator), "estimator")
    names = [name for name, _ in entry.estimator.steps] if isinstance(entry.estimator, Pipeline) else []
    if "features" in names:
        _refuse(
            entry, "has a step called features", "another name: the first step is called features", names, "pipeline"
        )
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
    if not isinstance(entry.grid, dict) or not all(
        isinstance(name, str) and isinstance(values, (list, tuple)) for name, values in entry.grid.items()
    ):
        _refuse(entry, "has an invalid grid", "a dict of parameters, each with a list of values", entry.grid, "grid")
    if not entry.grid or not all(entry.grid.values()):
        expected = "one parameter with one value at least"
        _refuse(entry, "has an empty grid", expected, entry.grid, "grid: name a parameter and its value")
    for name, values in entry.grid.items():
        if name not in known:
            close = [key for key in known if key.endswith("__" + name.rpartition("__")[2])]
            expected = "one of " + ", ".join(close or sorted(key for key in known if "__" in key))
            _refuse(entry, f"has no parameter {name!r}", expected, name, "grid")
        if strangers := [value for value in values if not _is_plain(value)]:
            expected = f"{name}: numbers, strings, True, False or None (JSON values)"
            found = f"{type(strangers[0]).__name__}: {_repr(strangers[0])}"[:200]
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
    if isinstance(value, str):
        return is_storable(value)
    if isinstance(value, int):
        return abs(value) <= LARGEST
    return value is None or (isinstance(value, float) and math.isfinite(value))


def _check_storable(entry: ModelEntry, pipeline: Pipeline) -> None:
    """Refuse a pipeline that cannot be pickled, identified by its values, or refitted with another seed."""
    try:
        pickle.dumps(pipeline)
    except Exception as error:  # pickling may raise anything
        expected = "classes and functions defined at the top level of a module"
        _refuse(entry, "cannot be pickled", expected, f"{type(error).__name__}: {error}"[:200], "pipeline")
    if stranger := re.search(rf"<[^<>]*{ADDRESS}|\S*{ADDRESS}", json.dumps(parts(pipeline), default=repr)):
        expected = "parameters that are identical in two runs, such as an integer as random_state"
        _refuse(entry, "has a parameter whose repr is a memory address", expected, stranger[0], "pipeline")
    seeds = [value for name, value in pipeline.get_params().items() if name.endswith("random_state")]
    if entry.stochastic and not (seeds and all(isinstance(seed, int) for seed in seeds)):
        expected = "random_state=0, or another integer, for all that draws random numbers"
        _refuse(entry, "is stochastic, but has no seed", expected, seeds or "no random_state", "estimator")


def fitting(setting: Setting, entries: Sequence[ModelEntry], *, named: bool) -> list[ModelEntry]:
    """Return the entries that fit the data set; an entry asked for by name is never skipped silently.

    Raises
    ------
    EntryError
        If an entry asked for by name does not fit, or none does.

    """
    n_rows = least_rows(setting)
    found: list[ModelEntry] = []
    for entry in entries:
        try:
            check_fits(entry, setting.dataset.entry.name, setting.dataset.image_shape, n_rows)
        except EntryError as error:
            if named or (entry is entries[-1] and not found):
                raise
            setting.report.line(f"left out: {error.problem}")
        else:
            found.append(entry)
    return found


def least_rows(setting: Setting) -> int:
    """Return how many training images the smallest fold leaves."""
    return min(len(rows) for rows, _ in split_folds(np.asarray(setting.dataset.train_labels)))


def misfits(setting: Setting, entries: Sequence[ModelEntry]) -> dict[str, str]:
    """Return which entries do not fit the data set, by name, and why."""
    n_rows = least_rows(setting)
    reasons = {entry.name: misfit(entry, setting.dataset.image_shape, n_rows) for entry in entries}
    return {name: reason for name, reason in reasons.items() if reason}
