"""Whether stored figures follow from the stored predictions and the answer key.

Comes in: a model's metrics, its predictions and the test labels, both of shape (n_test,). AUC needs scores, which are not in git.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.command import Command
from benchmark.errors import ResultsError
from benchmark.results.documents import Metrics
from benchmark.results.predictions import confusion_matrix
from benchmark.results.reading import Source, measure_remedy
from benchmark.results.writing import round_measured


def is_answered(metrics: Metrics, predictions: NDArray[np.int64], labels: NDArray[np.int64]) -> bool:
    """Return whether these labels give the stored confusion matrix."""
    if len(labels) != len(predictions):
        return False
    confusion = confusion_matrix(labels, predictions, len(metrics["dataset"]["classes"]))
    return confusion.tolist() == metrics["test"]["confusion"]  # type: ignore[no-any-return]


def check_metrics(
    source: Source, name: str, metrics: Metrics, predictions: NDArray[np.int64], labels: NDArray[np.int64]
) -> None:
    """Check the figures of the model called `name`; their intervals are checked in `compare.intervals`.

    Raises
    ------
    ResultsError
        If the predictions do not reproduce one of them.

    """
    if len(labels) != len(predictions):
        where = source.where("test_labels.txt")
        raise ResultsError(
            f"{where} has another number of images than {source.where(f'{name}/predictions.txt')}",
            expected=str(len(predictions)),
            found=str(len(labels)),
            remedy=measure_remedy(source, Command("bench")),
        )
    test, classes = metrics["test"], metrics["dataset"]["classes"]
    confusion = confusion_matrix(labels, predictions, len(classes))
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
            raise not_reproduced(source, name, f"{what}: {stored}", f"{recomputed}")


def not_reproduced(source: Source, name: str, stored: str, recomputed: str) -> ResultsError:
    """Return the error that says which stored figure does not follow from a model's predictions."""
    predictions, metrics = (source.where(f"{name}/{file}") for file in ("predictions.txt", "metrics.json"))
    return ResultsError(
        f"{predictions} does not reproduce the metrics in {metrics} (AUC cannot be checked without scores)",
        expected=stored[:200],
        found=recomputed[:200],
        remedy=measure_remedy(source, Command("bench", models=name)),
    )
