"""From a model's fits to the documents in its folder, which is replaced as a whole."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark import results
from benchmark.command import Command
from benchmark.disk import read_checked, remove, write_atomically
from benchmark.errors import FitError
from benchmark.faults import told
from benchmark.measure.entry import ModelEntry
from benchmark.measure.evaluate import Scored
from benchmark.measure.fit import PICKLE
from benchmark.measure.keys import model_key
from benchmark.measure.setting import Setting
from benchmark.measure.task import TaskFailedError
from benchmark.results import Growth, Run
from benchmark.swap import new_folder, replace_folder


def read_scored(setting: Setting, entry: ModelEntry, final: Mapping[str, Any], staged: Path) -> Scored:
    """Return the scores and predictions of the test images that the final fit left in `staged`.

    Raises
    ------
    FitError
        If any image lacks a finite score for any class.

    """
    labels = setting.dataset.test_labels.astype(np.int64)
    scores, predictions = (
        np.load(io.BytesIO(read_checked(staged / name, final["digests"][name])))
        for name in ("scores.npy", "predictions.npy")
    )
    _check_scores(entry, scores, (len(labels), len(setting.dataset.class_names)))
    return Scored(final["scores"], scores, labels, predictions.astype(np.int64))


def _check_scores(entry: ModelEntry, scores: NDArray[Any], shape: tuple[int, int]) -> None:
    if scores.shape != shape or not np.isfinite(scores).all():
        raise FitError(
            f"model {entry.name!r} gives no finite score for each class",
            expected=f"scores of shape {shape}, one row per image, one column per class",
            found=f"shape {scores.shape}" + ("" if np.isfinite(scores).all() else ", some of them not finite"),
            remedy="another estimator, or one-vs-rest scores (decision_function_shape='ovr')",
        )


def unfit(entry: ModelEntry, error: TaskFailedError) -> FitError:
    """Return that a model could not be fitted, in which task, and why."""
    bench = Command("bench", models=entry.name)
    return FitError(
        f"model {entry.name!r} could not be fitted: {error.where}",
        expected=error.expected,
        found=" ".join(error.found.split())[:400],
        remedy=(bench, ", without a limit of a fit or with a longer one")
        if error.late
        else ("fix its entry, then ", bench),
    )


def run_document(
    setting: Setting,
    entry: ModelEntry,
    final: Mapping[str, Any],
    staged: Path,
    documents: dict[str, str],
    search_seconds: Sequence[float],
    growth: list[Growth],
) -> Run:
    """Return `run.json`; `search_seconds` are wall and CPU seconds, `growth` is empty where there is no learning curve."""
    scores = staged / "scores.npy"
    document: Run = {
        "schema_version": results.SCHEMA_VERSION,
        "name": entry.name,
        "commit": final["commit"],
        "dirty": final["dirty"],
        "measured_at": final["measured_at"],
        "accelerated": setting.accelerated,
        "jobs": final["jobs"],
        "machine": final["machine"],
        "python": final["python"],
        "libraries": final["libraries"],
        "seconds": {
            "search": search_seconds[0],
            "search_cpu": search_seconds[1],
            "fit": final["fit"],
            "fit_cpu": final["fit_cpu"],
            "predict_many": final["predict_many"],
            "predict_one": final["predict_one"],
        },
        "n_predict_many": final["n_predict_many"],
        "peak_memory_bytes": final["peak_memory_bytes"],
        "pickle": {"sha256": final["digests"][PICKLE], "bytes": final["pickle_bytes"]},
        "scores": {"sha256": final["digests"][scores.name], "bytes": scores.stat().st_size},
        "key": model_key(setting, entry),
        "files": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in documents.items()},
    }
    if growth:
        document["growth"] = growth
    return document


def place_folder(setting: Setting, entry: ModelEntry, documents: dict[str, str], staged: Path) -> None:
    """Replace the model's folder with the complete new one."""
    target = setting.folder / entry.name
    new = new_folder(target)
    remove(new)
    for name, text in documents.items():
        write_atomically(new / name, text.encode())
    for name in (PICKLE, "scores.npy"):
        _link(staged / name, new / name)
    replace_folder(target)


def _link(source: Path, target: Path) -> None:
    """Link a cached file into the results, or copy it where the file system cannot link."""
    remove(target)  # to copy onto a link would write into the other place of its file
    with told(target):
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
