"""A run of the benchmark: measure every model that is out of date, then describe the data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from benchmark.cache import digest
from benchmark.command import Command
from benchmark.disk import check_writable, write_if_changed
from benchmark.errors import BenchmarkError, FitError
from benchmark.locks import alone, alone_in
from benchmark.measure.arrays import Room
from benchmark.measure.cluster import open_engine
from benchmark.measure.engine import Engine
from benchmark.measure.entries import entries_document
from benchmark.measure.entry import ModelEntry
from benchmark.measure.entry_checks import misfits
from benchmark.measure.images import hold, pack
from benchmark.measure.kept import read
from benchmark.measure.keys import STUDY_CODE, Status, code_of, fit_environment, statuses
from benchmark.measure.leftovers import WORKERS, remove_leftovers
from benchmark.measure.memory import study_bytes
from benchmark.measure.model import FOLDS, SHARES, Model, check_study_memory
from benchmark.measure.one_model import measure
from benchmark.measure.provenance import kernel_note
from benchmark.measure.setting import Setting
from benchmark.measure.side_by_side import side_by_side
from benchmark.measure.steps import CURVE
from benchmark.measure.study_data import dataset_study
from benchmark.measure.task import Shared, Task, TaskFailedError
from benchmark.results import (
    DatasetStudy,
    Entries,
    dump_document,
    encode_predictions,
    read_document,
    study_path,
)
from benchmark.results.failures import note_failures
from benchmark.swap import recover

CACHE_BYTES = 12 * 2**30
DATA = "the data set"  # no name of a model


def run(setting: Setting, entries: Sequence[ModelEntry], table: Sequence[ModelEntry]) -> list[str]:
    """Measure those of `entries` that are out of date; return the names of those measured.

    Raises
    ------
    FitError
        After everything else is done, naming every model that failed.

    """
    with _alone(setting):
        own_study = study_path(setting.models_dir, setting.dataset.entry.name)
        recover(setting.folder)
        remove_leftovers(setting.build_dir, setting.folder, own_study.parent)
        with Room.at(setting.build_dir / WORKERS):
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
    every = statuses(setting, entries)
    stale = [status for status in every if status.why]
    current = [status.entry.name for status in every if not status.why]
    note_failures(setting.build_dir, setting.folder, current, {})
    study = read(setting, "studies", study_key(setting))
    failures: dict[str, FitError] = {}
    if stale or study is None:
        for folder in (setting.folder, setting.build_dir):  # before hours of work
            check_writable(folder)
        if note := kernel_note():
            setting.report.line(note)
        seconds = {status.entry.name: status.seconds for status in stale}
        with open_engine(setting) as engine, setting.report.whole(setting.dataset.entry.title, seconds):
            failures, study = _compute(setting, engine, stale, study)
    if study is not None:
        own_study = study_path(setting.models_dir, setting.dataset.entry.name)
        write_if_changed(own_study, dump_document(study, DatasetStudy).encode())
    setting.cache.trim(CACHE_BYTES)
    if number := len(failures.keys() - {DATA}):
        raise FitError(
            f"{number} of {len(stale)} models could not be measured; the others are in {setting.folder}",
            errors=list(failures.values()),
        )
    if failures:
        raise failures[DATA]
    return [status.entry.name for status in stale]


def _compute(
    setting: Setting, engine: Engine, stale: list[Status], study: DatasetStudy | None
) -> tuple[dict[str, FitError], DatasetStudy | None]:
    """Measure all models at once, a thread each that waits for its tasks, and describe the data set meanwhile.

    Returns
    -------
    tuple
        What failed by model, in the order of the table, and the study of the data set, None if that failed.

    """
    if study is None:
        check_study_memory(setting, engine.memory)
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
    calls: dict[str, Callable[[], None]] = {model.entry.name: partial(measure, engine, model) for model in models}
    if study is None:
        calls[DATA] = partial(_describe_data, setting, engine, images, found)
    failures = side_by_side(calls, partial(_note, setting))
    return failures, found.get("study")


def _note(setting: Setting, name: str, error: FitError | None) -> None:
    """Say and store that a model failed, or store that it did not."""
    failed = {} if error is None else {name: f"{error.problem}: {error.found}"}
    if error:
        setting.report.line(f"error: {error}")
    note_failures(setting.build_dir, setting.folder, [name], failed)


def _ranked(stale: list[Status]) -> list[tuple[int, Status]]:
    """Return each model's rank: those that took longest last time come first, then the order of the table."""
    longest = sorted(stale, key=lambda status: -(status.seconds or 0))
    return [(len(stale) - longest.index(status), status) for status in stale]


def _prepare(setting: Setting, table: Sequence[ModelEntry]) -> None:
    """Write what all models share: the test labels and the table as data."""
    dataset = setting.dataset
    answers = encode_predictions(dataset.test_labels).encode()
    write_if_changed(setting.folder / "test_labels.txt", answers)
    document = entries_document(table, dataset.entry.name, dataset.image_shape, misfits(setting, table))
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


def study_key(setting: Setting) -> str:
    """Return the key of what is computed from the images of a data set."""
    dataset = setting.dataset
    return digest("study", dataset.digest, dataset.class_names, code_of(STUDY_CODE), *fit_environment(setting))


def _describe_data(setting: Setting, engine: Engine, images: Shared, found: dict[str, DatasetStudy]) -> None:
    """Put the data set's own study into `found` and into the cache."""

    def keep(study: DatasetStudy) -> None:
        found["study"] = study
        setting.cache.write("studies", study_key(setting), study)

    title = "means, components, a map and near-duplicates"
    memory = study_bytes(setting.dataset.n_train, setting.n_pixels)
    task = Task(title, dataset_study, (images,), keep, CURVE, memory, fits=0)
    try:
        engine.run(setting.dataset.entry.title, [task])
    except TaskFailedError as error:
        raise FitError(
            f"the data set {setting.dataset.entry.name} could not be described",
            expected=f"images of which {title} can be computed",
            found=str(error),
            remedy=Command("data"),
        ) from None
