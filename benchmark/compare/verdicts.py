"""Verdicts: both families of tests adjusted, a summary sentence, and the exit status of a gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmark.compare.documents import SCHEMA_VERSION, VERDICTS, Comparison, Family, ModelChange, Side, Use
from benchmark.compare.leaderboard import Pair
from benchmark.compare.sentences import noise_verdict, standing
from benchmark.results.numbers import points
from benchmark.statistics import LEVEL, holm, smallest_detectable_difference

POWER = 0.8
TOO_FEW = "no difference would have been found in 4 of 5 cases: there are too few test images"


def judge(
    dataset: str,
    before: Side,
    after: Side,
    models: list[ModelChange],
    use: Use | None,
    family: Family | None = None,
) -> Comparison:
    """Adjust both families, formed before any filtering, and give verdicts by the primary family alone.

    Parameters
    ----------
    dataset : str
    before, after : Side
    models : list of ModelChange
    use : Use, optional
        How often the test set was used.
    family : Family, optional
        A primary family that the tests belong to with others, and by which they are adjusted already.

    """
    tested = [model for model in models if model["test"] is not None]
    tests = [model["test"] for model in tested if model["test"] is not None]
    primary: Family = family or {"size": len(tests), "level": LEVEL, "rejected": _adjust(tests)}
    stopped_at = LEVEL / max(1, primary["size"] - primary["rejected"])
    for model, test in zip(tested, tests, strict=True):
        if test["p_adjusted"] < LEVEL:
            model["verdict"] = "improved" if test["difference"] > 0 else "regressed"
        else:
            model["verdict"] = "within noise"
            discordance = (test["only_before"] + test["only_after"]) / test["n"]
            least = smallest_detectable_difference(discordance, test["n"], stopped_at, POWER)
            test["detectable"] = least if least < 1 else None
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
        "primary": primary,
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
    if model["verdict"] != "within noise":
        words = f"{points(abs(test['difference']))} points"
    elif test["detectable"] is None:
        words = TOO_FEW
    else:
        words = f"a difference of {points(test['detectable'])} points would have been detected in 4 of 5 cases"
    if seeds is None:
        return words
    return f"{words}; a change of seed does {'as much' if seeds['explains'] else 'less'}"


def _sentence(comparison: Comparison) -> str:
    """Return the summary sentence: the number of models by verdict, and the number of tests."""
    counts, size = comparison["counts"], comparison["primary"]["size"]
    parts = [f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]]
    names = {
        verdict: ", ".join(model["name"] for model in comparison["models"] if model["verdict"] == verdict)
        for verdict in ("regressed", "improved")
    }
    told = [f"{verdict}: {listed}" for verdict, listed in names.items() if listed]
    return f"{', '.join(parts)} ({_tested(counts, size)})." + (f" {'; '.join(told).capitalize()}." if told else "")


def _tested(counts: dict[str, int], size: int) -> str:
    if size:
        return f"{size} test{'s' if size > 1 else ''}, Holm at 5 %"
    if counts["unchanged"] and not counts["not comparable"] and not counts["rerun"]:
        return "no prediction changed"
    return "nothing to test"


def sentence_of_two(change: ModelChange, first: str, second: str, pair: Pair | None) -> str:
    """Return the summary sentence of two models of one set of results; `pair` is theirs on the leaderboard, if both are ranked."""
    test = change["test"]
    if test is None:
        return f"{first} and {second} predict the same class for every test image."
    verdict = noise_verdict(test["p_adjusted"], ranked=pair is not None)
    return f"{standing(second, first, test['difference'])}: {verdict}."


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
            f"{name} may have lost {points(-test['low'])} points"
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
