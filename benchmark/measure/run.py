"""A run of the benchmark: measure every model that is out of date, then describe the data set."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from benchmark.cache import digest
from benchmark.disk import check_writable, read_checked, remove_partials, write_if_changed
from benchmark.errors import BenchmarkError, EntryError, FitError
from benchmark.locks import alone, alone_in
from benchmark.measure.cluster import open_engine
from benchmark.measure.engine import Engine, Shared, Task, TaskFailedError
from benchmark.measure.entries import entries_document
from benchmark.measure.entry import ModelEntry
from benchmark.measure.entry_checks import check_fits
from benchmark.measure.fit import PICKLE
from benchmark.measure.kept import read
from benchmark.measure.keys import STUDY_CODE, Status, code_of, fit_environment, statuses
from benchmark.measure.memory import feature_bytes
from benchmark.measure.model import FOLDS, SHARES, Model, check_memory
from benchmark.measure.provenance import kernel_note
from benchmark.measure.record import place_folder, read_scored, run_document, unfit
from benchmark.measure.search import choose, search_document, split_folds
from benchmark.measure.setting import Setting
from benchmark.measure.steps import (
    CURVE,
    FIGURES,
    after_search,
    fitted,
    refitted,
    score_tasks,
    search_tasks,
    searched,
    studied,
)
from benchmark.measure.study_data import dataset_study
from benchmark.measure.study_model import study_document
from benchmark.measure.workers import figures, hold, pack
from benchmark.results import (
    Curves,
    DatasetStudy,
    Entries,
    Metrics,
    Run,
    Study,
    dump_document,
    encode_predictions,
    read_document,
    study_path,
)
from benchmark.swap import recover

CACHE_BYTES = 12 * 2**30


def fitting(setting: Setting, entries: Sequence[ModelEntry], *, named: bool) -> list[ModelEntry]:
    """Return the entries that fit the data set; an entry asked for by name is never skipped silently.

    Raises
    ------
    EntryError
        If an entry asked for by name does not fit, or none does.

    """
    n_rows = min(len(rows) for rows, _ in split_folds(np.asarray(setting.dataset.train_labels)))
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


def run(setting: Setting, entries: Sequence[ModelEntry], table: Sequence[ModelEntry]) -> list[str]:
    """Measure those of `entries` that are out of date; return the names of those measured.

    Raises
    ------
    FitError
        After everything else is done, naming every model that failed.

    """
    with _alone(setting):
        recover(setting.folder)
        remove_partials(setting.folder)
        setting.cache.remove_partials()
        return _run(setting, entries, table)


@contextmanager
def _alone(setting: Setting) -> Iterator[None]:
    """Refuse a second run in the same folders: each would use the other's half-written files."""
    with (
        alone(setting.cache.folder.parent / "bench.lock", "run", setting.report.line),
        alone_in(setting.folder, "run"),
    ):
        yield


def _run(setting: Setting, entries: Sequence[ModelEntry], table: Sequence[ModelEntry]) -> list[str]:
    _prepare(setting, table)
    stale = [status for status in statuses(setting, entries) if status.why]
    study = read(setting, "studies", _study_key(setting))
    failures: list[FitError] = []
    if stale or study is None:
        for folder in (setting.folder, setting.build_dir):  # before hours of work
            check_writable(folder)
        if note := kernel_note():
            setting.report.line(note)
        seconds = {status.entry.name: status.seconds for status in stale}
        with open_engine(setting) as engine, setting.report.whole(setting.dataset.entry.title, seconds):
            failures, study = _compute(setting, engine, stale, study)
    write_if_changed(
        study_path(setting.models_dir, setting.dataset.entry.name), dump_document(study, DatasetStudy).encode()
    )
    setting.cache.trim(CACHE_BYTES)
    if failures:
        raise FitError(
            f"{len(failures)} of {len(stale)} models could not be measured; the others are in {setting.folder}",
            errors=failures,
        )
    return [status.entry.name for status in stale]


def _compute(
    setting: Setting, engine: Engine, stale: list[Status], study: DatasetStudy | None
) -> tuple[list[FitError], DatasetStudy]:
    """Measure all models at once, a thread each that waits for its tasks, and describe the data set meanwhile.

    Returns
    -------
    tuple
        What failed, in the order of the table, and the study of the data set.

    """
    bare, arrays = pack(setting.dataset, same_machine=engine.local)
    images = Shared(f"images-{setting.dataset.digest}", "images", hold, (bare, arrays))
    engine.announce("images")
    engine.kept -= sum(getattr(setting.dataset, name).nbytes for name in arrays)
    models = [Model(setting, status.entry, images, rank) for rank, status in _ranked(stale)]
    for model in models:
        engine.announce(model.group(FOLDS))
        engine.announce(model.group(SHARES))
    for number, status in enumerate(stale, start=1):
        setting.report.line(f"[{number}/{len(stale)}] {status.entry.name}: {status.why}")
    found: dict[str, DatasetStudy] = {} if study is None else {"study": study}
    calls: list[Callable[[], None]] = [partial(_measure, engine, model) for model in models]
    if study is None:
        calls.append(partial(_describe_data, setting, engine, images, found))
    failures = _side_by_side(setting, calls)
    return failures, found["study"]


def _ranked(stale: list[Status]) -> list[tuple[int, Status]]:
    """Return each model's rank: those that took longest last time come first, then the order of the table."""
    longest = sorted(stale, key=lambda status: -(status.seconds or 0))
    return [(len(stale) - longest.index(status), status) for status in stale]


def _side_by_side(setting: Setting, calls: Sequence[Callable[[], None]]) -> list[FitError]:
    """Run each call in a thread of its own; return the models' errors in order, and raise any other error at once."""
    ended: queue.SimpleQueue[tuple[int, BaseException | None]] = queue.SimpleQueue()
    for number, call in enumerate(calls):
        threading.Thread(target=_reporting, args=(call, number, ended), daemon=True).start()
    failures: dict[int, FitError] = {}
    for _ in calls:
        number, error = ended.get()
        if isinstance(error, FitError):
            failures[number] = error
            setting.report.line(f"error: {error}")
        elif error is not None:
            raise error
    return [failures[number] for number in sorted(failures)]


def _reporting(
    call: Callable[[], None], number: int, ended: queue.SimpleQueue[tuple[int, BaseException | None]]
) -> None:
    try:
        call()
    except BaseException as error:  # the waiting thread raises it
        ended.put((number, error))
    else:
        ended.put((number, None))


def _prepare(setting: Setting, table: Sequence[ModelEntry]) -> None:
    """Write what all models share: the test labels and the table as data."""
    dataset = setting.dataset
    answers = encode_predictions(dataset.test_labels).encode()
    write_if_changed(setting.folder / "test_labels.txt", answers)
    document = entries_document(table, dataset.entry.name, dataset.image_shape)
    for name in _dropped(setting, {entry.name for entry in table}):
        setting.report.line(
            f"{name} is not in this run's table, so no page shows it; its results are kept. Name its file with ENTRIES=…"
        )
    write_if_changed(setting.folder / "entries.json", dump_document(document, Entries).encode())


def _dropped(setting: Setting, names: set[str]) -> list[str]:
    """Return the models of the last run that are missing from this run's table but still have results."""
    path = setting.folder / "entries.json"
    try:
        before: Entries = read_document(path, Entries)
    except BenchmarkError:
        return []  # no earlier run, or its table is unreadable and gets rewritten
    own = [entry["name"] for entry in before["entries"]]
    return [name for name in own if name not in names and (setting.folder / name).is_dir()]


def _study_key(setting: Setting) -> str:
    dataset = setting.dataset
    return digest("study", dataset.digest, dataset.class_names, code_of(STUDY_CODE), *fit_environment(setting))


def _describe_data(setting: Setting, engine: Engine, images: Shared, found: dict[str, DatasetStudy]) -> None:
    """Put the data set's own study into `found` and into the cache."""

    def keep(study: DatasetStudy) -> None:
        found["study"] = study
        setting.cache.write("studies", _study_key(setting), study)

    title = "means, components, a map and near-duplicates"
    memory = (
        feature_bytes(setting.dataset.n_train, 0, setting.n_pixels) + 16 * setting.dataset.n_test * setting.n_pixels
    )
    engine.run(setting.dataset.entry.title, [Task(title, dataset_study, (images,), keep, CURVE, memory)])


def _measure(engine: Engine, model: Model) -> None:
    """Search, fit and evaluate one model, and replace its folder."""
    setting, entry = model.setting, model.entry
    try:
        with _leaving(engine, model.group(SHARES)):
            with _leaving(engine, model.group(FOLDS)):
                check_memory(model, engine.memory, engine.kept)
                engine.hold(model.group(FOLDS), model.kept_bytes(FOLDS))
                later = len(after_search(model, entry.candidates()[0], engine.memory))
                engine.run(entry.name, search_tasks(model), later=later + 2)
            candidates, scores, *search_seconds = searched(model)
            best = choose(candidates, scores)
            search = search_document(entry.grid, candidates, scores, best)
            engine.hold(model.group(SHARES), model.kept_bytes(SHARES))
            engine.run(entry.name, after_search(model, candidates[best], engine.memory), later=2)
        engine.run(entry.name, score_tasks(model, candidates[best]), later=1)
    except TaskFailedError as error:
        raise unfit(entry, str(error)) from None
    final, staged = fitted(model, candidates[best])
    test = read_scored(setting, entry, final, staged)
    seeds = refitted(model, candidates[best], test.predictions) if entry.stochastic else None
    pickled = b"" if entry.baseline else read_checked(staged / PICKLE, final["digests"][PICKLE])
    curve, importances, growth = studied(model, candidates[best], pickled) if pickled else (None, [], [])
    about = {"entry": entry.document(setting.dataset.image_shape), "search": search, "final": final, "seeds": seeds}
    found: list[Any] = []
    engine.run(
        entry.name,
        [Task("figures", figures, (entry.name, about, model.images, test), found.extend, FIGURES + model.rank)],
    )
    metrics, drawn, mistakes = found
    documents = {
        "metrics.json": dump_document(metrics, Metrics),
        "predictions.txt": encode_predictions(test.predictions),
        "curves.json": dump_document(drawn, Curves),
        "study.json": dump_document(study_document(entry.name, mistakes, curve, importances), Study),
    }
    run_json = run_document(setting, entry, final, staged, documents, search_seconds, growth)
    place_folder(setting, entry, documents | {"run.json": dump_document(run_json, Run)}, staged)
    accuracy = metrics["test"]["accuracy"]
    setting.report.line(
        f"{entry.name}: cross-validated {search['best_score']:.4f}, test {accuracy['value']:.4f} "
        f"[{accuracy['low']:.4f}, {accuracy['high']:.4f}], fit {final['fit']:.1f} s"
    )


@contextmanager
def _leaving(engine: Engine, group: str) -> Iterator[None]:
    try:
        yield
    finally:
        engine.leave(group)
