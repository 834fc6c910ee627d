"""Whether stored intervals follow from the predictions, before results are compared or published.

Comes in: results whose figures have been checked (`results.reproduced`). An interval that is null says nothing and is left alone.
Intervals of AUC and log loss need scores, which are not in git.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from benchmark.errors import ResultsError
from benchmark.results import Estimate, ModelResult, Results, not_reproduced
from benchmark.statistics import f1_intervals, wilson_interval

ROUNDED = 1e-5  # relative: stored numbers have 6 significant digits
RESAMPLED = 0.25  # of the interval's width: another version of NumPy may draw other resamples


def checked(stored: Results, *, resampled: bool = False) -> Results:
    """Return the results as they are.

    Parameters
    ----------
    stored : Results
    resampled : bool, optional
        Check the intervals of F1 as well, which takes 20 ms a model of 10,000 test images.

    Raises
    ------
    ResultsError
        If an interval is not that of its predictions.

    """
    for model in stored.models:
        for what, found, interval, tolerance in _intervals(model, resampled=resampled):
            if not _is_near(found, interval, tolerance):  # type: ignore[arg-type]
                raise _other_interval(stored, model, what, found, interval)
    return stored


def is_wilson(found: Mapping[str, float | None], successes: int, n: int) -> bool:
    """Return whether an estimate of a share has the interval of its counts, or none."""
    return _is_near(found, wilson_interval(successes, n), 0.0)


def _intervals(model: ModelResult, *, resampled: bool) -> Iterator[tuple[str, Estimate, tuple[float, float], float]]:
    """Yield the name of a figure, its stored estimate, the interval that follows, and by how much the two may differ."""
    test = model.metrics["test"]
    confusion = test["confusion"]
    hits = [row[i] for i, row in enumerate(confusion)]
    predicted = [sum(column) for column in zip(*confusion, strict=True)]
    yield "accuracy", test["accuracy"], wilson_interval(sum(hits), sum(predicted)), 0.0
    for i, (name, figures) in enumerate(test["per_class"].items()):
        for metric, found, whole in (
            ("recall", figures["recall"], figures["support"]),
            ("precision", figures["precision"], predicted[i]),
        ):
            if whole:
                yield f"{metric} of {name}", found, wilson_interval(hits[i], whole), 0.0
    if resampled:
        classes, macro = f1_intervals(confusion)
        yield "macro F1", test["macro_f1"], macro, RESAMPLED
        for i, (name, figures) in enumerate(test["per_class"].items()):
            low, high = (float(end) for end in classes[i])
            yield f"F1 of {name}", figures["f1"], (low, high), RESAMPLED


def _is_near(found: Mapping[str, float | None], interval: tuple[float, float], tolerance: float) -> bool:
    slack = max(tolerance * (interval[1] - interval[0]), ROUNDED**2)
    pairs = zip((found.get("low"), found.get("high")), interval, strict=True)
    return all(end is None or math.isclose(end, own, rel_tol=ROUNDED, abs_tol=slack) for end, own in pairs)


def _other_interval(
    stored: Results, model: ModelResult, what: str, found: Estimate, interval: tuple[float, float]
) -> ResultsError:
    low, high = interval
    return not_reproduced(
        stored.source, model.name, f"interval of {what}: [{found['low']}, {found['high']}]", f"[{low:.6g}, {high:.6g}]"
    )
