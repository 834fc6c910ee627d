"""What the history needs of one model at one commit, from files that are each parsed once.

Input: a repository and the changes of its commits. Output: a `Snapshot` of a model, by the blobs of its files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.compare.intervals import is_wilson
from benchmark.compare.repository import Change, Repository
from benchmark.compare.rerun import Origin, origin
from benchmark.errors import ResultsError
from benchmark.results import METRICS, Metrics, Reading, Run, parse_document, round_measured

KINDS: dict[str, Any] = {"metrics.json": Metrics, "run.json": Run}
FILES = (*KINDS, "predictions.txt")


@dataclass(frozen=True)
class Snapshot:
    """What the history needs of one model at one commit.

    `ids` are its blobs; `predicted`, of shape (n_test,), has one character code per image; `right` says which of them
    match the labels; `data` is what two results must share to be comparable.
    """

    ids: tuple[str, ...]
    data: tuple[str, ...]
    origin: Origin
    values: dict[str, Reading]
    not_recorded: list[str]
    predicted: NDArray[np.uint8]
    right: NDArray[np.bool_]


class Contents:
    """The files of a history, each parsed once; only what is needed is kept, by blob and kind of file."""

    def __init__(self, repository: Repository, changes: Iterable[Change]) -> None:
        self._documents: dict[tuple[str, str], Any] = {}
        self._characters: dict[str, NDArray[np.uint8]] = {}
        wanted: dict[str, set[str]] = {}  # files of one content, such as two empty ones, are one blob
        for change in changes:
            for name, blob in change.blobs.items():
                if blob and name.rpartition("/")[2] in (*FILES, "test_labels.txt"):
                    wanted.setdefault(blob, set()).add(name)
        for blob, content in repository.blobs(wanted):
            for name in sorted(wanted[blob]):
                self._keep(blob, name, content)

    def _keep(self, blob: str, name: str, content: bytes) -> None:
        if name.endswith(".txt"):
            characters = np.frombuffer(content, dtype=np.uint8)
            self._characters[blob] = characters[characters != ord("\n")]
            return
        file = name.rpartition("/")[2]
        try:
            self._documents[blob, file] = _kept(parse_document(content, name, KINDS[file]), file)
        except ResultsError as error:
            self._documents[blob, file] = error

    def snapshot(self, ids: tuple[str, ...]) -> Snapshot:
        """Return the snapshot from these files: metrics, run, predictions, labels.

        Raises
        ------
        ResultsError
            If one cannot be used, or predictions do not reproduce the accuracy and its interval.

        """
        metrics, run = documents = [self._documents[found] for found in zip(ids, KINDS, strict=False)]
        for document in documents:
            if isinstance(document, Exception):
                raise document
        predicted, labels = (self._characters.get(blob) for blob in ids[2:])
        if predicted is None or labels is None or predicted.shape != labels.shape or not len(labels):
            raise ResultsError("predictions.txt and test_labels.txt do not belong together")
        right = predicted == labels
        accuracy = metrics["values"].get("accuracy", {"value": None})
        if accuracy["value"] != round_measured(float(np.mean(right))):
            raise ResultsError("predictions.txt does not reproduce the accuracy in metrics.json")
        if not is_wilson(accuracy, int(right.sum()), len(right)):
            raise ResultsError("predictions.txt does not reproduce the interval of the accuracy in metrics.json")
        return Snapshot(
            ids,
            (metrics["data"], ids[3]),
            run["origin"],
            metrics["values"] | run["values"],
            metrics["not_recorded"] + run["not_recorded"],
            predicted,
            right,
        )


def _kept(document: Any, file: str) -> dict[str, Any]:
    """Return the parts of a document that the history needs."""
    declared = [metric for metric in METRICS if metric.document == file]
    values = {metric.name: metric.read(document) for metric in declared}
    kept: dict[str, Any] = {
        "values": {name: value for name, value in values.items() if value and value["value"] is not None},
        "not_recorded": [metric.name for metric in declared if not metric.is_in(document)],
    }
    if file == "metrics.json":
        return kept | {"data": f"{document['dataset']['digest']} {document['dataset']['profile']}"}
    return kept | {"origin": origin(document)}
