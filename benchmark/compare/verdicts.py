"""Verdicts: both families of tests adjusted, a summary sentence, and the exit status of a gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmark.compare.documents import SCHEMA_VERSION, VERDICTS, Comparison, ModelChange, Side, Use
from benchmark.statistics import LEVEL, holm, smallest_detectable_difference

POWER = 0.8


def judge(dataset: str, before: Side, after: Side, models: list[ModelChange], use: Use | None) -> Comparison:
    """Adjust both families, formed before any filtering, and give verdicts by the primary family alone."""
    tested = [model for model in models if model["test"] is not None]
    tests = [model["test"] for model in tested if model["test"] is not None]
    rejected = _adjust(tests)
    stopped_at = LEVEL / max(1, len(tests) - rejected)
    for model, test in zip(tested, tests, strict=True):
        if test["p_adjusted"] < LEVEL:
            model["verdict"] = "improved" if test["difference"] > 0 else "regressed"
        else:
            model["verdict"] = "within noise"
            discordance = (test["only_before"] + test["only_after"]) / test["n"]
            test["detectable"] = smallest_detectable_difference(discordance, test["n"], stopped_at, POWER)
        model["reason"] = _reason(model)
    classes = [row for model in tested for row in model["classes"]]
    counts: dict[str, int] = {verdict: sum(model["verdict"] == verdict for model in models) for verdict in VERDICTS}
    comparison: Comparison = {
        "schema_version": SCHEMA_VERSION,
        "dataset": dataset,
        "before": before,
        "after": after,
        "sentence": "",
        "counts": counts,
        "primary": {"size": len(tests), "level": LEVEL, "rejected": rejected},
        "secondary": {"size": len(classes), "level": LEVEL, "rejected": _adjust(classes)},
        "use": use,
        "models": sorted(models, key=lambda model: VERDICTS.index(model["verdict"])),
        "places": [],
    }
    comparison["sentence"] = _sentence(comparison)
    return comparison


def _adjust(tests: Sequence[Any]) -> int:
    """Store Holm's adjusted p-value of each test in a family; return how many are below the level."""
    for test, p in zip(tests, holm([test["p"] for test in tests]), strict=True):
        test["p_adjusted"] = float(p)
    return sum(test["p_adjusted"] < LEVEL for test in tests)


def _reason(model: ModelChange) -> str:
    test, seeds = model["test"], model["seeds"]
    if test is None:
        return model["reason"]
    if model["verdict"] == "within noise":
        words = f"a difference of {100 * (test['detectable'] or 0):.2f} points would have been found in 4 of 5 cases"
    else:
        words = f"{100 * abs(test['difference']):.2f} points"
    if seeds is None:
        return words
    return f"{words}; another seed {'moves it as much' if seeds['explains'] else 'moves it less'}"


def _sentence(comparison: Comparison) -> str:
    """Return the summary sentence: the number of models by verdict, and the number of tests."""
    counts, size = comparison["counts"], comparison["primary"]["size"]
    parts = [f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]]
    names = {
        verdict: ", ".join(model["name"] for model in comparison["models"] if model["verdict"] == verdict)
        for verdict in ("regressed", "improved")
    }
    told = [f"{verdict}: {listed}" for verdict, listed in names.items() if listed]
    tests = f"{size} test{'s' if size > 1 else ''}, Holm at 5 %" if size else "no prediction changed"
    return f"{', '.join(parts)} ({tests})." + (f" {'; '.join(told).capitalize()}." if told else "")


def sentence_of_two(change: ModelChange, first: str, second: str) -> str:
    """Return the summary sentence of two models of one set of results."""
    test = change["test"]
    if test is None:
        return f"{first} and {second}: {change['verdict']}, {change['reason']}."
    told = f"{100 * abs(test['difference']):.2f} points {'better' if test['difference'] > 0 else 'worse'} than"
    words = f"{second} is {told} {first}" if test["difference"] else f"{first} and {second} are right equally often"
    noise = "within noise" if change["verdict"] == "within noise" else "more than noise"
    return f"{words}: {noise} (McNemar mid-p = {test['p']:.2g})."


def gate(comparison: Comparison, *, min_effect: float = 0.0, max_loss: float | None = None) -> tuple[int, str]:
    """Return 1 if something regressed, 3 if something could not be compared or is not measured, 0 otherwise; and why.

    Parameters
    ----------
    min_effect : float
        In points; smaller regressions do not count.
    max_loss : float, optional
        In points; if given, the lower 95 % bound of every changed model must also be above a loss of this size. Too
        little data then fails instead of passing.
    """
    tests = [(model["name"], model["verdict"], model["test"]) for model in comparison["models"] if model["test"]]
    worse = [
        f"{name} regressed"
        for name, verdict, test in tests
        if verdict == "regressed" and 100 * (test["only_before"] - test["only_after"]) / test["n"] >= min_effect
    ]
    if max_loss is not None:
        worse += [
            f"{name} may have lost {-100 * test['low']:.2f} points"
            for name, _, test in tests
            if 100 * test["low"] <= -max_loss
        ]
    if worse:
        return 1, ", ".join(worse)
    unknown = [
        f"{model['name']} is {model['verdict']}"
        for model in comparison["models"]
        if model["verdict"] in ("not comparable", "not measured")
    ]
    return (3 if unknown else 0), ", ".join(unknown)
