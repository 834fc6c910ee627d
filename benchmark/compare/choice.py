"""Which model to take for a purpose: the cheapest of those that are as good as the best allowed, as far as the test images can tell.

Comes in: results, their leaderboard, and limits on what a model may cost. Goes out: one model with the evidence for it, those as
good, and those that a limit excludes; and a few answers to common questions that need no limit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmark.compare.leaderboard import Leaderboard, Pair
from benchmark.results import METRICS, ModelResult, Results

SMALLEST_FRONT = 3  # models on a front that can bend
ROUNDING = 1 + 1e-9  # of a limit, which may be the very cost


class Cost(NamedTuple):
    """What a model costs: the name of its metric, its name in an address, in words, and the unit of a limit with its size."""

    metric: str
    key: str
    words: str
    unit: str
    scale: float

    def of(self, model: ModelResult) -> float:
        """Return the cost of a model in the unit of a limit, rounded as pages show it: whoever types that lets the model in."""
        metric = next(metric for metric in METRICS if metric.name == self.metric)
        value = metric.each(model) / self.scale
        return round(value, 1) if self.unit == "MB" else float(f"{value:.3g}")


COSTS = (
    Cost("predict_one_seconds", "one", "one image alone", "ms", 1e-3),
    Cost("predict_seconds", "many", "an image of many", "ms", 1e-3),
    Cost("pickle_bytes", "size", "pickle", "MB", 1e6),
    Cost("peak_memory_bytes", "memory", "memory to fit", "MB", 1e6),
    Cost("fit_seconds", "fit", "time to fit", "s", 1.0),
)
ONE, SIZE = COSTS[0], COSTS[2]


@dataclass(frozen=True)
class Purpose:
    """What a model is for: the most that it may cost, by the key of a cost, and by which cost it should be cheap.

    `probabilities` asks for a model that gives probabilities.
    """

    limits: Mapping[str, float] = field(default_factory=dict)
    by: str = ONE.key
    probabilities: bool = False

    def excludes(self, model: ModelResult) -> list[str]:
        """Return the keys of the limits that a model does not keep, and "kind" where it gives no probabilities but should."""
        kind = ["kind"] if self.probabilities and model.metrics["scores"] != "predict_proba" else []
        return kind + [cost.key for cost in COSTS if cost.of(model) > ROUNDING * self.limits.get(cost.key, math.inf)]


@dataclass(frozen=True)
class Choice:
    """The model to take, and why: the most accurate allowed, the pair of both, and the others that are as good.

    `taken` and `best` are None where no model keeps the limits; `pair` is None where they are the same model.
    """

    taken: ModelResult | None
    best: ModelResult | None
    pair: Pair | None
    equals: list[ModelResult]
    excluded: dict[str, list[str]]


def choose(stored: Results, board: Leaderboard, purpose: Purpose) -> Choice:
    """Return the cheapest contestant that is not worse than the best one allowed by more than noise.

    Whether a pair differs by more than noise is what the leaderboard says of it: McNemar's test, Holm's correction over all pairs of
    contestants, allowed or not. Of equal costs, the more accurate is taken.
    """
    models = stored.leaderboard()
    excluded = {model.name: broken for model in models if (broken := purpose.excludes(model))}
    allowed = [model for model in models if model.name not in excluded]
    if not allowed:
        return Choice(None, None, None, [], excluded)
    best = allowed[0]
    good = [best, *(model for model in allowed[1:] if not _differ(board, best, model))]
    cost = next(cost for cost in COSTS if cost.key == purpose.by)
    taken = min(good, key=cost.of)
    pair = board.pair(taken.name, best.name)
    return Choice(taken, best, pair, [model for model in good if model is not taken], excluded)


def _differ(board: Leaderboard, one: ModelResult, other: ModelResult) -> bool:
    pair = board.pair(one.name, other.name)
    return pair is not None and pair.real


def standing(stored: Results, board: Leaderboard) -> dict[str, ModelResult]:
    """Return the answers to common questions, by the question; no question without a contestant."""
    models = stored.leaderboard()
    if not models:
        return {}
    taken = choose(stored, board, Purpose()).taken
    found = {
        "accuracy": taken or models[0],
        "speed on one image": min(models, key=ONE.of),
        "a small file": min(models, key=SIZE.of),
    }
    bend = knee([ONE.of(model) for model in models], [model.accuracy for model in models])
    return found if bend is None else found | {"accuracy for little time": models[bend]}


def on_front(costs: Sequence[float], accuracies: Sequence[float]) -> list[bool]:
    """Return for each model whether it is on the Pareto front: no other is as good in both and better in one."""
    models = list(zip(costs, accuracies, strict=True))
    return [not any(_beats(other, model) for other in models) for model in models]


def _beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one != other and one[0] <= other[0] and one[1] >= other[1]


def knee(costs: Sequence[float], accuracies: Sequence[float]) -> int | None:
    """Return the index of the model at the knee of the Pareto front, None where fewer than three costs are on it.

    It is the one furthest above the straight line between the cheapest and the most accurate model on the front, by the logarithm of
    the cost (V. Satopää, J. Albrecht, D. Irwin and B. Raghavan, 2011, Finding a "Kneedle" in a haystack, ICDCS workshops); of equals,
    the first. None as well where no model is above that line.
    """
    front = [i for i, there in enumerate(on_front(costs, accuracies)) if there]
    cheap, dear = min(front, key=lambda i: costs[i]), max(front, key=lambda i: costs[i])
    if len({costs[i] for i in front}) < SMALLEST_FRONT or not costs[cheap] > 0:
        return None
    width = math.log(costs[dear] / costs[cheap])
    height = accuracies[dear] - accuracies[cheap]
    above = {i: (accuracies[i] - accuracies[cheap]) / height - math.log(costs[i] / costs[cheap]) / width for i in front}
    best = max(front, key=lambda i: above[i])
    return best if above[best] > 0 else None
