"""Which model to take for a purpose: a section of the first page, and the data that its form selects from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

from benchmark.compare.choice import COSTS, Cost, standing
from benchmark.compare.leaderboard import Pair
from benchmark.publish.site import Site
from benchmark.results import ModelResult, round_measured
from benchmark.results.numbers import duration, interval, megabytes, p_value, percent, points, points_interval
from benchmark.text import one_line, with_units


class Recommendation(NamedTuple):
    """The answer to a common question: a model, and what it brings and costs."""

    purpose: str
    title: str
    name: str
    accuracy: str
    one: str
    many: str
    size: str


@dataclass(frozen=True)
class ChoiceSection:
    """The section's content: answers to common questions, and the costs that can be limited.

    `data` is the address of the file that the script selects from.
    """

    standing: list[Recommendation]
    costs: tuple[Cost, ...]
    data: str


def choice_section(site: Site) -> ChoiceSection | None:
    """Return the section, and publish its data; None where there are no two contestants to choose from."""
    if len(site.board.ranked) < 2:  # noqa: PLR2004
        return None
    path = f"{site.section}choose.json"
    site.files[path] = with_units(json.dumps(_data(site), separators=(",", ":"), ensure_ascii=False)).encode()
    found = standing(site.stored, site.board)
    return ChoiceSection([_recommendation(purpose, model) for purpose, model in found.items()], COSTS, path)


def _data(site: Site) -> dict[str, Any]:
    """Return what the script selects from: each contestant with its costs, best first, and what tells each pair apart."""
    models = site.stored.leaderboard()
    return {
        "costs": [{"key": cost.key, "words": cost.words} for cost in COSTS],
        "models": [
            {
                "name": model.name,
                "title": one_line(model.metrics["title"]),
                "accuracy": interval(model.metrics["test"]["accuracy"], 2),
                "probabilities": model.metrics["scores"] == "predict_proba",
                "costs": [round_measured(cost.of(model)) for cost in COSTS],
                "shown": [_shown(cost, model) for cost in COSTS],
            }
            for model in models
        ],
        "pairs": [_pair(site.board.pairs[i, j]) for i, j in combinations(range(len(models)), 2)],
    }


def _pair(pair: Pair) -> dict[str, Any]:
    found = pair.test
    gap = f"{points(found.difference)} points ahead (95 % interval {points_interval(found.low, found.high)}"
    return {"real": pair.real, "told": f"{gap}, adjusted {p_value(pair.p_adjusted)})"}


def _shown(cost: Cost, model: ModelResult) -> str:
    value = cost.of(model) * cost.scale
    return megabytes(value) if cost.unit == "MB" else duration(value)


def _recommendation(purpose: str, model: ModelResult) -> Recommendation:
    one, many, size, *_ = (_shown(cost, model) for cost in COSTS)
    return Recommendation(purpose, model.metrics["title"], model.name, percent(model.accuracy, 2), one, many, size)
