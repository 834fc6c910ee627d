"""From options to what commands work with: the data set, entries, the setting of a run."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.command import Command, word
from benchmark.errors import BenchmarkError, NoResultsError, unknown_name
from benchmark.layout import is_checkout, work_folder

if TYPE_CHECKING:
    from benchmark.commands.options import Images, Measuring
    from benchmark.dataset import Dataset, DatasetEntry
    from benchmark.measure.entry import ModelEntry
    from benchmark.measure.own_entries import OwnEntries
    from benchmark.measure.setting import Setting
    from benchmark.progress import Reporter


ROOT = work_folder()
DEFAULT_DATASET = "fashion-mnist"
QUICK = (6000, 2000)


def read_own_entries(path: Path | None) -> OwnEntries | None:
    """Return the entries of the file that --entries names, None where it names none."""
    if path is None:
        return None
    from benchmark.measure.own_entries import load_entries

    return load_entries(path)


def make_setting(measuring: Measuring, reporter: Reporter) -> tuple[Setting, list[ModelEntry], list[ModelEntry]]:
    """Return where and how models are measured, the table, and the entries of it that were asked for and fit the data set."""
    if measuring.fast:
        accelerate()  # before the table names scikit-learn's classes
    from benchmark.measure.entries import select_entries
    from benchmark.measure.entry_checks import check_entries, fitting, least_rows
    from benchmark.measure.limits import within
    from benchmark.measure.setting import Setting
    from benchmark.models import MODELS

    own = read_own_entries(measuring.images.entries)
    table = [*MODELS, *(own.models if own else ())]
    check_entries(table)  # before anything is fetched
    select_entries(table, measuring.models)  # a name that is unknown is said before anything is fetched, too
    setting = Setting(
        root=ROOT,
        models_dir=measuring.models_dir,
        build_dir=measuring.build_dir,
        dataset=_open_dataset(measuring.images, own, reporter),
        jobs=measuring.jobs,
        report=reporter,
        accelerated=measuring.fast,
        entries=measuring.images.entries,
        dask=measuring.dask,
        dashboard=measuring.dashboard,
        memory=measuring.memory,
        fit_seconds=measuring.fit_seconds,
    )
    table = within(table, setting.dataset.image_shape, least_rows(setting))
    chosen = select_entries(table, measuring.models)
    return setting, table, fitting(setting, chosen, named=bool(measuring.models))


def explained(error: BenchmarkError, dataset: str, models_dir: Path | None) -> BenchmarkError:
    """Return what a command that reads results says: where there are none of a data set that nobody has defined, so much."""
    from benchmark.dataset.table import DATASETS, DEFINED

    folders = [folder for folder in (models_dir, ROOT / "models", ROOT / "data") if folder]
    if (
        not isinstance(error, NoResultsError)
        or dataset in DATASETS
        or any((folder / dataset).is_dir() for folder in folders)
    ):
        return error
    stored = {path.parent.name for folder in folders for path in folder.glob("*/entries.json")}
    known = [*DATASETS, *sorted(stored - set(DATASETS))]
    return BenchmarkError(**unknown_name("data set", dataset, known, f": {error.problem}", DEFINED))


def accelerate() -> None:
    """Let scikit-learn-intelex take the place of the estimators that it has, in this process and its children."""
    try:
        from sklearnex import patch_sklearn
    except ImportError:
        raise BenchmarkError(
            "scikit-learn-intelex is not installed",
            expected="Linux on x86-64",
            found=sys.platform,
            remedy=(Command("bench", fast=1), ", which installs it")
            if is_checkout()
            else f"{word(sys.executable)} -m pip install scikit-learn-intelex",
        ) from None
    os.environ["BENCHMARK_ACCELERATED"] = "1"
    # RbfSVC calls its own; for the others it does nothing
    patch_sklearn(name=["sklearn.ensemble.RandomForestClassifier"], verbose=False)


def open_dataset(images: Images, reporter: Reporter, *, accept: bool = False, convert: bool = False) -> Dataset:
    """Return the data set that was asked for, or the part of it that the quick profile takes."""
    return _open_dataset(images, read_own_entries(images.entries), reporter, accept=accept, convert=convert)


def _open_dataset(
    images: Images, own: OwnEntries | None, reporter: Reporter, *, accept: bool = False, convert: bool = False
) -> Dataset:
    from benchmark.dataset import load_dataset, subset

    whole = load_dataset(
        images.dataset,
        root=ROOT,
        data_dir=images.data_dir,
        cache_dir=images.cache_dir,
        report=reporter.line,
        datasets=_table(own),
        accept=accept,
        convert=convert,
    )
    return subset(whole, *QUICK, seed=0, cache_dir=images.cache_dir) if images.quick else whole


def known_datasets(images: Images) -> Mapping[str, DatasetEntry]:
    """Return the data sets of the table and of the file that --entries names, by name."""
    return _table(read_own_entries(images.entries))


def _table(own: OwnEntries | None) -> Mapping[str, DatasetEntry]:
    from benchmark.dataset import DATASETS

    return DATASETS | (own.datasets if own else {})


def make_reporter(*, quiet: bool) -> Reporter:
    """Return what says on stderr how far a run is."""
    from benchmark.progress import Reporter

    return Reporter(quiet=quiet)
