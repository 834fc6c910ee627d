"""The benchmark itself: find what is not current, search, fit, evaluate, and put the results in their place.

One linear story a model (`_measure`): search the grid, fit the winner, refit it with other seeds, compute the figures,
swap the folder. Every fit is kept by its key as soon as it is done, so a killed run loses the fits in flight.
"""

from __future__ import annotations

import datetime
import fcntl
import functools
import hashlib
import importlib.metadata
import multiprocessing
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from benchmark import evaluate, results, study, train
from benchmark.cache import Cache, code_digest, digest, locked_versions
from benchmark.dataset import Dataset
from benchmark.errors import BenchmarkError, EntryError, FitError
from benchmark.layout import PACKAGE, shipped
from benchmark.models import ModelEntry, check_fits, entries_document, parts
from benchmark.progress import Reporter
from benchmark.results import Key, Metrics, Run

FIT_CODE = ("features", "svm", "train")
FIGURES_CODE = ("evaluate", "statistics")
STUDY_CODE = ("study", "statistics")
LIBRARIES = ("numpy", "scipy", "scikit-learn")
CACHE_BYTES = 12 * 2**30
KILLED = "its process was killed; the system does that when memory runs out"
Task = tuple[list[dict[str, Any]], int, list[str]]  # candidates that share their work, the fold, and their keys
PARTS = {
    "data": "the data set",
    "entry": "the entry, or code of one's own that it brings along",
    "code": "the code of features or training",
    "figures": "the code of the figures",
    "study": "the code of the study",
    "libraries": "the locked library versions",
}


@dataclass(frozen=True)
class Bench:
    """Where a run reads and writes, and with what means; `entries` is the file of one's own that entries came from."""

    root: Path
    models_dir: Path
    build_dir: Path
    dataset: Dataset
    jobs: int
    report: Reporter
    accelerated: bool = False
    entries: Path | None = None
    cache: Cache = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cache", Cache(self.build_dir / "cache"))

    @property
    def folder(self) -> Path:
        """The folder of the data set's results."""
        return self.models_dir / self.dataset.entry.name

    @property
    def n_pixels(self) -> int:
        """Pixels of an image."""
        return int(np.prod(self.dataset.image_shape))


@dataclass(frozen=True)
class Status:
    """Whether a model's stored result is current, and what is not: `why` is empty for a current one."""

    entry: ModelEntry
    why: str
    seconds: float | None


# ------------------------------------------------------------------------------------------------- what is not current
def statuses(bench: Bench, entries: Iterable[ModelEntry], *, tracked_only: bool = False) -> list[Status]:
    """Return each entry's status; with `tracked_only`, files that are not in git may be absent."""
    results.recover_folders(bench.folder)
    return [_status(bench, entry, tracked_only=tracked_only) for entry in entries]


def _status(bench: Bench, entry: ModelEntry, *, tracked_only: bool) -> Status:
    folder = bench.folder / entry.name
    if not folder.exists():
        return Status(entry, "no result yet", None)
    try:
        run: Run = results.read_document(folder / "run.json", Run)
    except BenchmarkError:
        return Status(entry, "run.json is missing or damaged", None)
    seconds = run["seconds"]["search"] / max(1, bench.jobs) + run["seconds"]["fit"]
    expected = model_key(bench, entry)
    moved = [words for part, words in PARTS.items() if run["key"][part] != expected[part]]  # type: ignore[literal-required]
    if moved:
        return Status(entry, f"moved since it was measured: {', '.join(moved)}", seconds)
    if renamed := _renamed(bench, entry):
        return Status(entry, f"{renamed} was renamed since", seconds)
    digests = dict(run["files"])
    if not tracked_only:
        digests |= {"model.pkl": run["pickle"]["sha256"], "scores.npy": run["scores"]["sha256"]}
    for name, sha256 in digests.items():
        if not (folder / name).exists():
            return Status(entry, f"{name} is missing", seconds)
        if results.file_sha256(folder / name) != sha256:
            return Status(entry, f"{name} was altered", seconds)
    return Status(entry, "", seconds)


def _renamed(bench: Bench, entry: ModelEntry) -> str:
    """Return which name in a model's figures is no longer that of the tables; no name is in a key, for it moves no fit."""
    try:
        metrics: Metrics = results.read_document(bench.folder / entry.name / "metrics.json", Metrics)
    except BenchmarkError:
        return ""  # the digests below say so
    names = {
        "its title": (metrics["title"], entry.title),
        "its family": (metrics["family"], entry.family),
        "a class": (metrics["dataset"]["classes"], list(bench.dataset.class_names)),
    }
    return next((words for words, (stored, own) in names.items() if stored != own), "")


def model_key(bench: Bench, entry: ModelEntry) -> Key:
    """Return the digests of all that a model's result depends on."""
    pipeline = entry.pipeline(bench.dataset.image_shape)
    return {
        "data": bench.dataset.digest,
        "entry": digest(parts(pipeline), entry.grid, entry.stochastic, entry.baseline),
        "code": _code(FIT_CODE),
        "figures": _code(FIGURES_CODE),
        "study": _code(STUDY_CODE),
        "libraries": digest(_libraries(), bench.accelerated),
    }


@functools.cache  # every key of a run asks for it, and parsing the modules takes 20 ms
def _code(modules: tuple[str, ...]) -> str:
    return code_digest([PACKAGE / f"{module}.py" for module in modules])


@functools.cache
def _libraries() -> dict[str, str]:
    return locked_versions(shipped("requirements.lock"), LIBRARIES)


# -------------------------------------------------------------------------------------------------------------- the run
def fitting(bench: Bench, entries: Sequence[ModelEntry], *, named: bool) -> list[ModelEntry]:
    """Return the entries that fit the data set; one that was asked for by name is not left out in silence.

    Raises
    ------
    EntryError
        If one that was named does not fit, or none does.

    """
    n_rows = min(len(rows) for rows, _ in train.split_folds(np.asarray(bench.dataset.train_labels)))
    found: list[ModelEntry] = []
    for entry in entries:
        try:
            check_fits(entry, bench.dataset.entry.name, bench.dataset.image_shape, n_rows)
        except EntryError as error:
            if named or (entry is entries[-1] and not found):
                raise
            bench.report.line(f"left out: {str(error).splitlines()[0]}")
        else:
            found.append(entry)
    return found


def run(bench: Bench, entries: Sequence[ModelEntry], table: Sequence[ModelEntry]) -> list[str]:
    """Measure what is not current among `entries`; return the names of what was measured.

    Raises
    ------
    FitError
        After all else is done, naming every model that failed.

    """
    with _alone(bench):
        return _run(bench, entries, table)


@contextmanager
def _alone(bench: Bench) -> Iterator[None]:
    """Refuse a second run in the same folders: each would take the other's half-written files for its own."""
    lock = bench.cache.folder.parent / "bench.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BenchmarkError(
                f"another run is at work in {lock.parent}",
                expected="one run at a time",
                remedy="wait for it, or work elsewhere: --build-dir and --models-dir",
            ) from None
        yield


def _run(bench: Bench, entries: Sequence[ModelEntry], table: Sequence[ModelEntry]) -> list[str]:
    _prepare(bench, table)
    stale = [status for status in statuses(bench, entries) if status.why]
    if stale:
        results.check_writable(bench.folder)  # before hours of work
        _fresh_processes()  # its imports are done by the time that the first final fit asks for one
    failures: list[str] = []
    for number, status in enumerate(stale, start=1):
        bench.report.line(f"[{number}/{len(stale)}] {status.entry.name}: {status.why}")
        try:
            _measure(bench, status.entry)
        except FitError as error:
            failures.append(str(error))
            bench.report.line(f"error: {error}")
    _describe_data(bench)
    bench.cache.trim(CACHE_BYTES)
    if failures:
        raise FitError(
            f"{len(failures)} of {len(stale)} models could not be measured; the others are in {bench.folder}\n"
            + "\n".join(failures)
        )
    return [status.entry.name for status in stale]


def _prepare(bench: Bench, table: Sequence[ModelEntry]) -> None:
    """Write what all models share: the answer key and the table as data."""
    dataset = bench.dataset
    answers = results.encode_predictions(dataset.test_labels).encode()
    _write_if_changed(bench.folder / "test_labels.txt", answers)
    document = entries_document(table, dataset.entry.name, dataset.image_shape)
    for name in _dropped(bench, {entry.name for entry in table}):
        bench.report.line(
            f"{name} is in no table of this run, so no page shows it; its results stay. ENTRIES=… names its file"
        )
    _write_if_changed(bench.folder / "entries.json", results.dump_document(document, results.Entries).encode())


def _dropped(bench: Bench, names: set[str]) -> list[str]:
    """Return the models of the last run that this run's table has not, and whose results are still there."""
    path = bench.folder / "entries.json"
    try:
        before: results.Entries = results.read_document(path, results.Entries)
    except BenchmarkError:
        return []  # there was no run, or its table is written anew
    own = [entry["name"] for entry in before["entries"]]
    return [name for name in own if name not in names and (bench.folder / name).is_dir()]


def _describe_data(bench: Bench) -> None:
    """Write the data set's own study: after the models, for it looks at test images, at which neighbours they have."""
    dataset = bench.dataset
    key = digest("study", dataset.digest, dataset.class_names, _code(STUDY_CODE), *_fit_environment(bench))
    stored = bench.cache.read("studies", key)
    if stored is None:
        bench.report.line(f"{dataset.entry.title}: means, components, a map and near-duplicates")
        stored = study.dataset_study(dataset)
        bench.cache.write("studies", key, stored)
    path = results.study_path(bench.models_dir, dataset.entry.name)
    _write_if_changed(path, results.dump_document(stored, results.DatasetStudy).encode())


def _write_if_changed(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        results.write_atomically(path, content)


def _measure(bench: Bench, entry: ModelEntry) -> None:
    """Search, fit, evaluate, and put one model's folder in its place."""
    candidates, scores, search_wall, search_cpu = _search(bench, entry)
    best = train.choose(candidates, scores)
    final, staged = _fit_final(bench, entry, candidates[best])
    seeds = _seed_spread(bench, entry, candidates[best], staged) if entry.stochastic else None
    curve, importances = (None, []) if entry.baseline else _study(bench, entry, candidates[best], staged)
    dataset, classes = bench.dataset, list(bench.dataset.class_names)
    class_scores = np.load(staged / "scores.npy")
    predictions = np.load(staged / "predictions.npy").astype(np.int64)
    labels = dataset.test_labels.astype(np.int64)
    kind = final["scores"]
    _check_scores(entry, class_scores, (len(labels), len(classes)))
    document = entry.document(dataset.image_shape)
    metrics: Metrics = {
        "schema_version": results.SCHEMA_VERSION,
        "name": entry.name,
        "title": entry.title,
        "family": entry.family,
        "features": document["features"],
        "estimator": document["estimator"],
        "scores": kind,
        "distinct_scores": evaluate.distinct_scores(class_scores),
        "dataset": {
            "name": dataset.entry.name,
            "digest": dataset.digest,
            "profile": dataset.profile,
            "n_train": len(dataset.train_labels),
            "n_test": len(labels),
            "classes": classes,
        },
        "search": {
            "scoring": "accuracy",
            "n_splits": train.N_SPLITS,
            "random_state": train.RANDOM_STATE,
            "best_params": candidates[best],
            "best_score": float(np.mean(scores[best])),
            "at_edge": train.edges(entry.grid, candidates, scores, best),
            "candidates": [{"params": p, "scores": s} for p, s in zip(candidates, scores, strict=True)],
        },
        "train": {"method": final["train_method"], "accuracy": {"value": final["train_accuracy"]}},
        "test": evaluate.out_of_sample(class_scores, kind, labels, predictions, classes),
        "seeds": seeds,
    }
    studied: results.Study = {
        "schema_version": results.SCHEMA_VERSION,
        "name": entry.name,
        "confident_mistakes": study.confident_mistakes(class_scores, labels, predictions, classes),
        "learning_curve": curve,
        "importances": importances,
    }
    documents = {
        "metrics.json": results.dump_document(metrics, Metrics),
        "predictions.txt": results.encode_predictions(predictions),
        "curves.json": results.dump_document(
            evaluate.curves(entry.name, class_scores, kind, labels, classes), results.Curves
        ),
        "study.json": results.dump_document(studied, results.Study),
    }
    run_document = _run_document(bench, entry, final, staged, documents, (search_wall, search_cpu))
    _place(bench, entry, documents | {"run.json": results.dump_document(run_document, Run)}, staged)
    accuracy = metrics["test"]["accuracy"]
    bench.report.line(
        f"{entry.name}: cross-validated {metrics['search']['best_score']:.4f}, test {accuracy['value']:.4f} "
        f"[{accuracy['low']:.4f}, {accuracy['high']:.4f}], fit {final['fit']:.1f} s"
    )


def _check_scores(entry: ModelEntry, scores: NDArray[Any], shape: tuple[int, int]) -> None:
    if scores.shape != shape or not np.isfinite(scores).all():
        raise FitError(
            f"model {entry.name!r} gives no finite score for each class",
            expected=f"scores of shape {shape}, an image a row and a class a column",
            found=f"shape {scores.shape}" + ("" if np.isfinite(scores).all() else ", some of them not finite"),
            remedy="another estimator, or one-vs-rest scores (decision_function_shape='ovr')",
        )


# ------------------------------------------------------------------------------------------------------------- search
def _search(bench: Bench, entry: ModelEntry) -> tuple[list[dict[str, Any]], list[list[float]], float, float]:
    """Return the candidates, their fold scores, and the search's wall and CPU seconds, from the cache where it can."""
    pipeline = entry.pipeline(bench.dataset.image_shape)
    candidates = entry.candidates()
    tasks = []
    for group in train.shared_search(candidates, pipeline):
        for fold in range(train.N_SPLITS):
            keys = {_fit_key(bench, pipeline, params, fold): params for params in group}
            missing = [key for key in keys if bench.cache.read("fits", key) is None]
            if missing:
                tasks.append(([keys[key] for key in missing], fold, missing))
    if tasks:
        _run_search(bench, entry, _evened(tasks, bench.jobs))
    kept = [
        [bench.cache.read("fits", _fit_key(bench, pipeline, params, fold)) for fold in range(train.N_SPLITS)]
        for params in candidates
    ]
    scores = [[item["score"] for item in row] for row in kept]
    wall, cpu = (sum(item[name] for row in kept for item in row) for name in ("wall", "cpu"))
    return candidates, scores, wall, cpu


def _evened(tasks: list[Task], n_jobs: int) -> list[Task]:
    """Halve the last tasks where as many as there are processes do not divide them, so that none waits long for another."""
    last = len(tasks) - len(tasks) % n_jobs
    even = tasks[:last]
    for group, fold, keys in tasks[last:]:
        middle = -(-len(group) // 2)
        even += [(group[part], fold, keys[part]) for part in (slice(middle), slice(middle, None)) if group[part]]
    return even


def _run_search(bench: Bench, entry: ModelEntry, tasks: list[Task]) -> None:
    pipeline = entry.pipeline(bench.dataset.image_shape)
    labels = np.asarray(bench.dataset.train_labels)
    n_rows = min(len(rows) for rows, _ in train.split_folds(labels))
    sources = {}
    for group, fold, _ in tasks:
        features, n_columns = train.feature_source(pipeline, group[0], bench.n_pixels, n_rows)
        key = digest("features", bench.dataset.digest, parts(features), fold, *_fit_environment(bench))
        sources[(repr(group), fold)] = (features, bench.cache.path("features", key, ".npy"), n_columns)
    missing = {path: (features, fold) for (_, fold), (features, path, _) in sources.items() if not path.exists()}
    images = bench.dataset.train_images
    with bench.report.steps(f"{entry.name}: features", len(missing)) as advance:
        calls = [
            joblib.delayed(_guarded)(train.write_fold_features, features, images, labels, fold, path)
            for path, (features, fold) in missing.items()
        ]
        for _, error in _parallel(bench, calls):
            _raise(entry, error)
            advance("a fold's features")
    with bench.report.steps(f"{entry.name}: search", len(tasks)) as advance:
        calls = [
            joblib.delayed(_guarded)(
                _score_and_keep, bench.cache, pipeline, group, labels, fold, keys, *sources[(repr(group), fold)][1:]
            )
            for group, fold, keys in tasks
        ]
        for words, error in _parallel(bench, calls):
            _raise(entry, error)
            advance(words)


def _parallel(bench: Bench, calls: list[Any]) -> Iterator[tuple[Any, str]]:
    try:
        if calls:
            yield from joblib.Parallel(bench.jobs, return_as="generator_unordered")(calls)
    except BrokenProcessPool:
        yield None, KILLED


@functools.cache
def _fresh_processes() -> Any:
    """Return the context of processes that hold nothing but the imports: forked from one that does them from here on."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmark.models", "benchmark.train"])
    forkserver.ensure_running()
    return context


def _guarded(function: Any, *arguments: Any) -> tuple[Any, str]:
    """Return the outcome and "", or None and the error in words: an estimator's error must not end the others' work."""
    try:
        return function(*arguments), ""
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"


def _raise(entry: ModelEntry, error: str) -> None:
    if error:
        raise FitError(
            f"model {entry.name!r} could not be fitted",
            expected="an estimator that fits and predicts on this data set",
            found=" ".join(error.split())[:400],
            remedy=f"mend its entry, then make bench MODELS={entry.name}",
        )


def _score_and_keep(
    cache: Cache,
    pipeline: Any,
    group: list[dict[str, Any]],
    labels: NDArray[np.uint8],
    fold: int,
    keys: list[str],
    path: Path,
    n_columns: int | None,
) -> str:
    scores, wall, cpu = train.score_candidates(pipeline, group, labels, fold, path, n_columns)
    for key, score in zip(keys, scores, strict=True):
        cache.write("fits", key, {"score": score, "wall": wall / len(group), "cpu": cpu / len(group)})
    return f"fold {fold + 1}, {max(scores):.4f}"


def _fit_environment(bench: Bench) -> tuple[Any, ...]:
    return _code(FIT_CODE), _libraries(), bench.accelerated


def _fit_key(bench: Bench, pipeline: Any, params: dict[str, Any], fold: int | str) -> str:
    chosen = sorted(params.items())
    return digest("fit", bench.dataset.digest, parts(pipeline), chosen, fold, *_fit_environment(bench))


# ------------------------------------------------------------------------------------------------- final fit and seeds
def _fit_final(bench: Bench, entry: ModelEntry, params: dict[str, Any]) -> tuple[dict[str, Any], Path]:
    """Return what the final fit gave and the folder of its files, from the cache where it can."""
    pipeline = entry.pipeline(bench.dataset.image_shape)
    key = _fit_key(bench, pipeline, params, "all")
    folder = bench.cache.path("models", key)
    final: dict[str, Any] | None = bench.cache.read("finals", key)
    if final is not None and _is_whole(folder, final):
        return final, folder
    partial = folder.with_name(f"{key}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    partial.mkdir(parents=True)
    dataset = bench.dataset
    with bench.report.steps(f"{entry.name}: final fit and prediction", 1) as advance:
        with ProcessPoolExecutor(1, mp_context=_fresh_processes()) as executor:
            future = executor.submit(
                _guarded,
                train.fit_final,
                pipeline,
                params,
                (np.asarray(dataset.train_images), np.asarray(dataset.train_labels)),
                np.asarray(dataset.test_images),
                partial,
                bench.jobs,
            )
            try:
                fitted, error = future.result()
            except BrokenProcessPool:
                error = KILLED
        _raise(entry, error)
        advance("")
    partial.rename(folder)
    digests = {path.name: results.file_sha256(path) for path in sorted(folder.iterdir())}
    final = dict(fitted) | _circumstances(bench) | {"digests": digests}
    bench.cache.write("finals", key, final)
    return final, folder


def _is_whole(folder: Path, final: dict[str, Any]) -> bool:
    """Say whether the files are those that the fit wrote: results are links to them, and somebody may have altered one."""
    digests = final.get("digests", {})
    return bool(digests) and all(
        (folder / name).exists() and results.file_sha256(folder / name) == sha256 for name, sha256 in digests.items()
    )


def _seed_spread(bench: Bench, entry: ModelEntry, params: dict[str, Any], staged: Path) -> results.Seeds:
    """Refit the chosen classifier with other random states and score it; nothing is chosen by this."""
    pipeline = entry.pipeline(bench.dataset.image_shape)
    keys = {seed: _fit_key(bench, pipeline, params, f"seed {seed}") for seed in train.SEEDS}
    todo = [seed for seed in train.SEEDS if bench.cache.read("seeds", keys[seed]) is None]
    if todo:
        dataset = bench.dataset
        fitted = load_pickle(staged / "model.pkl")
        described = [
            (fitted[:1].transform(images.reshape(len(images), -1)), np.asarray(labels))
            for images, labels in (
                (dataset.train_images, dataset.train_labels),
                (dataset.test_images, dataset.test_labels),
            )
        ]
        with bench.report.steps(f"{entry.name}: other seeds", len(todo)) as advance:
            calls = [
                joblib.delayed(_guarded)(_refit_and_keep, bench.cache, keys[seed], pipeline, params, seed, *described)
                for seed in todo
            ]
            for _, error in _parallel(bench, calls):
                _raise(entry, error)
                advance("")
    first = float(np.mean(np.load(staged / "predictions.npy") == bench.dataset.test_labels))
    values = [first] + [bench.cache.read("seeds", keys[seed])["accuracy"] for seed in train.SEEDS]
    own = next(value for name, value in pipeline.get_params().items() if name.endswith("random_state"))
    return {
        "n": len(values),
        "random_states": [own, *train.SEEDS],
        "accuracy": {"values": values, "sd": float(np.std(values, ddof=1))},
    }


def _refit_and_keep(cache: Cache, key: str, pipeline: Any, params: Any, seed: int, fit: Any, test: Any) -> None:
    cache.write("seeds", key, {"accuracy": train.refit_accuracy(pipeline, params, seed, fit, test)})


def _study(
    bench: Bench, entry: ModelEntry, params: dict[str, Any], staged: Path
) -> tuple[results.LearningCurve, list[results.Importance]]:
    """Return the learning curve and what the model looks at; each fit is kept by its key as soon as it is done."""
    dataset, classes = bench.dataset, list(bench.dataset.class_names)
    pipeline = entry.pipeline(dataset.image_shape)
    labels = np.asarray(dataset.train_labels)
    sizes = study.curve_sizes(pipeline, params, labels)
    keys = {
        n: digest("share", _fit_key(bench, pipeline, params, f"first {n}"), classes, _code(STUDY_CODE)) for n in sizes
    }
    todo = [n for n in sizes if bench.cache.read("shares", keys[n]) is None]
    if todo:
        _fit_shares(bench, entry, params, labels, {n: keys[n] for n in todo})
    kept = [bench.cache.read("shares", keys[n]) for n in reversed(sizes)]
    curve: results.LearningCurve = {
        "fold": study.FOLD,
        "n_held_out": kept[0]["n_held_out"],
        "points": [item["point"] for item in kept],
    }
    own = study.carried_back(load_pickle(staged / "model.pkl"), dataset.image_shape, classes)
    return curve, [kept[-1]["importance"], *([] if own is None else [own])]


def _fit_shares(bench: Bench, entry: ModelEntry, params: dict[str, Any], labels: Any, keys: dict[int, str]) -> None:
    """Fit the shares of the learning curve that are not kept yet, on features that models share."""
    pipeline = entry.pipeline(bench.dataset.image_shape)
    sources: dict[int, tuple[Any, Path, int | None]] = {}
    for n in keys:
        features, n_columns = train.feature_source(pipeline, params, bench.n_pixels, n)
        key = digest("share", bench.dataset.digest, parts(features), n, _code(STUDY_CODE), *_fit_environment(bench))
        sources[n] = (features, bench.cache.path("features", key, ".npy"), n_columns)
    missing = {path: (features, n) for n, (features, path, _) in sources.items() if not path.exists()}
    images = bench.dataset.train_images
    with bench.report.steps(f"{entry.name}: features of the learning curve", len(missing)) as advance:
        calls = [
            joblib.delayed(_guarded)(study.write_share_features, features, images, labels, n, path)
            for path, (features, n) in missing.items()
        ]
        for _, error in _parallel(bench, calls):
            _raise(entry, error)
            advance("")
    tail = Pipeline(clone(pipeline).set_params(**params).steps[1:])
    about = {"classes": list(bench.dataset.class_names), "image_shape": bench.dataset.image_shape}
    with bench.report.steps(f"{entry.name}: learning curve and importances", len(keys)) as advance:
        calls = [
            joblib.delayed(_guarded)(_fit_share_and_keep, bench.cache, key, tail, labels, n, *sources[n][1:], about)
            for n, key in keys.items()
        ]
        for words, error in _parallel(bench, calls):
            _raise(entry, error)
            advance(words)


def _fit_share_and_keep(
    cache: Cache, key: str, tail: Pipeline, labels: Any, n_train: int, path: Path, n_columns: int | None, about: Any
) -> str:
    point, importance = study.fit_share(tail, labels, n_train, path, n_columns, about)
    n_held_out = len(train.split_folds(labels)[study.FOLD][1])
    cache.write("shares", key, {"point": point, "importance": importance, "n_held_out": n_held_out})
    return f"{n_train} images, {point['accuracy']['value']:.4f}"


def load_pickle(path: Path) -> Any:
    """Load a pickle of our own making, whose digest has been checked."""
    return joblib.load(path)


# ------------------------------------------------------------------------------------------------ what goes into place
def _run_document(
    bench: Bench,
    entry: ModelEntry,
    final: dict[str, Any],
    staged: Path,
    documents: dict[str, str],
    search_seconds: tuple[float, float],
) -> Run:
    scores = staged / "scores.npy"
    return {
        "schema_version": results.SCHEMA_VERSION,
        "name": entry.name,
        "commit": final["commit"],
        "dirty": final["dirty"],
        "measured_at": final["measured_at"],
        "accelerated": bench.accelerated,
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
        "pickle": {"sha256": final["pickle_sha256"], "bytes": final["pickle_bytes"]},
        "scores": {"sha256": final["digests"][scores.name], "bytes": scores.stat().st_size},
        "key": model_key(bench, entry),
        "files": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in documents.items()},
    }


def _place(bench: Bench, entry: ModelEntry, documents: dict[str, str], staged: Path) -> None:
    """Put the model's folder, complete, in the place of the old one."""
    target = bench.folder / entry.name
    new = target.with_name(f".{target.name}.new")
    results.recover_folders(bench.folder)
    shutil.rmtree(new, ignore_errors=True)
    for name, text in documents.items():
        results.write_atomically(new / name, text.encode())
    for name in ("model.pkl", "scores.npy"):
        _link(staged / name, new / name)
    results.replace_folder(new, target)


def _link(source: Path, target: Path) -> None:
    """Link a file of the cache into the results, or copy it where the file system cannot."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _circumstances(bench: Bench) -> dict[str, Any]:
    """Return where, when and of which commit a fit was made."""
    commit = _git(bench.root, "rev-parse", "HEAD")
    sources = ["benchmark", "requirements.lock", *([str(bench.entries.resolve())] if bench.entries else [])]
    changed = [_git(bench.root, "status", "--porcelain", "--", source) for source in sources]
    return {
        "commit": commit or None,
        "dirty": any(changed),
        "measured_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "jobs": bench.jobs,
        "python": platform.python_version(),
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},  # a lock may pin one a Python
        "machine": {
            "system": f"{platform.system()} {platform.release().partition('-')[0]}",
            "architecture": platform.machine(),
            "cpu": _cpu_name(),
            "cores": os.cpu_count() or 1,
            "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        },
    }


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _cpu_name() -> str:
    """Return the processor's name, as Linux or macOS gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
