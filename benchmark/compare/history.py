"""The metrics of each model at every commit that changed results, and which of those steps are more than noise.

Comes in: a repository and a commit. Goes out: a `History`, a plain document. All files are read through one git process,
each distinct file once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from benchmark.compare.repository import Change, Commit, Repository
from benchmark.errors import ResultsError
from benchmark.results import METRICS, Metric, history_value, parse_json, round_measured
from benchmark.results.numbers import aligned, metric_text
from benchmark.statistics import LEVEL, holm, paired

SCHEMA_VERSION = 1
FILES = ("metrics.json", "run.json", "predictions.txt")
SAME_FIT = ("data", "entry", "code", "libraries")
Step = Literal["first", "improved", "regressed", "within noise", "unchanged", "not comparable", "rerun"]


class Point(TypedDict):
    """A model's results at a commit that changed them.

    `series` counts up where data or labels changed: across that, figures are not comparable. `values` are by metric.
    """

    commit: int
    model: str
    series: int
    step: Step
    difference: float | None
    p_adjusted: float | None
    machine: str
    values: dict[str, dict[str, float | None]]


class JudgedCommit(TypedDict):
    """A commit that changed results, and how many tests its primary family had."""

    sha: str
    date: str
    subject: str
    tests: int


class History(TypedDict):
    """The document of a history; `truncated` where a shallow clone ends before the first result."""

    schema_version: int
    dataset: str
    web: str
    truncated: bool
    unreadable: list[str]
    commits: list[JudgedCommit]
    points: list[Point]


@dataclass(frozen=True)
class _Snapshot:
    """What the history needs of one model at one commit.

    `ids` are the blobs that it rests on, `predicted` is of shape (n_test,), a character code an image, `right` says which
    are those of the labels, and `data` names what figures must share to be compared.
    """

    ids: tuple[str, ...]
    data: tuple[str, ...]
    key: tuple[str, ...]
    machine: str
    values: dict[str, dict[str, float | None]]
    predicted: NDArray[np.uint8]
    right: NDArray[np.bool_]


def read_history(repository: Repository, sha: str, folder: str) -> History:
    """Return the history of the results in `folder` (relative to the repository's root) up to the commit `sha`.

    Raises
    ------
    ResultsError
        If no commit has results there.

    """
    changes = list(repository.changes(sha, folder))
    if not any(name.endswith("/metrics.json") for change in changes for name in change.blobs):
        raise ResultsError(f"no commit up to {sha[:10]} has results in {folder}", remedy="git log --oneline -- models")
    contents = _Contents(repository, changes)
    history: History = {
        "schema_version": SCHEMA_VERSION,
        "dataset": folder.rpartition("/")[2],
        "web": repository.web,
        "truncated": repository.is_shallow,
        "unreadable": [],
        "commits": [],
        "points": [],
    }
    state: dict[str, str] = {}
    last: dict[str, _Snapshot] = {}
    series: dict[str, int] = {}
    for change in changes:
        for name, blob in change.blobs.items():
            state.pop(name, None) if blob is None else state.update({name: blob})
        found = dict(_changed_models(change, state, last, contents, history["unreadable"]))
        if found:
            points = [_point(len(history["commits"]), name, now, last.get(name)) for name, now in found.items()]
            history["commits"].append(_step(change.commit, points))
            for point in points:
                if point["step"] in ("first", "not comparable"):  # a line breaks where a model comes back, too
                    series[point["model"]] = series.get(point["model"], -1) + 1
                point["series"] = series[point["model"]]
            history["points"] += points
        last = {name: now for name, now in (last | found).items() if f"{name}/metrics.json" in state}
    return history


def select(history: History, *, models: Sequence[str] = (), metrics: Sequence[str] = ()) -> History:
    """Return the history with these models and metrics alone, all where none are named.

    Raises
    ------
    ResultsError
        If a model has no results in it.

    """
    known = list(dict.fromkeys(point["model"] for point in history["points"]))
    for name in models:
        if name not in known:
            raise ResultsError(f"no commit has results of {name!r}", expected="one of " + ", ".join(known), found=name)
    points = [
        point | {"values": {key: value for key, value in point["values"].items() if not metrics or key in metrics}}
        for point in history["points"]
        if not models or point["model"] in models
    ]
    return history | {"points": points}


def _changed_models(
    change: Change, state: dict[str, str], last: dict[str, _Snapshot], contents: _Contents, unreadable: list[str]
) -> Iterator[tuple[str, _Snapshot]]:
    """Yield the models whose results this commit changed, as it left them."""
    touched = sorted({name.partition("/")[0] for name in change.blobs if name.partition("/")[2] in FILES})
    for model in touched:
        ids = tuple(state.get(name, "") for name in (*(f"{model}/{file}" for file in FILES), "test_labels.txt"))
        if not all(ids[:2]) or (model in last and last[model].ids[:3] == ids[:3]):
            continue
        try:
            yield model, contents.snapshot(ids)
        except (ResultsError, KeyError, TypeError) as error:
            unreadable.append(f"{model} at {change.commit.sha[:10]}: {_told_error(error)}")


def _told_error(error: Exception) -> str:
    if isinstance(error, ResultsError):
        return error.problem
    return f"no field {error}" if isinstance(error, KeyError) else str(error)


def _point(number: int, name: str, now: _Snapshot, before: _Snapshot | None) -> Point:
    point: Point = {
        "commit": number, "model": name, "series": 0, "step": "first", "difference": None, "p_adjusted": None,
        "machine": now.machine, "values": now.values,
    }  # fmt: skip
    if before is None:
        return point
    if now.data != before.data:
        return point | {"step": "not comparable"}
    if now.key == before.key and now.machine != before.machine:
        return point | {"step": "rerun"}
    if np.array_equal(now.predicted, before.predicted):
        return point | {"step": "unchanged"}
    found = paired(now.right, before.right)
    return point | {"step": "within noise", "difference": found.difference, "p_adjusted": found.p}


def _step(commit: Commit, points: list[Point]) -> JudgedCommit:
    """Judge one commit's primary family; return the commit with its size."""
    tested = [point for point in points if point["p_adjusted"] is not None]
    for point, p in zip(tested, holm([point["p_adjusted"] for point in tested]), strict=True):
        point["p_adjusted"] = float(p)
        if p < LEVEL:
            point["step"] = "improved" if (point["difference"] or 0) > 0 else "regressed"
    return {"sha": commit.sha, "date": commit.date, "subject": commit.subject, "tests": len(tested)}


class _Contents:
    """The files of a history, each parsed once and only what is needed kept."""

    def __init__(self, repository: Repository, changes: Iterable[Change]) -> None:
        self._documents: dict[str, Any] = {}
        self._characters: dict[str, NDArray[np.uint8]] = {}
        wanted = {
            blob: name
            for change in changes
            for name, blob in change.blobs.items()
            if blob and name.endswith((*FILES, "test_labels.txt"))
        }
        for blob, content in repository.blobs(wanted):
            self._keep(blob, wanted[blob], content)

    def _keep(self, blob: str, name: str, content: bytes) -> None:
        if name.endswith(".txt"):
            characters = np.frombuffer(content, dtype=np.uint8)
            self._characters[blob] = characters[characters != ord("\n")]
            return
        try:
            document = parse_json(content, name)
            self._documents[blob] = _figures(document, name.rpartition("/")[2])
        except (ResultsError, KeyError, TypeError) as error:
            self._documents[blob] = error

    def snapshot(self, ids: tuple[str, ...]) -> _Snapshot:
        """Return what these files say: metrics, run, predictions, labels.

        Raises
        ------
        ResultsError
            If one cannot be used, or predictions do not yield the accuracy.

        """
        metrics, run = (self._documents[blob] for blob in ids[:2])
        for document in (metrics, run):
            if isinstance(document, Exception):
                raise document
        predicted, labels = (self._characters.get(blob) for blob in ids[2:])
        if predicted is None or labels is None or predicted.shape != labels.shape:
            raise ResultsError("predictions.txt and test_labels.txt do not belong together")
        right = predicted == labels
        if metrics["values"].get("accuracy", {}).get("value") != round_measured(float(np.mean(right))):
            raise ResultsError("predictions.txt does not yield the accuracy in metrics.json")
        return _Snapshot(
            ids,
            (metrics["data"], ids[3]),
            run["key"],
            run["machine"],
            metrics["values"] | run["values"],
            predicted,
            right,
        )


def _figures(document: Any, name: str) -> dict[str, Any]:
    """Return what the history needs of a document."""
    values = {metric.name: history_value(document, metric) for metric in METRICS if metric.document == name}
    kept: dict[str, Any] = {"values": {metric: value for metric, value in values.items() if value is not None}}
    if name == "metrics.json":
        return kept | {"data": f"{document['dataset']['digest']} {document['dataset']['profile']}"}
    machine = document["machine"]
    return kept | {
        "key": tuple(document["key"][part] for part in SAME_FIT),
        "machine": f"{machine['cpu']}, {machine['cores']} cores",
    }


def format_text(history: History, metrics: Sequence[Metric]) -> str:
    """Return these metrics as a table, the newest commit first."""
    rows = [("commit", "date", "model", *(metric.title for metric in metrics), "accuracy's step", "subject")]
    for point in reversed(history["points"]):
        commit = history["commits"][point["commit"]]
        figures = [metric_text(point["values"].get(metric.name), metric) for metric in metrics]
        about = (commit["sha"][:10], commit["date"][:10], point["model"])
        rows.append((*about, *figures, _told_step(point), commit["subject"][:60]))
    lines = aligned(rows)
    if history["truncated"]:
        lines.append("the clone is shallow: history may go further back (git fetch --unshallow)")
    return "\n".join([*lines, *(f"skipped: {line}" for line in history["unreadable"])])


def _told_step(point: Point) -> str:
    if point["difference"] is None:
        return point["step"]
    return f"{point['step']} ({100 * point['difference']:+.2f}, p {point['p_adjusted']:.2g})"
