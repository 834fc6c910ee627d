"""The steps of a history in words: what each commit did to which model, and the largest steps of all.

Comes in: a `History`. Goes out: points by commit and by step, each with its figure in words: for the page *History* and for the feed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from benchmark.compare.history import History, Point
from benchmark.compare.sentences import gap
from benchmark.results import Results
from benchmark.results.numbers import format_p, percent, points

WORDS = {  # in the order in which they are told
    "regressed": "regressed",
    "improved": "improved",
    "first": "added",
    "returned": "returned",
    "not comparable": "measured on other data (not comparable)",
    "within noise": "within noise",
    "rerun": "measured on another machine (not judged)",
}
N_LARGEST = 2  # steps named, up and down each
N_NAMED = 3  # models of one step that a headline names; more are counted


def titles_of(history: History, stored: Results) -> dict[str, str]:
    """Return the title of each model of a history by its name; that of one that was removed is its name."""
    titles = {entry["name"]: entry["title"] for entry in stored.entries}
    return titles | {point["model"]: point["model"] for point in history["points"] if point["model"] not in titles}


class Group(NamedTuple):
    """The models to which a commit did the same: the step in words, and their points."""

    words: str
    points: list[Point]


def changed_points(history: History) -> dict[int, list[Point]]:
    """Return the points at which predictions changed or a model was new, by the number of their commit; others have none."""
    found: dict[int, list[Point]] = {}
    for point in history["points"]:
        if point["step"] != "unchanged":
            found.setdefault(point["commit"], []).append(point)
    return found


def groups(changed: Iterable[Point]) -> list[Group]:
    """Return one commit's points by what happened, regressions first; within each the largest step, or accuracy, first."""
    by_step: dict[str, list[Point]] = {}
    for point in sorted(changed, key=_size, reverse=True):
        by_step.setdefault(point["step"], []).append(point)
    return [Group(words, by_step[step]) for step, words in WORDS.items() if step in by_step]


def _size(point: Point) -> float:
    return accuracy(point) or 0.0 if point["difference"] is None else abs(point["difference"])


def accuracy(point: Point) -> float | None:
    """Return the accuracy at a point, None where it has none."""
    return (point["values"].get("accuracy") or {"value": None})["value"]


def figure(point: Point) -> str:
    """Return the difference in points where there is one, the accuracy otherwise."""
    if point["difference"] is not None:
        return points(point["difference"], "+")
    return percent(accuracy(point), 2)


def largest(history: History) -> tuple[list[Point], list[Point]]:
    """Return the largest gains and the largest losses in accuracy that were tested, a few of each, the largest first.

    Predictions may change and accuracy not: that is neither.
    """
    tested = [(point["difference"], point) for point in history["points"] if point["difference"]]
    gains = sorted((one for one in tested if one[0] > 0), key=lambda one: -one[0])
    losses = sorted((one for one in tested if one[0] < 0), key=lambda one: one[0])
    return [point for _, point in gains[:N_LARGEST]], [point for _, point in losses[:N_LARGEST]]


# ------------------------------------------------------------------------------------------------------------- sentences
def headline(changed: Iterable[Point]) -> str:
    """Return what a commit did in one line: "svm-rich added at 94.29 %; knn-hog improved by 0.30 points"."""
    told = [
        [f"{point['model']} {_done(point)}" for point in group.points]
        if len(group.points) <= N_NAMED
        else [f"{len(group.points)} models {group.words}"]
        for group in groups(changed)
    ]
    return "; ".join(text for texts in told for text in texts)


def _done(point: Point) -> str:
    difference, step = point["difference"], point["step"]
    if difference is None:
        return f"{WORDS[step]} at {figure(point)}"
    if step == "within noise":
        return f"within noise ({figure(point)} points)"
    return f"{step} by {gap(difference)}"


def sentence(point: Point, titles: Mapping[str, str], tests: int) -> str:
    """Return what a commit did to a model in full; `tests` is how many were adjusted together."""
    title, name = titles.get(point["model"], point["model"]), point["model"]
    who = title if title == name else f"{title} ({name})"
    if point["difference"] is None:
        return f"{who}: {_done(point)}"
    how = f"p {format_p(point['p_adjusted'] or 0.0)}, Holm over {tests} test{'' if tests == 1 else 's'}"
    return f"{who}: {_done(point)}, now {percent(accuracy(point), 2)} ({how})"
