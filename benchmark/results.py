"""Results on disk: their types, the metrics they hold, and how they are read and written.

The centre of the benchmark. Measuring writes these documents; diff, figures and pages read them and nothing else. A
document is a plain `dict` that its `TypedDict` here describes; the order of keys in a file is the order below, and the
published JSON Schema is made from the same types.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import os
import re
import shutil
import tempfile
import types
import typing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, TypedDict

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import ResultsError

SCHEMA_VERSION = 1
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LINE = 100
SIGNIFICANT_DIGITS = 6
NAMED_RECALL = 0.9  # whose precision captions say

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


class CurvePoint(TypedDict):
    """Accuracy on the held-out images after fitting on `n_train` images."""

    n_train: int
    accuracy: Estimate


class LearningCurve(TypedDict):
    """The chosen pipeline fitted on growing shares of one fold's training part, scored on its held-out images.

    Each share holds the smaller ones; the intervals are of the held-out images, not of another draw of the share.
    """

    fold: int
    n_held_out: int
    points: list[CurvePoint]


class Importance(TypedDict):
    """What a model looks at, as one picture of `shape` for all classes ("all") or a class.

    "permutation": accuracy ("all") or recall (a class) lost when a block of pixels is exchanged between `n_images`
    held-out training images. "coefficients": change of the class's score with each scaled pixel. "impurity": share of
    all the impurity that splits on the pixel removed.
    """

    method: Literal["permutation", "coefficients", "impurity"]
    shape: list[int]
    block: int
    n_images: int | None
    pictures: dict[str, list[Measured]]


class Study(TypedDict):
    """`study.json` of a model: what its page shows and needs scores or a fitted model."""

    schema_version: int
    name: str
    confident_mistakes: list[Mistake]
    learning_curve: LearningCurve | None
    importances: list[Importance]


class Twin(TypedDict):
    """A test image and the training image nearest to it; `distance` is relative to the test image's own length."""

    test: int
    train: int
    distance: Measured


class Twins(TypedDict):
    """Near-duplicates across the splits: how many test images have a training image within each distance."""

    distances: list[float]
    counts: list[int]
    nearest: list[Twin]
    n_other_class: int


class Map(TypedDict):
    """Training images in two dimensions; a place each, in the order of `index`."""

    method: str
    index: list[int]
    x: list[Measured]
    y: list[Measured]


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
    map: Map
    near_duplicates: Twins


class PublishedResult(TypedDict):
    """What somebody else reports on the same test images; `read` is the day that the source was read."""

    title: str
    accuracy: float
    n_images: int
    source: str
    read: str


class Published(TypedDict):
    """`published.json` of a data set: outside facts, not measured here; `choice` says which of them these are."""

    schema_version: int
    dataset: str
    choice: str
    results: list[PublishedResult]


# A row of results.csv and results.json. "class" is no name in Python, and empty for all classes.
Observation = TypedDict(
    "Observation",
    {
        "model": str,
        "metric": str,
        "class": str,
        "value": float,
        "low": float | None,
        "high": float | None,
        "unit": str,
        "direction": Literal["higher", "lower"],
        "commit": str | None,
    },
)


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
    "published.json": Published,
}
TRACKED = ("metrics.json", "predictions.txt", "curves.json", "study.json")


# ------------------------------------------------------------------------------------------------------------ metrics
@dataclass(frozen=True)
class Metric:
    """A metric, declared once: nothing infers a unit or a direction from a name.

    `better` is "higher" or "lower"; `path` leads to the value in `document`. A metric `of_scores` cannot be compared
    between probabilities and decision values.
    """

    name: str
    title: str
    unit: str
    better: Literal["higher", "lower"]
    definition: str
    document: Literal["metrics.json", "run.json"]
    path: tuple[str, ...]
    of_scores: bool = False


METRICS: tuple[Metric, ...] = (
    Metric(
        "accuracy",
        "Accuracy",
        "share",
        "higher",
        "Share of the test images whose predicted class is the true one: right / all.",
        "metrics.json",
        ("test", "accuracy"),
    ),
    Metric(
        "macro_auc",
        "Macro AUC",
        "share",
        "higher",
        "Mean over the classes of the area under the one-vs-rest ROC curve: P(score of an image of the class > score of another) "
        "+ P(equal) / 2.",
        "metrics.json",
        ("test", "macro_auc"),
        of_scores=True,
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
        "Mean accuracy of the chosen parameters over the folds of the training images: (a₁ + … + a_k) / k.",
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
        "Σ n_b / n · |share right in bin b − mean top probability in bin b|, over bins of nearly equal count n_b; equal "
        "probabilities share a bin (Naeini, Cooper and Hauskrecht 2015).",
        "metrics.json",
        ("test", "calibration", "expected_calibration_error"),
    ),
    Metric(
        "brier_score",
        "Brier score",
        "squared distance",
        "lower",
        "1/n · Σ (p − y)² over images and classes, with y 1 for the true class and 0 for the others (Brier 1950).",
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
        "Median wall seconds of three predictions of 10,000 raw test images (of all, where there are fewer), features included.",
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
        "Peak resident memory of the process that fitted the chosen pipeline and predicted the test images.",
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
        "Area under the ROC curve of the class against the rest: P(score of an image of the class > score of another) + P(equal) / 2.",
        "metrics.json",
        ("auc",),
        of_scores=True,
    ),
    Metric(
        "precision",
        "Precision",
        "share",
        "higher",
        "Share of the images predicted as the class that are of it: TP / (TP + FP).",
        "metrics.json",
        ("precision",),
    ),
    Metric(
        "recall",
        "Recall",
        "share",
        "higher",
        "Share of the images of the class that are predicted as it: TP / (TP + FN).",
        "metrics.json",
        ("recall",),
    ),
    Metric("f1", "F1", "share", "higher", "2TP / (2TP + FP + FN); 0 where TP is 0.", "metrics.json", ("f1",)),
)


def metric_named(name: str) -> Metric:
    """Return the declared metric called `name`.

    Raises
    ------
    ResultsError
        If there is none.

    """
    for metric in METRICS:
        if metric.name == name:
            return metric
    raise ResultsError(
        f"there is no metric {name!r}", expected="one of " + ", ".join(m.name for m in METRICS), found=name
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
        raise _unwritable(path, error) from None
    finally:
        with suppress(OSError):
            partial.unlink()


def check_writable(folder: Path) -> None:
    """Refuse a folder that cannot be written, and leave nothing in it.

    Raises
    ------
    ResultsError

    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder / "…", error) from None


def _unwritable(path: Path, error: OSError) -> ResultsError:
    return ResultsError(
        f"{path} cannot be written",
        expected="a folder that this user may write",
        found=error.strerror or str(error),
        remedy=f"chmod u+w {path.parent}, or free space on its disk",
    )


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


def json_schema(documents: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of documents, types by name; DOCUMENTS are those in the results' folders."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Benchmark results",
        "$defs": {name: _schema(kind) for name, kind in documents.items()},
    }


def document_schema(title: str, kind: Any) -> dict[str, Any]:
    """Return the JSON Schema of one document."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **_schema(kind)}


# ------------------------------------------------------------------------------------------------------------ reading
class Source(Protocol):
    """Where the results of a data set are read from: a folder, or the same folder in a commit."""

    def read(self, name: str) -> bytes | None:
        """Return the contents of a file, None if there is no such file."""

    def where(self, name: str) -> str:
        """Return how errors call that file."""


@dataclass(frozen=True)
class Folder:
    """Results in a folder, `models/<data set>`."""

    path: Path

    def read(self, name: str) -> bytes | None:
        """Return the contents of a file, None if there is no such file."""
        try:
            return (self.path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ResultsError(
                f"{self.where(name)} cannot be read", found=error.strerror or "", remedy="chmod u+r"
            ) from None

    def where(self, name: str) -> str:
        """Return the file's path."""
        return str(self.path / name)


def read_document(path: Path, kind: Any) -> Any:
    """Return the document in `path`, checked against its type; see `parse_document`."""
    return _document(Folder(path.parent), path.name, kind)


def _document(source: Source, name: str, kind: Any) -> Any:
    content, where = source.read(name), source.where(name)
    if content is None:
        raise ResultsError(f"{where} does not exist", remedy="make bench")
    return parse_document(content, where, kind)


def parse_document(content: bytes, where: str, kind: Any) -> Any:
    """Return the document in `content`, checked against its type; errors call it `where`.

    Raises
    ------
    ResultsError
        If it is no JSON, of another schema version, or lacks what its type promises.

    """
    document = parse_json(content, where)
    try:
        _shaped(document, kind, "")
    except ResultsError as error:
        raise ResultsError(f"{where} does not fit {kind.__name__}: {error}", remedy=_restore(where)) from None
    return document


def parse_json(content: bytes, where: str) -> Any:
    """Return the JSON in `content`, of this schema version, but not checked against a type.

    Raises
    ------
    ResultsError
        If it is no JSON or of another schema version.

    """
    try:
        document = json.loads(content)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ResultsError(
            f"{where} is no JSON document", expected="JSON in UTF-8", found=str(error), remedy=_restore(where)
        ) from None
    found = document.get("schema_version") if isinstance(document, dict) else None
    if found != SCHEMA_VERSION:
        newer = isinstance(found, int) and found > SCHEMA_VERSION
        raise ResultsError(
            f"{where} is of another schema version",
            expected=f'"schema_version": {SCHEMA_VERSION}',
            found=f"{found!r}",
            remedy="a newer version of this benchmark (git pull)" if newer else _remeasure(where, "make bench"),
        )
    return document


def _remeasure(where: str, command: str) -> str:
    """Return the command that mends a file on disk; a commit stays as it is."""
    return command if Path(where).exists() else "another commit (git log --oneline -- models)"


def _restore(where: str) -> str:
    return f"git checkout -- {where}" if Path(where).exists() else "another revision"


def fits(document: Any, kind: Any) -> bool:
    """Say whether `document` is of its type, without looking at a schema version."""
    try:
        _shaped(document, kind, "")
    except ResultsError:
        return False
    return True


def decode_predictions(text: str, where: str, *, n_classes: int, n_images: int | None = None) -> NDArray[np.int64]:
    """Return class indices, ndarray of shape (n_images,), from the text of the file `where`.

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
            f"{where} holds characters that are no class",
            expected=f"one of {ALPHABET[:n_classes]} an image",
            found=" ".join(map(repr, foreign[:5])),
            remedy=_restore(where),
        )
    if n_images is not None and len(characters) != n_images:
        raise ResultsError(
            f"{where} has another number of images",
            expected=str(n_images),
            found=str(len(characters)),
            remedy=_restore(where),
        )
    return np.array([codes[character] for character in characters], dtype=np.int64)


@dataclass(frozen=True)
class ModelResult:
    """All that is stored of one model; `predictions` has shape (n_test,)."""

    entry: Entry
    metrics: Metrics
    run: Run
    predictions: NDArray[np.int64]
    source: Source

    @functools.cached_property
    def curves(self) -> Curves:
        """Its `curves.json`, read when asked for."""
        return _document(self.source, f"{self.name}/curves.json", Curves)  # type: ignore[no-any-return]

    @functools.cached_property
    def study(self) -> Study:
        """Its `study.json`, read when asked for."""
        return _document(self.source, f"{self.name}/study.json", Study)  # type: ignore[no-any-return]

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

    source: Source
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

    def model(self, name: str) -> ModelResult:
        """Return the result of the model called `name`.

        Raises
        ------
        ResultsError
            If there is none.

        """
        for model in self.models:
            if model.name == name:
                return model
        raise ResultsError(
            f"{self.source.where('')} holds no result of {name!r}",
            expected="one of " + ", ".join(model.name for model in self.models),
            found=name,
            remedy=f"make bench MODELS={name}" if name in self.missing else "make list",
        )

    def correct(self, model: ModelResult) -> NDArray[np.bool_]:
        """Return which test images `model` gets right, of shape (n_test,)."""
        return model.predictions == self.test_labels  # type: ignore[no-any-return]


def load_results(models_dir: Path, dataset: str) -> Results:
    """Read every result under `models_dir/dataset`; see `read_results`."""
    folder = models_dir / dataset
    recover_folders(folder)
    return read_results(Folder(folder))


def read_results(source: Source) -> Results:
    """Read every result of a data set.

    Raises
    ------
    ResultsError
        If there is no result at all, a document is damaged, or predictions do not yield the figures beside them.

    """
    entries: list[Entry] = _document(source, "entries.json", Entries)["entries"]
    found = {entry["name"]: source.read(f"{entry['name']}/metrics.json") for entry in entries}
    every = {
        name: parse_document(content, source.where(f"{name}/metrics.json"), Metrics)
        for name, content in found.items()
        if content is not None
    }
    if not every:
        raise ResultsError(f"{source.where('')} holds no results", expected="a folder a model", remedy="make bench")
    first: DatasetInfo = next(iter(every.values()))["dataset"]
    for name, metrics in every.items():
        if metrics["dataset"]["classes"] != first["classes"]:
            raise ResultsError(
                f"{source.where(f'{name}/metrics.json')} is of other classes than the results beside it",
                expected=", ".join(first["classes"])[:200],
                found=", ".join(metrics["dataset"]["classes"])[:200],
                remedy="make bench, which brings all to one",
            )
    labels = _labels(source, "test_labels.txt", len(first["classes"]), first["n_test"])
    return Results(
        source=source,
        dataset=first,
        entries=entries,
        models=[_model(source, entry, every[entry["name"]], labels) for entry in entries if entry["name"] in every],
        missing=[entry["name"] for entry in entries if entry["name"] not in every],
        test_labels=labels,
    )


def _labels(source: Source, name: str, n_classes: int, n_images: int) -> NDArray[np.int64]:
    content, where = source.read(name), source.where(name)
    if content is None or not content.isascii():
        raise ResultsError(
            f"{where} cannot be read",
            expected="ASCII text",
            found="no such file" if content is None else "other characters",
            remedy="make bench",
        )
    return decode_predictions(content.decode("ascii"), where, n_classes=n_classes, n_images=n_images)


def _model(source: Source, entry: Entry, metrics: Metrics, labels: NDArray[np.int64]) -> ModelResult:
    name, n_classes = entry["name"], len(metrics["dataset"]["classes"])
    predictions = _labels(source, f"{name}/predictions.txt", n_classes, len(labels))
    _check_figures(source, name, metrics, confusion_matrix(labels, predictions, n_classes))
    run: Run = _document(source, f"{name}/run.json", Run)
    return ModelResult(entry, metrics, run, predictions, source)


def _check_figures(source: Source, name: str, metrics: Metrics, confusion: NDArray[np.int64]) -> None:
    """Refuse predictions that do not yield the figures beside them; AUC needs scores, which are not in git."""
    test, classes = metrics["test"], metrics["dataset"]["classes"]
    hits, support, predicted = np.diagonal(confusion), confusion.sum(axis=1), confusion.sum(axis=0)

    def share(part: int, whole: int) -> float | None:
        return round_measured(part / whole) if whole else None

    f1 = [2 * hits[i] / max(1, support[i] + predicted[i]) for i in range(len(hits))]
    pairs: list[tuple[str, Any, Any]] = [
        ("classes", list(test["per_class"]), classes),
        ("confusion", test["confusion"], confusion.tolist()),
        ("accuracy", test["accuracy"]["value"], share(hits.sum(), confusion.sum())),
        ("macro F1", test["macro_f1"]["value"], round_measured(float(np.mean(f1)))),
    ]
    for i, (label, figures) in enumerate(list(test["per_class"].items())[: len(hits)]):
        pairs += [
            (f"support of {label}", figures["support"], int(support[i])),
            (f"recall of {label}", figures["recall"]["value"], share(hits[i], support[i])),
            (f"precision of {label}", figures["precision"]["value"], share(hits[i], predicted[i])),
            (f"F1 of {label}", figures["f1"]["value"], round_measured(f1[i])),
        ]
    for what, stored, recomputed in pairs:
        if stored != recomputed:
            raise ResultsError(
                f"{source.where(f'{name}/predictions.txt')} does not yield the figures in "
                f"{source.where(f'{name}/metrics.json')} (AUC cannot be checked without scores)",
                expected=f"{what}: {stored}"[:200],
                found=f"{recomputed}"[:200],
                remedy=_remeasure(source.where(f"{name}/predictions.txt"), f"make bench MODELS={name}"),
            )


def confusion_matrix(labels: NDArray[Any], predictions: NDArray[Any], n_classes: int) -> NDArray[np.int64]:
    """Return counts of shape (n_classes, n_classes): true class a row, predicted class a column."""
    flat = np.asarray(labels, dtype=np.int64) * n_classes + np.asarray(predictions, dtype=np.int64)
    return np.bincount(flat, minlength=n_classes**2).reshape(n_classes, n_classes)


def study_path(models_dir: Path, dataset: str) -> Path:
    """Return where a data set's own study lies: beside `models`, in `data`; in a results folder of another name itself."""
    home = models_dir.parent if models_dir.name == "models" else models_dir
    return home / "data" / dataset / "study.json"


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's contents, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
    if kind is float:
        kind = (int, float)
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        _refuse(where, getattr(kind, "__name__", "a number"), value)
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
    names = {int: "integer", float: "number", str: "string", bool: "boolean", type(None): "null"}
    return {"type": names[kind]} if kind in names else {}
