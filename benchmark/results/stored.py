"""All stored results of a data set: read from a folder or a commit, checked against each other, replaced as a whole."""

from __future__ import annotations

import functools
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.command import Command
from benchmark.errors import ResultsError, unknown_name
from benchmark.results.documents import Curves, DatasetInfo, Metrics
from benchmark.results.reading import Folder, Source, measure_remedy, parse_document, read_labels, source_document
from benchmark.results.reproduced import check_metrics, is_answered
from benchmark.results.run_documents import Entries, Entry, Run
from benchmark.results.study_documents import Study

ATTEMPTS = 5  # to read results that are being replaced
TRACKED = ("metrics.json", "predictions.txt", "curves.json", "study.json")


@dataclass(frozen=True)
class ModelResult:
    """Everything stored about one model; `predictions` has shape (n_test,)."""

    entry: Entry
    metrics: Metrics
    run: Run
    predictions: NDArray[np.int64]
    source: Source

    @functools.cached_property
    def curves(self) -> Curves:
        """Its `curves.json`, read on first use and checked to have a curve for each class."""
        name = f"{self.name}/curves.json"
        found: Curves = source_document(self.source, name, Curves)
        for kind, curves in (("roc", found["roc"]), ("precision_recall", found["precision_recall"])):
            missing = [label for label in self.metrics["dataset"]["classes"] if label not in curves]
            if missing:
                raise self._unlike_metrics(name, kind, f"a curve of {missing[0]}", ", ".join(curves))
        return found

    @functools.cached_property
    def study(self) -> Study:
        """Its `study.json`, read on first use and checked to name test images that there are."""
        name = f"{self.name}/study.json"
        found: Study = source_document(self.source, name, Study)
        last = max((mistake["index"] for mistake in found["confident_mistakes"]), default=0)
        if last >= len(self.predictions):
            raise self._unlike_metrics(
                name, "confident_mistakes", f"test images from 0 to {len(self.predictions) - 1}", str(last)
            )
        return found

    def _unlike_metrics(self, name: str, field: str, expected: str, found: str) -> ResultsError:
        where = self.source.where(name)
        return ResultsError(
            f"{where} does not belong to the metrics.json beside it: {field}",
            expected=expected,
            found=found[:200],
            remedy=measure_remedy(self.source, Command("bench", models=self.name)),
        )

    @property
    def name(self) -> str:
        """Name of the model and of its folder."""
        return self.entry["name"]

    @property
    def accuracy(self) -> float:
        """Test accuracy."""
        return float(self.metrics["test"]["accuracy"]["value"] or 0.0)

    @property
    def data(self) -> tuple[str, str | None]:
        """What two results must share to be comparable: the digest of the data set, and the profile."""
        return self.metrics["dataset"]["digest"], self.metrics["dataset"]["profile"]


@dataclass(frozen=True)
class Results:
    """The results of one data set: models in the order of the table, names without a result, test labels.

    `apart` are results of other data, or of another profile, than `dataset`: they lie in the same folder, but are neither ranked
    nor paired with `models`. `missing` are not measured, `misfits` cannot be, because they do not fit the data set: why, by name.
    """

    source: Source
    dataset: DatasetInfo
    entries: list[Entry]
    models: list[ModelResult]
    missing: list[str]
    test_labels: NDArray[np.int64]
    apart: list[ModelResult] = field(default_factory=list)
    misfits: dict[str, str] = field(default_factory=dict)

    @property
    def contestants(self) -> list[ModelResult]:
        """The models that are ranked: all but the baseline."""
        return [model for model in self.models if not model.entry["baseline"]]

    @property
    def baselines(self) -> list[ModelResult]:
        """The models that are a reference only."""
        return [model for model in self.models if model.entry["baseline"]]

    def leaderboard(self) -> list[ModelResult]:
        """Contestants, best accuracy first, ties in the order of the table."""
        return sorted(self.contestants, key=lambda model: -model.accuracy)

    def model(self, name: str) -> ModelResult:
        """Return the result of the model called `name`.

        Raises
        ------
        ResultsError
            If there is none, or it is one of other data.

        """
        for model in self.models:
            if model.name == name:
                return model
        for model in self.apart:
            if model.name == name:
                raise ResultsError(
                    f"{name} was measured on other data than the results beside it",
                    expected=about_data(self.dataset),
                    found=about_data(model.metrics["dataset"]),
                    remedy=Command("bench", models=name),
                )
        names = [model.name for model in self.models]
        if name in self.missing:
            raise ResultsError(
                f"{self.source.where('')} holds no result of {name!r}",
                expected=f"one of {', '.join(names)}",
                found="an entry that is not measured",
                remedy=measure_remedy(self.source, Command("bench", models=name)),
            )
        raise ResultsError(**unknown_name("model", name, names, f" in {self.source.where('')}"))

    def correct(self, model: ModelResult) -> NDArray[np.bool_]:
        """Return which test images `model` gets right, of shape (n_test,)."""
        return model.predictions == self.test_labels  # type: ignore[no-any-return]

    def labels_of(self, model: ModelResult) -> NDArray[np.int64] | None:
        """Return the test labels of a model; None where the answer key is that of other data."""
        if model.data == (self.dataset["digest"], self.dataset["profile"]) or is_answered(
            model.metrics, model.predictions, self.test_labels
        ):
            return self.test_labels
        return None


def about_data(dataset: DatasetInfo) -> str:
    """Return which data a result is of, in words."""
    profile = f", {dataset['profile']} profile" if dataset["profile"] else ""
    return f"{dataset['n_train']:,} + {dataset['n_test']:,} images, digest {dataset['digest'][:12]}…{profile}"


def load_results(models_dir: Path, dataset: str) -> Results:
    """Read every result under `models_dir/dataset`; see `read_results`."""
    return read_folder(models_dir / dataset)


def read_folder(folder: Path) -> Results:
    """Read every result in the folder of a data set, while a run may be replacing models; see `read_results`."""
    for _ in range(ATTEMPTS):
        before = _places(folder)
        try:
            return read_results(Folder(folder))
        except ResultsError:
            if _places(folder) == before:  # nothing was replaced meanwhile
                raise
    return read_results(Folder(folder))


def _places(folder: Path) -> dict[str, tuple[int, int]]:
    """Return which file each model's `run.json` is: its number in the file system, which a later one may get again, and its time."""
    found = {}
    for path in folder.glob("*/run.json"):
        with suppress(OSError):  # it is being replaced
            about = path.lstat()
            found[path.parent.name] = about.st_ino, about.st_mtime_ns
    return found


def read_results(source: Source) -> Results:
    """Read every result of a data set.

    Raises
    ------
    ResultsError
        If there is no result at all, a document is damaged, or predictions do not reproduce the stored metrics.

    """
    entries: list[Entry] = source_document(source, "entries.json", Entries)["entries"]
    found = {entry["name"]: source.read(f"{entry['name']}/metrics.json") for entry in entries}
    every = {
        name: parse_document(content, source.where(f"{name}/metrics.json"), Metrics)
        for name, content in found.items()
        if content is not None
    }
    if not every:
        remedy = measure_remedy(source, Command("bench"))
        raise ResultsError(f"{source.where('')} holds no results", expected="a folder a model", remedy=remedy)
    first: DatasetInfo = next(iter(every.values()))["dataset"]
    for name, metrics in every.items():
        if metrics["dataset"]["classes"] != first["classes"]:
            raise ResultsError(
                f"{source.where(f'{name}/metrics.json')} has different classes from the results beside it",
                expected=", ".join(first["classes"])[:200],
                found=", ".join(metrics["dataset"]["classes"])[:200],
                remedy=measure_remedy(source, Command("bench")),
            )
    labels = read_labels(source, "test_labels.txt", len(first["classes"]))
    models = [_model(source, entry, every[entry["name"]]) for entry in entries if entry["name"] in every]
    together = _of_one_data_set(models, labels)
    for model in together:
        check_metrics(source, model.name, model.metrics, model.predictions, labels)
    return Results(
        source=source,
        dataset=together[0].metrics["dataset"],
        entries=entries,
        models=together,
        missing=[entry["name"] for entry in entries if entry["name"] not in every and not entry.get("misfit")],
        test_labels=labels,
        apart=[model for model in models if model.data != together[0].data],
        misfits={
            entry["name"]: entry["misfit"] for entry in entries if entry.get("misfit") and entry["name"] not in every
        },
    )


def _model(source: Source, entry: Entry, metrics: Metrics) -> ModelResult:
    name, about = entry["name"], metrics["dataset"]
    predictions = read_labels(source, f"{name}/predictions.txt", len(about["classes"]), about["n_test"])
    run: Run = source_document(source, f"{name}/run.json", Run)
    return ModelResult(entry, metrics, run, predictions, source)


def _of_one_data_set(models: list[ModelResult], labels: NDArray[np.int64]) -> list[ModelResult]:
    """Return the models that are ranked: those of the data that the answer key is of, and of these the newest.

    Where it answers none, they are the largest group, whose fault is then told.
    """
    groups: dict[tuple[str, str | None], list[ModelResult]] = {}
    for model in models:
        groups.setdefault(model.data, []).append(model)
    if len(groups) == 1:
        return models
    answered = [
        group
        for group in groups.values()
        if all(is_answered(model.metrics, model.predictions, labels) for model in group)
    ]
    if not answered:
        return max(groups.values(), key=len)
    return max(answered, key=lambda group: (max(model.run["measured_at"] for model in group), len(group)))


def study_path(models_dir: Path, dataset: str) -> Path:
    """Return the path of a data set's own study: in `data` beside `models`, or in a results folder of another name."""
    home = models_dir.parent if models_dir.name == "models" else models_dir
    return home / "data" / dataset / "study.json"
