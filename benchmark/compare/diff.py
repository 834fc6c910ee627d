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
from benchmark.compare.verdicts import judge, sentence_of_two
from benchmark.errors import ResultsError
from benchmark.results import METRICS, Metric, ModelResult, Results
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
    """Compare two models of one set of results: `second` acts as *after*."""
    about, results = stored
    change = _measured_change(results, results, first, second)
    change |= {
        "name": f"{first.name}..{second.name}",
        "title": f"{second.metrics['title']} against {first.metrics['title']}",
    }
    ends = [{**about, "label": f"{model.name} at {about['label']}"} for model in (first, second)]
    comparison = judge(results.dataset["name"], ends[0], ends[1], [change], None)  # type: ignore[arg-type]
    comparison["sentence"] = sentence_of_two(comparison["models"][0], first.name, second.name)
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
            raise ResultsError(f"neither side has a model {name!r}", expected="one of " + ", ".join(known), found=name)
    return {**comparison, "models": [model for model in comparison["models"] if model["name"] in names]}


def _model_change(old: Results, new: Results, name: str, say: Say) -> ModelChange:
    entries = [{entry["name"]: entry for entry in stored.entries}.get(name) for stored in (old, new)]
    models = [{model.name: model for model in stored.models}.get(name) for stored in (old, new)]
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
    return _measured_change(old, new, models[0], models[1])


def _unpaired(name: str, title: str, verdict: Verdict, reason: str, after: ModelResult | None = None) -> ModelChange:
    return {
        "name": name, "title": title, "verdict": verdict, "reason": reason, "test": None, "seeds": None,
        "metrics": [_metric_change(metric, None, after) for metric in METRICS] if after else [],
        "classes": [], "right_to_wrong": [], "wrong_to_right": [], "wrong_to_wrong": 0,
        "machines": [_machine(after)] if after else [], "changed": [],
    }  # fmt: skip


def _measured_change(old: Results, new: Results, before: ModelResult, after: ModelResult) -> ModelChange:
    change = _unpaired(after.name, after.metrics["title"], "unchanged", "the same predictions")
    change["metrics"] = [_metric_change(metric, before, after) for metric in METRICS]
    change["machines"] = [_machine(before), _machine(after)]
    change["changed"] = _changed(before, after)
    other = _other_data(old, new, before, after)
    if other:
        return change | {"verdict": "not comparable", "reason": other}
    labels, classes = new.test_labels, after.metrics["dataset"]["classes"]
    moved = before.predictions != after.predictions
    if not moved.any():
        return change
    was, now = before.predictions == labels, after.predictions == labels
    found = paired(now, was)
    change["test"] = {
        "n": found.n, "only_before": found.only_second, "only_after": found.only_first,
        "difference": found.difference, "low": found.low, "high": found.high,
        "p": found.p, "p_adjusted": found.p, "detectable": None,
    }  # fmt: skip
    change["seeds"] = _seed_note(before, after, found.difference)
    change["classes"] = [_class_change(name, labels == i, was, now, before, after) for i, name in enumerate(classes)]

    def flips(of: NDArray[np.bool_]) -> list[Flip]:
        return [
            {
                "index": int(i),
                "true": classes[labels[i]],
                "before": classes[before.predictions[i]],
                "after": classes[after.predictions[i]],
            }
            for i in np.flatnonzero(of)
        ]

    change["right_to_wrong"], change["wrong_to_right"] = flips(was & ~now), flips(~was & now)
    change["wrong_to_wrong"] = int((moved & ~was & ~now).sum())
    return change


def _other_data(old: Results, new: Results, before: ModelResult, after: ModelResult) -> str:
    """Return why two results cannot be compared; empty if they can."""
    first, second = before.metrics["dataset"], after.metrics["dataset"]
    ends = [
        f"{about['n_train']:,} + {about['n_test']:,} images, digest {about['digest'][:12]}…"
        for about in (first, second)
    ]
    if (first["digest"], first["profile"]) != (second["digest"], second["profile"]):
        return f"measured on other data: {ends[0]} before, {ends[1]} after"
    if first["classes"] != second["classes"] or not np.array_equal(old.test_labels, new.test_labels):
        return "the test labels differ"
    return ""


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
    name: str,
    own: NDArray[np.bool_],
    was: NDArray[np.bool_],
    now: NDArray[np.bool_],
    before: ModelResult,
    after: ModelResult,
) -> ClassChange:
    lost, gained = int((was & ~now & own).sum()), int((~was & now & own).sum())
    old, new = (model.metrics["test"]["per_class"][name] for model in (before, after))
    precisions = old["precision"]["value"], new["precision"]["value"]
    p = mcnemar_midp(lost, gained)
    return {
        "name": name,
        "recall_before": old["recall"]["value"],
        "recall_after": new["recall"]["value"],
        "recall_change": (gained - lost) / max(1, int(own.sum())),
        "precision_change": None if None in precisions else precisions[1] - precisions[0],  # type: ignore[operator]
        "only_before": lost,
        "only_after": gained,
        "p": p,
        "p_adjusted": p,
    }


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
    return f"{model.run['machine']['cpu']}, {model.run['machine']['cores']} cores"
