"""From parsed arguments to what commands work with: folders, the data set, entries, the setting of a run."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.command import Command
from benchmark.errors import BenchmarkError
from benchmark.layout import is_checkout, work_folder

if TYPE_CHECKING:
    from benchmark.dataset import Dataset
    from benchmark.measure.entry import ModelEntry
    from benchmark.measure.own_entries import OwnEntries
    from benchmark.measure.setting import Setting
    from benchmark.progress import Reporter


ROOT = work_folder()
DEFAULT_DATASET = "fashion-mnist"
QUICK = (6000, 2000)


def where_results_are(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return where a comparison looks for results: the repository, the working tree's folder, and the data set."""
    here = arguments.models_dir or arguments.repository == ROOT
    return {
        "repository": arguments.repository,
        "models_dir": models_folder(arguments) if here else arguments.repository / "models",
        "dataset": arguments.dataset,
    }


def split_names(text: str) -> list[str]:
    """Return the names in a comma-separated text."""
    return [name.strip() for name in text.split(",") if name.strip()]


def read_own_entries(arguments: argparse.Namespace) -> OwnEntries | None:
    """Return the entries of the file that --entries names, None where it names none."""
    if arguments.entries is None:
        return None
    from benchmark.measure.own_entries import load_entries

    return load_entries(arguments.entries)


def make_setting(
    arguments: argparse.Namespace, reporter: Reporter
) -> tuple[Setting, list[ModelEntry], list[ModelEntry]]:
    """Return where and how models are measured, the table, and the entries of it that were asked for and fit the data set."""
    if arguments.fast:
        _accelerate()  # before the table names scikit-learn's classes
    from benchmark.measure.entries import select_entries
    from benchmark.measure.entry_checks import check_entries
    from benchmark.measure.run import fitting
    from benchmark.measure.setting import Setting
    from benchmark.models import MODELS

    own = read_own_entries(arguments)
    table = [*MODELS, *(own.models if own else ())]
    check_entries(table)  # before anything is fetched
    chosen = select_entries(table, arguments.models)
    setting = Setting(
        root=ROOT,
        models_dir=models_folder(arguments),
        build_dir=arguments.build_dir or ROOT / "build",
        dataset=open_dataset(arguments, reporter),
        jobs=arguments.jobs,
        report=reporter,
        accelerated=arguments.fast,
        entries=arguments.entries,
    )
    return setting, table, fitting(setting, chosen, named=bool(arguments.models))


def _accelerate() -> None:
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
            else "pip install scikit-learn-intelex",
        ) from None
    os.environ["BENCHMARK_ACCELERATED"] = "1"
    # RbfSVC calls its own; for the others it does nothing
    patch_sklearn(name=["sklearn.ensemble.RandomForestClassifier"], verbose=False)


def open_dataset(arguments: argparse.Namespace, reporter: Reporter) -> Dataset:
    """Return the data set that was asked for, or the part of it that the quick profile takes."""
    from benchmark.dataset import DATASETS, load_dataset, subset

    own = read_own_entries(arguments)
    cache = (arguments.build_dir or ROOT / "build") / "data"
    whole = load_dataset(
        arguments.dataset,
        root=ROOT,
        data_dir=arguments.data_dir,
        cache_dir=cache,
        report=reporter.line,
        datasets=DATASETS | (own.datasets if own else {}),
        accept=getattr(arguments, "accept", False),
    )
    return subset(whole, *QUICK, seed=0, cache_dir=cache) if arguments.profile == "quick" else whole


def make_reporter(arguments: argparse.Namespace) -> Reporter:
    """Return what says on stderr how far a run is."""
    from benchmark.progress import Reporter

    return Reporter(quiet=arguments.quiet)


def _build_dir(arguments: argparse.Namespace) -> Path:
    """Return where the site goes: build, build/quick, build/fast or build/fast/quick."""
    if arguments.build_dir:
        return Path(arguments.build_dir)
    folder = ROOT / "build"
    folder = folder / "fast" if arguments.fast else folder
    return folder / "quick" if arguments.profile == "quick" else folder


def site_folder(arguments: argparse.Namespace) -> Path:
    """Return where the site goes: a data set's own folder below that, so that none takes another's place."""
    folder = _build_dir(arguments)
    return folder if arguments.build_dir or arguments.dataset == DEFAULT_DATASET else folder / arguments.dataset


def models_folder(arguments: argparse.Namespace) -> Path:
    """Return where results are: as given, `models`, or a folder of their own below `build` for a profile or --fast."""
    if arguments.models_dir:
        return Path(arguments.models_dir)
    build = _build_dir(arguments)
    return ROOT / "models" if build == ROOT / "build" else build / "models"
