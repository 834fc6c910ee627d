"""Keys: digests of everything that a result depends on, and which stored results are out of date."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from benchmark import results
from benchmark.cache import digest
from benchmark.disk import file_sha256
from benchmark.errors import BenchmarkError
from benchmark.faults import told
from benchmark.layout import PACKAGE, shipped
from benchmark.measure.code import code_digest, locked_versions
from benchmark.measure.entry import ModelEntry, parts
from benchmark.measure.setting import Setting
from benchmark.results import Key, Metrics, Run
from benchmark.swap import standing

# The files whose code determines stored bytes: of the search and the fits, of the other metrics, of the studies.
FIT_CODE = ("components", "features", "svm", "measure/search", "measure/fit", "measure/convergence")
# and of models with features of these modules
FEATURE_CODE = {"benchmark.patches": ("patches",), "benchmark.rich": ("patches", "rich")}
EVALUATION_CODE = (
    "measure/entry", "measure/evaluate", "statistics/shares", "statistics/scores",
    "results/documents", "results/predictions", "results/writing",
)  # fmt: skip
STUDY_CODE = (
    "measure/study_model",
    "measure/study_data",
    "measure/meter",  # a share is kept with its costs
    "statistics/shares",
    "results/study_documents",
    "results/writing",
)
LIBRARIES = ("numpy", "scipy", "scikit-learn")
PARTS = {
    "data": "the data set",
    "entry": "the entry, or user code that it depends on",
    "code": "the code of features or training",
    "figures": "the code of the evaluation",
    "study": "the code of the study",
    "libraries": "the locked library versions",
}


@dataclass(frozen=True)
class Status:
    """Whether a model's stored result is current; `why` says what is out of date, and is empty if nothing is."""

    entry: ModelEntry
    why: str
    seconds: float | None


def statuses(setting: Setting, entries: Iterable[ModelEntry], *, tracked_only: bool = False) -> list[Status]:
    """Return each entry's status; with `tracked_only`, files that are not in git may be absent."""
    with told(setting.folder, "read"), suppress(FileNotFoundError):
        setting.folder.stat()  # a file in the place of a folder would make every result look absent
    return [_status(setting, entry, tracked_only=tracked_only) for entry in entries]


def _status(setting: Setting, entry: ModelEntry, *, tracked_only: bool) -> Status:
    folder = standing(setting.folder / entry.name)
    if not folder.exists():
        return Status(entry, "no result yet", None)
    try:
        run: Run = results.read_document(folder / "run.json", Run)
    except BenchmarkError:
        return Status(entry, "run.json is missing or damaged", None)
    seconds = run["seconds"]["search"] / max(1, setting.jobs) + run["seconds"]["fit"]
    expected = model_key(setting, entry)
    moved = [words for part, words in PARTS.items() if run["key"][part] != expected[part]]  # type: ignore[literal-required]
    if moved:
        return Status(entry, f"changed since it was measured: {', '.join(moved)}", seconds)
    if renamed := _renamed(setting, entry):
        return Status(entry, f"{renamed} was renamed since", seconds)
    digests = dict(run["files"])
    if not tracked_only:
        digests |= {"model.pkl": run["pickle"]["sha256"], "scores.npy": run["scores"]["sha256"]}
    for name, sha256 in digests.items():
        if not (folder / name).is_file():
            return Status(entry, f"{name} is missing", seconds)
        if file_sha256(folder / name) != sha256:
            return Status(entry, f"{name} was altered", seconds)
    return Status(entry, "", seconds)


def _renamed(setting: Setting, entry: ModelEntry) -> str:
    """Return which stored name differs from the tables; names are not in the keys, because no fit depends on them."""
    try:
        metrics: Metrics = results.read_document(standing(setting.folder / entry.name) / "metrics.json", Metrics)
    except BenchmarkError:
        return ""  # `_status` then reports the digest
    names = {
        "its title": (metrics["title"], entry.title),
        "its family": (metrics["family"], entry.family),
        "a class": (metrics["dataset"]["classes"], list(setting.dataset.class_names)),
    }
    return next((words for words, (stored, own) in names.items() if stored != own), "")


def model_key(setting: Setting, entry: ModelEntry) -> Key:
    """Return the digests of everything that a model's result depends on."""
    pipeline = entry.pipeline(setting.dataset.image_shape)
    return {
        "data": setting.dataset.digest,
        "entry": digest(parts(pipeline), entry.grid, entry.stochastic, entry.baseline),
        "code": code_of(fit_code(pipeline[0])),
        "figures": code_of(EVALUATION_CODE),
        "study": code_of(STUDY_CODE),
        "libraries": digest(_libraries(), setting.accelerated),
    }


@functools.cache  # every key of a run needs it, and parsing the modules takes 20 ms
def code_of(files: tuple[str, ...]) -> str:
    """Return a digest of the code in these files of the package, named without `.py`."""
    return code_digest([PACKAGE / f"{file}.py" for file in files])


@functools.cache
def _libraries() -> dict[str, str]:
    return locked_versions(shipped("requirements.lock"), LIBRARIES)


def fit_code(features: Any = None) -> tuple[str, ...]:
    """Return the files whose code a fit on such features runs: those of all fits, and the module of the features."""
    return (*FIT_CODE, *FEATURE_CODE.get(type(features).__module__, ()))


def fit_environment(setting: Setting, features: Any = None) -> tuple[Any, ...]:
    """Return what a fit depends on besides its data, pipeline and parameters: code, libraries, acceleration."""
    return code_of(fit_code(features)), _libraries(), setting.accelerated


def fit_key(setting: Setting, pipeline: Any, params: dict[str, Any], fold: int | str) -> str:
    """Return the key of one fit: on a fold of the search, on all training images, with another seed, or on a share."""
    chosen = sorted(params.items())
    return digest("fit", setting.dataset.digest, parts(pipeline), chosen, fold, *fit_environment(setting, pipeline[0]))
