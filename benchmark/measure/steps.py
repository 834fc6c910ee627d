"""The steps of measuring one model, as tasks whose results are cached: search, final fit, seeds, study.

Each step returns the tasks that are still to do. The engine runs them and passes each result on to the cache, from
which the step's second half reads all of them.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from benchmark import results
from benchmark.cache import digest
from benchmark.disk import file_sha256, read_checked, write_atomically
from benchmark.features import PixelFeatures
from benchmark.measure.dask_worker import Of
from benchmark.measure.evaluate import Scored
from benchmark.measure.fit import PICKLE, SEEDS, seed_spread
from benchmark.measure.kept import known, read
from benchmark.measure.keys import STUDY_CODE, code_of, fit_key
from benchmark.measure.model import FOLDS, SHARES, Model
from benchmark.measure.provenance import fit_circumstances
from benchmark.measure.search import N_SPLITS, Params, fold_features, score_candidates, shared_search
from benchmark.measure.study_model import FOLD, curve_sizes, learning_curve, share_features
from benchmark.measure.task import Shared, Task
from benchmark.measure.vouched import is_vouched, vouch
from benchmark.measure.workers import Pickled, figures, fit_alone, refit, score_pickled, share_alone, whole_features

SCORED = ("scores.npy", "predictions.npy")

# Priorities: what other tasks wait for comes first, what runs alone comes last and in one go, since cores idle before it.
SEARCH, CURVE, SEED, FINAL, FIGURES = (1000 * phase for phase in (5, 4, 3, 2, 1))


# -------------------------------------------------------------------------------------------------------------- search
def search_tasks(model: Model) -> list[Task]:
    """Return the fits of the search that are not cached, candidates that share their work in one task."""
    setting, pipeline, labels = model.setting, model.pipeline, model.labels
    n_rows = min(len(rows) for rows, _ in model.folds)
    tasks = []
    for group in shared_search(model.entry.candidates(), pipeline):
        for fold in range(N_SPLITS):
            keys = {fit_key(setting, pipeline, params, fold): params for params in group}
            missing = [key for key in keys if read(setting, "fits", key) is None]
            if not missing:
                continue
            features, n_columns = model.features(FOLDS, fold_features, group[0], fold, n_rows)
            memory = model.search_bytes(group[0])
            arguments = (pipeline, [keys[key] for key in missing], labels, fold, features, n_columns)
            keep = _keep_scores(model, fold, missing)
            tasks.append(
                Task(
                    "search",
                    score_candidates,
                    arguments,
                    keep,
                    SEARCH + model.rank,
                    memory,
                    where=f"fold {fold + 1}, {_in_words([keys[key] for key in missing])}",
                    fits=len(missing),
                )
            )
    return tasks


def _in_words(candidates: Sequence[Params]) -> str:
    """Return the parameters of candidates, of the first where there are several."""
    first = ", ".join(f"{name}={value!r}" for name, value in sorted(candidates[0].items()))
    return first if len(candidates) == 1 else f"{first} and {len(candidates) - 1} more"


def _keep_scores(model: Model, fold: int, keys: Sequence[str]) -> Callable[[Any], str]:
    def keep(found: tuple[list[float], list[int], float, float]) -> str:
        scores, warnings, wall, cpu = found
        costs = {"wall": wall / len(keys), "cpu": cpu / len(keys)}
        for key, score, number in zip(keys, scores, warnings, strict=True):
            model.setting.cache.write("fits", key, {"score": score, "warnings": number} | costs)
        return f"fold {fold + 1}, {max(scores):.4f}"

    return keep


@dataclass(frozen=True)
class Searched:
    """A search that is done: the candidates, their fold scores, its convergence warnings, its wall and CPU seconds."""

    candidates: list[Params]
    scores: list[list[float]]
    warnings: int
    seconds: tuple[float, float]


def searched(model: Model) -> Searched:
    """Return what the search of a model found, from the cache."""
    pipeline, candidates = model.pipeline, model.entry.candidates()
    kept = [
        [known(model.setting, "fits", fit_key(model.setting, pipeline, params, fold)) for fold in range(N_SPLITS)]
        for params in candidates
    ]
    scores = [[item["score"] for item in row] for row in kept]
    warnings, wall, cpu = (sum(item[name] for row in kept for item in row) for name in ("warnings", "wall", "cpu"))
    return Searched(candidates, scores, warnings, (wall, cpu))


def after_search(model: Model, params: Params, memory: int) -> list[Task]:
    """Return what the choice of a candidate lets begin."""
    tasks = final_tasks(model, params, memory)
    tasks += seed_tasks(model, params) if model.entry.stochastic else []
    tasks += [] if model.entry.baseline else curve_tasks(model, params)
    return tasks


# ----------------------------------------------------------------------------------------------------------- final fit
def final_tasks(model: Model, params: Params, memory: int) -> list[Task]:
    """Return the final fit, unless it is cached and its pickle is whole; it has as many threads as fit into `memory`."""
    key, folder = _final_place(model, params)
    if _whole(model, "finals", key, folder, PICKLE):
        return []
    most_jobs, memory = model.final_bytes(params, memory)
    arguments = (model.pipeline, params, model.images, Of.CORES, most_jobs)
    keep = _keep_final(model, key, folder)
    title, where = "final fit and prediction", _in_words([params])
    return [Task(title, fit_alone, arguments, keep, FINAL + model.rank, memory, alone=True, where=where)]


def _final_place(model: Model, params: Params) -> tuple[str, Path]:
    key = fit_key(model.setting, model.pipeline, params, "all")
    return key, model.setting.cache.path("models", key)


def _keep_final(model: Model, key: str, folder: Path) -> Callable[[Any], str]:
    def keep(found: tuple[dict[str, Any], bytes]) -> str:
        final, content = found
        shutil.rmtree(folder, ignore_errors=True)  # scores of an earlier fit
        here = fit_circumstances(model.setting)
        own = {name: here[name] for name in ("commit", "dirty", "measured_at")}  # the rest is the worker's
        sha256 = hashlib.sha256(content).hexdigest()
        write_atomically(folder / PICKLE, content)
        vouch(model.setting, sha256)
        model.setting.cache.write("finals", key, final | own | {"digests": {PICKLE: sha256}})
        return f"{final['fit']:.1f} s"

    return keep


def score_tasks(model: Model, params: Params) -> list[Task]:
    """Return what the fitted model says of all images, unless it is cached and its files are whole."""
    key, folder = _final_place(model, params)
    if _whole(model, "scores", key, folder, *SCORED):
        return []
    pickled = _pickled(model, folder, known(model.setting, "finals", key)["digests"][PICKLE])
    memory, keep = model.score_bytes(params), _keep_scored(model, key, folder)
    title, where, arguments = "in-sample and test scores", _in_words([params]), (pickled, model.images)
    return [Task(title, score_pickled, arguments, keep, FIGURES + model.rank, memory, where=where)]


def _pickled(model: Model, folder: Path, sha256: str) -> Pickled:
    """Return the pickle in a folder, of this digest, as workers get it: its path where they have the file, else its bytes."""
    path = folder / PICKLE
    return read_checked(path, sha256) if model.setting.dask else path, sha256


def _keep_scored(model: Model, key: str, folder: Path) -> Callable[[Any], None]:
    def keep(found: tuple[dict[str, Any], NDArray[Any], NDArray[Any]]) -> None:
        record, *arrays = found
        digests = {}
        for name, array in zip(SCORED, arrays, strict=True):
            content = io.BytesIO()
            np.save(content, array)
            write_atomically(folder / name, content.getvalue())
            digests[name] = hashlib.sha256(content.getvalue()).hexdigest()
        model.setting.cache.write("scores", key, record | {"digests": digests})

    return keep


def fitted(model: Model, params: Params) -> tuple[dict[str, Any], Path]:
    """Return the record of the final fit and of its scores, and the folder of its files, from the cache."""
    key, folder = _final_place(model, params)
    final, scored = (known(model.setting, kind, key) for kind in ("finals", "scores"))
    return final | scored | {"digests": final["digests"] | scored["digests"]}, folder


def _whole(model: Model, kind: str, key: str, folder: Path, *names: str) -> bool:
    """Return whether it is cached with its files as they were written: results are links to them, so an edit alters them."""
    digests = (read(model.setting, kind, key) or {}).get("digests", {})
    return sorted(digests) == sorted(names) and all(
        (folder / name).is_file()
        and file_sha256(folder / name) == sha256
        and (name != PICKLE or is_vouched(model.setting, sha256))
        for name, sha256 in digests.items()
    )


# --------------------------------------------------------------------------------------------------------------- seeds
def seed_tasks(model: Model, params: Params) -> list[Task]:
    """Return the refits of the chosen classifier with other seeds that are not cached; no choice depends on them."""
    setting, pipeline = model.setting, model.pipeline
    key = f"features-whole-{_final_place(model, params)[0]}"
    whole = Shared(key, model.group(SHARES), whole_features, (pipeline, params, model.images), model.whole_bytes())
    return [
        Task(
            "other seeds",
            refit,
            (pipeline, params, seed, whole, model.images),
            _keep_seed(model, key),
            SEED + model.rank,
            model.refit_bytes(params),
            where=f"random_state={seed}",
        )
        for seed, key in _seed_keys(model, params).items()
        if read(setting, "seeds", key) is None
    ]


def _seed_keys(model: Model, params: Params) -> dict[int, str]:
    return {seed: fit_key(model.setting, model.pipeline, params, f"seed {seed}") for seed in SEEDS}


def _keep_seed(model: Model, key: str) -> Callable[[Any], None]:
    return lambda accuracy: model.setting.cache.write("seeds", key, {"accuracy": accuracy})


def refitted(model: Model, params: Params, predictions: NDArray[np.int64]) -> results.Seeds:
    """Return the spread of the test accuracy over seeds; the first is that of the final fit, which gave `predictions`."""
    first = float(np.mean(predictions == model.setting.dataset.test_labels))
    keys = _seed_keys(model, params)
    values = [first] + [known(model.setting, "seeds", keys[seed])["accuracy"] for seed in SEEDS]
    own = next(value for name, value in model.pipeline.get_params().items() if name.endswith("random_state"))
    return seed_spread(own, values)


# --------------------------------------------------------------------------------------------------------------- study
def curve_tasks(model: Model, params: Params) -> list[Task]:
    """Return the fits of the learning curve that are not cached, on features that models share."""
    setting, labels = model.setting, model.labels
    tail = Pipeline(clone(model.pipeline).set_params(**params).steps[1:])
    about = {"classes": list(setting.dataset.class_names), "image_shape": setting.dataset.image_shape}
    tasks = []
    for n, key in _share_keys(model, params).items():
        if read(setting, "shares", key) is not None:
            continue
        features, n_columns = model.features(SHARES, share_features, params, n, n)
        arguments = (tail, labels, n, features, n_columns, about)
        memory = model.curve_bytes(params, n)
        keep = _keep_share(model, key, len(model.folds[FOLD][1]))
        title, where = "learning curve and importances", f"{n:,} images, {_in_words([params])}"
        tasks.append(Task(title, share_alone, arguments, keep, CURVE + model.rank, memory, where=where))
    return tasks


def _share_keys(model: Model, params: Params) -> dict[int, str]:
    """Return the key of each fit of the learning curve by its number of images, the largest first."""
    setting, classes = model.setting, list(model.setting.dataset.class_names)
    return {
        n: digest("share", fit_key(setting, model.pipeline, params, f"first {n}"), classes, code_of(STUDY_CODE))
        for n in curve_sizes(model.pipeline, params, model.labels)
    }


def _keep_share(model: Model, key: str, n_held_out: int) -> Callable[[Any], str]:
    def keep(found: tuple[results.CurvePoint, results.Importance | None, results.Growth]) -> str:
        point, importance, growth = found
        value = {"point": point, "importance": importance, "growth": growth, "n_held_out": n_held_out}
        model.setting.cache.write("shares", key, value)
        return f"{point['n_train']} images, {point['accuracy']['value']:.4f}"

    return keep


def studied(model: Model, params: Params) -> tuple[results.LearningCurve, list[Any], list[results.Growth]]:
    """Return the learning curve, the permutation importance, and what each fit of the curve cost, the smallest first."""
    kept = [known(model.setting, "shares", key) for key in reversed(_share_keys(model, params).values())]
    curve = learning_curve([item["point"] for item in kept], kept[0]["n_held_out"])
    return curve, [kept[-1]["importance"]], [item["growth"] for item in kept]


# ------------------------------------------------------------------------------------------------------------- figures
def figures_task(
    model: Model, about: dict[str, Any], test: Scored, place: tuple[Path, str], keep: Callable[[Any], None]
) -> Task:
    """Return the evaluation of a model, which carries its own weights back to pixels where they may be of any.

    `about` is what its metrics say besides, `place` the folder of its pickle and the pickle's digest.
    """
    has_pixels = isinstance(model.pipeline[0], PixelFeatures) and not model.entry.baseline
    pickled = _pickled(model, *place) if has_pixels else None
    arguments = (model.entry.name, about, model.images, test, pickled)
    return Task("figures", figures, arguments, keep, FIGURES + model.rank, fits=0)
