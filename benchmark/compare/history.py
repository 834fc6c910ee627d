"""The metrics of each model at every commit that changed results, and which of those steps are more than noise.

Input: a repository and a commit. Output: a `History`, a plain document. All files are read through one git process,
each distinct file once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypedDict

import numpy as np

from benchmark.compare.repository import Change, Commit, Repository
from benchmark.compare.rerun import is_rerun
from benchmark.compare.sides import uncommitted
from benchmark.compare.snapshots import FILES, Contents, Snapshot
from benchmark.compare.tables import lines_of, shortened
from benchmark.errors import ResultsError, unknown_name
from benchmark.results import Metric, Reading
from benchmark.results.numbers import NOT_RECORDED, format_p, points, reading_text
from benchmark.statistics import LEVEL, holm, paired
from benchmark.text import one_line

SCHEMA_VERSION = 1
SUBJECT = 40  # characters of a commit's subject in a table
BEFORE_SUBJECT = len("0123456789  2026-01-01  ")
Step = Literal["first", "returned", "improved", "regressed", "within noise", "unchanged", "not comparable", "rerun"]


class Point(TypedDict):
    """A model's results at a commit that changed them.

    `series` goes up by one where data or labels changed, whose metrics are not comparable, and where a model returned after it
    had been away. `values` are by metric; `not_recorded` names the metrics that are newer than the results.
    """

    commit: int
    model: str
    series: int
    step: Step
    difference: float | None
    p_adjusted: float | None
    machine: str
    values: dict[str, Reading]
    not_recorded: list[str]


class JudgedCommit(TypedDict):
    """A commit that changed results, and how many tests its primary family had."""

    sha: str
    date: str
    subject: str
    tests: int


class History(TypedDict):
    """The document of a history; `truncated` if a shallow clone ends before the first result."""

    schema_version: int
    dataset: str
    web: str
    truncated: bool
    unreadable: list[str]
    commits: list[JudgedCommit]
    points: list[Point]


def read_history(repository: Repository, sha: str, folder: str) -> History:
    """Return the history of the results in `folder` (relative to the repository's root) up to the commit `sha`.

    Raises
    ------
    ResultsError
        If no commit has results there.

    """
    changes = list(repository.changes(sha, folder))
    if not any(name.endswith("/metrics.json") for change in changes for name in change.blobs):
        raise uncommitted(repository, sha, folder)
    contents = Contents(repository, changes)
    history: History = {
        "schema_version": SCHEMA_VERSION,
        "dataset": folder.rpartition("/")[2],
        "web": repository.web,
        "truncated": repository.is_shallow,
        "unreadable": [],
        "commits": [],
        "points": [],
    }
    state, last, series = dict[str, str](), dict[str, Snapshot](), dict[str, int]()
    for change in changes:
        for name, blob in change.blobs.items():
            state.pop(name, None) if blob is None else state.update({name: blob})
        found = dict(_changed_models(change, state, last, contents, history["unreadable"]))
        if found:
            points = [
                _point(len(history["commits"]), name, now, last.get(name), returned=name in series)
                for name, now in found.items()
            ]
            history["commits"].append(_step(change.commit, points))
            for point in points:
                if point["step"] in ("first", "returned", "not comparable"):
                    series[point["model"]] = series.get(point["model"], -1) + 1
                point["series"] = series[point["model"]]
            history["points"] += points
        last = {name: now for name, now in (last | found).items() if f"{name}/metrics.json" in state}
    return history


def select(history: History, *, models: Sequence[str] = (), metrics: Sequence[str] = ()) -> History:
    """Return the history restricted to these models and metrics; all of them if none are named.

    Raises
    ------
    ResultsError
        If a model has no results in it.

    """
    known = list(dict.fromkeys(point["model"] for point in history["points"]))
    for name in models:
        if name not in known:
            raise ResultsError(**unknown_name("model", name, known, " in any commit"))
    points = [
        point
        | {
            "values": {key: value for key, value in point["values"].items() if not metrics or key in metrics},
            "not_recorded": [name for name in point["not_recorded"] if not metrics or name in metrics],
        }
        for point in history["points"]
        if not models or point["model"] in models
    ]
    return history | {"points": points}


def _changed_models(
    change: Change, state: dict[str, str], last: dict[str, Snapshot], contents: Contents, unreadable: list[str]
) -> Iterator[tuple[str, Snapshot]]:
    """Yield the models whose results this commit changed, with their new state."""
    touched = sorted({name.partition("/")[0] for name in change.blobs if name.partition("/")[2] in FILES})
    for model in touched:
        ids = tuple(state.get(name, "") for name in (*(f"{model}/{file}" for file in FILES), "test_labels.txt"))
        if not all(ids[:2]) or (model in last and last[model].ids[:3] == ids[:3]):
            continue
        try:
            yield model, contents.snapshot(ids)
        except ResultsError as error:
            unreadable.append(f"{model} at {change.commit.sha[:10]}: {error.problem}")


def _point(number: int, name: str, now: Snapshot, before: Snapshot | None, *, returned: bool) -> Point:
    point: Point = {
        "commit": number, "model": name, "series": 0, "step": "first", "difference": None, "p_adjusted": None,
        "machine": now.origin.machine, "values": now.values, "not_recorded": now.not_recorded,
    }  # fmt: skip
    if before is None:
        return point | {"step": "returned"} if returned else point
    if now.data != before.data:
        return point | {"step": "not comparable"}
    if np.array_equal(now.predicted, before.predicted):
        return point | {"step": "unchanged"}
    if is_rerun(before.origin, now.origin):
        return point | {"step": "rerun"}
    found = paired(now.right, before.right)
    return point | {"step": "within noise", "difference": found.difference, "p_adjusted": found.p}


def _step(commit: Commit, points: list[Point]) -> JudgedCommit:
    """Judge one commit's primary family; return the commit with the family's size."""
    tested = [point for point in points if point["p_adjusted"] is not None]
    for point, p in zip(tested, holm([point["p_adjusted"] for point in tested]), strict=True):
        point["p_adjusted"] = float(p)
        if p < LEVEL:
            point["step"] = "improved" if (point["difference"] or 0) > 0 else "regressed"
    return {"sha": commit.sha, "date": commit.date, "subject": commit.subject, "tests": len(tested)}


def format_text(
    history: History, metrics: Sequence[Metric], *, width: int | None = None, every_model: bool = True
) -> str:
    """Return these metrics as a table, the newest commit first, in lines of `width` characters, None for any.

    A row is a commit and what changed in it, or with `every_model` a commit and a model.
    """
    rows = _rows_of_models(history, metrics) if every_model else _rows_of_commits(history, metrics)
    lines = lines_of(rows, width)
    if (
        width and not every_model and len(lines) > len(rows)
    ):  # what changed stands below, so a subject has the line to itself
        lines = lines_of(_rows_of_commits(history, metrics, max(SUBJECT, width - BEFORE_SUBJECT)), width)
    if history["truncated"]:
        lines.append("the clone is shallow: history may go further back (git fetch --unshallow)")
    return "\n".join([*lines, *(f"skipped: {one_line(line)}" for line in history["unreadable"])])


def _rows_of_commits(history: History, metrics: Sequence[Metric], subject: int = SUBJECT) -> list[tuple[str, ...]]:
    told: dict[int, list[str]] = {}
    last: dict[str, list[str]] = {}
    for point in history["points"]:
        values = _figures(point, metrics)
        moved = point["step"] != "unchanged" or values != last.get(point["model"])
        last[point["model"]] = values
        words = [f"{point['model']} {', '.join(values)} {_of_accuracy(point, metrics)}"] if moved else []
        told.setdefault(point["commit"], []).extend(words)
    rows: list[tuple[str, ...]] = [("commit", "date", "subject", ", ".join(metric.title for metric in metrics))]
    for number in reversed(told):
        commit = history["commits"][number]
        changed = "; ".join(told[number]) or "unchanged"
        rows.append((commit["sha"][:10], commit["date"][:10], shortened(commit["subject"], subject), changed))
    return rows


def _of_accuracy(point: Point, metrics: Sequence[Metric]) -> str:
    """Return how accuracy went, which alone is tested; beside other figures it is called by its name."""
    if [metric.name for metric in metrics] == ["accuracy"] or point["step"] in ("first", "returned", "not comparable"):
        return _told_step(point)
    return "(same predictions)" if point["step"] == "unchanged" else f"(accuracy: {_told_step(point)})"


def _figures(point: Point, metrics: Sequence[Metric]) -> list[str]:
    return [
        NOT_RECORDED
        if metric.name in point["not_recorded"]
        else reading_text(point["values"].get(metric.name), metric.unit)
        for metric in metrics
    ]


def _rows_of_models(history: History, metrics: Sequence[Metric]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("commit", "date", "model", *(metric.title for metric in metrics), "accuracy's step", "subject")
    ]
    for point in reversed(history["points"]):
        commit = history["commits"][point["commit"]]
        about = (commit["sha"][:10], commit["date"][:10], point["model"])
        rows.append((*about, *_figures(point, metrics), _told_step(point), shortened(commit["subject"], 60)))
    return rows


def _told_step(point: Point) -> str:
    if point["difference"] is None:
        return point["step"]
    return f"{point['step']} ({points(point['difference'], '+')}, p {format_p(point['p_adjusted'] or 0.0)})"
