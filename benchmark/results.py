"""Results on disk: their types, the metrics they hold, and how they are read and written.

The centre of the benchmark. Measuring writes these documents; diff, figures and pages read them and nothing else. A
document is a plain `dict` that its `TypedDict` here describes; the order of keys in a file is the order below, and the
published JSON Schema is made from the same types.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import shutil
import types
import typing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import ResultsError

SCHEMA_VERSION = 1
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LINE = 100
SIGNIFICANT_DIGITS = 6

Measured = Annotated[float, "rounded to 6 significant digits"]
Params = dict[str, Any]


# ---------------------------------------------------------------------------------------------------------- documents
class Value(TypedDict):
    """A figure without an interval."""

    value: Measured | None


class Estimate(TypedDict):
    """A figure with its 95 % interval; null where it is undefined."""

    value: Measured | None
    low: Measured | None
    high: Measured | None


class DatasetInfo(TypedDict):
    """What a model was measured on; `digest` is the SHA-256 of the four IDX files, decompressed, concatenated."""

    name: str
    digest: str
    profile: str | None
    n_train: int
    n_test: int
    classes: list[str]


class Candidate(TypedDict):
    """One point of the grid and its accuracy on each fold."""

    params: Params
    scores: list[Measured]


class Edge(TypedDict):
    """An ordered parameter whose winner is the first or last of three or more values.

    `gain` is the last step's, between the winner and its neighbour in the mean score; `fold_sd` is the standard deviation
    of the winner's fold scores.
    """

    param: str
    value: Any
    gain: Measured
    fold_sd: Measured


class Search(TypedDict):
    """The grid search on the training images alone."""

    scoring: str
    n_splits: int
    random_state: int
    best_params: Params
    best_score: Measured
    at_edge: list[Edge]
    candidates: list[Candidate]


class InSample(TypedDict):
    """In-sample figures; `method` says whether each image was left out of its own vote."""

    method: Literal["resubstitution", "leave-one-out"]
    accuracy: Value


class ClassFigures(TypedDict):
    """One class against the rest."""

    auc: Estimate
    precision: Estimate
    recall: Estimate
    f1: Estimate
    support: int


class Calibration(TypedDict):
    """How far probabilities can be taken at their word."""

    expected_calibration_error: Value
    brier_score: Value


class OutOfSample(TypedDict):
    """Out-of-sample figures, on the test images."""

    accuracy: Estimate
    macro_auc: Estimate
    macro_f1: Estimate
    calibration: Calibration | None
    per_class: dict[str, ClassFigures]
    confusion: list[list[int]]


class SeedAccuracy(TypedDict):
    """Test accuracy of each refit and their standard deviation."""

    values: list[Measured]
    sd: Measured


class Seeds(TypedDict):
    """The spread that the random state alone makes."""

    n: int
    random_states: list[int]
    accuracy: SeedAccuracy


class Metrics(TypedDict):
    """`metrics.json`: the same bytes whenever the same commit runs on the same type of machine."""

    schema_version: int
    name: str
    title: str
    family: str
    features: str
    estimator: str
    scores: Literal["predict_proba", "decision_function"]
    distinct_scores: int | None
    dataset: DatasetInfo
    search: Search
    train: InSample
    test: OutOfSample
    seeds: Seeds | None


class Roc(TypedDict):
    """Points kept so that interpolation errs by little; see `evaluate`."""

    fpr: list[Measured]
    tpr: list[Measured]


class PrecisionRecall(TypedDict):
    """Points kept of the precision-recall curve."""

    recall: list[Measured]
    precision: list[Measured]


class Reliability(TypedDict):
    """A row a bin of equal count: mean confidence, accuracy with its interval, number of images."""

    confidence: list[Measured]
    accuracy: list[Measured]
    low: list[Measured]
    high: list[Measured]
    count: list[int]


class Curves(TypedDict):
    """`curves.json`."""

    schema_version: int
    name: str
    roc: dict[str, Roc]
    precision_recall: dict[str, PrecisionRecall]
    reliability: Reliability | None


class Mistake(TypedDict):
    """A test image taken for another class; `margin` is the score of the class predicted less that of the true one."""

    index: int
    true: str
    predicted: str
    margin: Measured


class Study(TypedDict):
    """`study.json` of a model: what its page shows and needs scores or a fitted model."""

    schema_version: int
    name: str
    confident_mistakes: list[Mistake]


class DatasetStudy(TypedDict):
    """`study.json` of a data set: what its page shows and needs computing over all training images."""

    schema_version: int
    name: str
    digest: str
    image_shape: list[int]
    class_means: dict[str, list[int]]
    pixel_sd: list[Measured]
    explained_variance_ratio: list[Measured]
    components: list[list[Measured]]


class Machine(TypedDict):
    """Where a result was measured."""

    system: str
    architecture: str
    cpu: str
    cores: int
    memory_bytes: int


class Seconds(TypedDict):
    """Wall and CPU seconds; fit and predict are of a fresh process with nothing else running."""

    search: Measured
    search_cpu: Measured
    fit: Measured
    fit_cpu: Measured
    predict_many: Measured
    predict_one: Measured


class FileDigest(TypedDict):
    """A file that is not in git."""

    sha256: str
    bytes: int


class Key(TypedDict):
    """The parts of what a result depends on, a digest each."""

    data: str
    entry: str
    code: str
    figures: str
    study: str
    libraries: str


class Run(TypedDict):
    """`run.json`: what may differ between two runs of one commit."""

    schema_version: int
    name: str
    commit: str | None
    dirty: bool
    measured_at: str
    accelerated: bool
    jobs: int
    machine: Machine
    python: str
    libraries: dict[str, str]
    seconds: Seconds
    n_predict_many: int
    peak_memory_bytes: int
    pickle: FileDigest
    scores: FileDigest
    key: Key
    files: dict[str, str]


class Entry(TypedDict):
    """A row of the table of models, as data."""

    name: str
    title: str
    family: str
    features: str
    estimator: str
    pipeline: str
    grid: Params
    note: str
    baseline: bool


class Entries(TypedDict):
    """`entries.json`."""

    schema_version: int
    dataset: str
    entries: list[Entry]


DOCUMENTS: dict[str, type] = {
    "metrics.json": Metrics,
    "curves.json": Curves,
    "study.json": Study,
    "run.json": Run,
    "entries.json": Entries,
    "dataset-study.json": DatasetStudy,
}
TRACKED = ("metrics.json", "predictions.txt", "curves.json", "study.json")


# ------------------------------------------------------------------------------------------------------------ metrics
@dataclass(frozen=True)
class Metric:
    """A metric, declared once: nothing infers a unit or a direction from a name.

    `better` is "higher" or "lower"; `path` leads to the value in `document`.
    """

    name: str
    title: str
    unit: str
    better: Literal["higher", "lower"]
    definition: str
    document: Literal["metrics.json", "run.json"]
    path: tuple[str, ...]


METRICS: tuple[Metric, ...] = (
    Metric(
        "accuracy",
        "Accuracy",
        "share",
        "higher",
        "Share of the test images whose predicted class is the true one.",
        "metrics.json",
        ("test", "accuracy"),
    ),
    Metric(
        "macro_auc",
        "Macro AUC",
        "share",
        "higher",
        "Mean over the classes of the area under the one-vs-rest ROC curve: the chance that an image of the class is "
        "scored above an image of another.",
        "metrics.json",
        ("test", "macro_auc"),
    ),
    Metric(
        "macro_f1",
        "Macro F1",
        "share",
        "higher",
        "Mean over the classes of F1 = 2TP / (2TP + FP + FN).",
        "metrics.json",
        ("test", "macro_f1"),
    ),
    Metric(
        "cv_accuracy",
        "Cross-validated accuracy",
        "share",
        "higher",
        "Mean accuracy of the chosen parameters over the folds of the training images.",
        "metrics.json",
        ("search", "best_score"),
    ),
    Metric(
        "train_accuracy",
        "In-sample accuracy",
        "share",
        "higher",
        "Accuracy on the training images themselves; for k-nearest neighbours each image is left out of its own vote.",
        "metrics.json",
        ("train", "accuracy"),
    ),
    Metric(
        "expected_calibration_error",
        "Expected calibration error",
        "share",
        "lower",
        "Mean distance, over 15 bins of equal count, between the top probability and the share that is right.",
        "metrics.json",
        ("test", "calibration", "expected_calibration_error"),
    ),
    Metric(
        "brier_score",
        "Brier score",
        "squared distance",
        "lower",
        "Mean squared distance between the probabilities and the true class as 0s and a 1, summed over the classes.",
        "metrics.json",
        ("test", "calibration", "brier_score"),
    ),
    Metric(
        "fit_seconds",
        "Fit time",
        "s",
        "lower",
        "Wall seconds to fit the chosen pipeline on all training images, features included.",
        "run.json",
        ("seconds", "fit"),
    ),
    Metric(
        "search_seconds",
        "Search time",
        "s",
        "lower",
        "Wall seconds of all fits and scorings of the grid search, one after the other; the features, which models "
        "share, aside.",
        "run.json",
        ("seconds", "search"),
    ),
    Metric(
        "predict_seconds",
        "Predict time",
        "s",
        "lower",
        "Median wall seconds to predict `n_predict_many` raw images, features included.",
        "run.json",
        ("seconds", "predict_many"),
    ),
    Metric(
        "predict_one_seconds",
        "Predict time, one image",
        "s",
        "lower",
        "Median wall seconds to predict one raw image, features included.",
        "run.json",
        ("seconds", "predict_one"),
    ),
    Metric(
        "peak_memory_bytes",
        "Peak memory",
        "B",
        "lower",
        "Peak resident memory of the process that fitted the chosen pipeline.",
        "run.json",
        ("peak_memory_bytes",),
    ),
    Metric("pickle_bytes", "Pickle size", "B", "lower", "Size of model.pkl.", "run.json", ("pickle", "bytes")),
)
CLASS_METRICS: tuple[Metric, ...] = (
    Metric(
        "auc",
        "AUC",
        "share",
        "higher",
        "Area under the ROC curve of the class against the rest.",
        "metrics.json",
        ("auc",),
    ),
    Metric(
        "precision",
        "Precision",
        "share",
        "higher",
        "Share of the images predicted as the class that are of it.",
        "metrics.json",
        ("precision",),
    ),
    Metric(
        "recall",
        "Recall",
        "share",
        "higher",
        "Share of the images of the class that are predicted as it.",
        "metrics.json",
        ("recall",),
    ),
    Metric("f1", "F1", "share", "higher", "2TP / (2TP + FP + FN); 0 where TP is 0.", "metrics.json", ("f1",)),
)


def round_measured(value: float) -> float:
    """Round to 6 significant digits, as every measured float is, once, when it is written."""
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def slug(name: str) -> str:
    """Return `name` as a part of an address: ASCII lower case, other runs become a hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


# ------------------------------------------------------------------------------------------------------------ writing
def dump_document(document: Any, kind: Any) -> str:
    """Return `document` as text made to be diffed; see DOCUMENTS for the kinds.

    Raises
    ------
    ResultsError
        If a value does not fit its type, or is NaN or infinite.

    """
    return _render(_shaped(document, kind, kind.__name__), 0) + "\n"


def write_document(path: Path, document: Any, kind: Any) -> None:
    """Write `document` to `path`, whole or not at all."""
    write_atomically(path, dump_document(document, kind).encode())


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to a temporary sibling, flush it to the disk and rename it to `path`."""
    with atomic_path(path) as partial, partial.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling of `path` that becomes `path` when the block ends, and is removed when it fails.

    Raises
    ------
    ResultsError
        If the folder cannot be written.

    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except OSError as error:
        if error.errno is None:  # not the file system's: a damaged gzip file is an OSError too
            raise
        raise ResultsError(
            f"{path} cannot be written",
            expected="a folder that this user may write",
            found=error.strerror or str(error),
            remedy=f"chmod u+w {path.parent}, or free space on its disk",
        ) from None
    finally:
        with suppress(OSError):
            partial.unlink()


def replace_folder(new: Path, target: Path) -> None:
    """Put the complete folder `new` in the place of `target`; an interrupted swap is finished by `recover_folders`."""
    old = target.with_name(f".{target.name}.old")
    recover_folders(target.parent)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def recover_folders(parent: Path) -> None:
    """Finish or undo what an interrupted `replace_folder` left under `parent`."""
    for old in sorted(parent.glob(".*.old")):
        target = parent / old.name[1:-4]
        new = parent / f".{target.name}.new"
        if not target.exists():
            (new if new.exists() else old).rename(target)
        shutil.rmtree(old, ignore_errors=True)


def encode_predictions(labels: Sequence[int] | NDArray[Any]) -> str:
    """Return class indices as text, one character an image, 100 a line."""
    characters = "".join(ALPHABET[label] for label in labels)
    return "".join(characters[start : start + LINE] + "\n" for start in range(0, len(characters), LINE))


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of every document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Benchmark results",
        "$defs": {name: _schema(kind) for name, kind in DOCUMENTS.items()},
    }


# ------------------------------------------------------------------------------------------------------------ reading
def read_document(path: Path, kind: Any) -> Any:
    """Return the document in `path`, checked against its type.

    Raises
    ------
    ResultsError
        If the file is missing, no JSON, of another schema version, or lacks what its type promises.

    """
    remedy = "make bench"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ResultsError(f"{path} does not exist", remedy=remedy) from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ResultsError(
            f"{path} is no JSON document", expected="JSON in UTF-8", found=str(error), remedy=f"git checkout -- {path}"
        ) from None
    found = document.get("schema_version") if isinstance(document, dict) else None
    if found != SCHEMA_VERSION:
        newer = isinstance(found, int) and found > SCHEMA_VERSION
        raise ResultsError(
            f"{path} is of another schema version",
            expected=f'"schema_version": {SCHEMA_VERSION}',
            found=f"{found!r}",
            remedy="a newer version of this benchmark (git pull)" if newer else remedy,
        )
    try:
        _shaped(document, kind, "")
    except ResultsError as error:
        raise ResultsError(f"{path} does not fit {kind.__name__}: {error}", remedy=f"git checkout -- {path}") from None
    return document


def decode_predictions(text: str, path: Path, *, n_classes: int, n_images: int | None = None) -> NDArray[np.int64]:
    """Return class indices, ndarray of shape (n_images,), from the text of `path`.

    Raises
    ------
    ResultsError
        If a character is no class or the number of images is another.

    """
    codes = {character: label for label, character in enumerate(ALPHABET[:n_classes])}
    characters = text.replace("\n", "")
    foreign = sorted(set(characters) - set(codes))
    if foreign:
        raise ResultsError(
            f"{path} holds characters that are no class",
            expected=f"one of {ALPHABET[:n_classes]} an image",
            found=" ".join(map(repr, foreign[:5])),
            remedy=f"git checkout -- {path}",
        )
    if n_images is not None and len(characters) != n_images:
        raise ResultsError(
            f"{path} has another number of images",
            expected=str(n_images),
            found=str(len(characters)),
            remedy=f"git checkout -- {path}",
        )
    return np.array([codes[character] for character in characters], dtype=np.int64)


@dataclass(frozen=True)
class ModelResult:
    """All that is stored of one model; `predictions` has shape (n_test,)."""

    entry: Entry
    metrics: Metrics
    curves: Curves
    study: Study
    run: Run
    predictions: NDArray[np.int64]

    @property
    def name(self) -> str:
        """Name of the model, which is its folder's."""
        return self.entry["name"]

    @property
    def accuracy(self) -> float:
        """Test accuracy."""
        return float(self.metrics["test"]["accuracy"]["value"] or 0.0)


@dataclass(frozen=True)
class Results:
    """The results of one data set: models in the order of the table, the names without a result, the answer key."""

    folder: Path
    dataset: DatasetInfo
    entries: list[Entry]
    models: list[ModelResult]
    missing: list[str]
    test_labels: NDArray[np.int64]

    @property
    def contestants(self) -> list[ModelResult]:
        """The models that are ranked: all but the baseline."""
        return [model for model in self.models if not model.entry["baseline"]]

    @property
    def baselines(self) -> list[ModelResult]:
        """The models that are a reference only."""
        return [model for model in self.models if model.entry["baseline"]]

    def leaderboard(self) -> list[ModelResult]:
        """Contestants, best accuracy first, ties in the order of the table."""
        return sorted(self.contestants, key=lambda model: -model.accuracy)

    def correct(self, model: ModelResult) -> NDArray[np.bool_]:
        """Return which test images `model` gets right, of shape (n_test,)."""
        return model.predictions == self.test_labels  # type: ignore[no-any-return]


def load_results(models_dir: Path, dataset: str) -> Results:
    """Read every result under `models_dir/dataset`.

    Raises
    ------
    ResultsError
        If there is no result at all, a document is damaged, or predictions do not yield the figures beside them.

    """
    folder = models_dir / dataset
    recover_folders(folder)
    entries: list[Entry] = read_document(folder / "entries.json", Entries)["entries"]
    present = [entry for entry in entries if (folder / entry["name"] / "metrics.json").exists()]
    if not present:
        raise ResultsError(f"{folder} holds no results", expected="a folder a model", remedy="make bench")
    first: Metrics = read_document(folder / present[0]["name"] / "metrics.json", Metrics)
    n_classes = len(first["dataset"]["classes"])
    labels_path = folder / "test_labels.txt"
    labels = decode_predictions(
        _text(labels_path), labels_path, n_classes=n_classes, n_images=first["dataset"]["n_test"]
    )
    return Results(
        folder=folder,
        dataset=first["dataset"],
        entries=entries,
        models=[_load_model(folder / entry["name"], entry, labels, n_classes) for entry in present],
        missing=[entry["name"] for entry in entries if entry not in present],
        test_labels=labels,
    )


def _load_model(folder: Path, entry: Entry, labels: NDArray[np.int64], n_classes: int) -> ModelResult:
    metrics: Metrics = read_document(folder / "metrics.json", Metrics)
    path = folder / "predictions.txt"
    predictions = decode_predictions(_text(path), path, n_classes=n_classes, n_images=len(labels))
    confusion = confusion_matrix(labels, predictions, n_classes)
    stored = metrics["test"]["confusion"]
    if confusion.tolist() != stored:
        raise ResultsError(
            f"{path} does not yield the figures in {folder / 'metrics.json'}",
            expected=f"{sum(stored[i][i] for i in range(n_classes))} images right",
            found=f"{np.trace(confusion)}",
            remedy=f"make bench MODELS={entry['name']}",
        )
    return ModelResult(
        entry=entry,
        metrics=metrics,
        curves=read_document(folder / "curves.json", Curves),
        study=read_document(folder / "study.json", Study),
        run=read_document(folder / "run.json", Run),
        predictions=predictions,
    )


def confusion_matrix(labels: NDArray[Any], predictions: NDArray[Any], n_classes: int) -> NDArray[np.int64]:
    """Return counts of shape (n_classes, n_classes): true class a row, predicted class a column."""
    flat = np.asarray(labels, dtype=np.int64) * n_classes + np.asarray(predictions, dtype=np.int64)
    return np.bincount(flat, minlength=n_classes**2).reshape(n_classes, n_classes)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's contents, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(
            f"{path} cannot be read", expected="ASCII text", found=str(error), remedy="make bench"
        ) from None


# --------------------------------------------------------------------------------------------- types, walked in one way
def _shaped(value: Any, kind: Any, where: str) -> Any:
    """Return `value` in the shape of `kind`: keys in its order, measured floats rounded; refuse what does not fit."""
    if kind is Any:
        return value
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        return _shaped_number(value, where)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        (inner,) = [argument for argument in arguments if argument is not type(None)]
        return _shaped(value, inner, where)
    if typing.is_typeddict(kind):
        return _shaped_record(value, kind, where)
    if origin is Literal:
        return value if value in arguments else _refuse(where, " or ".join(map(repr, arguments)), value)
    if origin is list:
        if not isinstance(value, list):
            _refuse(where, "a list", value)
        return [_shaped(item, arguments[0], f"{where}[{i}]") for i, item in enumerate(value)]
    if origin is dict:
        if not isinstance(value, dict):
            _refuse(where, "an object", value)
        keys = sorted(value) if kind == Params else value
        return {key: _shaped(value[key], arguments[1], f"{where}.{key}") for key in keys}
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        _refuse(where, kind.__name__, value)
    return value


def _shaped_record(value: Any, kind: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        _refuse(where, "an object", value)
    hints = typing.get_type_hints(kind, include_extras=True)
    missing = [key for key in hints if key not in value]
    if missing:
        _refuse(where, f"the field {missing[0]!r}", f"only {', '.join(value) or 'nothing'}")
    return {key: _shaped(value[key], hint, f"{where}.{key}") for key, hint in hints.items()}


def _shaped_number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        _refuse(where, "a finite number", value)
    return round_measured(float(value))


def _refuse(where: str, expected: str, found: Any) -> typing.NoReturn:
    raise ResultsError(f"{where.lstrip('.')}", expected=expected, found=repr(found)[:80])


def _render(value: Any, depth: int) -> str:
    if isinstance(value, (dict, list)) and value and not _is_row(value):
        pad = "  " * (depth + 1)
        opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
        items = (
            [f"{json.dumps(key, ensure_ascii=False)}: {_render(item, depth + 1)}" for key, item in value.items()]
            if isinstance(value, dict)
            else [_render(item, depth + 1) for item in value]
        )
        return f"{opening}\n{pad}" + f",\n{pad}".join(items) + f"\n{'  ' * depth}{closing}"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, (int, float)) or item is None for item in value)


def _schema(kind: Any) -> dict[str, Any]:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        return {"type": "number"}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_schema(argument) for argument in arguments]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": _schema(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(arguments[1])}
    if typing.is_typeddict(kind):
        hints = typing.get_type_hints(kind, include_extras=True)
        return {
            "type": "object",
            "description": (kind.__doc__ or "").partition("\n")[0],
            "properties": {key: _schema(hint) for key, hint in hints.items()},
            "required": list(hints),
        }
    names = {int: "integer", str: "string", bool: "boolean", type(None): "null"}
    return {"type": names[kind]} if kind in names else {}
