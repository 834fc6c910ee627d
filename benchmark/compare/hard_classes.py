"""Which classes are hard for all ranked models together, by their F1."""

from __future__ import annotations

from statistics import fmean, median
from typing import NamedTuple

from benchmark.results import Results


class ClassScore(NamedTuple):
    """A class with test images: the median and the mean of its F1 over the ranked models."""

    name: str
    median: float
    mean: float


def hard_classes(stored: Results) -> list[ClassScore]:
    """Return the classes that have test images, the hardest first; none where no model is ranked.

    The hardest has the lowest median F1 over the ranked models; of equals, the one with the lowest mean comes first, then that which
    the data set names first.
    """
    models = [model.metrics["test"]["per_class"] for model in stored.contestants]
    scores = {
        name: [classes[name]["f1"]["value"] or 0.0 for classes in models]
        for name in stored.dataset["classes"]
        if models and models[0][name]["support"]
    }
    found = [ClassScore(name, median(values), fmean(values)) for name, values in scores.items()]
    return sorted(found, key=lambda score: (score.median, score.mean))


def hardest_of_all(stored: Results) -> str:
    """Return the hardest class, "" where no model is ranked or none makes an error."""
    found = hard_classes(stored)
    return found[0].name if found and found[0].mean < 1 else ""
