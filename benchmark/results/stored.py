"""All stored results of a data set: read from a folder or a commit, checked against each other, replaced as a whole."""

from __future__ import annotations

import functools
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.command import Command
from benchmark.errors import ResultsError
from benchmark.results.documents import Curves, DatasetInfo, Metrics
from benchmark.results.predictions import confusion_matrix
from benchmark.results.reading import Folder, Source, measure_remedy, parse_document, read_labels, source_document
from benchmark.results.run_documents import Entries, Entry, Run
from benchmark.results.study_documents import Study
from benchmark.results.writing import round_measured

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
        """Its `curves.json`, read on first use."""
        return source_document(self.source, f"{self.name}/curves.json", Curves)  # type: ignore[no-any-return]

    @functools.cached_property
    def study(self) -> Study:
        """Its `study.json`, read on first use."""
        return source_document(self.source, f"{self.name}/study.json", Study)  # type: ignore[no-any-return]

    @property
    def name(self) -> str:
        """Name of the model and of its folder."""
        return self.entry["name"]

    @property
    def accuracy(self) -> float:
        """Test accuracy."""
        return float(self.metrics["test"]["accuracy"]["value"] or 0.0)


@dataclass(frozen=True)
class Results:
    """The results of one data set: models in the order of the table, names without a result, test labels."""

    source: Source
    dataset: DatasetInfo
    entries: list[Entry]
    models: list[ModelResult]
    missing: list[str]
    test_labels: NDArray[np.int64]

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
            If there is none.

        """
        for model in self.models:
            if model.name == name:
                return model
        raise ResultsError(
            f"{self.source.where('')} holds no result of {name!r}",
            expected="one of " + ", ".join(model.name for model in self.models),
            found=name,
            remedy=measure_remedy(self.source, Command("bench", models=name))
            if name in self.missing
            else Command("list"),
        )

    def correct(self, model: ModelResult) -> NDArray[np.bool_]:
        """Return which test images `model` gets right, of shape (n_test,)."""
        return model.predictions == self.test_labels  # type: ignore[no-any-return]


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


def _places(folder: Path) -> dict[str, int]:
    """Return the number in the file system of each model's `run.json`, which is another one after a replacement."""
    found = {}
    for path in folder.glob("*/run.json"):
        with suppress(OSError):  # it is being replaced
            found[path.parent.name] = path.lstat().st_ino
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
    labels = read_labels(source, "test_labels.txt", len(first["classes"]), first["n_test"])
    return Results(
        source=source,
        dataset=first,
        entries=entries,
        models=[_model(source, entry, every[entry["name"]], labels) for entry in entries if entry["name"] in every],
        missing=[entry["name"] for entry in entries if entry["name"] not in every],
        test_labels=labels,
    )


def _model(source: Source, entry: Entry, metrics: Metrics, labels: NDArray[np.int64]) -> ModelResult:
    name, n_classes = entry["name"], len(metrics["dataset"]["classes"])
    predictions = read_labels(source, f"{name}/predictions.txt", n_classes, len(labels))
    _check_metrics(source, name, metrics, confusion_matrix(labels, predictions, n_classes))
    run: Run = source_document(source, f"{name}/run.json", Run)
    return ModelResult(entry, metrics, run, predictions, source)


def _check_metrics(source: Source, name: str, metrics: Metrics, confusion: NDArray[np.int64]) -> None:
    """Refuse predictions that do not reproduce the stored metrics; AUC needs scores, which are not in git."""
    test, classes = metrics["test"], metrics["dataset"]["classes"]
    hits, support, predicted = np.diagonal(confusion), confusion.sum(axis=1), confusion.sum(axis=0)

    def share(part: int, whole: int) -> float | None:
        return round_measured(part / whole) if whole else None

    f1 = [2 * hits[i] / max(1, support[i] + predicted[i]) for i in range(len(hits))]
    pairs: list[tuple[str, Any, Any]] = [
        ("classes", list(test["per_class"]), classes),
        ("confusion", test["confusion"], confusion.tolist()),
        ("accuracy", test["accuracy"]["value"], share(hits.sum(), confusion.sum())),
        ("macro F1", test["macro_f1"]["value"], round_measured(float(np.mean(f1)))),
    ]
    for i, (label, figures) in enumerate(list(test["per_class"].items())[: len(hits)]):
        pairs += [
            (f"support of {label}", figures["support"], int(support[i])),
            (f"recall of {label}", figures["recall"]["value"], share(hits[i], support[i])),
            (f"precision of {label}", figures["precision"]["value"], share(hits[i], predicted[i])),
            (f"F1 of {label}", figures["f1"]["value"], round_measured(f1[i])),
        ]
    for what, stored, recomputed in pairs:
        if stored != recomputed:
            raise ResultsError(
                f"{source.where(f'{name}/predictions.txt')} does not reproduce the metrics in "
                f"{source.where(f'{name}/metrics.json')} (AUC cannot be checked without scores)",
                expected=f"{what}: {stored}"[:200],
                found=f"{recomputed}"[:200],
                remedy=measure_remedy(source, Command("bench", models=name)),
            )


def study_path(models_dir: Path, dataset: str) -> Path:
    """Return the path of a data set's own study: in `data` beside `models`, or in a results folder of another name."""
    home = models_dir.parent if models_dir.name == "models" else models_dir
    return home / "data" / dataset / "study.json"
