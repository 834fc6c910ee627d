"""How the costs of each model grow: from the stored costs of the fits of its learning curve to lines through them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmark.results import Growth, ModelResult, Results
from benchmark.statistics import Line, PowerLaw, Predicted, fit_line, fit_power_law

SMALLEST_SECONDS = 1e-3  # below, fixed costs of a call and the scheduler's clock ticks count as much as the images
SMALLEST_BYTES = 10**6  # below, it is pages that the allocator had at hand or keeps for later
STEEPEST = 20  # an exponent beyond it is an accident of sizes that are nearly equal
TIMES = 10  # as many images as there are, to which the lines are extended


@dataclass(frozen=True)
class Seconds:
    """CPU seconds of features and fit: a straight line, because features have a fixed cost, and a power law."""

    features: Line
    fit: PowerLaw

    def at(self, n: int) -> float:
        """Return the seconds at `n` images."""
        return max(0.0, self.features.at(n)) + self.fit.at(n)

    def predict(self, n: int) -> Predicted:
        """Return the seconds at `n` images, with the sum of the prediction intervals of features and fit."""
        return self.predict_features(n) + self.fit.predict(n)

    def predict_features(self, n: int) -> Predicted:
        """Return the seconds of the features alone at `n` images, none of the three below 0."""
        found = self.features.predict(n)
        return Predicted(*(max(0.0, bound) for bound in (found.value, found.low, found.high)))


@dataclass(frozen=True)
class Costs:
    """A model's costs by size, the smallest first, and the lines through them; None where too few can be measured.

    Parameters
    ----------
    points : list of Growth
    seconds : Seconds or None
        CPU seconds of features and fit.
    prediction : PowerLaw or None
        CPU seconds of predicting an image from its features.
    memory : PowerLaw or None
        Bytes that the fit added.

    """

    points: list[Growth]
    seconds: Seconds | None
    prediction: PowerLaw | None
    memory: PowerLaw | None

    @property
    def measured_memory(self) -> bool:
        """Whether the system told the memory of any fit."""
        return any(point["memory_bytes"] is not None for point in self.points)


def costs(model: ModelResult) -> Costs | None:
    """Return how a model's costs grow, None where they were not recorded, as of a baseline or in an older result."""
    points = sorted(model.run.get("growth", []), key=lambda point: point["n_train"])
    if not points:
        return None
    timed = [point for point in points if point["predict_seconds"] >= SMALLEST_SECONDS]
    return Costs(
        points,
        _seconds(points),
        _law(timed, predict_seconds, 0.0),
        _law(points, lambda point: point["memory_bytes"] or 0, SMALLEST_BYTES),
    )


def _law(points: Sequence[Growth], value: Callable[[Growth], float], smallest: float) -> PowerLaw | None:
    law = fit_power_law([point["n_train"] for point in points], [value(point) for point in points], smallest)
    return law if law and abs(law.exponent) <= STEEPEST else None


def _seconds(points: Sequence[Growth]) -> Seconds | None:
    features = fit_line([point["n_train"] for point in points], [point["features_seconds"] for point in points])
    fit = _law(points, lambda point: point["fit_seconds"], SMALLEST_SECONDS)
    return Seconds(features, fit) if features and fit else None


def fit_seconds(point: Growth) -> float:
    """Return the CPU seconds of features and fit."""
    return point["features_seconds"] + point["fit_seconds"]


def predict_seconds(point: Growth) -> float:
    """Return the CPU seconds of predicting one image from its features."""
    return point["predict_seconds"] / max(1, point["n_predict"])


def all_costs(stored: Results) -> dict[str, Costs]:
    """Return the costs of the contestants that have some, by name, the most accurate first."""
    found = {model.name: costs(model) for model in stored.leaderboard()}
    return {name: own for name, own in found.items() if own}
