"""What changed between two sets of results, or between two models of one.

Input: the results of two commits (or folders). Output: a `Comparison`, a plain document; `words` turns it into text.
Only tracked files are read; nothing is trained or unpickled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.command import Command, Say, as_typed
from benchmark.compare.documents import (
    Changed,
    ClassChange,
    Comparison,
    Flip,
    MetricChange,
    ModelChange,
    SeedNote,
    Side,
    Use,
    Verdict,
)
from benchmark.compare.leaderboard import leaderboard, places
from benchmark.compare.rerun import is_rerun, origin
from benchmark.compare.verdicts import judge, sentence_of_two
from benchmark.errors import ResultsError, unknown_name
from benchmark.results import METRICS, ClassFigures, Metric, ModelResult, Results, about_data
from benchmark.statistics import mcnemar_midp, paired, seed_threshold

JUDGED = "accuracy"  # the metric of the primary family


def compare_results(
    before: tuple[Side, Results], after: tuple[Side, Results], use: Use | None = None, say: Say = as_typed
) -> Comparison:
    """Compare every model of two sets of results.

    Parameters
    ----------
    before, after : tuple of Side and Results
    use : Use, optional
        How often the test set was used.
    say : callable, optional
        Formats the command that measures a model without a result.

    """
    (before_side, old), (after_side, new) = before, after
    names = [entry["name"] for entry in new.entries]
    names += [entry["name"] for entry in old.entries if entry["name"] not in names]
    models = [_model_change(old, new, name, say) for name in names]
    return judge(old.dataset["name"], before_side, after_side, models, use)


def compare_models(stored: tuple[Side, Results], first: ModelResult, second: ModelResult) -> Comparison:
    """Compare two models of one set of results: `second` acts as *after*.

    The p-value of two ranked models is that of the leaderboard, adjusted over all pairs. A reference is in no pair: its test
    stands by itself.
    """
    about, results = stored
    board = leaderboard(results)
    change = _measured_change(results, results, first, second)
    pair = board.pair(first.name, second.name)
    if pair and change["test"]:
        change["test"]["p_adjusted"] = pair.p_adjusted
    change |= {
        "name": f"{first.name}..{second.name}",
        "title": f"{second.metrics['title']} against {first.metrics['title']}",
    }
    ends = [{**about, "label": f"{model.name} at {about['label']}"} for model in (first, second)]
    family = board.family if pair else None
    comparison = judge(results.dataset["name"], ends[0], ends[1], [change], None, family)  # type: ignore[arg-type]
    comparison["sentence"] = sentence_of_two(comparison["models"][0], first.name, second.name, pair)
    comparison["places"] = places(board, [first.name, second.name])
    return comparison


def only(comparison: Comparison, names: Sequence[str]) -> Comparison:
    """Return the comparison restricted to the named models; families, counts and sentence still cover all models.

    Raises
    ------
    ResultsError
        If there is no such model.

    """
    known = [model["name"] for model in comparison["models"]]
    for name in names:
        if name not in known:
            raise ResultsError(**unknown_name("model", name, known, " on either side"))
    return {**comparison, "models": [model for model in comparison["models"] if model["name"] in names]}


def _model_change(old: Results, new: Results, name: str, say: Say) -> ModelChange:
    entries = [{entry["name"]: entry for entry in stored.entries}.get(name) for stored in (old, new)]
    models = [{m.name: m for m in (*stored.models, *stored.apart)}.get(name) for stored in (old, new)]
    title = next(entry["title"] for entry in reversed(entries) if entry)
    if entries[1] is None:
        return _unpaired(name, title, "removed", "its entry is gone")
    if models[1] is None:
        reason = f"the entry is there, its result is not ({say(Command('bench', models=name))})"
        return _unpaired(name, title, "not measured", reason)
    if entries[0] is None:
        return _unpaired(name, title, "added", "a new entry", models[1])
    if models[0] is None:
        return _unpaired(name, title, "not measured", "the entry was there before, its result was not", models[1])
    return _step(old, new, models[0], models[1])


def _unpaired(name: str, title: str, verdict: Verdict, reason: str, after: ModelResult | None = None) -> ModelChange:
    return {
        "name": name, "title": title, "verdict": verdict, "reason": reason, "test": None, "seeds": None,
        "metrics": [_metric_change(metric, None, after) for metric in METRICS] if after else [],
        "classes": [], "right_to_wrong": [], "wrong_to_right": [], "wrong_to_wrong": 0,
        "machines": [_machine(after)] if after else [], "changed": [],
    }  # fmt: skip


def _step(old: Results, new: Results, before: ModelResult, after: ModelResult) -> ModelChange:
    """Return what changed between two results of one model; another machine's predictions are shown, and not judged."""
    change = _measured_change(old, new, before, after)
    if change["test"] is None or not is_rerun(origin(before.run), origin(after.run)):
        return change
    n = int((before.predictions != after.predictions).sum())
    reason = (
        f"{n:,} prediction{'' if n == 1 else 's'} differ{'s' if n == 1 else ''} on another machine, of the same data, entry, "
        "code and libraries: not judged"
    )
    return change | {"verdict": "rerun", "reason": reason, "test": None, "seeds": None, "classes": []}


def _measured_change(old: Results, new: Results, before: ModelResult, after: ModelResult) -> ModelChange:
    change = _unpaired(after.name, after.metrics["title"], "unchanged", "the same predictions")
    change["metrics"] = [_metric_change(metric, before, after) for metric in METRICS]
    change["machines"] = [_machine(before), _machine(after)]
    change["changed"] = _changed(before, after)
    labels = new.labels_of(after)
    other = _other_data(old.labels_of(before), labels, before, after)
    if other:
        return change | {"verdict": "not comparable", "reason": other}
    moved = before.predictions != after.predictions
    if not moved.any() or labels is None:
        return change
    was, now = before.predictions == labels, after.predictions == labels
    found = paired(now, was)
    change["test"] = {
        "n": found.n, "only_before": found.only_second, "only_after": found.only_first,
        "difference": found.difference, "low": found.low, "high": found.high,
        "p": found.p, "p_adjusted": found.p, "detectable": None,
    }  # fmt: skip
    change["seeds"] = _seed_note(before, after, found.difference)
    own = [(i, labels == i) for i in np.unique(labels)]  # a class without a test image has nothing to test
    change["classes"] = [_class_change(int(i), images, was, now, before, after) for i, images in own]
    names, former = _classes(after), _classes(before)

    def flips(of: NDArray[np.bool_]) -> list[Flip]:
        return [
            {
                "index": int(i),
                "true": names[labels[i]],
                "before": former[before.predictions[i]],
                "after": names[after.predictions[i]],
            }
            for i in np.flatnonzero(of)
        ]

    change["right_to_wrong"], change["wrong_to_right"] = flips(was & ~now), flips(~was & now)
    change["wrong_to_wrong"] = int((moved & ~was & ~now).sum())
    return change


def _classes(model: ModelResult) -> list[str]:
    return model.metrics["dataset"]["classes"]


def _other_data(
    was: NDArray[np.int64] | None, now: NDArray[np.int64] | None, before: ModelResult, after: ModelResult
) -> str:
    """Return why two results cannot be compared; empty if they can. A class may be called otherwise: names are no data."""
    if before.data != after.data:
        ends = [about_data(model.metrics["dataset"]) for model in (before, after)]
        return f"measured on other data: {ends[0]} before, {ends[1]} after"
    if was is None or now is None:
        same = before.metrics["test"] == after.metrics["test"] and np.array_equal(before.predictions, after.predictions)
        return "" if same else "the answer key beside them is that of other data"
    return "" if np.array_equal(was, now) else "the test labels differ"


def _metric_change(metric: Metric, before: ModelResult | None, after: ModelResult | None) -> MetricChange:
    values = [metric.of(model) if model else None for model in (before, after)]
    ends = [value["value"] if value else None for value in values]
    if metric.of_scores and before and after and before.metrics["scores"] != after.metrics["scores"]:
        ends = [None, None]
    return {
        "metric": metric.name,
        "unit": metric.unit,
        "better": metric.better,
        "judged": metric.name == JUDGED,
        "before": values[0],
        "after": values[1],
        "change": None if ends[0] is None or ends[1] is None else ends[1] - ends[0],
        "not_recorded": _not_recorded(metric, before, after),
    }


def _not_recorded(
    metric: Metric, before: ModelResult | None, after: ModelResult | None
) -> list[Literal["before", "after"]]:
    """Return the sides whose results are older than the metric."""
    sides: list[tuple[Literal["before", "after"], ModelResult | None]] = [("before", before), ("after", after)]
    return [side for side, model in sides if model and not metric.is_recorded(model)]


def _class_change(
    label: int,
    own: NDArray[np.bool_],
    was: NDArray[np.bool_],
    now: NDArray[np.bool_],
    before: ModelResult,
    after: ModelResult,
) -> ClassChange:
    lost, gained = int((was & ~now & own).sum()), int((~was & now & own).sum())
    old, new = (_figures(model, label) for model in (before, after))
    precisions = old["precision"]["value"], new["precision"]["value"]
    p = mcnemar_midp(lost, gained)
    return {
        "name": _classes(after)[label],
        "recall_before": old["recall"]["value"],
        "recall_after": new["recall"]["value"],
        "recall_change": (gained - lost) / int(own.sum()),
        "precision_change": None if None in precisions else precisions[1] - precisions[0],  # type: ignore[operator]
        "only_before": lost,
        "only_after": gained,
        "p": p,
        "p_adjusted": p,
    }


def _figures(model: ModelResult, label: int) -> ClassFigures:
    return model.metrics["test"]["per_class"][_classes(model)[label]]


def _seed_note(before: ModelResult, after: ModelResult, difference: float) -> SeedNote | None:
    """Return the effect of another seed, from the larger of the two spreads."""
    spreads = [model.metrics["seeds"] for model in (before, after)]
    known = [(seed_threshold(s["accuracy"]["sd"], s["n"]), s["n"], s["accuracy"]["sd"]) for s in spreads if s]
    if not known:
        return None
    threshold, n, sd = max(known)
    return {"n": n, "sd": sd, "threshold": threshold, "explains": abs(difference) <= threshold}


def _changed(before: ModelResult, after: ModelResult) -> list[Changed]:
    """Return the circumstances that differ; times and memory are metrics."""
    looks: list[tuple[str, Callable[[ModelResult], Any]]] = [
        ("features", lambda m: m.metrics["features"]),
        ("estimator", lambda m: m.metrics["estimator"]),
        ("pipeline", lambda m: m.entry["pipeline"]),
        ("grid", _grid),
        ("best parameters", lambda m: m.metrics["search"]["best_params"]),
        ("kind of scores", lambda m: m.metrics["scores"]),
        ("classes", _classes),
        ("data", lambda m: m.metrics["dataset"]["digest"]),
        ("training images", lambda m: m.metrics["dataset"]["n_train"]),
        ("libraries", lambda m: m.run["libraries"]),
        ("Python", lambda m: m.run["python"]),
        ("machine", _machine),
        ("kernel", lambda m: m.run["machine"].get("kernel")),
        ("code", lambda m: m.run["key"]["code"][:12]),
    ]
    pairs = [(what, look(before), look(after)) for what, look in looks]
    return [
        {"what": what, "before": old, "after": new}
        for what, old, new in pairs
        if old != new and not (what == "kernel" and None in (old, new))  # older results do not record it
    ]


def _grid(model: ModelResult) -> dict[str, list[Any]]:
    """Return the grid that was searched; the one in the table may have changed since."""
    grid: dict[str, list[Any]] = {}
    for candidate in model.metrics["search"]["candidates"]:
        for name, value in candidate["params"].items():
            values = grid.setdefault(name, [])
            values += [value] if value not in values else []
    return grid


def _machine(model: ModelResult) -> str:
    return origin(model.run).machine
