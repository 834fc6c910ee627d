"""The steps of measuring one model, each cached: search, final fit, seeds, study."""

from __future__ import annotations

import shutil
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from benchmark import results
from benchmark.cache import Cache, digest
from benchmark.disk import file_sha256
from benchmark.measure.entry import ModelEntry, parts
from benchmark.measure.fit import SEEDS, fit_final, refit_accuracy, seed_spread
from benchmark.measure.keys import STUDY_CODE, code_of, fit_environment, fit_key
from benchmark.measure.provenance import fit_circumstances
from benchmark.measure.search import (
    N_SPLITS,
    feature_source,
    score_candidates,
    shared_search,
    split_folds,
    write_fold_features,
)
from benchmark.measure.setting import Setting
from benchmark.measure.study_model import (
    FOLD,
    carried_back,
    curve_sizes,
    fit_share,
    learning_curve,
    write_share_features,
)
from benchmark.measure.workers import KILLED, fresh_processes, guarded, parallel, raise_fit_error

Task = tuple[list[dict[str, Any]], int, list[str]]  # candidates that share their work, the fold, and their keys


def search_grid(setting: Setting, entry: ModelEntry) -> tuple[list[dict[str, Any]], list[list[float]], float, float]:
    """Return the candidates, their fold scores, and the search's wall and CPU seconds, cached."""
    pipeline = entry.pipeline(setting.dataset.image_shape)
    candidates = entry.candidates()
    tasks = []
    for group in shared_search(candidates, pipeline):
        for fold in range(N_SPLITS):
            keys = {fit_key(setting, pipeline, params, fold): params for params in group}
            missing = [key for key in keys if setting.cache.read("fits", key) is None]
            if missing:
                tasks.append(([keys[key] for key in missing], fold, missing))
    if tasks:
        _run_search(setting, entry, _evened(tasks, setting.jobs))
    kept = [
        [setting.cache.read("fits", fit_key(setting, pipeline, params, fold)) for fold in range(N_SPLITS)]
        for params in candidates
    ]
    scores = [[item["score"] for item in row] for row in kept]
    wall, cpu = (sum(item[name] for row in kept for item in row) for name in ("wall", "cpu"))
    return candidates, scores, wall, cpu


def _evened(tasks: list[Task], n_jobs: int) -> list[Task]:
    """Halve the tasks that remain after an even split among the processes, so that no process idles for long."""
    last = len(tasks) - len(tasks) % n_jobs
    even = tasks[:last]
    for group, fold, keys in tasks[last:]:
        middle = -(-len(group) // 2)
        even += [(group[part], fold, keys[part]) for part in (slice(middle), slice(middle, None)) if group[part]]
    return even


def _run_search(setting: Setting, entry: ModelEntry, tasks: list[Task]) -> None:
    pipeline = entry.pipeline(setting.dataset.image_shape)
    labels = np.asarray(setting.dataset.train_labels)
    n_rows = min(len(rows) for rows, _ in split_folds(labels))
    sources = {}
    for group, fold, _ in tasks:
        features, n_columns = feature_source(pipeline, group[0], setting.n_pixels, n_rows)
        key = digest("features", setting.dataset.digest, parts(features), fold, *fit_environment(setting))
        sources[(repr(group), fold)] = (features, setting.cache.path("features", key, ".npy"), n_columns)
    missing = {path: (features, fold) for (_, fold), (features, path, _) in sources.items() if not path.exists()}
    images = setting.dataset.train_images
    with setting.report.steps(f"{entry.name}: features", len(missing)) as advance:
        calls = [
            joblib.delayed(guarded)(write_fold_features, features, images, labels, fold, path)
            for path, (features, fold) in missing.items()
        ]
        for _, error in parallel(setting, calls):
            raise_fit_error(entry, error)
            advance("a fold's features")
    with setting.report.steps(f"{entry.name}: search", len(tasks)) as advance:
        calls = [
            joblib.delayed(guarded)(
                _score_and_keep, setting.cache, pipeline, group, labels, fold, keys, *sources[(repr(group), fold)][1:]
            )
            for group, fold, keys in tasks
        ]
        for words, error in parallel(setting, calls):
            raise_fit_error(entry, error)
            advance(words)


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
    scores, wall, cpu = score_candidates(pipeline, group, labels, fold, path, n_columns)
    for key, score in zip(keys, scores, strict=True):
        cache.write("fits", key, {"score": score, "wall": wall / len(group), "cpu": cpu / len(group)})
    return f"fold {fold + 1}, {max(scores):.4f}"


def fit_winner(setting: Setting, entry: ModelEntry, params: dict[str, Any]) -> tuple[dict[str, Any], Path]:
    """Return the record of the final fit and the folder of its files, cached."""
    pipeline = entry.pipeline(setting.dataset.image_shape)
    key = fit_key(setting, pipeline, params, "all")
    folder = setting.cache.path("models", key)
    final: dict[str, Any] | None = setting.cache.read("finals", key)
    if final is not None and _is_whole(folder, final):
        return final, folder
    partial = folder.with_name(f"{key}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    partial.mkdir(parents=True)
    dataset = setting.dataset
    with setting.report.steps(f"{entry.name}: final fit and prediction", 1) as advance:
        with ProcessPoolExecutor(1, mp_context=fresh_processes()) as executor:
            future = executor.submit(
                guarded,
                fit_final,
                pipeline,
                params,
                (np.asarray(dataset.train_images), np.asarray(dataset.train_labels)),
                np.asarray(dataset.test_images),
                partial,
                setting.jobs,
            )
            try:
                fitted, error = future.result()
            except BrokenProcessPool:
                error = KILLED
        raise_fit_error(entry, error)
        advance("")
    partial.rename(folder)
    digests = {path.name: file_sha256(path) for path in sorted(folder.iterdir())}
    final = dict(fitted) | fit_circumstances(setting) | {"digests": digests}
    setting.cache.write("finals", key, final)
    return final, folder


def _is_whole(folder: Path, final: dict[str, Any]) -> bool:
    """Return whether the files are as the fit wrote them: results are links to them, so an edit there alters them."""
    digests = final.get("digests", {})
    return bool(digests) and all(
        (folder / name).exists() and file_sha256(folder / name) == sha256 for name, sha256 in digests.items()
    )


def refit_seeds(setting: Setting, entry: ModelEntry, params: dict[str, Any], staged: Path) -> results.Seeds:
    """Refit the chosen classifier with other seeds and score it; no choice depends on this."""
    pipeline = entry.pipeline(setting.dataset.image_shape)
    keys = {seed: fit_key(setting, pipeline, params, f"seed {seed}") for seed in SEEDS}
    todo = [seed for seed in SEEDS if setting.cache.read("seeds", keys[seed]) is None]
    if todo:
        dataset = setting.dataset
        fitted = load_pickle(staged / "model.pkl")
        described = [
            (fitted[:1].transform(images.reshape(len(images), -1)), np.asarray(labels))
            for images, labels in (
                (dataset.train_images, dataset.train_labels),
                (dataset.test_images, dataset.test_labels),
            )
        ]
        with setting.report.steps(f"{entry.name}: other seeds", len(todo)) as advance:
            calls = [
                joblib.delayed(guarded)(_refit_and_keep, setting.cache, keys[seed], pipeline, params, seed, *described)
                for seed in todo
            ]
            for _, error in parallel(setting, calls):
                raise_fit_error(entry, error)
                advance("")
    first = float(np.mean(np.load(staged / "predictions.npy") == setting.dataset.test_labels))
    values = [first] + [setting.cache.read("seeds", keys[seed])["accuracy"] for seed in SEEDS]
    own = next(value for name, value in pipeline.get_params().items() if name.endswith("random_state"))
    return seed_spread(own, values)


def _refit_and_keep(cache: Cache, key: str, pipeline: Any, params: Any, seed: int, fit: Any, test: Any) -> None:
    cache.write("seeds", key, {"accuracy": refit_accuracy(pipeline, params, seed, fit, test)})


def study_of(
    setting: Setting, entry: ModelEntry, params: dict[str, Any], staged: Path
) -> tuple[results.LearningCurve, list[results.Importance]]:
    """Return the learning curve and the importances; each fit is cached as soon as it is done."""
    dataset, classes = setting.dataset, list(setting.dataset.class_names)
    pipeline = entry.pipeline(dataset.image_shape)
    labels = np.asarray(dataset.train_labels)
    sizes = curve_sizes(pipeline, params, labels)
    keys = {
        n: digest("share", fit_key(setting, pipeline, params, f"first {n}"), classes, code_of(STUDY_CODE))
        for n in sizes
    }
    todo = [n for n in sizes if setting.cache.read("shares", keys[n]) is None]
    if todo:
        _fit_shares(setting, entry, params, labels, {n: keys[n] for n in todo})
    kept = [setting.cache.read("shares", keys[n]) for n in reversed(sizes)]
    curve = learning_curve([item["point"] for item in kept], kept[0]["n_held_out"])
    own = carried_back(load_pickle(staged / "model.pkl"), dataset.image_shape, classes)
    return curve, [kept[-1]["importance"], *([] if own is None else [own])]


def _fit_shares(setting: Setting, entry: ModelEntry, params: dict[str, Any], labels: Any, keys: dict[int, str]) -> None:
    """Fit the shares of the learning curve that are not cached yet, on features that models share."""
    pipeline = entry.pipeline(setting.dataset.image_shape)
    sources: dict[int, tuple[Any, Path, int | None]] = {}
    for n in keys:
        features, n_columns = feature_source(pipeline, params, setting.n_pixels, n)
        key = digest(
            "share", setting.dataset.digest, parts(features), n, code_of(STUDY_CODE), *fit_environment(setting)
        )
        sources[n] = (features, setting.cache.path("features", key, ".npy"), n_columns)
    missing = {path: (features, n) for n, (features, path, _) in sources.items() if not path.exists()}
    images = setting.dataset.train_images
    with setting.report.steps(f"{entry.name}: features of the learning curve", len(missing)) as advance:
        calls = [
            joblib.delayed(guarded)(write_share_features, features, images, labels, n, path)
            for path, (features, n) in missing.items()
        ]
        for _, error in parallel(setting, calls):
            raise_fit_error(entry, error)
            advance("")
    tail = Pipeline(clone(pipeline).set_params(**params).steps[1:])
    about = {"classes": list(setting.dataset.class_names), "image_shape": setting.dataset.image_shape}
    with setting.report.steps(f"{entry.name}: learning curve and importances", len(keys)) as advance:
        calls = [
            joblib.delayed(guarded)(_fit_share_and_keep, setting.cache, key, tail, labels, n, *sources[n][1:], about)
            for n, key in keys.items()
        ]
        for words, error in parallel(setting, calls):
            raise_fit_error(entry, error)
            advance(words)


def _fit_share_and_keep(
    cache: Cache, key: str, tail: Pipeline, labels: Any, n_train: int, path: Path, n_columns: int | None, about: Any
) -> str:
    point, importance = fit_share(tail, labels, n_train, path, n_columns, about)
    n_held_out = len(split_folds(labels)[FOLD][1])
    cache.write("shares", key, {"point": point, "importance": importance, "n_held_out": n_held_out})
    return f"{n_train} images, {point['accuracy']['value']:.4f}"


def load_pickle(path: Path) -> Any:
    """Load a pickle that this benchmark wrote; its digest has been checked."""
    return joblib.load(path)
