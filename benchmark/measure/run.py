"""A run of the benchmark: measure every model that is out of date, then describe the data set."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmark.cache import digest
from benchmark.disk import check_writable, write_atomically
from benchmark.errors import BenchmarkError, EntryError, FitError
from benchmark.measure.entries import entries_document
from benchmark.measure.entry import ModelEntry
from benchmark.measure.entry_checks import check_fits
from benchmark.measure.evaluate import curves, metrics_document
from benchmark.measure.keys import STUDY_CODE, code_of, fit_environment, statuses
from benchmark.measure.provenance import kernel_note
from benchmark.measure.record import place_folder, read_scored, run_document
from benchmark.measure.search import choose, search_document, split_folds
from benchmark.measure.setting import Setting
from benchmark.measure.steps import fit_winner, refit_seeds, search_grid, study_of
from benchmark.measure.study_data import dataset_study
from benchmark.measure.study_model import confident_mistakes, study_document
from benchmark.measure.workers import fresh_processes
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
        return _run(setting, entries, table)


@contextmanager
def _alone(setting: Setting) -> Iterator[None]:
    """Refuse a second run in the same folders: each would use the other's half-written files."""
    lock = setting.cache.folder.parent / "bench.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BenchmarkError(
                f"another run is active in {lock.parent}",
                expected="one run at a time",
                remedy="wait for it, or work elsewhere: --build-dir and --models-dir",
            ) from None
        yield


def _run(setting: Setting, entries: Sequence[ModelEntry], table: Sequence[ModelEntry]) -> list[str]:
    _prepare(setting, table)
    stale = [status for status in statuses(setting, entries) if status.why]
    if stale:
        check_writable(setting.folder)  # before hours of work
        if note := kernel_note():
            setting.report.line(note)
        fresh_processes()  # its server finishes its imports before the first final fit
    failures: list[FitError] = []
    for number, status in enumerate(stale, start=1):
        setting.report.line(f"[{number}/{len(stale)}] {status.entry.name}: {status.why}")
        try:
            _measure(setting, status.entry)
        except FitError as error:
            failures.append(error)
            setting.report.line(f"error: {error}")
    _describe_data(setting)
    setting.cache.trim(CACHE_BYTES)
    if failures:
        raise FitError(
            f"{len(failures)} of {len(stale)} models could not be measured; the others are in {setting.folder}",
            errors=failures,
        )
    return [status.entry.name for status in stale]


def _prepare(setting: Setting, table: Sequence[ModelEntry]) -> None:
    """Write what all models share: the test labels and the table as data."""
    dataset = setting.dataset
    answers = encode_predictions(dataset.test_labels).encode()
    _write_if_changed(setting.folder / "test_labels.txt", answers)
    document = entries_document(table, dataset.entry.name, dataset.image_shape)
    for name in _dropped(setting, {entry.name for entry in table}):
        setting.report.line(
            f"{name} is not in this run's table, so no page shows it; its results are kept. Name its file with ENTRIES=…"
        )
    _write_if_changed(setting.folder / "entries.json", dump_document(document, Entries).encode())


def _dropped(setting: Setting, names: set[str]) -> list[str]:
    """Return the models of the last run that are missing from this run's table but still have results."""
    path = setting.folder / "entries.json"
    try:
        before: Entries = read_document(path, Entries)
    except BenchmarkError:
        return []  # no earlier run, or its table is unreadable and gets rewritten
    own = [entry["name"] for entry in before["entries"]]
    return [name for name in own if name not in names and (setting.folder / name).is_dir()]


def _describe_data(setting: Setting) -> None:
    """Write the data set's own study, after the models, because it compares test images with training images."""
    dataset = setting.dataset
    key = digest("study", dataset.digest, dataset.class_names, code_of(STUDY_CODE), *fit_environment(setting))
    stored = setting.cache.read("studies", key)
    if stored is None:
        setting.report.line(f"{dataset.entry.title}: means, components, a map and near-duplicates")
        stored = dataset_study(dataset)
        setting.cache.write("studies", key, stored)
    path = study_path(setting.models_dir, dataset.entry.name)
    _write_if_changed(path, dump_document(stored, DatasetStudy).encode())


def _write_if_changed(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        write_atomically(path, content)


def _measure(setting: Setting, entry: ModelEntry) -> None:
    """Search, fit and evaluate one model, and replace its folder."""
    candidates, scores, *search_seconds = search_grid(setting, entry)
    best = choose(candidates, scores)
    search = search_document(entry.grid, candidates, scores, best)
    final, staged = fit_winner(setting, entry, candidates[best])
    seeds = refit_seeds(setting, entry, candidates[best], staged) if entry.stochastic else None
    curve, importances = (None, []) if entry.baseline else study_of(setting, entry, candidates[best], staged)
    test, classes = read_scored(setting, entry, final, staged), list(setting.dataset.class_names)
    metrics = metrics_document(entry.document(setting.dataset.image_shape), setting.dataset, search, final, seeds, test)
    mistakes = confident_mistakes(test.scores, test.labels, test.predictions, classes)
    documents = {
        "metrics.json": dump_document(metrics, Metrics),
        "predictions.txt": encode_predictions(test.predictions),
        "curves.json": dump_document(curves(entry.name, test.scores, test.kind, test.labels, classes), Curves),
        "study.json": dump_document(study_document(entry.name, mistakes, curve, importances), Study),
    }
    run_json = run_document(setting, entry, final, staged, documents, search_seconds)
    place_folder(setting, entry, documents | {"run.json": dump_document(run_json, Run)}, staged)
    accuracy = metrics["test"]["accuracy"]
    setting.report.line(
        f"{entry.name}: cross-validated {search['best_score']:.4f}, test {accuracy['value']:.4f} "
        f"[{accuracy['low']:.4f}, {accuracy['high']:.4f}], fit {final['fit']:.1f} s"
    )
